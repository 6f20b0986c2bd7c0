//! Nonces that need no memory until they are used, and counts that do.
//!
//! A nonce carries its time and a keyed hash over time and realm, so handing
//! one out costs nothing: scanners cannot fill a table. Once a client has
//! proven itself with a nonce, the counts it used are remembered in a sliding
//! window (UDP may swap two requests), so nothing is accepted twice.

use super::secret::to_hex;
use crate::limits::{MAX_NONCES, NONCE_LIFETIME_MS};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use strowger_model::Timestamp;

/// Hexadecimal digits of time, salt and check.
const TIME_DIGITS: usize = 12;
const SALT_DIGITS: usize = 16;
const CHECK_DIGITS: usize = 32;

/// What a nonce turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NonceState {
    /// Ours, fresh, count unused.
    Good,
    /// Ours, but too old or the count was used: try again with a new one.
    Stale,
    /// Never ours.
    Foreign,
}

#[derive(Debug)]
pub(crate) struct Nonces {
    key: [u8; 32],
    /// By time and salt; the highest count used and a bit for each of the 64 before it.
    used: BTreeMap<(u64, u64), Window>,
    /// Nonces up to this time are stale because they had to be forgotten.
    forgotten: u64,
}

#[derive(Debug)]
struct Window {
    highest: u32,
    seen: u64,
}

impl Window {
    fn take(&mut self, count: u32) -> bool {
        if count > self.highest {
            let ahead = count - self.highest;
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let behind = self.highest - count;
        if behind >= 64 || self.seen & (1 << behind) != 0 {
            return false;
        }
        self.seen |= 1 << behind;
        true
    }
}

impl Nonces {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self { key, used: BTreeMap::new(), forgotten: 0 }
    }

    /// A new nonce.
    pub(crate) fn make(&self, now: Timestamp, salt: u64, realm: &str) -> String {
        let check = self.check(now.0, salt, realm);
        format!("{:012x}{salt:016x}{check}", now.0 & 0xffff_ffff_ffff)
    }

    /// Whether `count` of `nonce` may be accepted; remembered as used if so.
    /// Call it only for a proof that is otherwise right.
    pub(crate) fn take(
        &mut self,
        now: Timestamp,
        nonce: &str,
        realm: &str,
        count: u32,
    ) -> NonceState {
        let Some((time, salt)) = self.read(nonce, realm) else { return NonceState::Foreign };
        if now.0.saturating_sub(time) > NONCE_LIFETIME_MS || time <= self.forgotten {
            return NonceState::Stale;
        }
        self.forget(now);
        let window = self.used.entry((time, salt)).or_insert(Window { highest: 0, seen: u64::MAX });
        if window.take(count) { NonceState::Good } else { NonceState::Stale }
    }

    /// How many counts are remembered.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.used.len()
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some(oldest) = self.used.first_entry() {
            let time = oldest.key().0;
            let expired = now.0.saturating_sub(time) > NONCE_LIFETIME_MS;
            if !expired {
                break;
            }
            oldest.remove();
        }
        if self.used.len() >= MAX_NONCES
            && let Some(((time, _), _)) = self.used.pop_first()
        {
            self.forgotten = self.forgotten.max(time);
        }
    }

    fn read(&self, nonce: &str, realm: &str) -> Option<(u64, u64)> {
        if nonce.len() != TIME_DIGITS + SALT_DIGITS + CHECK_DIGITS || !nonce.is_ascii() {
            return None;
        }
        let (time, rest) = nonce.split_at(TIME_DIGITS);
        let (salt, check) = rest.split_at(SALT_DIGITS);
        let time = u64::from_str_radix(time, 16).ok()?;
        let salt = u64::from_str_radix(salt, 16).ok()?;
        let good = self.check(time, salt, realm);
        bool::from(subtle::ConstantTimeEq::ct_eq(good.as_bytes(), check.as_bytes()))
            .then_some((time, salt))
    }

    fn check(&self, time: u64, salt: u64, realm: &str) -> String {
        let mut mac = match Hmac::<Sha256>::new_from_slice(&self.key) {
            Ok(mac) => mac,
            Err(_) => unreachable!("HMAC takes keys of any length"),
        };
        mac.update(&(time & 0xffff_ffff_ffff).to_be_bytes());
        mac.update(&salt.to_be_bytes());
        mac.update(realm.as_bytes());
        to_hex(&mac.finalize().into_bytes()[..CHECK_DIGITS / 2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn nonces() -> Nonces {
        Nonces::new([7; 32])
    }

    #[test]
    fn a_count_is_good_once() {
        let mut nonces = nonces();
        let nonce = nonces.make(NOW, 1, "r");
        assert_eq!(nonces.take(NOW, &nonce, "r", 1), NonceState::Good);
        assert_eq!(nonces.take(NOW, &nonce, "r", 1), NonceState::Stale);
        assert_eq!(nonces.take(NOW, &nonce, "r", 3), NonceState::Good);
        assert_eq!(nonces.take(NOW, &nonce, "r", 2), NonceState::Good, "swapped on the way");
        assert_eq!(nonces.take(NOW, &nonce, "r", 2), NonceState::Stale);
        assert_eq!(nonces.take(NOW, &nonce, "r", 0), NonceState::Stale, "counts start at 1");
        assert_eq!(nonces.take(NOW, &nonce, "r", 200), NonceState::Good);
        assert_eq!(nonces.take(NOW, &nonce, "r", 100), NonceState::Stale, "outside the window");
    }

    #[test]
    fn another_realm_another_key_and_old_age_are_refused() {
        let mut nonces = nonces();
        let nonce = nonces.make(NOW, 1, "r");
        assert_eq!(nonces.take(NOW, &nonce, "s", 1), NonceState::Foreign);
        assert_eq!(Nonces::new([8; 32]).take(NOW, &nonce, "r", 1), NonceState::Foreign);
        let late = NOW.plus_ms(NONCE_LIFETIME_MS + 1);
        assert_eq!(nonces.take(late, &nonce, "r", 1), NonceState::Stale);
        for junk in ["", "0", &"f".repeat(60), &"é".repeat(30), &"+".repeat(60)] {
            assert_eq!(nonces.take(NOW, junk, "r", 1), NonceState::Foreign, "{junk}");
        }
    }

    #[test]
    fn a_forgotten_nonce_cannot_be_replayed() {
        let mut nonces = nonces();
        let first = nonces.make(NOW, 1, "r");
        assert_eq!(nonces.take(NOW, &first, "r", 1), NonceState::Good);
        for salt in 0..MAX_NONCES as u64 {
            let nonce = nonces.make(NOW.plus_ms(1), salt, "r");
            assert_eq!(nonces.take(NOW.plus_ms(1), &nonce, "r", 1), NonceState::Good);
        }
        assert!(nonces.len() <= MAX_NONCES);
        assert_eq!(nonces.take(NOW.plus_ms(2), &first, "r", 1), NonceState::Stale);
        let much_later = NOW.plus_ms(2 * NONCE_LIFETIME_MS);
        let fresh = nonces.make(much_later, 1, "r");
        assert_eq!(nonces.take(much_later, &fresh, "r", 1), NonceState::Good);
        assert_eq!(nonces.len(), 1, "expired counts are dropped");
    }
}
