//! The processor time of a turn. On a busy machine a turn of ten microseconds may
//! be interrupted for ten milliseconds: what the clock on the wall shows then is
//! not the guest's doing, and must neither be billed nor held against it.

use std::time::Duration;

/// Processor time that this thread has used (clock_gettime(2)). A system call, some
/// tenths of a microsecond.
pub(super) fn of_this_thread() -> Duration {
    let mut used = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes to a structure on our stack; it fails for unknown clocks only.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut used) };
    let part = |value| u64::try_from(value).unwrap_or(0);
    Duration::from_secs(part(used.tv_sec)) + Duration::from_nanos(part(used.tv_nsec))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Duration = Duration::from_millis(50);

    #[test]
    fn who_computes_uses_time_and_who_waits_for_it_does_not() {
        let before = of_this_thread();
        let computing = std::thread::spawn(|| {
            // Ends: however busy the machine is, this thread gets on.
            while of_this_thread() < WORK {}
        });
        computing.join().unwrap();
        assert!(of_this_thread() - before < WORK / 2);
    }
}
