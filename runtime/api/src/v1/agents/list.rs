//! `GET /v1/agents`

use super::Agent;
use crate::auth::InTenant;
use crate::problem::Result;
use crate::v1::List;
use axum::Json;

/// Lists the agents.
#[utoipa::path(
    get,
    path = "/v1/agents",
    tag = "agents",
    responses((status = 200, body = List<Agent>))
)]
pub(crate) async fn list_agents(InTenant { scope, .. }: InTenant) -> Result<Json<List<Agent>>> {
    Ok(Json(List::whole(scope.agents().list().await?)))
}
