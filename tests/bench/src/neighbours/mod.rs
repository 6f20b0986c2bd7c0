//! One hostile tenant among a hundred: what do the others notice?
//!
//! One server, 99 tenants with a menu each and two calls a second, and one that
//! does everything at once: a thousand calls a second against its own limit, each
//! to a flow that loops, traps or eats memory, and uploads without end. Phases
//! without and with it alternate, so that both see the same machine; what is
//! compared are the servers' own figures of how long the polite tenants'
//! decisions took, the wait for a thread included.

mod hostile;
mod polite;

use crate::report::{Bar, Report};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use strowger_e2e::house::{House, Plan, binary};
use strowger_e2e::tenant;

/// Tenants that keep to themselves.
const POLITE: usize = 99;
/// The one that does not.
const HOSTILE: &str = "hostile";
/// Pairs of phases; the medians over them are reported.
const PAIRS: usize = 10;
/// Length of a phase.
const PHASE: Duration = Duration::from_secs(8);
/// Before the first phase: caches and pools are warm.
const WARM: Duration = Duration::from_secs(4);
/// Between phases: what the phase before has left waiting is over.
const PAUSE: Duration = Duration::from_secs(2);

/// Decisions by duration: bound in microseconds to count.
type Buckets = BTreeMap<u64, u64>;

/// What one phase has shown.
struct Phase {
    p50_us: f64,
    p99_us: f64,
    decisions: u64,
    calls: u64,
    dropped: u64,
}

/// Fills the report. Takes under four minutes; `STROWGER_BENCH_SHORT` makes it
/// shorter and its figures worth less.
pub fn run(report: &mut Report) -> Result<()> {
    tokio::runtime::Runtime::new()?.block_on(measure(report))
}

async fn measure(report: &mut Report) -> Result<()> {
    let short = std::env::var_os("STROWGER_BENCH_SHORT").is_some();
    let (pairs, phase) = if short { (2, Duration::from_secs(5)) } else { (PAIRS, PHASE) };
    let folder = tempfile::tempdir()?;
    let house = start(folder.path()).await?;
    let names: Vec<String> = (0..POLITE).map(polite::name).collect();
    for index in 0..POLITE {
        polite::furnish(&house, index).await?;
    }
    let hostile = hostile::furnish(&house).await?;
    polite::call(house.sip, POLITE, WARM).await?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for pair in 0..pairs {
        without.push(one_phase(&house, &names, phase).await?);
        tokio::time::sleep(PAUSE).await;
        let storm = hostile.begin(&house)?;
        with.push(one_phase(&house, &names, phase).await?);
        let done = tokio::task::spawn_blocking(|| storm.end()).await??;
        println!(
            "pair {pair}: p99 {:.0} us without, {:.0} us with; the hostile tenant placed {} \
             calls ({} answered, {} refused) and uploaded {} times ({} refused)",
            without[pair].p99_us,
            with[pair].p99_us,
            done.calls,
            done.answered,
            done.refused,
            done.uploads,
            done.uploads_refused
        );
        tokio::time::sleep(PAUSE).await;
    }
    let breakers = house.api("GET", "/v1/breakers", Some(HOSTILE), None).await?;
    let disabled = breakers["items"].as_array().map_or(0, Vec::len);
    fill(report, &without, &with, disabled);
    house.stop(Duration::from_secs(30)).await
}

fn fill(report: &mut Report, without: &[Phase], with: &[Phase], disabled: usize) {
    let of = |phases: &[Phase], read: fn(&Phase) -> f64| -> Vec<f64> {
        phases.iter().map(read).collect()
    };
    let (quiet, loud) = (of(without, |p| p.p99_us), of(with, |p| p.p99_us));
    let shift = (median(&loud) / median(&quiet) - 1.0) * 100.0;
    let dropped: u64 = with.iter().map(|phase| phase.dropped).sum();
    let before: u64 = without.iter().map(|phase| phase.dropped).sum();
    report.add("neighbours.p99_shift_percent", "%", &[shift], Bar::AtMost(10.0));
    report.add("neighbours.calls_dropped", "calls", &[dropped as f64], Bar::AtMost(0.0));
    report.add("neighbours.p50_without_us", "us", &of(without, |p| p.p50_us), Bar::None);
    report.add("neighbours.p50_with_us", "us", &of(with, |p| p.p50_us), Bar::None);
    report.add("neighbours.p99_without_us", "us", &quiet, Bar::None);
    report.add("neighbours.p99_with_us", "us", &loud, Bar::None);
    report.add("neighbours.decisions", "1", &of(with, |p| p.decisions as f64), Bar::None);
    report.add("neighbours.calls", "calls", &of(with, |p| p.calls as f64), Bar::None);
    report.add("neighbours.calls_dropped_without", "calls", &[before as f64], Bar::None);
    report.add("neighbours.versions_disabled", "1", &[disabled as f64], Bar::None);
}

