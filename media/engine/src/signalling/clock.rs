//! Milliseconds since 1970 that never go backwards; faster than the world's if
//! somebody wants to see an hour's timers in a minute.

use std::time::{SystemTime, UNIX_EPOCH};
use strowger_model::Timestamp;
use tokio::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    started: Instant,
    epoch_ms: u64,
    pace: u32,
}

impl Clock {
    pub(super) fn start(pace: u32) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            started: Instant::now(),
            epoch_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            pace: pace.max(1),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.epoch_ms) + self.started.elapsed().saturating_mul(self.pace)
    }

    /// When `at` will be, rounded up so that a timer is never early.
    pub(super) fn instant(&self, at: Timestamp) -> Instant {
        let ahead_us = at.0.saturating_sub(self.epoch_ms).saturating_mul(1_000);
        self.started + Duration::from_micros(ahead_us.div_ceil(u64::from(self.pace)))
    }
}
