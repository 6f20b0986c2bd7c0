//! A caller hangs up at every possible step of a call that does everything; so
//! do the operator, the caller's phone and the flow. Every time everything comes
//! to its end, once.

mod common;
use common::scenario::{aftermath, everything};
use common::*;
use strowger_call::*;
use strowger_model::*;

/// Cuts the scenario at each of its inputs in turn; answers how many there are.
fn cut_everywhere(cut_by: Cut, fallback: &Fallback) -> usize {
    for at in 0.. {
        let mut line = Line::with(CallSetup { fallback: fallback.clone(), ..setup() });
        line.cut = Some(at);
        line.cut_by = cut_by;
        everything(&mut line);
        let cut = line.is_cut;
        aftermath(&mut line);
        line.assert_over();
        if !cut {
            return at;
        }
        let ended_by = line.call.record().ended_by.unwrap();
        match cut_by {
            Cut::Caller | Cut::CallerFirst => assert_eq!(ended_by, Party::Caller, "cut at {at}"),
            Cut::Operator | Cut::Phone => assert_eq!(ended_by, Party::Host, "cut at {at}"),
            Cut::Guest => {}
        }
    }
    0
}

#[test]
fn the_uncut_scenario_does_everything() {
    let mut line = Line::new();
    everything(&mut line);
    aftermath(&mut line);
    line.assert_over();
    let record = line.call.record();
    assert_eq!(record.legs.len(), 11);
    let told: Vec<_> = record.transfers.iter().filter_map(|t| t.sip_status).collect();
    assert_eq!(told, [486, 200, 200]);
    assert_eq!(record.queue_visits[0].outcome, Some(ContactOutcome::Served));
    assert_eq!(record.queue_visits[0].offers, 3);
    assert_eq!(record.digits, "125");
    assert_eq!(record.attributes, [("customer".to_owned(), "42".to_owned())]);
    assert_eq!(record.recordings.len(), 1);
    assert_eq!((record.cause, record.ended_by), (Some(Cause::Normal), Some(Party::Callee)));
    assert!(record.guest.faults.is_empty(), "{:?}", record.guest.faults);
}

#[test]
fn the_caller_hangs_up_at_every_step() {
    let steps = cut_everywhere(Cut::Caller, &Fallback::HangUp);
    assert!(steps > 50, "only {steps} steps were tried");
}

#[test]
fn the_caller_hangs_up_just_before_each_input_arrives() {
    cut_everywhere(Cut::CallerFirst, &Fallback::HangUp);
}

#[test]
fn the_operator_ends_the_call_at_every_step() {
    cut_everywhere(Cut::Operator, &Fallback::HangUp);
}

#[test]
fn the_callers_phone_vanishes_at_every_step() {
    cut_everywhere(Cut::Phone, &Fallback::HangUp);
}

#[test]
fn the_flow_traps_at_every_step() {
    for fallback in [Fallback::HangUp, Fallback::Flow, Fallback::Number("extension:900".into())] {
        cut_everywhere(Cut::Guest, &fallback);
    }
}
