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
fn long_bad_days_see_every_outcome() {
    let days = [4_711, 4_712, 4_713].map(|seed| run(Config::bad_day(seed, 2_000)));
    for outcome in ["served", "abandoned", "timed_out", "left", "overflowed"] {
        let seen = days.iter().any(|day| day.contacts.contains_key(outcome));
        assert!(seen, "no contact {outcome}: {days:?}");
    }
    for cause in ["normal", "cancelled", "busy", "flow_fault", "media_timeout", "server_restart"] {
        let seen = days.iter().any(|day| day.causes.contains_key(cause));
        assert!(seen, "no call ended as {cause}: {days:?}");
    }
}
