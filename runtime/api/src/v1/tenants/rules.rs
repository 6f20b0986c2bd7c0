//! `GET /v1/tenants/{tenant}/rules`

use crate::auth::Operator;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use strowger_model::rules::TenantRules;

/// Shows what goes for all calls of a tenant over trunks.
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/rules",
    tag = "operator",
    params(("tenant" = String, Path, description = "Name or id of the tenant.")),
    responses((status = 200, body = TenantRules))
)]
pub(crate) async fn tenant_rules(
    State(api): State<Api>,
    _: Operator,
    Path(tenant): Path<String>,
) -> Result<Json<TenantRules>> {
    Ok(Json(api.store.tenants().find(&tenant).await?.rules))
}
