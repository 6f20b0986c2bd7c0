//! Journals of calls: reading them. Writing is the [`crate::Writer`]'s.

use crate::{Result, StoreError, TenantStore, row};
use strowger_model::{CallId, JournalEntry, JournalKind};

/// Entries in one page; a page is held in memory.
pub const MAX_JOURNAL_PAGE: u32 = 1_000;

/// A tenant's journals.
#[derive(Clone, Debug)]
pub struct Journal(pub(crate) TenantStore);

impl Journal {
    /// Entries of a call from `from_seq` on, in order, at most [`MAX_JOURNAL_PAGE`].
    pub async fn read(&self, call: CallId, from_seq: u32, limit: u32) -> Result<Vec<JournalEntry>> {
        let rows = sqlx::query(
            "SELECT seq, at, kind, body FROM journal \
             WHERE call_id = $1 AND tenant_id = $2 AND seq >= $3 ORDER BY seq LIMIT $4",
        )
        .bind(call.to_string())
        .bind(self.0.key())
        .bind(i64::from(from_seq))
        .bind(i64::from(limit.clamp(1, MAX_JOURNAL_PAGE)))
        .fetch_all(self.0.read())
        .await?;
        rows.iter()
            .map(|found| {
                Ok(JournalEntry {
                    tenant: self.0.id(),
                    call,
                    seq: u32::try_from(row::number(found, "seq")?).unwrap_or(u32::MAX),
                    at: row::time(found, "at")?,
                    kind: kind(&row::text(found, "kind")?)?,
                    body: row::text(found, "body")?,
                })
            })
            .collect()
    }
}

fn kind(name: &str) -> Result<JournalKind> {
    [JournalKind::Setup, JournalKind::Event, JournalKind::Turn, JournalKind::Note, JournalKind::End]
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| StoreError::Corrupt {
            what: "journal kind".to_owned(),
            why: format!("{name:?} is unknown"),
        })
}
