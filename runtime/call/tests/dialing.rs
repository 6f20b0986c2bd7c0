//! Dialling out: several targets, refusals, bridges, transfers.

mod common;
use common::*;
use strowger_call::*;
use strowger_model::*;

fn dialing(action: Action) -> (Line, CommandId) {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    let ids = line.turn_ok(vec![action]);
    (line, ids[0])
}

fn all(targets: &[&str]) -> Action {
    Action::Dial(dial_options(targets, DialStrategy::All))
}

#[test]
fn the_first_to_answer_wins_and_the_others_are_cancelled() {
    let (mut line, command) = dialing(all(&["extension:201", "number:+441632960009"]));
    let effects = line.effects();
    assert_eq!(
        effects.iter().filter(|e| matches!(e, Effect::Leg(_, LegEffect::Originate { .. }))).count(),
        2
    );
    assert!(effects.iter().any(|e| matches!(e, Effect::Media(MediaEffect::Play { sources, .. })
        if sources == &["tone:ringback"])));
    line.leg(2, answered());
    assert_eq!(line.leg_effects(), [(1, LegEffect::Cancel)]);
    assert_eq!(line.completed(command), ("answered".into(), "2".into()));
}

#[test]
fn in_turn_the_next_is_dialled_when_one_fails() {
    let targets = ["extension:201", "extension:202"];
    let (mut line, command) = dialing(Action::Dial(dial_options(&targets, DialStrategy::InTurn)));
    line.effects();
    line.leg(1, LegInput::Failed { cause: Cause::Busy, sip_status: Some(486) });
    assert!(matches!(&line.leg_effects()[..], [(2, LegEffect::Originate { target, .. })]
        if target == "extension:202"));
    line.pass(20_000);
    assert_eq!(line.detail("cause").as_deref(), Some("no_answer"));
    assert_eq!(line.completed(command).0, "no_answer");
    assert_eq!(line.call.record().legs[1].sip_status, Some(486));
}

#[test]
fn refusals_have_words() {
    for (cause, word) in
        [(Cause::Busy, "busy"), (Cause::Rejected, "rejected"), (Cause::Unreachable, "failed")]
    {
        let (mut line, command) = dialing(all(&["extension:201"]));
        line.leg(1, LegInput::Failed { cause, sip_status: None });
        assert_eq!(line.completed(command).0, word);
    }
}

#[test]
fn a_dial_can_be_stopped() {
    let (mut line, command) = dialing(all(&["extension:201"]));
    line.leg(1, ringing());
    line.raw(Input::Signal { name: "stop".into(), data: String::new() });
    line.effects();
    line.turn_ok(vec![Action::Stop { command }]);
    assert!(line.leg_effects().contains(&(1, LegEffect::Cancel)));
    assert_eq!(line.completed(command).0, "stopped");
}

#[test]
fn a_bridge_ends_with_who_ended_it() {
    let (mut line, _) = dialing(all(&["extension:201"]));
    line.leg(1, answered());
    let ids = line.turn_ok(vec![Action::Bridge { leg: LegId(1) }]);
    assert!(line.media_effects().contains(&MediaEffect::Bridge { a: LegId(0), b: LegId(1) }));
    line.leg(1, hung_up());
    assert_eq!(line.completed(ids[0]), ("ended".into(), "callee".into()));
    assert!(!line.call.is_over());
}

#[test]
fn a_bridge_the_flow_stops_leaves_the_leg_to_the_flow() {
    let (mut line, _) = dialing(all(&["extension:201"]));
    line.leg(1, answered());
    let ids = line.turn_ok(vec![Action::Bridge { leg: LegId(1) }]);
    line.raw(Input::Signal { name: "stop".into(), data: String::new() });
    line.turn_ok(vec![Action::Stop { command: ids[0] }]);
    line.turn(|event, view| {
        assert!(matches!(event, GuestEvent::Completed { value, .. } if value == "flow"));
        view.admit(Action::Bridge { leg: LegId(1) }).unwrap();
    });
    line.caller_hangs_up();
    line.idle_guest();
    line.assert_over();
}

#[test]
fn a_bridge_may_be_stopped_and_its_leg_used_again_in_one_turn() {
    let (mut line, _) = dialing(all(&["extension:201"]));
    line.leg(1, answered());
    let first = line.turn_ok(vec![Action::Bridge { leg: LegId(1) }]);
    line.effects();
    line.raw(Input::Signal { name: "swap".into(), data: String::new() });
    line.turn_ok(vec![Action::Stop { command: first[0] }, Action::Bridge { leg: LegId(1) }]);
    let media = line.media_effects();
    let apart = media.iter().position(|e| matches!(e, MediaEffect::Unbridge { .. }));
    let together = media.iter().position(|e| matches!(e, MediaEffect::Bridge { .. }));
    assert!(apart.is_some() && apart < together, "{media:?}");
    assert_eq!(line.completed(first[0]), ("ended".into(), "flow".into()));
}

#[test]
fn a_transfer_is_for_good() {
    let options = dial_options(&["number:+441632960009"], DialStrategy::All);
    let (mut line, command) = dialing(Action::Transfer(options));
    line.leg(1, answered());
    assert_eq!(line.completed(command).0, "transferred");
    line.effects();
    line.leg(1, hung_up());
    assert!(line.leg_effects().contains(&(0, LegEffect::HangUp { cause: Cause::Normal })));
    line.idle_guest();
    line.assert_over();
    assert_eq!(line.call.record().ended_by, Some(Party::Callee));
}

#[test]
fn before_an_answer_the_caller_hears_ringing_and_is_answered_with_the_target() {
    let mut line = Line::new();
    line.turn_ok(vec![Action::Transfer(dial_options(&["extension:201"], DialStrategy::All))]);
    assert!(line.leg_effects().iter().any(|(leg, e)| *leg == 0 && *e == LegEffect::Ring));
    line.leg(1, answered());
    assert!(line.leg_effects().contains(&(0, LegEffect::Answer)));
    line.leg(0, answered());
    assert_eq!(line.call.view().phase(), Phase::Answered);
}

#[test]
fn the_number_shown_is_the_one_that_was_called_unless_the_flow_says_otherwise() {
    let (mut line, _) = dialing(all(&["extension:201"]));
    assert!(matches!(&line.leg_effects()[..], [(1, LegEffect::Originate { caller_id, .. })]
        if caller_id == "+441632960000"));
    let own = DialOptions {
        caller_id: "+441632960077".into(),
        ..dial_options(&["extension:201"], DialStrategy::All)
    };
    let (mut line, _) = dialing(Action::Dial(own));
    assert!(matches!(&line.leg_effects()[..], [(1, LegEffect::Originate { caller_id, .. })]
        if caller_id == "+441632960077"));
}

#[test]
fn a_phone_that_vanishes_is_hung_up() {
    let (mut line, _) = dialing(all(&["extension:201"]));
    line.leg(1, answered());
    let ids = line.turn_ok(vec![Action::Bridge { leg: LegId(1) }]);
    line.effects();
    line.leg(1, LegInput::MediaTimeout);
    assert!(line.leg_effects().contains(&(1, LegEffect::HangUp { cause: Cause::MediaTimeout })));
    assert_eq!(line.completed(ids[0]).1, "callee");
}
