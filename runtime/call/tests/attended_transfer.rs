//! A phone talks in two calls and joins those it talks with: one call gives its
//! party to the other.

mod common;
use common::*;
use strowger_call::*;
use strowger_model::*;

fn call_id(n: u128) -> CallId {
    CallId(uuid::Uuid::from_u128(n))
}

/// The caller talks with the agent whom a queue has found.
fn from_queue(n: u128) -> Line {
    let mut line = Line::answered(CallSetup { call: call_id(n), ..setup() });
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support")]);
    line.queue(offer(1));
    line.leg(1, answered());
    line.queue(served(1));
    line.told();
    line.effects();
    line
}

/// The caller has called somebody.
fn dialled(n: u128) -> Line {
    let mut line = Line::answered(CallSetup { call: call_id(n), ..setup() });
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    let options = dial_options(&["extension:202"], DialStrategy::All);
    line.turn_ok(vec![Action::Transfer(options)]);
    line.leg(1, answered());
    line.idle_guest();
    line.effects();
    line
}

fn join(call: u128, leg: u32) -> LegInput {
    let to = ReferTo::Leg { call: call_id(call), leg: LegId(leg) };
    LegInput::Referred { target: "202".parse().unwrap(), to }
}

/// Carries what the calls say between them, until nothing more is said.
fn let_them_talk(first: &mut Line, second: &mut Line) -> Vec<String> {
    let ids = [first.call.record().call, second.call.record().call];
    let mut done = Vec::new();
    loop {
        let mut quiet = true;
        for at in [0, 1] {
            let (from, to) =
                if at == 0 { (&mut *first, &mut *second) } else { (&mut *second, &mut *first) };
            for effect in from.effects() {
                let what = match effect {
                    Effect::Tell { call, what } => {
                        assert_eq!(call, ids[1 - at]);
                        what
                    }
                    Effect::Give { to, facts, .. } => {
                        assert_eq!(to, ids[1 - at]);
                        Between::Given(facts)
                    }
                    other => {
                        done.push(format!("{at} {other:?}"));
                        continue;
                    }
                };
                quiet = false;
                if !to.call.is_over() {
                    to.raw(Input::Between { from: ids[at], what });
                    to.idle_guest();
                }
            }
        }
        if quiet {
            return done;
        }
    }
}

fn over(line: &mut Line) {
    line.idle_guest();
    line.pass(60_000);
    line.assert_over();
}

#[test]
fn the_target_takes_the_agents_place() {
    let (mut a, mut b) = (from_queue(7), dialled(8));
    a.leg(1, join(8, 0));
    let done = let_them_talk(&mut a, &mut b);
    assert!(done.iter().any(|e| e.contains("LetGo")), "{done:#?}");
    over(&mut b);
    let record = b.call.record();
    assert_eq!((record.cause, record.ended_by), (Some(Cause::Normal), Some(Party::Caller)));
    assert_eq!(record.transfers[0].other_call, Some(call_id(7)));

    assert_eq!(a.call.talks_to_agent(), None, "the agent's contact is over");
    let record = a.call.record();
    assert_eq!(record.legs[2].address.as_str(), "202");
    let transfer = &record.transfers[0];
    assert_eq!((transfer.kind, transfer.sip_status), (TransferKind::Attended, Some(200)));
    assert_eq!((transfer.leg, transfer.other_call), (Some(LegId(2)), Some(call_id(8))));
    a.idle_guest();
    a.leg(2, hung_up());
    over(&mut a);
}

#[test]
fn an_agent_found_by_a_queue_stays_in_that_queues_call() {
    let (mut a, mut b) = (dialled(7), from_queue(8));
    // The caller of both joins them: the agent of the second keeps its call.
    a.leg(0, join(8, 0));
    let_them_talk(&mut a, &mut b);
    over(&mut a);
    assert_eq!(b.call.talks_to_agent(), Some(agent(1)));
    assert_eq!(b.call.subject(), LegId(2));
    b.idle_guest();
    b.leg(1, hung_up());
    over(&mut b);
}

#[test]
fn a_call_that_is_gone_changes_nothing() {
    let mut a = from_queue(7);
    a.leg(1, join(8, 0));
    a.effects();
    a.raw(Input::Between { from: call_id(8), what: Between::No { sip_status: 481 } });
    assert_eq!(a.leg_effects(), [(1, LegEffect::ReferProgress { status: 481 })]);
    assert_eq!(a.call.talks_to_agent(), Some(agent(1)));
    a.caller_hangs_up();
    over(&mut a);
}

#[test]
fn an_answer_is_awaited_for_five_seconds_and_not_taken_later() {
    let (mut a, mut b) = (from_queue(7), dialled(8));
    a.leg(1, join(8, 0));
    a.pass(5_000);
    assert_eq!(a.call.record().transfers[0].sip_status, Some(504));
    a.idle_guest();
    // The other call gives all the same: nobody takes the leg, so the host hangs it up.
    let_them_talk(&mut a, &mut b);
    assert_eq!(a.call.record().legs.len(), 2);
    assert_eq!(a.call.talks_to_agent(), Some(agent(1)));
    over(&mut b);
}

#[test]
fn two_that_ask_each_other_at_once_both_talk_on() {
    let (mut a, mut b) = (dialled(7), dialled(8));
    a.leg(0, join(8, 0));
    b.leg(0, join(7, 0));
    let_them_talk(&mut a, &mut b);
    for line in [&mut a, &mut b] {
        assert_eq!(line.call.record().transfers[0].sip_status, Some(491));
        line.caller_hangs_up();
        over(line);
    }
}

#[test]
fn a_call_is_not_joined_with_itself() {
    let mut line = dialled(7);
    line.leg(0, join(7, 1));
    assert_eq!(line.leg_effects(), [(0, LegEffect::RejectRefer { status: 403 })]);
}
