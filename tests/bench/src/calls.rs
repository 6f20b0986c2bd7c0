//! Answered calls that run a flow, driven by SIPp on the same machine.
//!
//! Each call: INVITE, answered by the flow `ivr-menu` (a Wasm decision), a second
//! of its prompt over RTP, BYE. The next landing sets the bars.

use crate::report::{Bar, Report};
use crate::sipp::{Run, cpu_s, percentile};
use anyhow::{Context as _, Result};
use serde_json::json;
use std::path::Path;
use strowger_e2e::house::{House, Plan, binary};
use strowger_e2e::tenant::{self, DOMAIN, NUMBER};

const TENANT: &str = "bench";
/// A quiet rate, for response times and processor time.
const QUIET: u32 = 25;
/// Rates tried in turn until one fails.
const RATES: [u32; 8] = [50, 100, 200, 300, 400, 600, 900, 1_200];
/// Runs of which the median is reported.
const RUNS: usize = 3;

/// Fills the report.
pub fn run(report: &mut Report) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(measure(report))
}

async fn measure(report: &mut Report) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let house = start(folder.path(), "ivr-menu").await?;
    let pid = house.pid().context("the server has ended")?;
    let mut p50 = Vec::new();
    let mut p99 = Vec::new();
    let mut cpu = Vec::new();
    for number in 0..RUNS {
        let before = cpu_s(pid)?;
        let outcome = run_at(&house, folder.path(), &format!("quiet{number}"), QUIET, 10).await?;
        cpu.push((cpu_s(pid)? - before) * 1_000.0 / outcome.succeeded.max(1) as f64);
        p50.push(percentile(&outcome.response_ms, 0.5));
        p99.push(percentile(&outcome.response_ms, 0.99));
    }
    report.add("calls.invite_to_200_p50_ms", "ms", &p50, Bar::None);
    report.add("calls.invite_to_200_p99_ms", "ms", &p99, Bar::None);
    report.add("calls.quiet_cpu_ms", "ms", &cpu, Bar::None);

    let mut sustained = f64::NAN;
    let mut busy_cpu = f64::NAN;
    for rate in RATES {
        let before = cpu_s(pid)?;
        let outcome = run_at(&house, folder.path(), &format!("rate{rate}"), rate, 8).await?;
        let clean = outcome.failed == 0 && outcome.retransmissions * 50 < outcome.succeeded;
        println!(
            "{rate} calls/s: {} answered, {} failed, {} retransmissions",
            outcome.succeeded, outcome.failed, outcome.retransmissions
        );
        if !clean {
            break;
        }
        sustained = f64::from(rate);
        busy_cpu = (cpu_s(pid)? - before) * 1_000.0 / outcome.succeeded.max(1) as f64;
    }
    report.add("calls.rate_per_s", "1/s", &[sustained], Bar::None);
    report.add("calls.cpu_ms", "ms", &[busy_cpu], Bar::None);
    house.stop(std::time::Duration::from_secs(30)).await
}

/// A server with a flow on a number, that takes calls from this machine.
pub(crate) async fn start(folder: &Path, flow: &str) -> Result<House> {
    let mut plan = Plan::new(binary()?, folder.join("data"));
    plan.log = Some(folder.join("server.log"));
    // SIPp sends no RTP.
    plan.config = "[media]\nrtp_timeout_ms = 0\n".to_owned();
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
) -> Result<crate::sipp::Outcome> {
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
