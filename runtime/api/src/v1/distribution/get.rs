//! `GET /v1/router`

use super::{RouterChoice, shown};
use crate::auth::InTenant;
use crate::problem::Result;
use axum::Json;

/// Shows which router distributes contacts.
#[utoipa::path(
    get,
    path = "/v1/router",
    tag = "distribution",
    responses((status = 200, body = RouterChoice))
)]
pub(crate) async fn get_router_choice(
    InTenant { scope, .. }: InTenant,
) -> Result<Json<RouterChoice>> {
    let choice = scope.settings().await?.settings.router;
    Ok(Json(shown(&scope, &choice).await?))
}
