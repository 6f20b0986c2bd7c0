//! `GET /v1/tenant/rules`

use crate::auth::InTenant;
use crate::problem::Result;
use axum::Json;
use strowger_model::rules::TenantRules;

/// Shows what goes for all calls of the tenant over trunks; the operator sets it.
#[utoipa::path(
    get,
    path = "/v1/tenant/rules",
    tag = "settings",
    responses((status = 200, body = TenantRules))
)]
pub(crate) async fn own_rules(InTenant { scope, .. }: InTenant) -> Result<Json<TenantRules>> {
    Ok(Json(scope.settings().await?.rules))
}
