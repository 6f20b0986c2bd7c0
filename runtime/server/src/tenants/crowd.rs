//! Whether more than one tenant's guests are at work: shares are for those who
//! have to share.

use std::sync::atomic::{AtomicU64, Ordering};
use strowger_model::{TenantId, Timestamp};

/// A tenant whose guests have not worked for so long is not there.
const LATELY_MS: u32 = 1_000;

/// The last two tenants whose guests were at work, and when. Both are hints: two
/// threads that write at once may lose one of them until the next turn.
#[derive(Debug, Default)]
pub struct Crowd {
    /// A tenant's tag (upper half) and a millisecond (lower half, wrapping); 0: none.
    last: AtomicU64,
    /// The last one that was another than `last`.
    other: AtomicU64,
}

impl Crowd {
    /// A turn of this tenant's.
    pub fn note(&self, now: Timestamp, tenant: TenantId) {
        let (tag, ms) = (tag(tenant), now.0 & u64::from(u32::MAX));
        let noted = tag << 32 | ms;
        let last = self.last.load(Ordering::Relaxed);
        if last == noted {
            return;
        }
        if last >> 32 != tag {
            self.other.store(last, Ordering::Relaxed);
        }
        self.last.store(noted, Ordering::Relaxed);
    }

    /// Whether another tenant's guests have been at work lately.
    pub fn has_others(&self, now: Timestamp, tenant: TenantId) -> bool {
        [&self.last, &self.other].into_iter().any(|seen| {
            let seen = seen.load(Ordering::Relaxed);
            let age_ms = (now.0 as u32).wrapping_sub(seen as u32);
            seen != 0 && seen >> 32 != tag(tenant) && age_ms < LATELY_MS
        })
    }
}

/// Tells tenants apart nearly always; two that look alike share as one.
fn tag(tenant: TenantId) -> u64 {
    let (high, low) = tenant.0.as_u64_pair();
    // The random part of an id lies in its lower half.
    ((high ^ low) & u64::from(u32::MAX)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn tenant(number: u128) -> TenantId {
        TenantId(Uuid::from_u128(number))
    }

    #[test]
    fn a_tenant_is_alone_until_another_comes_and_after_it_has_gone() {
        let crowd = Crowd::default();
        assert!(!crowd.has_others(NOW, tenant(1)));
        for ms in 0..5_000 {
            crowd.note(NOW.plus_ms(ms), tenant(1));
        }
        assert!(!crowd.has_others(NOW.plus_ms(5_000), tenant(1)));
        crowd.note(NOW.plus_ms(5_000), tenant(2));
        for ms in 5_001..6_000 {
            crowd.note(NOW.plus_ms(ms), tenant(1));
            assert!(crowd.has_others(NOW.plus_ms(ms), tenant(1)), "{ms}");
            assert!(crowd.has_others(NOW.plus_ms(ms), tenant(2)), "{ms}");
        }
        assert!(!crowd.has_others(NOW.plus_ms(6_000), tenant(1)));
        assert!(crowd.has_others(NOW.plus_ms(6_000), tenant(2)));
    }

    #[test]
    fn of_three_each_sees_others() {
        let crowd = Crowd::default();
        for turn in 0..300 {
            crowd.note(NOW.plus_ms(turn), tenant(1 + u128::from(turn % 3)));
        }
        for number in 1..=3 {
            assert!(crowd.has_others(NOW.plus_ms(300), tenant(number)), "{number}");
        }
    }
}
