//! `GET /v1/agents/status`

use crate::auth::InTenant;
use crate::control::AgentStatus;
use crate::state::Api;
use crate::v1::List;
use axum::Json;
use axum::extract::State;

/// Shows what every agent is doing.
#[utoipa::path(
    get,
    path = "/v1/agents/status",
    tag = "agents",
    responses((status = 200, body = List<AgentStatus>))
)]
pub(crate) async fn agents_status(
    State(api): State<Api>,
    InTenant { tenant, .. }: InTenant,
) -> Json<List<AgentStatus>> {
    Json(List { items: api.control.agents(tenant).await, next: None })
}
