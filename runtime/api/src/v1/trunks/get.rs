//! `GET /v1/trunks/{trunk}`

use super::Trunk;
use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use axum::Json;

/// Shows a trunk.
#[utoipa::path(
    get,
    path = "/v1/trunks/{trunk}",
    tag = "trunks",
    params(("trunk" = String, Path, description = "Name or id of the trunk.")),
    responses((status = 200, body = Trunk))
)]
pub(crate) async fn get_trunk(
    InTenant { scope, .. }: InTenant,
    Path(trunk): Path<String>,
) -> Result<Json<Trunk>> {
    Ok(Json(scope.trunks().find(&trunk).await?.into()))
}
