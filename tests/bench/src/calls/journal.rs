//! What journals cost: the same calls on a server that keeps them and on one that
//! does not, in turn.

use super::{RUNS, run_at, start_with};
use crate::report::{Bar, Report};
use crate::sipp::cpu_s;
use anyhow::{Context as _, Result, ensure};
use std::path::Path;
use std::time::Duration;
use strowger_e2e::house::House;

/// Well below what the machine can do, so that nothing is shed.
const RATE: u32 = 600;
const RUN_S: u32 = 8;

/// Fills in what journals add to the processor time of a call, in percent.
pub(super) async fn measure(report: &mut Report, folder: &Path) -> Result<()> {
    let (with, without) = (folder.join("with"), folder.join("without"));
    std::fs::create_dir_all(&with)?;
    std::fs::create_dir_all(&without)?;
    let keeps = start_with(&with, "ivr-menu", "").await?;
    let forgets = start_with(&without, "ivr-menu", "journal = false\n").await?;
    let mut added = Vec::new();
    for run in 0..RUNS {
        let kept = cost_ms(&keeps, &with, run).await?;
        let bare = cost_ms(&forgets, &without, run).await?;
        println!("{RATE} calls/s: {kept:.3} ms CPU a call with a journal, {bare:.3} ms without");
        added.push((kept / bare - 1.0) * 100.0);
    }
    report.add("calls.journal_cpu_percent", "%", &added, Bar::AtMost(10.0));
    keeps.stop(Duration::from_secs(30)).await?;
    forgets.stop(Duration::from_secs(30)).await
}

async fn cost_ms(house: &House, folder: &Path, run: usize) -> Result<f64> {
    let pid = house.pid().context("the server has ended")?;
    let before = cpu_s(pid)?;
    let outcome = run_at(house, folder, &format!("journal{run}"), RATE, RUN_S).await?;
    ensure!(outcome.failed == 0, "{} calls failed", outcome.failed);
    Ok((cpu_s(pid)? - before) * 1_000.0 / outcome.succeeded.max(1) as f64)
}
