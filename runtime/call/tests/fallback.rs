//! A flow that fails is replaced once, and the caller is looked after.

mod common;
use common::*;
use strowger_call::*;
use strowger_model::*;

fn with(fallback: Fallback) -> CallSetup {
    CallSetup { fallback, ..setup() }
}

#[test]
fn nothing_of_a_failed_turn_is_done() {
    let mut line = Line::with(with(Fallback::HangUp));
    let (_, _, mut view) = line.pending.take().unwrap();
    view.admit(Action::Answer).unwrap();
    view.set_attribute("a", "1").unwrap();
    line.input(Input::Turn(view.finish(Some(Fault::new(FaultKind::Trap, "unreachable")), 7, 1)));
    assert_eq!(line.leg_effects(), [(0, LegEffect::Reject { status: 500, reason: String::new() })]);
    line.assert_over();
    let record = line.call.record();
    assert_eq!(record.cause, Some(Cause::FlowFault));
    assert_eq!(record.guest.faults, ["trap: unreachable"]);
    assert_eq!(record.guest.fuel, 7);
    assert!(record.attributes.is_empty());
}

#[test]
fn the_fallback_flow_takes_over_once() {
    let mut line = Line::answered(with(Fallback::Flow));
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support"), Action::Sleep { ms: 100 }]);
    line.raw(Input::Signal { name: "boom".into(), data: String::new() });
    line.effects();
    line.turn_fails(FaultKind::Fuel);
    let effects = line.effects();
    assert!(effects.iter().any(|e| matches!(e, Effect::Queue(QueueEffect::Leave))));
    assert!(effects.iter().any(|e| matches!(e, Effect::UseFallback { blame: Blame::Guest, .. })));
    let version = VersionId(uuid::Uuid::from_u128(99));
    line.input(Input::FallbackReady { version: Some(version) });
    // The end of the first flow's wait is no news to the second.
    line.queue(QueueInput::Ended {
        outcome: ContactOutcome::Left,
        reason: String::new(),
        agent: None,
    });
    line.pass(200);
    line.turn(|event, view| {
        assert_eq!(*event, GuestEvent::Started);
        assert_eq!(view.fact("version").as_deref(), Some(version.to_string().as_str()));
        assert_eq!(view.fact("state").as_deref(), Some("answered"));
        view.admit(enqueue("overflow")).unwrap();
    });
    assert!(line.pending.is_none());
    assert_eq!(line.call.record().flow_version, Some(version));
    line.raw(Input::Signal { name: "boom".into(), data: String::new() });
    line.turn_fails(FaultKind::Trap);
    line.assert_over();
    assert_eq!(line.call.record().cause, Some(Cause::FlowFault));
    assert_eq!(line.call.record().guest.faults.len(), 2);
}

#[test]
fn a_fallback_flow_may_answer_what_is_answered() {
    let mut line = Line::answered(with(Fallback::Flow));
    line.raw(Input::Signal { name: "boom".into(), data: String::new() });
    line.turn_fails(FaultKind::Trap);
    line.input(Input::FallbackReady { version: None });
    line.effects();
    line.turn_ok(vec![Action::Answer]);
    assert_eq!(line.leg_effects(), [], "it is answered already");
    assert!(matches!(line.told(), GuestEvent::Completed { outcome, .. } if outcome == "ok"));
}

#[test]
fn a_new_wait_is_not_ended_by_the_news_of_an_old_one() {
    let mut line = Line::answered(with(Fallback::Flow));
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support")]);
    line.raw(Input::Signal { name: "boom".into(), data: String::new() });
    line.turn_fails(FaultKind::Fuel);
    line.input(Input::FallbackReady { version: None });
    let ids = line.turn_ok(vec![enqueue("overflow")]);
    line.queue(QueueInput::Ended {
        outcome: ContactOutcome::Left,
        reason: String::new(),
        agent: None,
    });
    assert!(line.pending.is_none(), "the second wait goes on");
    line.queue(offer(1));
    line.leg(1, answered());
    line.queue(served(1));
    assert_eq!(line.completed(ids[0]).0, "answered");
}

#[test]
fn a_fallback_number_is_dialled_and_connected() {
    let mut line = Line::with(with(Fallback::Number("number:+441632960055".into())));
    line.turn_fails(FaultKind::Instantiation);
    let legs = line.leg_effects();
    assert!(legs.iter().any(|(leg, e)| *leg == 1
        && matches!(e, LegEffect::Originate { target, .. } if target == "number:+441632960055")));
    assert!(legs.contains(&(0, LegEffect::Ring)));
    line.leg(1, answered());
    line.leg(0, answered());
    assert!(line.media_effects().contains(&MediaEffect::Bridge { a: LegId(0), b: LegId(1) }));
    line.leg(1, hung_up());
    line.assert_over();
    assert_eq!(line.call.record().cause, Some(Cause::Normal));
}

#[test]
fn a_fallback_that_fails_too_ends_the_call() {
    for (fallback, input) in [
        (
            Fallback::Number("extension:9".into()),
            Input::Leg(LegId(1), LegInput::Failed { cause: Cause::NotFound, sip_status: None }),
        ),
        (Fallback::Flow, Input::FallbackFailed { reason: "no such flow".into() }),
    ] {
        let mut line = Line::with(with(fallback));
        line.turn_fails(FaultKind::Trap);
        line.input(input);
        line.assert_over();
        assert_eq!(line.call.record().cause, Some(Cause::FlowFault));
    }
    let mut line = Line::with(with(Fallback::Number("nonsense".into())));
    line.turn_fails(FaultKind::Trap);
    line.assert_over();
    let mut line = Line::with(with(Fallback::Flow));
    line.turn_fails(FaultKind::Trap);
    line.pass(10_000);
    line.assert_over();
}

#[test]
fn people_who_talk_are_not_cut_off_by_their_flow() {
    let mut line = Line::answered(with(Fallback::HangUp));
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support")]);
    line.queue(offer(1));
    line.leg(1, answered());
    line.queue(served(1));
    line.effects();
    line.turn_fails(FaultKind::Trap);
    assert!(line.leg_effects().is_empty());
    line.pass(120_000);
    assert!(!line.call.is_over());
    line.leg(1, hung_up());
    line.assert_over();
    assert_eq!(line.call.record().cause, Some(Cause::Normal));
    assert_eq!(line.call.record().queue_visits[0].talk_ms, 120_000);
}

#[test]
fn a_guest_whose_answer_is_lost_counts_as_failed() {
    let mut line = Line::with(with(Fallback::HangUp));
    let (_, _, view) = line.pending.take().unwrap();
    line.pass(10_000);
    line.assert_over();
    assert!(line.call.record().guest.faults[0].starts_with("host:"));
    line.raw(Input::Turn(view.finish(None, 1, 1)));
}

#[test]
fn a_fault_after_the_end_is_only_noted() {
    let mut line = Line::answered(with(Fallback::Number("extension:9".into())));
    line.caller_hangs_up();
    line.turn_fails(FaultKind::Trap);
    line.assert_over();
    assert_eq!(line.call.record().cause, Some(Cause::Normal));
    assert_eq!(line.call.record().legs.len(), 1);
}
