//! Milliseconds since 1970 that never go backwards.

use std::time::{SystemTime, UNIX_EPOCH};
use strowger_model::Timestamp;
use tokio::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    started: Instant,
    epoch_ms: u64,
}

impl Clock {
    pub(super) fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            started: Instant::now(),
            epoch_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.epoch_ms) + self.started.elapsed()
    }

    /// When `at` will be, rounded up so that a timer is never early.
    pub(super) fn instant(&self, at: Timestamp) -> Instant {
        self.started + Duration::from_millis(at.0.saturating_sub(self.epoch_ms))
    }
}
