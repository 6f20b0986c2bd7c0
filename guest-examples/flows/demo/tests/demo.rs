//! The story of the demo, and what may come in between.

use demo::demo;
use strowger_sdk::secs;
use strowger_testkit::{ContactOutcome, LiveCall, Party, Script};

fn caller_who_wants_support() -> LiveCall {
    Script::call(demo)
        .start()
        .is_answered()
        .is_recorded()
        .hears("Welcome to Strowger.")
        .hears("press 1")
        .presses("1")
        .waits_in("support")
        .needs("support", 3)
}

#[test]
fn a_caller_reaches_an_agent_and_the_agent_hangs_up() {
    let record = caller_who_wants_support()
        .hears("queue:position:en")
        .hears("music:default")
        .hears("queue:wait:en")
        .agent_answers("201")
        .hears_nothing()
        .waits(secs(45))
        .agent_hangs_up()
        .ended();
    assert_eq!(record.digits, "1");
    assert_eq!(record.ended_by, Some(Party::Flow));
    assert_eq!(record.queue_visits[0].outcome, Some(ContactOutcome::Served));
    assert_eq!(record.queue_visits[0].talk_ms, 45_000);
    assert_eq!(record.recordings.len(), 1);
    assert_eq!(record.attributes[0], ("topic".into(), "support".into()));
}

#[test]
fn an_agent_who_does_not_answer_costs_the_caller_only_time() {
    let record = caller_who_wants_support()
        .agent_does_not_answer("201")
        .agent_answers("202")
        .agent_hangs_up()
        .ended();
    assert_eq!(record.queue_visits[0].offers, 2);
}

#[test]
fn a_caller_who_hangs_up_while_waiting_has_abandoned() {
    let record = caller_who_wants_support().waits(secs(20)).hangs_up().ended();
    assert_eq!(record.queue_visits[0].outcome, Some(ContactOutcome::Abandoned));
    assert_eq!(record.ended_by, Some(Party::Caller));
}

#[test]
fn a_caller_who_chooses_nothing_is_asked_three_times() {
    let record = Script::call(demo)
        .start()
        .hears("Welcome")
        .hears("press 1")
        .presses("7")
        .hears("Welcome")
        .hears("press 1")
        .hears("Welcome")
        .hears("press 1")
        .hears("Good bye.")
        .ended();
    assert_eq!(record.ended_by, Some(Party::Flow));
    assert!(record.queue_visits.is_empty());
}

#[test]
fn a_full_queue_is_said() {
    caller_who_wants_support().queue_overflows().hears("Nobody is free").ended();
}

#[test]
fn a_caller_may_hang_up_at_every_step() {
    // Nobody chooses anything: after 26 seconds the flow hangs up itself.
    for seconds in 0..=26 {
        let record = Script::call(demo).start().waits(secs(seconds)).hangs_up().ended();
        assert_eq!(record.ended_by, Some(Party::Caller), "after {seconds} s");
    }
}
