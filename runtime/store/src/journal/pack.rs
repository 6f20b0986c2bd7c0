//! Journals of calls that are over, packed: the same chunks, larger, without what
//! only a living call needs, and compressed.
//!
//! A pack is the length of its chunk, four bytes little-endian, and the chunk as a
//! zlib stream (RFC 1950), whose sum notices bytes that changed.

use super::chunk::{self, corrupt};
use crate::Result;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use std::io::{Read as _, Write as _};
use strowger_model::{CallId, JournalEntry, JournalKind, Timestamp};

/// A pack is closed when it holds so much: a page in the middle of a long journal
/// costs unpacking so much once or twice, some milliseconds. Most calls fill one.
const PACK_BYTES: usize = 256 << 10;
/// What a body becomes that nobody needs any more.
const EMPTY: &str = "{}";
const LENGTH: usize = size_of::<u32>();

/// Some entries of one call.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pack {
    /// Of the first entry.
    pub seq: u32,
    /// The latest moment in it.
    pub last_at: Timestamp,
    pub bytes: Vec<u8>,
}

/// Makes packs of one call's entries.
#[derive(Debug, Default)]
pub(super) struct Packer {
    chunk: String,
    first: u32,
    last_at: Timestamp,
    packs: Vec<Pack>,
}

impl Packer {
    pub(super) fn add(&mut self, entry: &JournalEntry) -> std::io::Result<()> {
        if self.chunk.is_empty() {
            (self.first, self.last_at) = (entry.seq, entry.at);
        }
        self.last_at = self.last_at.max(entry.at);
        // Where phones were and what keys they had: private, and of no use now.
        let body = if entry.kind == JournalKind::Leg { EMPTY } else { &entry.body };
        chunk::append_bare(&mut self.chunk, entry, body);
        if self.chunk.len() >= PACK_BYTES { self.close() } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> std::io::Result<Vec<Pack>> {
        if !self.chunk.is_empty() {
            self.close()?;
        }
        Ok(self.packs)
    }

    fn close(&mut self) -> std::io::Result<()> {
        let length = u32::try_from(self.chunk.len())
            .map_err(|_| std::io::Error::other("an entry of 4 GiB"))?;
        let mut bytes = length.to_le_bytes().to_vec();
        let mut encoder = ZlibEncoder::new(&mut bytes, Compression::default());
        encoder.write_all(self.chunk.as_bytes())?;
        encoder.finish()?;
        self.packs.push(Pack { seq: self.first, last_at: self.last_at, bytes });
        self.chunk.clear();
        Ok(())
    }
}

/// The chunk in a pack.
pub(super) fn unpack(call: CallId, pack: &[u8]) -> Result<String> {
    let (length, stream) =
        pack.split_first_chunk::<LENGTH>().ok_or_else(|| corrupt(call, "a pack is cut off"))?;
    let length = u32::from_le_bytes(*length);
    let mut chunk = String::new();
    // Never more than was promised, whatever the bytes have become.
    ZlibDecoder::new(stream)
        .take(u64::from(length) + 1)
        .read_to_string(&mut chunk)
        .map_err(|why| corrupt(call, format!("a pack is damaged: {why}")))?;
    if chunk.len() != length as usize {
        return Err(corrupt(call, "a pack has not the length that it had"));
    }
    Ok(chunk)
}

#[cfg(test)]
mod tests {
    use super::super::chunk::Entries;
    use super::*;
    use strowger_model::TenantId;
    use uuid::Uuid;

    const TENANT: TenantId = TenantId(Uuid::from_u128(1));
    const CALL: CallId = CallId(Uuid::from_u128(2));

    fn entry(seq: u32, kind: JournalKind, body: &str) -> JournalEntry {
        // A clock that runs backwards.
        let at = Timestamp(u64::from(1_000_000 - seq));
        JournalEntry { tenant: TENANT, call: CALL, seq, at, kind, body: body.to_owned() }
    }

    fn packed(entries: &[JournalEntry]) -> Vec<Pack> {
        let mut packer = Packer::default();
        entries.iter().for_each(|entry| packer.add(entry).unwrap());
        packer.finish().unwrap()
    }

    fn read(pack: &Pack) -> Result<Vec<JournalEntry>> {
        let chunk = unpack(CALL, &pack.bytes)?;
        Entries { tenant: TENANT, call: CALL, rest: &chunk }.collect()
    }

    #[test]
    fn all_that_is_left_out_is_what_signalling_kept() {
        let kept = entry(1, JournalKind::Leg, "{\"key\":\"secret\"}");
        let entries = [entry(0, JournalKind::Setup, "{}"), kept, entry(2, JournalKind::End, "é")];
        let packs = packed(&entries);
        let [pack] = packs.as_slice() else { panic!("{packs:?}") };
        assert_eq!((pack.seq, pack.last_at), (0, entries[0].at));
        let mut expected = entries.to_vec();
        expected[1].body = "{}".to_owned();
        assert_eq!(read(pack).unwrap(), expected);
    }

    #[test]
    fn a_long_journal_is_more_than_one_pack() {
        let body = "x".repeat(1_000);
        let entries: Vec<_> = (0..1_000).map(|seq| entry(seq, JournalKind::Input, &body)).collect();
        let packs = packed(&entries);
        assert!((4..=5).contains(&packs.len()), "{}", packs.len());
        let all: Vec<_> = packs.iter().flat_map(|pack| read(pack).unwrap()).collect();
        assert_eq!(all, entries);
        assert_eq!(packed(&[]), []);
    }

    #[test]
    fn a_pack_that_changed_or_was_cut_off_is_noticed() {
        let entries: Vec<_> =
            (0..50).map(|seq| entry(seq, JournalKind::Turn, "{\"a\":[1,2]}")).collect();
        let Pack { bytes, .. } = packed(&entries).remove(0);
        for place in 0..bytes.len() {
            assert!(unpack(CALL, &bytes[..place]).is_err(), "cut at {place}");
            let mut changed = bytes.clone();
            changed[place] ^= 0x41;
            // The zlib header has bits that mean nothing here.
            if let Ok(chunk) = unpack(CALL, &changed) {
                assert!(chunk == unpack(CALL, &bytes).unwrap(), "changed at {place}");
            }
        }
    }
}
