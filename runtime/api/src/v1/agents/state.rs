//! `GET /v1/agents/{agent}/state`

use crate::auth::InTenant;
use crate::control::AgentStatus;
use crate::extract::Path;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Shows what an agent is doing.
#[utoipa::path(
    get,
    path = "/v1/agents/{agent}/state",
    tag = "agents",
    params(("agent" = String, Path, description = "Id or extension of the agent.")),
    responses((status = 200, body = AgentStatus))
)]
pub(crate) async fn agent_state(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(agent): Path<String>,
) -> Result<Json<AgentStatus>> {
    let id = scope.agents().find(&agent).await?.id;
    let found = api.control.agents(tenant).await.into_iter().find(|status| status.agent == id);
    found.map(Json).ok_or_else(|| {
        Problem::unavailable(format!("the agent {agent} is being set up; try again"))
    })
}
