//! Whole days on which everything goes wrong, each from its own seed.

use strowger_sim::{Config, run};

#[test]
fn twenty_bad_days() {
    for seed in 1..=20 {
        let report = run(Config::bad_day(seed, 300));
        assert!(report.faults > 0, "nothing went wrong on day {seed}");
        assert!(report.contacts["served"] > 0, "nobody was served on day {seed}");
    }
}

#[test]
fn a_long_bad_day_sees_every_outcome() {
    let report = run(Config::bad_day(4_711, 3_000));
    for outcome in ["served", "abandoned", "timed_out", "left", "overflowed"] {
        assert!(report.contacts.contains_key(outcome), "no contact {outcome}: {report:?}");
    }
    for cause in ["normal", "cancelled", "busy", "flow_fault", "media_timeout", "server_restart"] {
        assert!(report.causes.contains_key(cause), "no call ended as {cause}: {report:?}");
    }
}
