//! `PUT /v1/agents/{agent}/state`

use crate::auth::InTenant;
use crate::control::{AgentOrder, AgentStatus};
use crate::extract::{self, Path};
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Signs an agent in or out, or sets it ready or not ready.
#[utoipa::path(
    put,
    path = "/v1/agents/{agent}/state",
    tag = "agents",
    params(("agent" = String, Path, description = "Id or extension of the agent.")),
    request_body = AgentOrder,
    responses((status = 200, body = AgentStatus))
)]
pub(crate) async fn order_agent(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(agent): Path<String>,
    extract::Json(order): extract::Json<AgentOrder>,
) -> Result<Json<AgentStatus>> {
    if let AgentOrder::NotReady(reason) = &order
        && (reason.chars().count() > MAX_REASON || reason.chars().any(char::is_control))
    {
        return Err(Problem::invalid(format!(
            "a reason has at most {MAX_REASON} characters and no control characters"
        )));
    }
    let id = scope.agents().find(&agent).await?.id;
    Ok(Json(api.control.order_agent(tenant, id, order).await?))
}

/// A word or two on a screen.
const MAX_REASON: usize = 64;
