//! Prints how many calls a second of wall time are simulated. It measures; it
//! does not judge, for the machine may be busy.

use std::time::Instant;
use strowger_sim::{Config, run};

#[test]
fn how_fast() {
    let config = Config::bad_day(9, 4_000);
    let before = Instant::now();
    let report = run(config);
    let seconds = before.elapsed().as_secs_f64();
    println!(
        "{} calls, {} turns, {} steps, {} virtual s in {seconds:.2} s: {:.0} calls/s\n{:?}\n{:?}",
        report.calls,
        report.turns,
        report.steps,
        report.virtual_ms / 1_000,
        f64::from(report.calls) / seconds,
        report.contacts,
        report.causes,
    );
    assert_eq!(report.calls, config.calls);
}
