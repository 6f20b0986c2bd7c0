//! What this process has used so far, as the kernel counts it.

use std::time::Duration;

/// Processor time of all threads, user and system.
pub(super) fn cpu() -> Duration {
    // SAFETY: all zeroes is a valid `rusage`, and the call only writes into it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let time = |t: libc::timeval| {
        Duration::from_secs(t.tv_sec as u64) + Duration::from_micros(t.tv_usec as u64)
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// Resident memory in bytes.
pub(super) fn resident() -> anyhow::Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = statm
        .split(' ')
        .nth(1)
        .and_then(|field| field.parse().ok())
        .ok_or_else(|| anyhow::anyhow!("/proc/self/statm has another form than expected"))?;
    Ok(pages * 4096)
}
