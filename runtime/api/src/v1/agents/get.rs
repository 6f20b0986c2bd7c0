//! `GET /v1/agents/{agent}`

use super::Agent;
use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use axum::Json;

/// Shows an agent.
#[utoipa::path(
    get,
    path = "/v1/agents/{agent}",
    tag = "agents",
    params(("agent" = String, Path, description = "Id or extension of the agent.")),
    responses((status = 200, body = Agent))
)]
pub(crate) async fn get_agent(
    InTenant { scope, .. }: InTenant,
    Path(agent): Path<String>,
) -> Result<Json<Agent>> {
    Ok(Json(scope.agents().find(&agent).await?.into()))
}
