//! `GET /v1/usage/latency`

use crate::auth::InTenant;
use crate::control::DecisionLatency;
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Shows how long the decisions of flows have taken since the server started:
/// from the event being there to the actions being back.
#[utoipa::path(
    get,
    path = "/v1/usage/latency",
    tag = "usage",
    responses((status = 200, body = DecisionLatency))
)]
pub(crate) async fn decision_latency(
    State(api): State<Api>,
    InTenant { tenant, .. }: InTenant,
) -> Result<Json<DecisionLatency>> {
    Ok(Json(api.control.decision_latency(tenant)))
}
