//! `POST /v1/agents`

use super::{Agent, AgentBody};
use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// Creates an agent.
#[utoipa::path(
    post,
    path = "/v1/agents",
    tag = "agents",
    request_body = AgentBody,
    responses((status = 201, body = Agent))
)]
pub(crate) async fn create_agent(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    extract::Json(body): extract::Json<AgentBody>,
) -> Result<(StatusCode, Json<Agent>)> {
    let (settings, password) = body.split();
    let password = password.ok_or_else(|| Problem::invalid("a new agent needs a `password`"))?;
    let created = scope.agents().create(&settings, &password).await?;
    api.changed(tenant, Changed::Agents).await;
    Ok((StatusCode::CREATED, Json(created.into())))
}
