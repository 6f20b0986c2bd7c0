//! What goes into one transaction, and the statements for it.
//!
//! Every statement may be repeated: after a commit whose answer was lost the
//! same batch is written again.

use crate::call::direction_name;
use crate::dialect::{self, Connections};
use crate::fact::{self, Fact};
use crate::journal::chunk;
use crate::{Result, row};
use std::collections::HashMap;
use strowger_model::{AgentId, CallId, CallRecord, JournalEntry, TenantId, Timestamp};

/// Records or journal chunks of one statement. Each statement is a hand-over to
/// the database's thread; a fixed number lets one prepared statement serve all
/// full chunks.
const ROWS: usize = 128;

#[derive(Debug)]
pub(super) struct RecordWrite(pub Box<CallRecord>);

#[derive(Debug)]
pub(super) struct JournalWrite(pub JournalEntry);

impl JournalWrite {
    /// What the entry counts for against the backlog's limit.
    pub(super) fn size(&self) -> u64 {
        (self.0.body.len() + std::mem::size_of::<JournalEntry>()) as u64
    }
}

/// One transaction's worth. Keeps only the newest state of each record.
#[derive(Debug, Default)]
pub(super) struct Batch {
    records: Vec<CallRecord>,
    place_of: HashMap<CallId, usize>,
    chunks: Vec<Chunk>,
    chunk_of: HashMap<CallId, usize>,
    /// In all chunks.
    entries: usize,
    facts: Vec<Fact>,
    bytes: u64,
    /// What was handed over for it, states of records that a newer one replaced included.
    taken: u64,
}

/// Entries of one call, see [`crate::journal::chunk`].
#[derive(Debug)]
struct Chunk {
    call: CallId,
    tenant: TenantId,
    /// Of the first entry.
    seq: u32,
    last_at: Timestamp,
    entries: String,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.records.len() + self.entries + self.facts.len()
    }

    /// Size of the journal entries, as [`JournalWrite::size`] counts it.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many things were handed over for it.
    pub(super) fn taken(&self) -> u64 {
        self.taken
    }

    pub(super) fn record(&mut self, write: RecordWrite) {
        self.taken += 1;
        match self.place_of.get(&write.0.call) {
            Some(&place) => self.records[place] = *write.0,
            None => {
                self.place_of.insert(write.0.call, self.records.len());
                self.records.push(*write.0);
            }
        }
    }

    pub(super) fn entry(&mut self, write: JournalWrite) {
        self.taken += 1;
        self.bytes += write.size();
        self.entries += 1;
        let entry = write.0;
        let place = *self.chunk_of.entry(entry.call).or_insert_with(|| {
            self.chunks.push(Chunk {
                call: entry.call,
                tenant: entry.tenant,
                seq: entry.seq,
                last_at: entry.at,
                entries: String::new(),
            });
            self.chunks.len() - 1
        });
        let into = &mut self.chunks[place];
        // The clock may have been set back.
        into.last_at = into.last_at.max(entry.at);
        chunk::append(&mut into.entries, &entry);
    }

    pub(super) fn fact(&mut self, fact: Fact) {
        self.taken += 1;
        self.facts.push(fact);
    }

    pub(super) fn clear(&mut self) {
        self.records.clear();
        self.place_of.clear();
        self.chunks.clear();
        self.chunk_of.clear();
        self.entries = 0;
        self.facts.clear();
        self.bytes = 0;
        self.taken = 0;
    }

    /// Writes everything in one transaction.
    pub(super) async fn write(&self, db: &Connections) -> Result<()> {
        let mut tx = db.write.begin().await?;
        for chunk in self.records.chunks(ROWS) {
            write_records(&mut tx, chunk).await?;
        }
        for chunks in self.chunks.chunks(ROWS) {
            write_chunks(&mut tx, chunks).await?;
        }
        for fact in &self.facts {
            fact::write(&mut tx, fact).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

async fn write_records(
    tx: &mut sqlx::Transaction<'_, sqlx::Any>,
    records: &[CallRecord],
) -> Result<()> {
    let sql = format!(
        "INSERT INTO calls (id, tenant_id, direction, from_addr, to_addr, started_at, \
         answered_at, ended_at, cause, queue, agent_id, began_with, record) VALUES {} \
         ON CONFLICT (id) DO UPDATE SET answered_at = excluded.answered_at, \
         ended_at = excluded.ended_at, cause = excluded.cause, queue = excluded.queue, \
         agent_id = excluded.agent_id, record = excluded.record",
        dialect::rows(records.len(), 13)
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for record in records {
        let visit = record.queue_visits.last();
        query = query
            .bind(record.call.to_string())
            .bind(record.tenant.to_string())
            .bind(direction_name(record.direction))
            .bind(record.from.as_str())
            .bind(record.to.as_str())
            .bind(row::ms(record.started_at))
            .bind(record.answered_at.map(row::ms))
            .bind(record.ended_at.map(row::ms))
            .bind(record.cause.map(|cause| cause.name()))
            .bind(visit.map(|visit| visit.queue.clone()))
            .bind(agent_of(record).map(|agent| agent.to_string()))
            .bind(record.guest.versions.first().map(|used| used.version.to_string()))
            .bind(row::to_json(record)?);
    }
    // Only full chunks recur, so only their statement is worth keeping prepared.
    query.persistent(records.len() == ROWS).execute(&mut **tx).await?;
    Ok(())
}

/// Who took the call: the last agent that a queue gave it to, else the last that answered.
fn agent_of(record: &CallRecord) -> Option<AgentId> {
    record.queue_visits.iter().rev().find_map(|visit| visit.agent).or_else(|| {
        record.legs.iter().rev().filter(|leg| leg.answered_at.is_some()).find_map(|leg| leg.agent)
    })
}

async fn write_chunks(tx: &mut sqlx::Transaction<'_, sqlx::Any>, chunks: &[Chunk]) -> Result<()> {
    let sql = format!(
        "INSERT INTO journal (call_id, seq, tenant_id, last_at, entries) VALUES {} \
         ON CONFLICT (call_id, seq) DO NOTHING",
        dialect::rows(chunks.len(), 5)
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for chunk in chunks {
        query = query
            .bind(chunk.call.to_string())
            .bind(i64::from(chunk.seq))
            .bind(chunk.tenant.to_string())
            .bind(row::ms(chunk.last_at))
            .bind(chunk.entries.as_str());
    }
    query.persistent(chunks.len() == ROWS).execute(&mut **tx).await?;
    Ok(())
}
