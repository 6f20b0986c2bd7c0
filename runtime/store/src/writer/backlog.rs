//! How much was handed over that is not on disk yet, and since when. Moments are
//! milliseconds since any fixed one.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts. Whoever hands something over counts it before, the task discounts it
/// after its commit, so that nothing of which it was said that it is on disk is not.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    pending: AtomicU64,
    /// What is pending was not handed over before this. Only grows.
    since_ms: AtomicU64,
}

impl Backlog {
    /// Something is about to be handed over. `now_ms` was read before: whatever is
    /// counted meanwhile is later.
    pub(super) fn add(&self, now_ms: u64) {
        if self.pending.fetch_add(1, Ordering::AcqRel) == 0 {
            self.since_ms.fetch_max(now_ms, Ordering::AcqRel);
        }
    }

    /// It was refused.
    pub(super) fn take_back(&self) {
        self.pending.fetch_sub(1, Ordering::AcqRel);
    }

    /// So much was committed. `emptied_ms` is when nothing else was waiting, if
    /// that was so: what is pending now came after it.
    pub(super) fn committed(&self, count: u64, emptied_ms: Option<u64>) {
        if let Some(emptied_ms) = emptied_ms {
            self.since_ms.fetch_max(emptied_ms, Ordering::AcqRel);
        }
        self.pending.fetch_sub(count, Ordering::AcqRel);
    }

    /// How many things are pending, and how long ago the oldest came at most.
    pub(super) fn size(&self, now_ms: impl FnOnce() -> u64) -> (u64, u64) {
        match self.pending.load(Ordering::Acquire) {
            0 => (0, 0),
            pending => {
                let since_ms = self.since_ms.load(Ordering::Acquire);
                // It may have come at the beginning of its millisecond.
                (pending, now_ms().saturating_sub(since_ms) + 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_age_is_that_of_the_oldest_that_may_be_pending() {
        let backlog = Backlog::default();
        assert_eq!(backlog.size(|| 50), (0, 0));
        backlog.add(100);
        backlog.add(120);
        assert_eq!(backlog.size(|| 150), (2, 51));
        // A third came while the first two were being committed.
        backlog.add(145);
        backlog.committed(2, Some(140));
        assert_eq!(backlog.size(|| 150), (1, 11));
        // A batch that was full: nothing is known of those that waited behind it.
        backlog.add(160);
        backlog.committed(1, None);
        assert_eq!(backlog.size(|| 170), (1, 31));
        backlog.committed(1, Some(165));
        assert_eq!(backlog.size(|| 180), (0, 0));
    }

    #[test]
    fn a_pause_makes_nothing_older() {
        let backlog = Backlog::default();
        backlog.add(1);
        backlog.committed(1, Some(2));
        backlog.add(1_000);
        assert_eq!(backlog.size(|| 1_000), (1, 1));
        backlog.take_back();
        assert_eq!(backlog.size(|| 1_000), (0, 0));
    }
}
