//! Which threads the kernel lets go first.
//!
//! Decisions take microseconds and callers wait for them, so the threads that make
//! them ask to go first; work that takes long yields.

/// The shortest time slice that the kernel grants, nanoseconds.
#[cfg(target_os = "linux")]
const SHORTEST_SLICE_NS: u64 = 100_000;

/// Asks for short turns on the processor, for a thread that has something to do
/// often and not for long. It gets no larger part of the processor thereby, but
/// gets it at once: a waking thread with a shorter slice does not wait for the end
/// of a longer one, which takes milliseconds (sched_setattr(2), `sched_runtime`;
/// since Linux 6.12, before which it changes nothing).
pub fn take_short_turns() {
    #[cfg(target_os = "linux")]
    {
        const SIZE: usize = std::mem::size_of::<libc::sched_attr>();
        // SAFETY: zeros are a valid value of this structure of integers; the kernel
        // reads `SIZE` bytes of it, and it outlives the call. 0 is this thread.
        let done = unsafe {
            let mut wanted: libc::sched_attr = std::mem::zeroed();
            wanted.size = SIZE as u32;
            wanted.sched_policy = libc::SCHED_OTHER as u32;
            wanted.sched_nice = libc::getpriority(libc::PRIO_PROCESS, 0);
            wanted.sched_runtime = SHORTEST_SLICE_NS;
            libc::syscall(libc::SYS_sched_setattr, 0, &raw const wanted, 0)
        };
        if done != 0 {
            let error = std::io::Error::last_os_error();
            tracing::debug!(%error, "a thread has time slices of the usual length");
        }
    }
}

/// Puts this thread below all others: the kernel runs it when nobody else wants
/// the processor, and takes it away as soon as somebody does. To a thread that
/// wakes, a processor with nothing else on it counts as free; one with a thread
/// that is merely nice does not, and the others would crowd on what is left. Where
/// this is not to be had, things are as they were.
pub(crate) fn yield_to_all_others() {
    #[cfg(target_os = "linux")]
    {
        let parameters = libc::sched_param { sched_priority: 0 };
        // SAFETY: names this thread (0) and a structure that lives on our stack.
        let done = unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &parameters) };
        if done != 0 {
            let error = std::io::Error::last_os_error();
            tracing::warn!(%error, "a background thread has the priority of all others");
        }
    }
}
