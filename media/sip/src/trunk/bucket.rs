//! So many a second, with a little in hand.

use strowger_model::Timestamp;

/// A token bucket in whole thousandths: no rounding adds up over a year.
#[derive(Clone, Copy, Debug)]
pub struct TokenBucket {
    per_s: u32,
    burst: u32,
    milli_tokens: u64,
    at: Timestamp,
}

impl TokenBucket {
    /// Full: `burst` at once, then `per_s` a second. Neither is less than one.
    pub fn new(now: Timestamp, per_s: u32, burst: u32) -> Self {
        let (per_s, burst) = (per_s.max(1), burst.max(1));
        Self { per_s, burst, milli_tokens: u64::from(burst) * 1_000, at: now }
    }

    fn fill(&mut self, now: Timestamp) {
        let grown = now.ms_since(self.at).saturating_mul(u64::from(self.per_s));
        let full = u64::from(self.burst) * 1_000;
        self.milli_tokens = self.milli_tokens.saturating_add(grown).min(full);
        self.at = self.at.max(now);
    }

    /// Whether [`TokenBucket::take`] would succeed.
    pub fn has(&mut self, now: Timestamp) -> bool {
        self.fill(now);
        self.milli_tokens >= 1_000
    }

    /// Takes one; `false` if there is none.
    pub fn take(&mut self, now: Timestamp) -> bool {
        let has = self.has(now);
        if has {
            self.milli_tokens -= 1_000;
        }
        has
    }

    /// Changes the rate; what is in hand stays, up to the new burst.
    pub fn set(&mut self, now: Timestamp, per_s: u32, burst: u32) {
        self.fill(now);
        (self.per_s, self.burst) = (per_s.max(1), burst.max(1));
        self.fill(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let start = Timestamp(1_000_000);
        let mut bucket = TokenBucket::new(start, 10, 3);
        let at_once = (0..10).filter(|_| bucket.take(start)).count();
        assert_eq!(at_once, 3);
        let later = (1..=1_000).filter(|ms| bucket.take(start.plus_ms(*ms))).count();
        assert_eq!(later, 10);
        assert!(!bucket.take(start), "time does not go back");
        let rested = start.plus_ms(60_000);
        assert_eq!((0..10).filter(|_| bucket.take(rested)).count(), 3);
    }
}
