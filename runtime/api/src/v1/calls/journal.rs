//! `GET /v1/calls/{call}/journal`

use crate::auth::InTenant;
use crate::extract::{Path, Query};
use crate::problem::Result;
use crate::v1::List;
use axum::Json;
use serde::{Deserialize, Serialize};
use strowger_model::{CallId, JournalEntry, JournalKind, Timestamp};
use strowger_store::MAX_JOURNAL_PAGE;
use utoipa::{IntoParams, ToSchema};

/// Shows the journal of a call: what its flow was told and what it did.
#[utoipa::path(
    get,
    path = "/v1/calls/{call}/journal",
    tag = "calls",
    params(("call" = CallId, Path, description = "Id of the call."), JournalQuery),
    responses((status = 200, body = List<JournalLine>))
)]
pub(crate) async fn call_journal(
    InTenant { scope, .. }: InTenant,
    Path(call): Path<CallId>,
    Query(wanted): Query<JournalQuery>,
) -> Result<Json<List<JournalLine>>> {
    scope.calls().get(call).await?;
    let limit = wanted.limit.unwrap_or(MAX_JOURNAL_PAGE).clamp(1, MAX_JOURNAL_PAGE);
    let entries = scope.journal().read(call, wanted.after.unwrap_or(0), limit).await?;
    let full = entries.len() >= limit as usize;
    let next = entries.last().filter(|_| full).map(|last| (last.seq + 1).to_string());
    let items = entries.into_iter().map(JournalLine::from).collect();
    Ok(Json(List { items, next }))
}

/// Which part of a journal is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct JournalQuery {
    /// The `next` of the page before: the first sequence number wanted.
    after: Option<u32>,
    /// Entries in the page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

/// One entry of a journal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JournalLine {
    /// Counts from 0 within the call; a gap means that entries were lost.
    seq: u32,
    at: Timestamp,
    kind: JournalKind,
    /// Depends on the kind.
    body: serde_json::Value,
}

impl From<JournalEntry> for JournalLine {
    fn from(entry: JournalEntry) -> Self {
        let body = serde_json::from_str(&entry.body)
            .unwrap_or_else(|_| serde_json::Value::String(entry.body.clone()));
        Self { seq: entry.seq, at: entry.at, kind: entry.kind, body }
    }
}
