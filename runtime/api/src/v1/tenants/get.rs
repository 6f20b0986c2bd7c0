//! `GET /v1/tenants/{tenant}`

use super::Tenant;
use crate::auth::Operator;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Shows a tenant.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}",
    tag = "operator",
    params(("tenant" = String, Path, description = "Name or id of the tenant.")),
    responses((status = 200, body = Tenant))
)]
pub(crate) async fn get_tenant(
    State(api): State<Api>,
    _: Operator,
    Path(tenant): Path<String>,
) -> Result<Json<Tenant>> {
    Ok(Json(api.store.tenants().find(&tenant).await?.into()))
}
