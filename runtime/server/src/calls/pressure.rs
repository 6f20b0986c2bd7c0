//! When the server has more calls than it can begin: how long a new call waits for
//! a guest thread tells, whatever it is that the machine is short of.
//!
//! Once every call for a while has waited [`TOO_LONG`], signalling refuses new ones
//! with 503 and Retry-After, which costs next to nothing, until those that wait have
//! begun. A burst is no such case: it is over before. So the queue stays short and
//! the threads are never without work: what is carried under overload is what could
//! be carried without (admission by lasting queueing delay, as in CoDel: Nichols and
//! Jacobson, ACM Queue 2012).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// A fifth of the time after which callers repeat themselves (T1, RFC 3261).
const TOO_LONG: Duration = Duration::from_millis(100);
/// So short is good again.
const SHORT: Duration = Duration::from_millis(50);
/// How long it must have been too long: with the wait itself well under T1.
const LASTING: Duration = Duration::from_millis(200);

/// The calls that wait for a thread.
#[derive(Debug)]
pub struct Pressure {
    start: Instant,
    waiting: AtomicUsize,
    /// Since when every call has waited too long, in microseconds from `start`;
    /// [`NEVER`] if the last one has not.
    high_since_us: AtomicU64,
    /// Read by signalling before each new call.
    too_high: Arc<AtomicBool>,
    last_delay_us: AtomicU64,
}

const NEVER: u64 = u64::MAX;

/// A call that waits for a thread; counted until this is dropped.
#[derive(Debug)]
pub struct Waiting {
    pressure: Arc<Pressure>,
    since: Instant,
}

impl Pressure {
    /// With the flag that signalling looks at.
    pub fn new(too_high: Arc<AtomicBool>) -> Self {
        Self {
            start: Instant::now(),
            waiting: AtomicUsize::new(0),
            high_since_us: AtomicU64::new(NEVER),
            too_high,
            last_delay_us: AtomicU64::new(0),
        }
    }

    /// A call is handed to the threads.
    pub fn enter(self: &Arc<Self>, now: Instant) -> Waiting {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        Waiting { pressure: self.clone(), since: now }
    }

    /// Calls that no thread has begun with.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How long the last call waited that a thread has begun with.
    pub fn last_delay_us(&self) -> u64 {
        self.last_delay_us.load(Ordering::Relaxed)
    }
}

impl Waiting {
    /// A thread begins with the call.
    pub fn ends(self, now: Instant) {
        let delay = now.saturating_duration_since(self.since);
        let pressure = &self.pressure;
        pressure.last_delay_us.store(micros(delay), Ordering::Relaxed);
        if delay <= TOO_LONG {
            pressure.high_since_us.store(NEVER, Ordering::Release);
            if delay < SHORT {
                pressure.too_high.store(false, Ordering::Release);
            }
            return;
        }
        let now_us = micros(now.saturating_duration_since(pressure.start));
        let since = &pressure.high_since_us;
        let first = since.compare_exchange(NEVER, now_us, Ordering::AcqRel, Ordering::Acquire);
        // No exchange: it has been too long since then.
        if first.is_err_and(|since_us| now_us.saturating_sub(since_us) >= micros(LASTING)) {
            pressure.too_high.store(true, Ordering::Release);
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(NEVER)
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // After what `ends` has said, and the last one after all others: with nobody
        // waiting there is nobody left who could say that it is good again.
        if self.pressure.waiting.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.pressure.high_since_us.store(NEVER, Ordering::Release);
            self.pressure.too_high.store(false, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    fn pressure() -> (Arc<Pressure>, Instant) {
        let pressure = Pressure::new(Arc::default());
        let start = pressure.start;
        (Arc::new(pressure), start)
    }

    /// A call that came at `from` and is begun with `after` milliseconds, others
    /// waiting still.
    fn begins(pressure: &Arc<Pressure>, start: Instant, from: u64, after: u64) -> bool {
        pressure.enter(start + ms(from)).ends(start + ms(from + after));
        is_too_high(pressure)
    }

    fn is_too_high(pressure: &Pressure) -> bool {
        pressure.too_high.load(Ordering::Relaxed)
    }

    #[test]
    fn a_wait_that_stays_too_long_stops_new_calls_until_it_is_short() {
        let (pressure, start) = pressure();
        let _another = pressure.enter(start);
        for (from, after, too_high) in [
            (0, 90, false),
            (10, 101, false),
            (100, 150, false),
            // Since 111: 200 ms.
            (190, 120, false),
            (200, 111, true),
            // Better is not good.
            (300, 70, true),
            (330, 49, false),
            // It must last again.
            (400, 200, false),
            (500, 70, false),
            (600, 200, false),
        ] {
            assert_eq!(begins(&pressure, start, from, after), too_high, "{from}");
        }
        assert_eq!((pressure.waiting(), pressure.last_delay_us()), (1, 200_000));
    }

    #[test]
    fn a_burst_is_taken_whole() {
        let (pressure, start) = pressure();
        let calls: Vec<_> = (0..200).map(|_| pressure.enter(start)).collect();
        for (number, call) in calls.into_iter().enumerate() {
            call.ends(start + ms(number as u64));
            assert!(!is_too_high(&pressure), "{number}");
        }
    }

    #[test]
    fn with_nobody_waiting_calls_are_taken_whatever_the_last_one_said() {
        let (pressure, start) = pressure();
        let (first, second, dropped) =
            (pressure.enter(start), pressure.enter(start), pressure.enter(start));
        first.ends(start + ms(500));
        second.ends(start + ms(900));
        assert!(is_too_high(&pressure));
        // Nor does a call that is never begun with keep others out.
        drop(dropped);
        assert!(!is_too_high(&pressure));
        assert!(!begins(&pressure, start, 0, 2_000));
    }

    #[test]
    fn threads_that_begin_at_once_never_leave_it_shut() {
        let (pressure, start) = pressure();
        for round in 0..200 {
            let calls: Vec<_> = (0..8).map(|_| pressure.enter(start)).collect();
            std::thread::scope(|threads| {
                for (number, call) in calls.into_iter().enumerate() {
                    let at = start + ms(500 * (round + number as u64));
                    threads.spawn(move || call.ends(at));
                }
            });
            assert!(!is_too_high(&pressure));
        }
    }
}
