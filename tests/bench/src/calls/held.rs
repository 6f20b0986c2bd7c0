//! What a live call takes of memory: thousands are held at once, each with its
//! flow, its leg and its prompt playing.

use super::{HOLD, scenario, start};
use crate::report::{Bar, Report};
use crate::sipp::{Run, open_files, resident_kib};
use anyhow::{Context as _, Result, ensure};
use std::path::Path;
use std::time::{Duration, Instant};
use strowger_e2e::tenant::NUMBER;

/// Calls held at the same time.
const CALLS: usize = 5_000;
/// Calls a second until they all are there.
const RATE: u32 = 500;
/// So many are placed and forgotten first: what is made once is there then.
const WARM_UP: usize = 200;
/// Files that a call holds open: its RTP and its RTCP socket.
const FILES: usize = 2;
/// How often memory is looked at while all are there, ten times a second.
const LOOKS: usize = 40;
/// Longest wait for all of them.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn measure(report: &mut Report, folder: &Path) -> Result<()> {
    let house = start(&folder.join("held"), "ivr-menu").await?;
    let pid = house.pid().context("the server has ended")?;
    let run = |calls: usize, pause_ms: u32| Run {
        scenario: scenario("ivr_caller.xml"),
        target: house.sip.to_string(),
        service: NUMBER.to_owned(),
        calls,
        rate: RATE,
        pause_ms,
        limit: CALLS * 2,
        timeout_s: 120,
    };
    let files = open_files(pid)?;
    let warm_up = run(WARM_UP, HOLD.as_millis() as u32);
    let own = folder.join("warm-up");
    tokio::task::spawn_blocking(move || warm_up.finish(&own)).await??;
    let before = resident_kib(pid)?;

    let mut callers = run(CALLS, 30_000).start(&folder.join("callers"))?;
    let given_up = Instant::now() + PATIENCE;
    while open_files(pid)? < files + CALLS * FILES {
        ensure!(Instant::now() < given_up, "not all calls were answered");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut most = 0;
    for _ in 0..LOOKS {
        most = most.max(resident_kib(pid)?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let each = most.saturating_sub(before) as f64 / CALLS as f64;
    report.add("calls.held_kib_each", "KiB", &[each], Bar::AtMost(100.0));
    tokio::task::spawn_blocking(move || callers.wait()).await??;
    house.stop(Duration::from_secs(30)).await
}
