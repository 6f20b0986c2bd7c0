//! After a crash: what was left open, and closing what does not go on.

use crate::dialect::Connections;
use crate::recording::{self, Recording};
use crate::{Result, StoreError, row};
use sqlx::any::AnyRow;
use strowger_model::{CallId, CallRecord, Cause, Direction, Party, TenantId, Timestamp};

/// What a start found unfinished.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unfinished {
    /// Calls without an end, in the order they began.
    pub calls: Vec<UnfinishedCall>,
    /// Recordings under way; their files hold what was written.
    pub recordings: Vec<(TenantId, Recording)>,
    /// Where phones were, as signalling kept it.
    pub contacts: Vec<String>,
}

/// A call without an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfinishedCall {
    /// Its record as last written.
    pub record: CallRecord,
    /// The last sign of life in its journal.
    pub last_seen: Timestamp,
}

impl UnfinishedCall {
    /// Its record as of the last sign of life, for a call that does not go on.
    pub fn closed(mut self) -> CallRecord {
        close(&mut self.record, self.last_seen);
        self.record
    }
}

/// Reads what is unfinished. Must run before calls are taken.
pub(crate) async fn unfinished(db: &Connections) -> Result<Unfinished> {
    let rows = sqlx::query(
        "SELECT c.*, (SELECT MAX(j.last_at) FROM journal j WHERE j.call_id = c.id) AS seen \
         FROM calls c WHERE c.ended_at IS NULL ORDER BY c.started_at, c.id",
    )
    .fetch_all(&db.read)
    .await?;
    let mut unfinished = Unfinished::default();
    for found in &rows {
        let record = match row::json(found, "record").or_else(|error| remade(found, &error)) {
            Ok(record) => record,
            Err(error) => {
                tracing::error!(%error, "a call that was cut off is lost");
                continue;
            }
        };
        let last_seen = row::maybe_time(found, "seen")?.unwrap_or(record.started_at);
        unfinished.calls.push(UnfinishedCall { record, last_seen });
    }
    let rows =
        sqlx::query("SELECT * FROM recordings WHERE state = 'running'").fetch_all(&db.read).await?;
    for found in &rows {
        let tenant = row::parsed(found, "tenant_id");
        match tenant.and_then(|tenant| Ok((tenant, recording::from_row(found)?))) {
            Ok(running) => unfinished.recordings.push(running),
            Err(error) => tracing::error!(%error, "a recording that was cut off is lost"),
        }
    }
    let rows = sqlx::query("SELECT contacts FROM phone_contacts").fetch_all(&db.read).await?;
    for found in &rows {
        unfinished.contacts.push(row::text(found, "contacts")?);
    }
    Ok(unfinished)
}

/// The record of a call whose own is damaged, from what else is known of it: it
/// must not keep the server from starting, and must get an end.
fn remade(found: &AnyRow, error: &StoreError) -> Result<CallRecord> {
    let call: CallId = row::parsed(found, "id")?;
    tracing::error!(%call, %error, "the record of a call that was cut off is damaged");
    let direction = match row::text(found, "direction")?.as_str() {
        "outbound" => Direction::Outbound,
        _ => Direction::Inbound,
    };
    let mut record = CallRecord::begun(
        call,
        row::parsed(found, "tenant_id")?,
        direction,
        row::parsed(found, "from_addr")?,
        row::parsed(found, "to_addr")?,
        row::time(found, "started_at")?,
    );
    record.answered_at = row::maybe_time(found, "answered_at")?;
    Ok(record)
}

/// Closes a record as of `last_seen`: whatever was under way ended with the server.
fn close(record: &mut CallRecord, last_seen: Timestamp) {
    let ended = last_seen.max(record.started_at);
    record.ended_at = Some(ended);
    record.cause = Some(Cause::ServerRestart);
    record.ended_by = Some(Party::Host);
    for leg in &mut record.legs {
        if leg.ended_at.is_none() {
            leg.ended_at = Some(ended);
            leg.cause = Some(Cause::ServerRestart);
        }
    }
    for visit in &mut record.queue_visits {
        if visit.left_at.is_none() {
            visit.left_at = Some(ended);
            visit.outcome.get_or_insert(strowger_model::ContactOutcome::Failed);
        }
    }
}
