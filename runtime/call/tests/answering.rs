//! The caller hears nothing before there is a way to hear it.

mod common;
use common::*;
use strowger_call::*;
use strowger_model::*;

#[test]
fn sound_needs_an_answer_or_early_media() {
    let mut line = Line::new();
    line.turn(|event, view| {
        assert_eq!(*event, GuestEvent::Started);
        let refused = view.admit(play(&["file:welcome"])).unwrap_err();
        assert!(refused.starts_with("invalid now, because"), "{refused}");
        view.admit(Action::Answer).unwrap();
        view.admit(play(&["file:welcome"])).unwrap();
    });
    let effects = line.effects();
    assert!(matches!(effects[0], Effect::Leg(LegId(0), LegEffect::Answer)));
    assert!(matches!(&effects[1], Effect::Media(MediaEffect::Play { sources, times: 1, .. })
        if sources == &["file:welcome"]));
}

#[test]
fn the_answer_completes_when_it_is_confirmed() {
    let mut line = Line::new();
    let ids = line.turn_ok(vec![Action::Answer]);
    assert!(line.pending.is_none());
    line.leg(0, answered());
    assert_eq!(line.completed(ids[0]).0, "ok");
    assert_eq!(line.call.record().answered_at, Some(line.now));
    assert_eq!(line.call.record().legs[0].codec.as_deref(), Some("PCMA"));
}

#[test]
fn early_media_carries_sound_and_a_refusal_with_the_flows_status() {
    let mut line = Line::new();
    let ids = line.turn_ok(vec![Action::Ring, Action::EarlyMedia, play(&["tone:busy"])]);
    assert_eq!(line.completed(ids[0]).0, "ok");
    assert_eq!(line.completed(ids[1]).0, "ok");
    let play = line.last_play();
    line.media(MediaInput::PlayEnded { play, ok: true, reason: String::new() });
    line.effects();
    line.turn_ok(vec![Action::Reject { status: 486, reason: "Busy Here".into() }]);
    assert!(
        line.leg_effects()
            .contains(&(0, LegEffect::Reject { status: 486, reason: "Busy Here".into() }))
    );
    assert_eq!(line.told(), GuestEvent::Ended { cause: Cause::Busy });
    line.assert_over();
    assert_eq!(line.call.record().legs[0].sip_status, Some(486));
    assert_eq!(line.call.record().ended_by, Some(Party::Flow));
}

#[test]
fn a_caller_who_cancels_before_the_answer_ends_the_call() {
    let mut line = Line::new();
    line.turn_ok(vec![Action::Ring, Action::Sleep { ms: 3_000 }]);
    line.told();
    line.caller_hangs_up();
    assert!(line.leg_effects().iter().all(|(_, e)| *e == LegEffect::Ring));
    assert_eq!(line.told(), GuestEvent::Ended { cause: Cause::Cancelled });
    line.assert_over();
    assert_eq!(line.call.record().cause, Some(Cause::Cancelled));
    assert_eq!(line.call.record().answered_at, None);
}

#[test]
fn an_answer_that_fails_is_told_and_ends_the_call() {
    let mut line = Line::new();
    let ids = line.turn_ok(vec![Action::Answer]);
    line.leg(0, LegInput::Failed { cause: Cause::NoCommonCodec, sip_status: Some(488) });
    assert_eq!(line.completed(ids[0]), ("failed".into(), "no_common_codec".into()));
    assert_eq!(line.told(), GuestEvent::Ended { cause: Cause::NoCommonCodec });
    line.assert_over();
}

#[test]
fn a_200_on_its_way_is_followed_by_a_bye_not_by_a_refusal() {
    let mut line = Line::new();
    line.turn_ok(vec![Action::Answer]);
    line.effects();
    line.input(Input::HangUp { cause: Cause::ServerRestart, by: Party::Host });
    assert_eq!(line.leg_effects(), [(0, LegEffect::HangUp { cause: Cause::ServerRestart })]);
    line.idle_guest();
    line.assert_over();
}

#[test]
fn a_call_we_make_starts_its_flow_when_it_is_answered() {
    let mut line = Line::with(CallSetup { direction: Direction::Outbound, ..setup() });
    assert!(line.pending.is_none());
    assert!(matches!(&line.leg_effects()[..], [(0, LegEffect::Originate { target, .. })]
        if target == "number:+441632960000"));
    line.leg(0, ringing());
    line.leg(0, answered());
    assert_eq!(line.told(), GuestEvent::Started);
    assert_eq!(line.call.view().phase(), Phase::Answered);
}

#[test]
fn a_call_we_make_that_nobody_answers_ends_without_a_flow() {
    let mut line = Line::with(CallSetup { direction: Direction::Outbound, ..setup() });
    line.pass(200_000);
    line.assert_over();
    assert_eq!(line.call.record().cause, Some(Cause::NoAnswer));
    assert_eq!(line.call.record().guest.turns, 0);
}
