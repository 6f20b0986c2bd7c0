//! Journals of calls: reading them. Writing is the [`crate::Writer`]'s.
//!
//! Entries of a call that are written in the same transaction share a row, a
//! chunk. In it each entry is a line `SEQ AT KIND BYTES` followed by so many bytes
//! of body and a line end.

use crate::{Result, StoreError, TenantStore, row};
use std::fmt::Write as _;
use strowger_model::{CallId, JournalEntry, JournalKind, TenantId, Timestamp};

/// Entries in one page; a page is held in memory.
pub const MAX_JOURNAL_PAGE: u32 = 1_000;

/// A tenant's journals.
#[derive(Clone, Debug)]
pub struct Journal(pub(crate) TenantStore);

impl Journal {
    /// Entries of a call from `from_seq` on, in order, at most [`MAX_JOURNAL_PAGE`].
    pub async fn read(&self, call: CallId, from_seq: u32, limit: u32) -> Result<Vec<JournalEntry>> {
        let limit = limit.clamp(1, MAX_JOURNAL_PAGE);
        // From the chunk on that holds `from_seq`. Each has an entry at least.
        let rows = sqlx::query(
            "SELECT entries FROM journal WHERE call_id = $1 AND tenant_id = $2 AND seq >= \
             COALESCE((SELECT MAX(seq) FROM journal WHERE call_id = $1 AND seq <= $3), 0) \
             ORDER BY seq LIMIT $4",
        )
        .bind(call.to_string())
        .bind(self.0.key())
        .bind(i64::from(from_seq))
        .bind(i64::from(limit) + 1)
        .fetch_all(self.0.read())
        .await?;
        let mut entries = Vec::new();
        for found in &rows {
            let chunk = row::text(found, "entries")?;
            let in_chunk = Entries { tenant: self.0.id(), call, rest: &chunk };
            for entry in in_chunk {
                let entry = entry?;
                if entry.seq >= from_seq {
                    entries.push(entry);
                }
                if entries.len() == limit as usize {
                    return Ok(entries);
                }
            }
        }
        Ok(entries)
    }
}

/// Appends an entry to a chunk.
pub(crate) fn append(chunk: &mut String, entry: &JournalEntry) {
    let (at, kind, bytes) = (entry.at.0, entry.kind.name(), entry.body.len());
    // Writing to a string does not fail.
    let _ = writeln!(chunk, "{} {at} {kind} {bytes}\n{}", entry.seq, entry.body);
}

/// The entries of a chunk.
struct Entries<'a> {
    tenant: TenantId,
    call: CallId,
    rest: &'a str,
}

impl Iterator for Entries<'_> {
    type Item = Result<JournalEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.take();
        if entry.is_none() {
            self.rest = "";
        }
        Some(entry.ok_or_else(|| StoreError::Corrupt {
            what: format!("journal of call {}", self.call),
            why: "an entry is cut off or of an unknown kind".to_owned(),
        }))
    }
}

impl Entries<'_> {
    fn take(&mut self) -> Option<JournalEntry> {
        let (head, rest) = self.rest.split_once('\n')?;
        let mut head = head.split(' ');
        let mut number = || head.next()?.parse::<u64>().ok();
        let (seq, at) = (u32::try_from(number()?).ok()?, Timestamp(number()?));
        let kind = kind(head.next()?)?;
        let bytes = head.next()?.parse::<usize>().ok()?;
        let body = rest.get(..bytes)?.to_owned();
        self.rest = rest.get(bytes..)?.strip_prefix('\n')?;
        Some(JournalEntry { tenant: self.tenant, call: self.call, seq, at, kind, body })
    }
}

fn kind(name: &str) -> Option<JournalKind> {
    JournalKind::ALL.into_iter().find(|kind| kind.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const TENANT: TenantId = TenantId(Uuid::from_u128(1));
    const CALL: CallId = CallId(Uuid::from_u128(2));

    fn entry(seq: u32, body: &str) -> JournalEntry {
        JournalEntry {
            tenant: TENANT,
            call: CALL,
            seq,
            at: Timestamp(1_000 + u64::from(seq)),
            kind: JournalKind::Turn,
            body: body.to_owned(),
        }
    }

    #[test]
    fn bodies_may_hold_anything_and_what_is_cut_off_is_noticed() {
        let written =
            [entry(3, "{\"a\":\"é\\n\"}"), entry(4, ""), entry(6, "two\nlines 5 6 turn 9")];
        let mut chunk = String::new();
        for entry in &written {
            append(&mut chunk, entry);
        }
        let read = |rest| Entries { tenant: TENANT, call: CALL, rest }.collect::<Result<Vec<_>>>();
        assert_eq!(read(&chunk).unwrap(), written);
        for cut in (1..chunk.len()).filter(|cut| chunk.is_char_boundary(*cut)) {
            // Where an entry ends nothing is missing that the chunk could know of.
            match read(&chunk[..cut]) {
                Ok(entries) => {
                    assert!(entries.len() < written.len() && chunk[..cut].ends_with('\n'))
                }
                Err(error) => assert!(error.to_string().contains("cut off"), "{error}"),
            }
        }
    }
}
