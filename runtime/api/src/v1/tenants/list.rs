//! `GET /v1/tenants`

use super::Tenant;
use crate::auth::Operator;
use crate::problem::Result;
use crate::state::Api;
use crate::v1::List;
use axum::Json;
use axum::extract::State;

/// Lists the tenants.
#[utoipa::path(
    get,
    path = "/v1/tenants",
    tag = "operator",
    responses((status = 200, body = List<Tenant>))
)]
pub(crate) async fn list_tenants(
    State(api): State<Api>,
    _: Operator,
) -> Result<Json<List<Tenant>>> {
    Ok(Json(List::whole(api.store.tenants().list().await?)))
}
