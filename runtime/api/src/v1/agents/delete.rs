//! `DELETE /v1/agents/{agent}`

use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use axum::extract::State;
use axum::http::StatusCode;

/// Deletes an agent.
#[utoipa::path(
    delete,
    path = "/v1/agents/{agent}",
    tag = "agents",
    params(("agent" = String, Path, description = "Id or extension of the agent.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn delete_agent(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(agent): Path<String>,
) -> Result<StatusCode> {
    let id = scope.agents().find(&agent).await?.id;
    scope.agents().delete(id).await?;
    api.changed(tenant, Changed::Agents).await;
    Ok(StatusCode::NO_CONTENT)
}
