//! `PUT /v1/tenants/{tenant}`

use super::{Tenant, TenantBody};
use crate::auth::Operator;
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Replaces a tenant's settings.
#[utoipa::path(
    put,
    path = "/v1/tenants/{tenant}",
    tag = "operator",
    params(("tenant" = String, Path, description = "Name or id of the tenant.")),
    request_body = TenantBody,
    responses((status = 200, body = Tenant))
)]
pub(crate) async fn update_tenant(
    State(api): State<Api>,
    _: Operator,
    Path(tenant): Path<String>,
    extract::Json(body): extract::Json<TenantBody>,
) -> Result<Json<Tenant>> {
    let old = api.store.tenants().find(&tenant).await?;
    let settings = body.into_settings(old.settings.router);
    let tenant = api.store.tenants().update(old.id, &settings).await?;
    api.changed(tenant.id, Changed::Tenant).await;
    Ok(Json(tenant.into()))
}
