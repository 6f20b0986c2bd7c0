//! `GET /v1/calls/{call}/decisions`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::v1::List;
use axum::Json;
use serde::Serialize;
use strowger_model::CallId;
use utoipa::ToSchema;

/// Shows why a call reached the agents it was offered to: what the router saw
/// and chose, each time.
#[utoipa::path(
    get,
    path = "/v1/calls/{call}/decisions",
    tag = "calls",
    params(("call" = CallId, Path, description = "Id of the call.")),
    responses((status = 200, body = List<RoutingDecision>))
)]
pub(crate) async fn call_decisions(
    InTenant { scope, .. }: InTenant,
    Path(call): Path<CallId>,
) -> Result<Json<List<RoutingDecision>>> {
    scope.calls().get(call).await?;
    let bodies = scope.decisions().of_call(call).await?;
    let items = bodies
        .into_iter()
        .map(|body| RoutingDecision(serde_json::from_str(&body).unwrap_or(body.into())))
        .collect();
    Ok(Json(List { items, next: None }))
}

/// One run of a router: which one (`tenant`, `{"version": ID}`, `{"named": NAME}`, or
/// `stock` in the place of one that failed), trigger, what it looked at, what it
/// assigned, fuel.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct RoutingDecision(serde_json::Value);
