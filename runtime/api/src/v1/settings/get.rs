//! `GET /v1/tenant`

use crate::auth::InTenant;
use crate::problem::Result;
use crate::v1::tenants::Tenant;
use axum::Json;

/// Shows the tenant.
#[utoipa::path(
    get,
    path = "/v1/tenant",
    tag = "settings",
    responses((status = 200, body = Tenant))
)]
pub(crate) async fn get_settings(InTenant { scope, .. }: InTenant) -> Result<Json<Tenant>> {
    Ok(Json(scope.settings().await?.into()))
}
