//! After a crash: what was left open, and closing what does not go on.

use crate::dialect::Connections;
use crate::recording::{self, Recording};
use crate::{Result, row};
use strowger_model::{CallRecord, Cause, Party, TenantId, Timestamp};

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
        "SELECT c.record, (SELECT MAX(j.last_at) FROM journal j WHERE j.call_id = c.id) AS seen \
         FROM calls c WHERE c.ended_at IS NULL ORDER BY c.started_at, c.id",
    )
    .fetch_all(&db.read)
    .await?;
    let mut unfinished = Unfinished::default();
    for found in &rows {
        let record: CallRecord = row::json(found, "record")?;
        let last_seen = row::maybe_time(found, "seen")?.unwrap_or(record.started_at);
        unfinished.calls.push(UnfinishedCall { record, last_seen });
    }
    let rows =
        sqlx::query("SELECT * FROM recordings WHERE state = 'running'").fetch_all(&db.read).await?;
    for found in &rows {
        let tenant = row::parsed(found, "tenant_id")?;
        unfinished.recordings.push((tenant, recording::from_row(found)?));
    }
    let rows = sqlx::query("SELECT contacts FROM phone_contacts").fetch_all(&db.read).await?;
    for found in &rows {
        unfinished.contacts.push(row::text(found, "contacts")?);
    }
    Ok(unfinished)
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
