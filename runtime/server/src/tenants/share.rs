//! How much of the guest threads a tenant takes, and when that is too much.
//!
//! Who stays within its share is served where its calls live, at once. Who takes
//! more while others are at work too, or whose guests take long at a time, is served
//! by the background threads until it has been moderate again. One number to look at and one to
//! add to for each turn: a few nanoseconds. A version with long turns is known by
//! itself, so that the tenant's fallback, which may be called a moment later, is
//! not made to wait for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use strowger_model::{Timestamp, VersionId};

/// A tenant's share: so many microseconds of each millisecond of one thread. An
/// ordinary decision takes two, so this is some 50,000 of them a second.
const SHARE_US_PER_MS: u64 = 100;
/// How far ahead of its share a tenant may be: a burst of calls that begin
/// together, or one turn that has used all its fuel.
const AHEAD_US: u64 = 50_000;
/// Nobody is held to more than what ten seconds make good.
const MOST_US: u64 = 1_000_000;
/// A turn that burns so much holds a thread up (about two milliseconds). By fuel,
/// for that is the guest's doing whatever else the machine does.
const LONG_FUEL: u64 = 4_000_000;
/// By the processor time it took, for what fuel does not count: far more, for that
/// depends on the machine.
const LONG_US: u64 = 10_000;
/// How long a version with such a turn is served in the background.
const LONG_FOR_MS: u64 = 60_000;
/// Versions remembered for that; a tenant has a few in force.
const MOST_LONG: usize = 256;

/// What a tenant has used lately.
#[derive(Debug, Default)]
pub struct Share {
    /// Used and not made good yet, in microseconds (upper half), as of a
    /// millisecond (lower half, wrapping).
    used: AtomicU64,
    /// Until when any version has long turns: mostly there is none to look for.
    long_until: AtomicU64,
    /// Until when a version's turns count as long ones; none: what comes with the
    /// server.
    long: Mutex<HashMap<Option<VersionId>, u64>>,
}

impl Share {
    /// Whether a version's next turn belongs on the background threads.
    /// `has_others`: whether there is somebody to share with.
    pub fn is_over(
        &self,
        now: Timestamp,
        version: Option<VersionId>,
        has_others: impl FnOnce() -> bool,
    ) -> bool {
        if self.long_until.load(Ordering::Relaxed) > now.0 {
            let long = self.long.lock().unwrap_or_else(PoisonError::into_inner);
            if long.get(&version).is_some_and(|until| *until > now.0) {
                return true;
            }
        }
        self.used_us(now) > AHEAD_US && has_others()
    }

    /// Books a turn.
    pub fn book(&self, now: Timestamp, version: Option<VersionId>, busy_us: u64, fuel: u64) {
        if fuel > LONG_FUEL || busy_us > LONG_US {
            self.note_long(now, version);
        }
        let add = |old| {
            let (used_us, ms) = left(old, now);
            Some(used_us.saturating_add(busy_us).min(MOST_US) << 32 | ms)
        };
        // The closure always has an answer.
        let _ = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    fn note_long(&self, now: Timestamp, version: Option<VersionId>) {
        let until = now.0 + LONG_FOR_MS;
        let mut long = self.long.lock().unwrap_or_else(PoisonError::into_inner);
        if long.len() >= MOST_LONG {
            long.retain(|_, until| *until > now.0);
        }
        if long.len() < MOST_LONG {
            long.insert(version, until);
            self.long_until.fetch_max(until, Ordering::Relaxed);
        }
    }

    /// Used and not made good yet, in microseconds.
    pub fn used_us(&self, now: Timestamp) -> u64 {
        left(self.used.load(Ordering::Relaxed), now).0
    }
}

/// What is left of `packed` at `now`, and the millisecond that this is as of.
fn left(packed: u64, now: Timestamp) -> (u64, u64) {
    let ms = now.0 & u64::from(u32::MAX);
    let (used_us, as_of) = (packed >> 32, packed & u64::from(u32::MAX));
    // A clock that was set back makes nothing good and costs nothing.
    let since = (ms as u32).wrapping_sub(as_of as u32);
    let since = if since > u32::MAX / 2 { 0 } else { u64::from(since) };
    (used_us.saturating_sub(since.saturating_mul(SHARE_US_PER_MS)), ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn is_over(share: &Share, now: Timestamp, version: Option<VersionId>) -> bool {
        share.is_over(now, version, || true)
    }

    #[test]
    fn ordinary_turns_never_are_too_much() {
        let share = Share::default();
        for turn in 0..100_000 {
            share.book(NOW.plus_ms(turn / 20), None, 3, 3_000);
            assert!(!is_over(&share, NOW.plus_ms(turn / 20), None), "{turn}");
        }
    }

    #[test]
    fn many_small_turns_together_are() {
        let share = Share::default();
        for _ in 0..60 {
            share.book(NOW, None, 1_000, 1_000_000);
        }
        assert!(is_over(&share, NOW.plus_ms(99), None));
        assert!(!is_over(&share, NOW.plus_ms(100), None));
        assert_eq!(share.used_us(NOW.plus_ms(600)), 0);
    }

    #[test]
    fn a_tenant_that_is_alone_may_have_it_all_but_long_turns_are_long() {
        let share = Share::default();
        for _ in 0..60 {
            share.book(NOW, None, 1_000, 1_000_000);
        }
        assert!(!share.is_over(NOW, None, || false));
        share.book(NOW, None, 15_000, 1_000_000);
        assert!(share.is_over(NOW, None, || false));
    }

    #[test]
    fn one_long_turn_is_remembered() {
        let share = Share::default();
        share.book(NOW, None, 15_000, 20_000_000);
        assert!(is_over(&share, NOW.plus_ms(59_999), None));
        assert!(!is_over(&share, NOW.plus_ms(60_000), None));
        // Its fallback is another version.
        assert!(!is_over(&share, NOW, Some(VersionId(uuid::Uuid::from_u128(1)))));
    }

    #[test]
    fn what_is_held_against_a_tenant_has_an_end() {
        let share = Share::default();
        for _ in 0..1_000 {
            share.book(NOW, None, 9_000, 1);
        }
        assert!(is_over(&share, NOW.plus_ms(9_000), None));
        assert!(!is_over(&share, NOW.plus_ms(9_600), None));
    }

    #[test]
    fn a_clock_that_is_set_back_does_no_harm() {
        let share = Share::default();
        share.book(NOW, None, 30, 1);
        share.book(Timestamp(NOW.0 - 3_600_000), None, 30, 1);
        assert!(!is_over(&share, NOW, None));
    }
}
