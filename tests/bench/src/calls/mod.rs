//! Answered calls that run a flow, driven by SIPp on the same machine.
//!
//! Each call: INVITE, answered by the flow `ivr-menu` (a Wasm decision), a second
//! of its prompt over RTP, BYE.

mod held;
mod journal;
pub(crate) mod quiet;
pub mod steady;

use crate::report::{Bar, Report, percentile};
use crate::sipp::{Outcome, Run, cpu_s};
use anyhow::{Context as _, Result};
use serde_json::json;
use std::path::Path;
use std::time::Duration;
use strowger_e2e::house::{House, Plan, binary};
use strowger_e2e::tenant::{self, DOMAIN, NUMBER};

const TENANT: &str = "bench";
/// A quiet rate, for response times and processor time.
const QUIET: u32 = 25;
/// Seconds of a quiet run.
const QUIET_S: u32 = 10;
/// Rates tried in turn until one fails.
const RATES: [u32; 12] =
    [100, 300, 600, 900, 1_200, 1_500, 1_750, 2_000, 2_250, 2_500, 2_750, 3_000];
/// Seconds of a run at one rate.
const RUN_S: u32 = 8;
/// Runs of which the median is reported.
const RUNS: usize = 3;
/// A call is held so long.
const HOLD: Duration = Duration::from_secs(1);

/// Fills the report.
pub fn run(report: &mut Report) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(measure(report))
}

async fn measure(report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let house = start(folder.path(), "ivr-menu").await?;
    let pid = house.pid().context("the server has ended")?;
    quiet_calls(report, &house, pid).await?;
    let sustained = sustained(report, &house, pid, folder.path()).await?;
    overload(report, &house, folder.path(), sustained).await?;
    house.stop(Duration::from_secs(30)).await?;
    journal::measure(report, folder.path()).await?;
    held::measure(report, folder.path()).await
}

async fn quiet_calls(report: &mut Report, house: &House, pid: u32) -> Result<()> {
    let (mut p50, mut p99, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let before = cpu_s(pid)?;
        let (server, calls) = (house.sip, QUIET * QUIET_S);
        let placing = move || quiet::invite_to_200_ms(server, NUMBER, calls, QUIET, HOLD);
        let mut taken_ms = tokio::task::spawn_blocking(placing).await??;
        cpu.push((cpu_s(pid)? - before) * 1_000.0 / f64::from(calls));
        p50.push(percentile(&mut taken_ms, 50.0));
        p99.push(percentile(&mut taken_ms, 99.0));
    }
    report.add("calls.invite_to_200_p50_ms", "ms", &p50, Bar::None);
    report.add("calls.invite_to_200_p99_ms", "ms", &p99, Bar::AtMost(3.0));
    report.add("calls.quiet_cpu_ms", "ms", &cpu, Bar::None);
    Ok(())
}

/// The highest rate without a failed call; and what a call costs there.
async fn sustained(report: &mut Report, house: &House, pid: u32, folder: &Path) -> Result<u32> {
    let (mut sustained, mut cpu_ms) = (0, f64::NAN);
    for rate in RATES {
        let before = cpu_s(pid)?;
        let outcome = run_at(house, folder, &format!("rate{rate}"), rate, RUN_S).await?;
        let cost = (cpu_s(pid)? - before) * 1_000.0 / outcome.succeeded.max(1) as f64;
        println!(
            "{rate} calls/s: {} answered, {} failed, {} retransmissions, {cost:.2} ms CPU each",
            outcome.succeeded, outcome.failed, outcome.retransmissions
        );
        if outcome.failed > 0 || outcome.retransmissions * 50 > outcome.succeeded {
            break;
        }
        (sustained, cpu_ms) = (rate, cost);
    }
    report.add("calls.rate_per_s", "1/s", &[f64::from(sustained)], Bar::AtLeast(1_500.0));
    report.add("calls.cpu_ms", "ms", &[cpu_ms], Bar::AtMost(0.7));
    Ok(sustained)
}

/// At twice the sustained rate: how much of the peak still comes through.
async fn overload(report: &mut Report, house: &House, folder: &Path, peak: u32) -> Result<()> {
    if peak == 0 {
        return Ok(());
    }
    let began = std::time::Instant::now();
    let outcome = run_at(house, folder, "overload", peak * 2, RUN_S).await?;
    let seconds = began.elapsed().as_secs_f64() - HOLD.as_secs_f64();
    println!(
        "{} calls/s: {} answered, {} refused or failed, {} retransmissions in {seconds:.1} s",
        peak * 2,
        outcome.succeeded,
        outcome.failed,
        outcome.retransmissions
    );
    let share = outcome.succeeded as f64 / seconds / f64::from(peak);
    report.add("calls.overload_goodput_share", "share", &[share], Bar::AtLeast(0.9));
    Ok(())
}

/// A server with a flow on a number, that takes calls from this machine.
pub(crate) async fn start(folder: &Path, flow: &str) -> Result<House> {
    start_with(folder, flow, "").await
}

/// The same, with these lines in its configuration.
async fn start_with(folder: &Path, flow: &str, config: &str) -> Result<House> {
    let mut plan = Plan::new(binary()?, folder.join("data"));
    plan.log = Some(folder.join("server.log"));
    // SIPp sends no RTP.
    plan.config = format!("{config}[media]\nrtp_timeout_ms = 0\n");
    let house = House::start(&plan).await?;
    tenant::create(&house, TENANT, DOMAIN).await?;
    let settings = json!({"name": TENANT, "sip_domain": DOMAIN,
        "limits": {"max_live_calls": 20_000, "max_calls_per_second": 10_000}});
    house.api("PUT", &format!("/v1/tenants/{TENANT}"), None, Some(&settings)).await?;
    let wasm = strowger_stock::guest(flow).with_context(|| format!("no guest {flow}"))?;
    tenant::bind(&house, TENANT, flow, wasm, NUMBER).await?;
    let trunk = json!({"name": "carrier", "addresses": ["127.0.0.1/32"]});
    house.api("POST", "/v1/trunks", Some(TENANT), Some(&trunk)).await?;
    Ok(house)
}

/// A scenario of SIPp.
pub(crate) fn scenario(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../e2e/tests/sipp").join(name)
}

async fn run_at(
    house: &House,
    folder: &Path,
    name: &str,
    rate: u32,
    seconds: u32,
) -> Result<Outcome> {
    let run = Run {
        scenario: scenario("ivr_caller.xml"),
        target: house.sip.to_string(),
        service: NUMBER.to_owned(),
        calls: (rate * seconds) as usize,
        rate,
        pause_ms: 1_000,
        limit: 20_000,
        timeout_s: seconds + 60,
    };
    let folder = folder.join(name);
    tokio::task::spawn_blocking(move || run.finish(&folder)).await?
}
