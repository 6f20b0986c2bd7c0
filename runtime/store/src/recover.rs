//! After a crash: records that were left open are closed.

use crate::dialect::Connections;
use crate::{Result, row};
use strowger_model::{CallRecord, Cause, Party, RecordingId, TenantId, Timestamp};

/// What a start found unfinished.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Calls closed with [`Cause::ServerRestart`].
    pub calls: Vec<CallRecord>,
    /// Recordings marked as failed; their files hold what was written.
    pub recordings: Vec<(TenantId, RecordingId)>,
}

/// Closes every open record as of the last sign of life in its journal. Must
/// run before calls are taken.
pub(crate) async fn recover_unfinished(db: &Connections) -> Result<Recovered> {
    let mut tx = db.write.begin().await?;
    let rows = sqlx::query(
        "SELECT c.record, (SELECT MAX(j.last_at) FROM journal j WHERE j.call_id = c.id) AS seen \
         FROM calls c WHERE c.ended_at IS NULL ORDER BY c.started_at",
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut recovered = Recovered::default();
    for found in &rows {
        let mut record: CallRecord = row::json(found, "record")?;
        let last_seen = row::maybe_time(found, "seen")?.unwrap_or(record.started_at);
        close(&mut record, last_seen);
        sqlx::query("UPDATE calls SET ended_at = $2, cause = $3, record = $4 WHERE id = $1")
            .bind(record.call.to_string())
            .bind(row::ms(last_seen))
            .bind(Cause::ServerRestart.name())
            .bind(row::to_json(&record)?)
            .execute(&mut *tx)
            .await?;
        recovered.calls.push(record);
    }
    let rows = sqlx::query("SELECT tenant_id, id FROM recordings WHERE state = 'running'")
        .fetch_all(&mut *tx)
        .await?;
    for found in &rows {
        recovered.recordings.push((row::parsed(found, "tenant_id")?, row::parsed(found, "id")?));
    }
    sqlx::query("UPDATE recordings SET state = 'failed' WHERE state = 'running'")
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(recovered)
}

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
