//! What a chunk of a journal looks like: each entry is a line
//! `SEQ AT KIND BYTES SUM` followed by so many bytes of body and a line end.
//!
//! `SUM` is the CRC-32 of what precedes it on the line and of the body, so that
//! a byte that changed on disk is noticed. Chunks of older versions and what is
//! packed (which has a sum of its own) do without.

use crate::{Result, StoreError};
use std::fmt::Write as _;
use strowger_model::{CallId, JournalEntry, JournalKind, TenantId, Timestamp};

/// Appends an entry to a chunk.
pub(crate) fn append(chunk: &mut String, entry: &JournalEntry) {
    let start = chunk.len();
    append_head(chunk, entry, &entry.body);
    let sum = sum(&chunk[start..], &entry.body);
    // Writing to a string does not fail.
    let _ = writeln!(chunk, " {sum:08x}\n{}", entry.body);
}

/// Appends an entry with `body` and without a sum.
pub(super) fn append_bare(chunk: &mut String, entry: &JournalEntry, body: &str) {
    append_head(chunk, entry, body);
    let _ = writeln!(chunk, "\n{body}");
}

fn append_head(chunk: &mut String, entry: &JournalEntry, body: &str) {
    let (seq, at, kind) = (entry.seq, entry.at.0, entry.kind.name());
    let _ = write!(chunk, "{seq} {at} {kind} {}", body.len());
}

fn sum(head: &str, body: &str) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(head.as_bytes());
    crc.update(body.as_bytes());
    crc.sum()
}

/// That a call's journal is damaged.
pub(super) fn corrupt(call: CallId, why: impl Into<String>) -> StoreError {
    StoreError::Corrupt { what: format!("journal of call {call}"), why: why.into() }
}

/// The entries of a chunk; ends after the first that cannot be read.
pub(super) struct Entries<'a> {
    pub tenant: TenantId,
    pub call: CallId,
    pub rest: &'a str,
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
        Some(entry.ok_or_else(|| {
            corrupt(self.call, "an entry is cut off, changed or of an unknown kind")
        }))
    }
}

impl Entries<'_> {
    fn take(&mut self) -> Option<JournalEntry> {
        let (line, rest) = self.rest.split_once('\n')?;
        let mut words = line.splitn(5, ' ');
        let mut number = || words.next()?.parse::<u64>().ok();
        let (seq, at) = (u32::try_from(number()?).ok()?, Timestamp(number()?));
        let kind = kind(words.next()?)?;
        let bytes = words.next()?.parse::<usize>().ok()?;
        let body = rest.get(..bytes)?;
        if let Some(written) = words.next() {
            let head = line.strip_suffix(written)?.strip_suffix(' ')?;
            if written.len() != 8 || u32::from_str_radix(written, 16).ok()? != sum(head, body) {
                return None;
            }
        }
        let body = body.to_owned();
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

    fn read(rest: &str) -> Result<Vec<JournalEntry>> {
        Entries { tenant: TENANT, call: CALL, rest }.collect()
    }

    fn written() -> (Vec<JournalEntry>, String) {
        let written =
            vec![entry(3, "{\"a\":\"é\\n\"}"), entry(4, ""), entry(6, "two\nlines 5 6 turn 9")];
        let mut chunk = String::new();
        for entry in &written {
            append(&mut chunk, entry);
        }
        (written, chunk)
    }

    #[test]
    fn bodies_may_hold_anything_and_what_is_cut_off_is_noticed() {
        let (written, chunk) = written();
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

    #[test]
    fn any_byte_that_changed_is_noticed() {
        let (_, chunk) = written();
        for place in 0..chunk.len() {
            for other in [b'0', b'1', b'a', b' ', b'\n', b'}'] {
                let mut bytes = chunk.clone().into_bytes();
                if bytes[place] == other {
                    continue;
                }
                bytes[place] = other;
                let Ok(text) = String::from_utf8(bytes) else { continue };
                let error = read(&text).expect_err(&text).to_string();
                assert!(error.contains(&CALL.to_string()), "{error}");
            }
        }
    }

    #[test]
    fn chunks_of_older_versions_have_no_sums() {
        let old = "3 1003 turn 2\n{}\n4 1004 turn 1\nx\n";
        assert_eq!(read(old).unwrap(), [entry(3, "{}"), entry(4, "x")]);
        let mut bare = String::new();
        append_bare(&mut bare, &entry(3, "long"), "{}");
        append_bare(&mut bare, &entry(4, "x"), "x");
        assert_eq!(bare, old);
    }
}
