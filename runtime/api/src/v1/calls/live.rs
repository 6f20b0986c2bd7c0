//! `GET /v1/calls/live`

use crate::auth::InTenant;
use crate::control::LiveCall;
use crate::state::Api;
use crate::v1::List;
use axum::Json;
use axum::extract::State;

/// Lists calls that are not over.
#[utoipa::path(
    get,
    path = "/v1/calls/live",
    tag = "calls",
    responses((status = 200, body = List<LiveCall>))
)]
pub(crate) async fn live_calls(
    State(api): State<Api>,
    InTenant { tenant, .. }: InTenant,
) -> Json<List<LiveCall>> {
    Json(List { items: api.control.live_calls(tenant).await, next: None })
}
