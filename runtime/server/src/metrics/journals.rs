//! What upkeep has done to journals of calls that are over.

use super::text::{Kind, Text};
use std::sync::atomic::{AtomicU64, Ordering};
use strowger_store::{Packed, Removed};

/// Counters since the start.
#[derive(Debug, Default)]
pub struct JournalUpkeep {
    packed: AtomicU64,
    unreadable: AtomicU64,
    bytes_before: AtomicU64,
    bytes_after: AtomicU64,
    removed: AtomicU64,
    given_back: AtomicU64,
}

impl JournalUpkeep {
    /// Journals were packed.
    pub fn packed(&self, packed: &Packed) {
        self.packed.fetch_add(u64::from(packed.calls), Ordering::Relaxed);
        self.unreadable.fetch_add(u64::from(packed.unreadable), Ordering::Relaxed);
        self.bytes_before.fetch_add(packed.bytes_before, Ordering::Relaxed);
        self.bytes_after.fetch_add(packed.bytes_after, Ordering::Relaxed);
    }

    /// Journals were taken away, their time being over.
    pub fn removed(&self, removed: &Removed) {
        self.removed.fetch_add(u64::from(removed.calls), Ordering::Relaxed);
    }

    /// So many bytes were given back to the disk.
    pub fn given_back(&self, bytes: u64) {
        self.given_back.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn render(&self, text: &mut Text) {
        for (name, help, counter) in [
            ("strowger_journals_packed_total", "Journals packed after their call.", &self.packed),
            ("strowger_journals_unreadable_total", "Journals found damaged.", &self.unreadable),
            ("strowger_journal_bytes_before_packing_total", "What they took.", &self.bytes_before),
            ("strowger_journal_bytes_packed_total", "What they take now.", &self.bytes_after),
            ("strowger_journals_removed_total", "Journals whose time was over.", &self.removed),
            ("strowger_database_bytes_given_back_total", "Room given back.", &self.given_back),
        ] {
            text.single(name, Kind::Counter, help, counter.load(Ordering::Relaxed));
        }
    }
}