async fn start(folder: &std::path::Path) -> Result<House> {
    let mut plan = Plan::new(binary()?, folder.join("data"));
    plan.log = Some(folder.join("server.log"));
    // The callers here send no RTP.
    plan.config = "[media]\nrtp_timeout_ms = 0\n".to_owned();
    House::start(&plan).await
}

async fn one_phase(house: &House, names: &[String], length: Duration) -> Result<Phase> {
    let before = decisions(house, names).await?;
    let (calls, dropped) = polite::call(house.sip, names.len(), length).await?;
    let mut now = decisions(house, names).await?;
    for (bound, count) in before {
        *now.entry(bound).or_default() -= count;
    }
    let decisions = now.values().sum();
    ensure!(decisions > 0, "no decision was made in {length:?}");
    let (p50_us, p99_us) = (quantile(&now, 0.5), quantile(&now, 0.99));
    Ok(Phase { p50_us, p99_us, decisions, calls, dropped })
}

/// What the server says of all polite tenants together.
async fn decisions(house: &House, names: &[String]) -> Result<Buckets> {
    let mut all = Buckets::new();
    for name in names {
        let answer = house.api("GET", "/v1/usage/latency", Some(name), None).await?;
        for pair in answer["buckets"].as_array().context("no buckets")? {
            let pair = (pair[0].as_u64(), pair[1].as_u64());
            let (Some(bound), Some(count)) = pair else { continue };
            *all.entry(bound).or_default() += count;
        }
    }
    Ok(all)
}

/// The value below which `share` of the decisions lie, in even steps between a
/// bucket's bounds.
fn quantile(buckets: &Buckets, share: f64) -> f64 {
    let wanted = buckets.values().sum::<u64>() as f64 * share;
    let mut seen = 0.0;
    for (&bound, &count) in buckets {
        let next = seen + count as f64;
        if next >= wanted && count > 0 {
            let width = width_below(bound) as f64;
            return bound as f64 - width + width * ((wanted - seen) / count as f64);
        }
        seen = next;
    }
    f64::NAN
}

/// How wide the server's bucket below a bound is: sixteen to a doubling.
fn width_below(bound: u64) -> u64 {
    match bound.saturating_sub(1) {
        0..16 => 1,
        highest => 1 << (highest.ilog2() - 4),
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    crate::report::percentile(&mut sorted, 50.0)
}

/// A tenant with numbers, each leading to a flow, that takes calls from `address`.
async fn furnish(house: &House, name: &str, address: &str, flows: &[(&str, String)]) -> Result<()> {
    tenant::create(house, name, &format!("{name}.example")).await?;
    for (flow, number) in flows {
        let wasm = strowger_stock::guest(flow).with_context(|| format!("no guest {flow}"))?;
        tenant::bind(house, name, flow, wasm, number).await?;
    }
    let trunk = json!({"name": "carrier", "addresses": [format!("{address}/32")]});
    house.api("POST", "/v1/trunks", Some(name), Some(&trunk)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_bounds() {
        // 32 to 33 us: a bucket of two microseconds.
        let buckets = Buckets::from([(34, 100)]);
        assert_eq!(quantile(&buckets, 0.5), 33.0);
        assert_eq!(quantile(&Buckets::from([(5, 1), (6, 99)]), 0.01), 5.0);
        assert_eq!(
            (width_below(1), width_below(17), width_below(36), width_below(72)),
            (1, 1, 2, 4)
        );
    }
}
