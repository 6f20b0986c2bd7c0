//! The one place of the server that reads the clock.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use strowger_model::Timestamp;

static CLOCK: Mutex<Option<Clock>> = Mutex::new(None);

/// The present. It never goes back: where the machine's clock is set back, it goes
/// on, a tenth slower, until that has caught up. Calls' timers would else wait for
/// as long as the clock was set back. Where it is set forward, it follows at once.
pub fn now() -> Timestamp {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let steady = Instant::now();
    let mut clock = CLOCK.lock().unwrap_or_else(PoisonError::into_inner);
    let clock = clock.get_or_insert(Clock { at: wall, steady });
    let since = clock.read(wall, steady);
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Completes at `at`, or never if there is none.
pub async fn until(at: Option<Timestamp>) {
    match at {
        Some(at) => tokio::time::sleep(at - now()).await,
        None => std::future::pending().await,
    }
}

/// What was last read.
struct Clock {
    /// Since the epoch.
    at: Duration,
    steady: Instant,
}

impl Clock {
    fn read(&mut self, wall: Duration, steady: Instant) -> Duration {
        let passed = steady.saturating_duration_since(self.steady);
        self.at = wall.max(self.at + passed - passed / 10);
        self.steady = self.steady.max(steady);
        self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_goes_on_and_is_caught_up_with() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut clock = Clock { at: 1_000 * second, steady: start };
        assert_eq!(clock.read(1_001 * second, start + second), 1_001 * second);
        // Set back by a minute; read a thousand times a second.
        let mut last = 1_001 * second;
        for ms in 1..=10_000 {
            let passed = Duration::from_millis(ms);
            let at = clock.read(941 * second + passed, start + second + passed);
            assert!(at > last);
            last = at;
        }
        assert_eq!(last, 1_010 * second);
        // The rest of the minute takes ten.
        let passed = 600 * second;
        let at = clock.read(941 * second + passed, start + second + passed);
        assert_eq!(at, 1_541 * second);
    }

    #[test]
    fn a_clock_that_is_set_forward_is_followed() {
        let (start, second) = (Instant::now(), Duration::from_secs(1));
        let mut clock = Clock { at: 1_000 * second, steady: start };
        assert_eq!(clock.read(5_000 * second, start + second), 5_000 * second);
        // What another thread has read a moment before.
        assert_eq!(clock.read(4_999 * second, start), 5_000 * second);
    }
}
