//! `GET /v1/trunks`

use super::Trunk;
use crate::auth::InTenant;
use crate::problem::Result;
use crate::v1::List;
use axum::Json;

/// Lists the trunks.
#[utoipa::path(
    get,
    path = "/v1/trunks",
    tag = "trunks",
    responses((status = 200, body = List<Trunk>))
)]
pub(crate) async fn list_trunks(InTenant { scope, .. }: InTenant) -> Result<Json<List<Trunk>>> {
    Ok(Json(List::whole(scope.trunks().list().await?)))
}
