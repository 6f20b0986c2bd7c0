//! Hundreds of thousands of calls, one after the other: what grows?

use crate::calls::{scenario, start};
use crate::report::{Bar, Report};
use crate::sipp::{Run, open_files, resident_kib, threads};
use anyhow::{Context as _, Result};
use std::time::{Duration, Instant};
use strowger_e2e::tenant::NUMBER;

/// Calls in all.
const CALLS: usize = 200_000;
/// Calls a second: far from the limit, so that nothing is held up, and such that
/// the transactions remembered (two a call for 32 s, 51,200) do not come and go
/// around a power of two, where a table doubles.
const RATE: u32 = 800;
/// How long each one lasts.
const HOLD_MS: u32 = 1_000;
/// Memory is compared between the second and the last quarter: by the second,
/// what SIP has to remember of calls that are over (32 s) has come to its full size.
const QUARTER_S: u64 = CALLS as u64 / RATE as u64 / 4;
/// How often memory is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// What is over must be forgotten by then.
const FORGOTTEN: Duration = Duration::from_secs(40);

/// Fills the report. Takes about five minutes.
pub fn run(report: &mut Report) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(measure(report))
}

async fn measure(report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let house = start(folder.path(), "ivr-menu").await?;
    let pid = house.pid().context("the server has ended")?;
    let files = open_files(pid)?;
    let run = Run {
        scenario: scenario("ivr_caller.xml"),
        target: house.sip.to_string(),
        service: NUMBER.to_owned(),
        calls: CALLS,
        rate: RATE,
        pause_ms: HOLD_MS,
        limit: 20_000,
        timeout_s: 540,
    };
    let own = folder.path().join("callers");
    let calling = tokio::task::spawn_blocking(move || run.finish(&own));
    let began = Instant::now();
    let (mut early, mut late) = (0, 0);
    // Those that are started when first needed are there after the first quarter.
    let (mut early_threads, mut late_threads) = (0, 0);
    while !calling.is_finished() {
        tokio::time::sleep(LOOK).await;
        let now = resident_kib(pid)?;
        let running = threads(pid)?;
        match began.elapsed().as_secs() / QUARTER_S {
            0 => early_threads = running.max(early_threads),
            1 => early = now.max(early),
            3 => (late, late_threads) = (now.max(late), running.max(late_threads)),
            _ => {}
        }
    }
    let outcome = calling.await??;
    tokio::time::sleep(FORGOTTEN).await;
    let left = open_files(pid)?.saturating_sub(files);
    let grown = (late as f64 / early.max(1) as f64 - 1.0) * 100.0;
    report.add("soak.calls", "calls", &[outcome.succeeded as f64], Bar::AtLeast(CALLS as f64));
    report.add("soak.failed", "calls", &[outcome.failed as f64], Bar::AtMost(0.0));
    report.add("soak.memory_mib", "MiB", &[late as f64 / 1_024.0], Bar::None);
    report.add("soak.memory_growth_percent", "%", &[grown], Bar::AtMost(5.0));
    let grown = late_threads.saturating_sub(early_threads) as f64;
    report.add("soak.threads_grown", "threads", &[grown], Bar::AtMost(0.0));
    report.add("soak.files_left", "files", &[left as f64], Bar::AtMost(8.0));
    house.stop(Duration::from_secs(30)).await
}
