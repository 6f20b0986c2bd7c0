//! The same calls at one rate for a while: what each kind of thread takes of a
//! call's processor time, and a load that stands still while a profiler looks.

use super::{run_at, start};
use crate::report::{Bar, Report};
use crate::sipp::cpu_by_thread_s;
use anyhow::{Context as _, Result, ensure};
use std::collections::BTreeMap;
use std::time::Duration;

/// Well below what the machine can do, so that nothing is shed.
const RATE: u32 = 1_000;
const RUN_S: u32 = 10;
const RUNS: usize = 3;

/// Fills the report.
pub fn run(report: &mut Report) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(measure(report))
}

async fn measure(report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let house = start(folder.path(), "ivr-menu").await?;
    let pid = house.pid().context("the server has ended")?;
    let mut kinds: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut whole = Vec::new();
    for run in 0..RUNS {
        let before = cpu_by_thread_s(pid)?;
        let outcome = run_at(&house, folder.path(), &format!("run{run}"), RATE, RUN_S).await?;
        ensure!(outcome.failed == 0, "{} calls failed", outcome.failed);
        let mut sum_ms = 0.0;
        for (kind, seconds) in cpu_by_thread_s(pid)? {
            let spent_s = seconds - before.get(&kind).copied().unwrap_or(0.0);
            let each_ms = spent_s * 1_000.0 / outcome.succeeded as f64;
            kinds.entry(kind).or_default().push(each_ms);
            sum_ms += each_ms;
        }
        whole.push(sum_ms);
    }
    report.add("steady.cpu_ms", "ms", &whole, Bar::None);
    for (kind, each_ms) in kinds {
        report.add(&format!("steady.{kind}_cpu_ms"), "ms", &each_ms, Bar::None);
    }
    house.stop(Duration::from_secs(30)).await
}
