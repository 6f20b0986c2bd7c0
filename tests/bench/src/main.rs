//! `strowger-bench NAME`: runs one benchmark, prints its table and writes
//! `target/bench/NAME.json`.

use anyhow::{Context, bail};
use strowger_bench::report::Report;
use strowger_bench::{acd, calls, decisions, enqueue, media, neighbours, offers, soak};

/// A benchmark: its name and what fills its report.
type Bench = (&'static str, fn(&mut Report) -> anyhow::Result<()>);

/// Every benchmark there is.
const BENCHES: &[Bench] = &[
    ("acd", distribution),
    ("calls", calls::run),
    ("decisions", decisions::run),
    ("media", media::run),
    ("neighbours", neighbours::run),
    ("soak", soak::run),
    ("steady", calls::steady::run),
];

/// The decision alone, then everything from the queue to the INVITE at an agent.
fn distribution(report: &mut Report) -> anyhow::Result<()> {
    acd::run(report)?;
    enqueue::run(report)?;
    offers::run(report)
}

fn main() -> anyhow::Result<()> {
    let names = || BENCHES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let Some(wanted) = std::env::args().nth(1) else {
        bail!("say which benchmark to run: {}", names());
    };
    let Some((name, run)) = BENCHES.iter().find(|(name, _)| *name == wanted) else {
        bail!("there is no benchmark {wanted:?}; there are: {}", names());
    };
    let mut report = Report::new(name);
    let outcome = run(&mut report);
    // What was measured before something failed is worth having.
    report.print();
    let path = report.write().context("writing the report")?;
    println!("\n{}", path.display());
    outcome
}
