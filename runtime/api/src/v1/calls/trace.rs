//! `GET /v1/calls/{call}/trace`

use crate::auth::InTenant;
use crate::control::{CallTrace, TracedMessage};
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use strowger_model::{CallId, LegRecord};
use utoipa::ToSchema;

/// What was said about a call, and how its media fared.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TraceOfCall {
    /// Which call.
    pub call: CallId,
    /// The messages as a drawing: a column for each party, an arrow for each message.
    pub ladder: String,
    /// SIP messages of all legs, in the order of time, without secrets.
    pub messages: Vec<TracedMessage>,
    /// Messages that were not kept, because there were too many.
    pub dropped: u64,
    /// Every leg, with its media as soon as it has ended.
    pub legs: Vec<LegRecord>,
}

/// Shows the SIP messages of a call and how its media fared.
#[utoipa::path(
    get,
    path = "/v1/calls/{call}/trace",
    tag = "calls",
    params(("call" = CallId, Path, description = "Id of the call.")),
    responses((status = 200, body = TraceOfCall))
)]
pub(crate) async fn call_trace(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(call): Path<CallId>,
) -> Result<Json<TraceOfCall>> {
    let record = scope.calls().get(call).await?;
    let CallTrace { ladder, messages, dropped } = api.control.call_trace(tenant, call).await?;
    Ok(Json(TraceOfCall { call, ladder, messages, dropped, legs: record.legs }))
}
