//! `PUT /v1/agents/{agent}`

use super::{Agent, AgentBody};
use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Replaces an agent.
#[utoipa::path(
    put,
    path = "/v1/agents/{agent}",
    tag = "agents",
    params(("agent" = String, Path, description = "Id or extension of the agent.")),
    request_body = AgentBody,
    responses((status = 200, body = Agent))
)]
pub(crate) async fn update_agent(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(agent): Path<String>,
    extract::Json(body): extract::Json<AgentBody>,
) -> Result<Json<Agent>> {
    let id = scope.agents().find(&agent).await?.id;
    let (settings, password) = body.split();
    let updated = scope.agents().update(id, &settings, password.as_ref()).await?;
    api.changed(tenant, Changed::Agents).await;
    Ok(Json(updated.into()))
}
