//! How fast a queue is served, and what that means for those who wait.
//!
//! The expected wait at position `p` is `p × i`, where `i` is the interval
//! between two contacts being answered while others wait:
//!
//! * `i` is the exponentially weighted mean of the intervals measured so far,
//!   each new one with weight 1/8;
//! * the interval under way counts as one more measurement as soon as it is
//!   longer than the mean, so that a queue that stops being served says so;
//! * before the first measurement `i` is the mean handling time (conversation
//!   and wrap-up; three minutes until one has been measured) divided by the
//!   number of agents signed in for the queue.
//!
//! An interval starts with the previous answer or, if later, when the queue
//! stopped being empty: idle time says nothing about speed.

use strowger_model::Timestamp;

/// Weight of a new measurement, as a divisor.
const SHARE: f64 = 8.0;

/// Handling time assumed before any is known.
const FIRST_HANDLE_MS: f64 = 180_000.0;

/// The pace of one queue.
#[derive(Debug)]
pub(crate) struct ServiceRate {
    interval_ms: Option<f64>,
    handle_ms: f64,
    /// When the interval under way began.
    since: Timestamp,
}

impl ServiceRate {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { interval_ms: None, handle_ms: FIRST_HANDLE_MS, since: now }
    }

    /// The queue is no longer empty.
    pub(crate) fn backlog_began(&mut self, now: Timestamp) {
        self.since = now;
    }

    /// A contact has been answered.
    pub(crate) fn served(&mut self, now: Timestamp) {
        let sample = now.ms_since(self.since) as f64;
        self.interval_ms = Some(match self.interval_ms {
            None => sample,
            Some(mean) => mean + (sample - mean) / SHARE,
        });
        self.since = now;
    }

    /// A conversation and its wrap-up took so long.
    pub(crate) fn handled(&mut self, ms: u64) {
        self.handle_ms += (ms as f64 - self.handle_ms) / SHARE;
    }

    /// The expected wait at a position, counted from 1.
    pub(crate) fn expected_wait_ms(&self, now: Timestamp, position: u32, staffed: u32) -> u64 {
        let interval = match self.interval_ms {
            None => self.handle_ms / f64::from(staffed.max(1)),
            Some(mean) => {
                let open = now.ms_since(self.since) as f64;
                mean + (open - mean).max(0.0) / SHARE
            }
        };
        (interval * f64::from(position)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_any_service_the_staff_decides() {
        let rate = ServiceRate::new(Timestamp(0));
        assert_eq!(rate.expected_wait_ms(Timestamp(0), 2, 6), 60_000);
        assert_eq!(rate.expected_wait_ms(Timestamp(0), 1, 0), 180_000);
    }

    #[test]
    fn a_queue_that_stops_being_served_says_so() {
        let mut rate = ServiceRate::new(Timestamp(0));
        rate.served(Timestamp(10_000));
        rate.served(Timestamp(20_000));
        assert_eq!(rate.expected_wait_ms(Timestamp(25_000), 3, 1), 30_000);
        assert_eq!(rate.expected_wait_ms(Timestamp(110_000), 3, 1), 60_000);
    }
}
