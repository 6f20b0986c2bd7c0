//! What the guests of one tenant hold together: linear memory of every live
//! instance, counted as it is made and grows, and given back as it is freed.
//!
//! One counter for a tenant, added to a few times in a call: never in a turn that
//! does not grow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The part of the limit that only guests which stand in for failed ones may use
/// on top of it: else a tenant at its limit had no fallback either.
const RESERVE: u64 = 8;

/// One tenant's linear memory.
#[derive(Debug)]
pub struct GuestMemory {
    held: AtomicU64,
    limit: AtomicU64,
    refused: AtomicU64,
}

/// The account that an instance's memory goes to; by default nobody's, which has
/// no limit.
#[derive(Clone, Debug, Default)]
pub struct MemoryAccount {
    memory: Option<Arc<GuestMemory>>,
    reserve: bool,
}

impl Default for GuestMemory {
    fn default() -> Self {
        Self::new(u64::MAX)
    }
}

impl GuestMemory {
    /// Nothing held, at most `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self { held: AtomicU64::new(0), limit: AtomicU64::new(limit), refused: AtomicU64::new(0) }
    }

    /// Another limit from now on. What is held beyond it stays until it is freed.
    pub fn set_limit(&self, limit: u64) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Bytes held.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Bytes that may be held.
    pub fn limit(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }

    /// How often memory was refused because of the limit.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// For the guests of calls.
    pub fn account(self: &Arc<Self>) -> MemoryAccount {
        MemoryAccount { memory: Some(self.clone()), reserve: false }
    }

    /// For guests that stand in for failed ones: these may use an eighth of the
    /// limit on top of it.
    pub fn reserve(self: &Arc<Self>) -> MemoryAccount {
        MemoryAccount { memory: Some(self.clone()), reserve: true }
    }
}

impl MemoryAccount {
    /// Books bytes, or says that the limit does not allow them.
    pub(crate) fn take(&self, bytes: u64) -> bool {
        let Some(memory) = &self.memory else { return true };
        let limit = memory.limit();
        let most = if self.reserve { limit.saturating_add(limit / RESERVE) } else { limit };
        let taken = memory.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            held.checked_add(bytes).filter(|held| *held <= most)
        });
        if taken.is_err() {
            memory.refused.fetch_add(1, Ordering::Relaxed);
        }
        taken.is_ok()
    }

    /// Books bytes back.
    pub(crate) fn give_back(&self, bytes: u64) {
        if let Some(memory) = &self.memory {
            memory.held.fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    /// Bytes that may be held by all together.
    pub(crate) fn limit(&self) -> u64 {
        self.memory.as_ref().map_or(u64::MAX, |memory| memory.limit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_limit_is_refused_and_counted() {
        let memory = Arc::new(GuestMemory::new(800));
        let account = memory.account();
        assert!(account.take(800) && !account.take(1));
        assert_eq!((memory.held(), memory.refused()), (800, 1));
        let fallback = memory.reserve();
        assert!(fallback.take(100) && !fallback.take(1));
        fallback.give_back(100);
        account.give_back(800);
        assert_eq!((memory.held(), memory.refused()), (0, 2));
        assert!(!account.take(u64::MAX));
    }

    #[test]
    fn a_lower_limit_takes_nothing_away() {
        let memory = Arc::new(GuestMemory::new(800));
        let account = memory.account();
        assert!(account.take(700));
        memory.set_limit(100);
        assert!(!account.take(1));
        assert_eq!(memory.held(), 700);
        account.give_back(700);
        assert!(account.take(100));
    }
}
