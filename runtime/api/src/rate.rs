//! Token buckets: how often one key, or one address without a key, may ask.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::time::Instant;

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// On average.
    pub per_second: f64,
    /// At once, after a pause.
    pub burst: f64,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled_at: Instant,
}

/// One bucket for each key, at most `capacity` of them.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    rate: Rate,
    capacity: usize,
    buckets: Mutex<HashMap<K, Bucket>>,
}

impl<K: Eq + Hash + Clone> Buckets<K> {
    pub(crate) fn new(rate: Rate, capacity: usize) -> Self {
        Self { rate, capacity, buckets: Mutex::default() }
    }

    /// Takes a token, or says after how many seconds there will be one.
    pub(crate) fn take(&self, key: K, now: Instant) -> Result<(), u64> {
        self.take_within(key, self.rate, now)
    }

    /// The same for a key with a rate of its own.
    pub(crate) fn take_within(&self, key: K, rate: Rate, now: Instant) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !buckets.contains_key(&key) && buckets.len() >= self.capacity {
            self.forget_full(&mut buckets, now);
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: rate.burst, filled_at: now });
        bucket.tokens = filled(bucket, rate, now);
        bucket.filled_at = now;
        if bucket.tokens >= 1.0 {
            bucket.tokens -= 1.0;
            return Ok(());
        }
        let wait_s = (1.0 - bucket.tokens) / rate.per_second;
        Err(wait_s.ceil() as u64)
    }

    /// Whether a token is there, without taking it.
    pub(crate) fn peek(&self, key: &K, now: Instant) -> Result<(), u64> {
        let buckets = self.buckets.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(bucket) = buckets.get(key) else { return Ok(()) };
        let tokens = filled(bucket, self.rate, now);
        if tokens >= 1.0 {
            Ok(())
        } else {
            Err(((1.0 - tokens) / self.rate.per_second).ceil() as u64)
        }
    }

    /// A full bucket is as good as none. If none is full, all are forgotten: that
    /// errs on the side of serving.
    fn forget_full(&self, buckets: &mut HashMap<K, Bucket>, now: Instant) {
        buckets.retain(|_, bucket| filled(bucket, self.rate, now) < self.rate.burst);
        if buckets.len() >= self.capacity {
            buckets.clear();
        }
    }
}

fn filled(bucket: &Bucket, rate: Rate, now: Instant) -> f64 {
    let since_s = now.saturating_duration_since(bucket.filled_at).as_secs_f64();
    (bucket.tokens + since_s * rate.per_second).min(rate.burst)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_is_served_and_then_the_rate_holds() {
        let buckets = Buckets::new(Rate { per_second: 2.0, burst: 3.0 }, 10);
        let start = Instant::now();
        for _ in 0..3 {
            buckets.take("key", start).unwrap();
        }
        assert_eq!(buckets.take("key", start), Err(1));
        assert_eq!(buckets.take("other", start), Ok(()));
        assert_eq!(buckets.take("key", start + Duration::from_millis(500)), Ok(()));
        assert!(buckets.take("key", start + Duration::from_millis(500)).is_err());
    }

    #[test]
    fn the_number_of_buckets_is_bounded() {
        let buckets = Buckets::new(Rate { per_second: 1.0, burst: 2.0 }, 100);
        let start = Instant::now();
        for key in 0..10_000 {
            buckets.take(key, start).unwrap();
        }
        assert!(buckets.buckets.lock().unwrap().len() <= 100);
    }
}
