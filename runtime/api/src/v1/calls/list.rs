//! `GET /v1/calls`

use crate::auth::InTenant;
use crate::extract::Query;
use crate::problem::{Problem, Result};
use crate::v1::List;
use axum::Json;
use serde::Deserialize;
use strowger_model::{AgentId, CallRecord, Cause, Direction, Timestamp};
use strowger_store::{CallFilter, Cursor};
use utoipa::IntoParams;

/// Lists call records, newest first.
#[utoipa::path(
    get,
    path = "/v1/calls",
    tag = "calls",
    params(CallQuery),
    responses((status = 200, body = List<CallRecord>))
)]
pub(crate) async fn list_calls(
    InTenant { scope, .. }: InTenant,
    Query(wanted): Query<CallQuery>,
) -> Result<Json<List<CallRecord>>> {
    let after = cursor(wanted.after.as_deref())?;
    let filter = CallFilter {
        since: wanted.since.map(Timestamp),
        until: wanted.until.map(Timestamp),
        from: wanted.from,
        to: wanted.to,
        direction: wanted.direction,
        cause: wanted.cause,
        queue: wanted.queue,
        agent: wanted.agent,
        answered: wanted.answered,
        open: wanted.open,
    };
    let page = scope.calls().list(&filter, after, wanted.limit.unwrap_or(USUAL_PAGE)).await?;
    Ok(Json(List { items: page.items, next: page.next.map(|next| next.to_string()) }))
}

/// Records in a page unless the client says otherwise: a screen or two.
pub(crate) const USUAL_PAGE: u32 = 50;

/// Which calls are wanted; everything given must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallQuery {
    /// Started at or after, in milliseconds since 1970.
    since: Option<u64>,
    /// Started before.
    until: Option<u64>,
    /// Calling address.
    from: Option<String>,
    /// Called address.
    to: Option<String>,
    /// Way of the first leg.
    direction: Option<Direction>,
    /// Why it ended.
    cause: Option<Cause>,
    /// Last queue the caller waited in.
    queue: Option<String>,
    /// Agent who talked to the caller last.
    agent: Option<AgentId>,
    /// Answered or not.
    answered: Option<bool>,
    /// Still open or over.
    open: Option<bool>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Records in the page, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Reads the `next` of the page before.
pub(crate) fn cursor(after: Option<&str>) -> Result<Option<Cursor>> {
    let parsed = after.map(str::parse).transpose();
    parsed.map_err(|why: String| Problem::bad_request(format!("`after`: {why}")))
}
