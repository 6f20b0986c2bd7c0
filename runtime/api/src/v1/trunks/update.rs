//! `PUT /v1/trunks/{trunk}`

use super::{Trunk, TrunkBody};
use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Replaces a trunk.
#[utoipa::path(
    put,
    path = "/v1/trunks/{trunk}",
    tag = "trunks",
    params(("trunk" = String, Path, description = "Name or id of the trunk.")),
    request_body = TrunkBody,
    responses((status = 200, body = Trunk))
)]
pub(crate) async fn update_trunk(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(trunk): Path<String>,
    extract::Json(body): extract::Json<TrunkBody>,
) -> Result<Json<Trunk>> {
    let id = scope.trunks().find(&trunk).await?.id;
    let (settings, passwords) = body.split();
    let updated = scope.trunks().update(id, &settings, &passwords).await?;
    api.changed(tenant, Changed::Trunks).await;
    Ok(Json(updated.into()))
}
