//! How many attempts are started.

use progressive::Progressive;
use strowger_sdk::PacerTrigger;
use strowger_testkit::Figures;

fn asked(ready: f64, ringing: f64, records: f64, cap: u32) -> u32 {
    Figures::new()
        .metric("agents-ready", ready)
        .metric("attempts-ringing", ringing)
        .metric("records-left", records)
        .cap(cap)
        .ask(&mut Progressive, PacerTrigger::AgentAvailable)
        .unwrap()
}

#[test]
fn one_attempt_for_every_ready_agent_that_none_rings_for() {
    assert_eq!(asked(5.0, 0.0, 100.0, 50), 5);
    assert_eq!(asked(5.0, 3.0, 100.0, 50), 2);
    assert_eq!(asked(5.0, 8.0, 100.0, 50), 0);
}

#[test]
fn never_more_than_the_cap_or_than_there_is_to_dial() {
    assert_eq!(asked(5.0, 0.0, 100.0, 3), 3);
    assert_eq!(asked(5.0, 0.0, 2.0, 50), 2);
    assert_eq!(Figures::new().ask(&mut Progressive, PacerTrigger::Tick), Ok(0));
}
