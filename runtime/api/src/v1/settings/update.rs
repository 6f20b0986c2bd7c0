//! `PUT /v1/tenant`

use super::SettingsBody;
use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract;
use crate::problem::Result;
use crate::state::Api;
use crate::v1::tenants::Tenant;
use axum::Json;
use axum::extract::State;

/// Replaces what a tenant may set itself.
#[utoipa::path(
    put,
    path = "/v1/tenant",
    tag = "settings",
    request_body = SettingsBody,
    responses((status = 200, body = Tenant))
)]
pub(crate) async fn update_settings(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    extract::Json(body): extract::Json<SettingsBody>,
) -> Result<Json<Tenant>> {
    let mut settings = scope.settings().await?.settings;
    settings.timezone = body.timezone;
    settings.language = body.language;
    settings.fallback = body.fallback.into();
    settings.http_allow = body.http_allow;
    let updated = api.store.tenants().update(tenant, &settings).await?;
    api.changed(tenant, Changed::Tenant).await;
    Ok(Json(updated.into()))
}
