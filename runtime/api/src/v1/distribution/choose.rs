//! `PUT /v1/router`

use super::{RouterChoice, shown};
use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract;
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Chooses which router distributes the contacts of queues without one of their own.
///
/// Contacts that wait already keep theirs.
#[utoipa::path(
    put,
    path = "/v1/router",
    tag = "distribution",
    request_body = RouterChoice,
    responses((status = 200, body = RouterChoice))
)]
pub(crate) async fn choose_router(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    extract::Json(body): extract::Json<RouterChoice>,
) -> Result<Json<RouterChoice>> {
    let mut settings = scope.settings().await?.settings;
    settings.router = body.find(&api, &scope).await?;
    let updated = api.store.tenants().update(tenant, &settings).await?;
    api.changed(tenant, Changed::Routers).await;
    Ok(Json(shown(&scope, &updated.settings.router).await?))
}
