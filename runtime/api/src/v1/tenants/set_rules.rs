//! `PUT /v1/tenants/{tenant}/rules`

use crate::auth::Operator;
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use strowger_model::rules::TenantRules;

/// Replaces what goes for all calls of a tenant over trunks; what is not given
/// is as if never set.
#[utoipa::path(
    put,
    path = "/v1/tenants/{tenant}/rules",
    tag = "operator",
    params(("tenant" = String, Path, description = "Name or id of the tenant.")),
    request_body = TenantRules,
    responses((status = 200, body = TenantRules))
)]
pub(crate) async fn set_tenant_rules(
    State(api): State<Api>,
    _: Operator,
    Path(tenant): Path<String>,
    extract::Json(rules): extract::Json<TenantRules>,
) -> Result<Json<TenantRules>> {
    let id = api.store.tenants().find(&tenant).await?.id;
    let updated = api.store.tenants().set_rules(id, &rules).await?;
    api.changed(id, Changed::Tenant).await;
    Ok(Json(updated.rules))
}
