//! Journals of calls: reading them. Writing is the [`crate::Writer`]'s.
//!
//! Entries of a call that are written in the same transaction share a row, a
//! [`chunk`]. Some time after the call has ended, [`upkeep`] merges its chunks
//! into [`pack`]s. Who reads does not notice.

pub(crate) mod chunk;
mod pack;
mod upkeep;

pub use upkeep::{Packed, Removed, Upkeep};

use crate::{Result, StoreError, TenantStore};
use chunk::Entries;
use futures_util::{TryStreamExt as _, stream::BoxStream};
use sqlx::any::AnyRow;
use sqlx::{AnyPool, Row as _};
use strowger_model::{CallId, JournalEntry, TenantId};

/// Entries in one page; a page is held in memory.
pub const MAX_JOURNAL_PAGE: u32 = 1_000;

/// From the row on that holds the wanted entry. As bytes, so that a text that is
/// none any more is ours to report.
const ROWS: &str = "SELECT CAST(entries AS BLOB) AS entries, packed FROM journal \
     WHERE call_id = $1 AND tenant_id = $2 AND seq >= \
     COALESCE((SELECT MAX(seq) FROM journal WHERE call_id = $1 AND seq <= $3), 0) ORDER BY seq";

/// A tenant's journals.
#[derive(Clone, Debug)]
pub struct Journal(pub(crate) TenantStore);

/// As much of a journal as can be read.
#[derive(Debug, Default)]
pub struct Salvaged {
    /// What is readable, in order; what is missing shows as a gap.
    pub entries: Vec<JournalEntry>,
    /// Why something is missing, if so.
    pub damage: Option<StoreError>,
}

impl Journal {
    /// Entries of a call from `from_seq` on, in order, at most [`MAX_JOURNAL_PAGE`].
    pub async fn read(&self, call: CallId, from_seq: u32, limit: u32) -> Result<Vec<JournalEntry>> {
        let limit = limit.clamp(1, MAX_JOURNAL_PAGE) as usize;
        let mut entries = Vec::new();
        let mut next_seq = from_seq;
        let mut rows = rows(self.0.read(), self.0.id(), call, from_seq);
        while let Some(found) = rows.try_next().await.map_err(|why| unreadable(call, why))? {
            let chunk = text_of(call, &found)?;
            for entry in (Entries { tenant: self.0.id(), call, rest: &chunk }) {
                let entry = entry?;
                if entry.seq < next_seq {
                    continue;
                }
                next_seq = entry.seq.saturating_add(1);
                entries.push(entry);
                if entries.len() == limit {
                    return Ok(entries);
                }
            }
        }
        Ok(entries)
    }

    /// The whole journal of a call, around what is damaged. Not for requests: it
    /// is as long as it is.
    pub async fn salvage(&self, call: CallId) -> Salvaged {
        let mut salvaged = Salvaged::default();
        let mut rows = rows(self.0.read(), self.0.id(), call, 0);
        loop {
            match rows.try_next().await {
                Ok(None) => return salvaged,
                Ok(Some(found)) => match text_of(call, &found) {
                    Ok(rest) => {
                        for entry in (Entries { tenant: self.0.id(), call, rest: &rest }) {
                            salvaged.take(entry);
                        }
                    }
                    Err(why) => salvaged.take(Err(why)),
                },
                Err(why) => {
                    salvaged.take(Err(unreadable(call, why)));
                    return salvaged;
                }
            }
        }
    }
}

impl Salvaged {
    fn take(&mut self, entry: Result<JournalEntry>) {
        match entry {
            Ok(entry) => {
                if self.entries.last().is_none_or(|last| last.seq < entry.seq) {
                    self.entries.push(entry);
                }
            }
            Err(why) => drop(self.damage.get_or_insert(why)),
        }
    }
}

fn rows(
    pool: &AnyPool,
    tenant: TenantId,
    call: CallId,
    from_seq: u32,
) -> BoxStream<'_, sqlx::Result<AnyRow>> {
    sqlx::query(ROWS)
        .bind(call.to_string())
        .bind(tenant.to_string())
        .bind(i64::from(from_seq))
        .fetch(pool)
}

/// The chunk of a row, whatever its form.
fn text_of(call: CallId, found: &AnyRow) -> Result<String> {
    let read = |column| found.try_get::<Option<Vec<u8>>, _>(column);
    let why = |error: sqlx::Error| chunk::corrupt(call, error.to_string());
    if let Some(packed) = read("packed").map_err(why)? {
        return pack::unpack(call, &packed);
    }
    let entries = read("entries").map_err(why)?.unwrap_or_default();
    String::from_utf8(entries).map_err(|error| chunk::corrupt(call, error.to_string()))
}

/// A page of the database that is damaged is the journal's damage.
fn unreadable(call: CallId, error: sqlx::Error) -> StoreError {
    match StoreError::from(error) {
        error if error.is_damage() => chunk::corrupt(call, error.to_string()),
        other => other,
    }
}
