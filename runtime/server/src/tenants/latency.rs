//! How long a tenant's decisions take: from the event being there to the actions
//! being back, the wait for a thread included.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Steps of one doubling, as a power of two.
const STEP_BITS: usize = 4;
/// Steps of one doubling: each bound is at most a sixteenth above the one before.
const STEPS: usize = 1 << STEP_BITS;
/// Doublings from one microsecond on: up to some nine minutes.
const DOUBLINGS: usize = 29;
/// Buckets.
const BUCKETS: usize = STEPS * DOUBLINGS;

/// Counts by duration. Fixed in size.
#[derive(Debug)]
pub struct Latency {
    counts: Box<[AtomicU64]>,
    sum_us: AtomicU64,
}

impl Default for Latency {
    fn default() -> Self {
        let counts = std::iter::repeat_with(AtomicU64::default).take(BUCKETS).collect();
        Self { counts, sum_us: AtomicU64::new(0) }
    }
}

impl Latency {
    /// Counts a decision.
    pub fn add(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.counts[bucket(us)].fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// Buckets that hold something: all decisions below so many microseconds and
    /// not below the bound before, and how many these are.
    pub fn buckets(&self) -> Vec<(u64, u64)> {
        let counts = self.counts.iter().map(|count| count.load(Ordering::Relaxed));
        counts.enumerate().filter(|(_, n)| *n > 0).map(|(at, n)| (bound(at), n)).collect()
    }

    /// All of them together.
    pub fn sum_us(&self) -> u64 {
        self.sum_us.load(Ordering::Relaxed)
    }
}

/// The value below which `share` of what is counted in `buckets` lies; none if
/// nothing is.
pub fn quantile(buckets: &[(u64, u64)], share: f64) -> Option<u64> {
    let all: u64 = buckets.iter().map(|(_, count)| count).sum();
    let wanted = ((all as f64 * share).ceil() as u64).max(1);
    let mut seen = 0;
    buckets.iter().find_map(|(below_us, count)| {
        seen += count;
        (seen >= wanted).then_some(*below_us)
    })
}

/// Where a duration is counted: by its highest bit and the four below that.
fn bucket(us: u64) -> usize {
    if us < STEPS as u64 {
        return us as usize;
    }
    let doubling = us.ilog2() as usize;
    let step = (us >> (doubling - STEP_BITS)) as usize & (STEPS - 1);
    ((doubling + 1 - STEP_BITS) * STEPS + step).min(BUCKETS - 1)
}

/// What everything in a bucket is below, in microseconds.
fn bound(bucket: usize) -> u64 {
    let (doubling, step) = (bucket / STEPS, (bucket % STEPS) as u64);
    if doubling == 0 {
        return step + 1;
    }
    (STEPS as u64 + step + 1) << (doubling - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_is_below_its_bound_and_not_below_the_one_before() {
        for us in (0..100_000).chain((17..29).map(|bit| 1 << bit)) {
            let at = bucket(us);
            assert!(us < bound(at), "{us}");
            assert!(at == 0 || us >= bound(at - 1), "{us}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_bounds() {
        let latency = Latency::default();
        for us in 1..=100 {
            latency.add(Duration::from_micros(us));
        }
        let buckets = latency.buckets();
        assert_eq!(buckets.iter().map(|(_, n)| n).sum::<u64>(), 100);
        assert_eq!(quantile(&buckets, 0.5), Some(52));
        assert_eq!(quantile(&buckets, 1.0), Some(104));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(latency.sum_us(), 5_050);
    }
}
