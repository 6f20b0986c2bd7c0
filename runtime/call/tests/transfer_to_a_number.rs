//! A transfer to a number of the tenant: its flow takes the call over.

mod common;
use common::*;
use strowger_call::*;
use strowger_model::*;

const NUMBER: &str = "+441632960555";

fn referred_to_number() -> Line {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support")]);
    line.queue(offer(1));
    line.leg(1, answered());
    line.queue(served(1));
    line.told();
    line.effects();
    let target = NUMBER.parse().unwrap();
    line.leg(1, LegInput::Referred { target, to: ReferTo::Number });
    line
}

fn ready() -> Input {
    Input::NumberReady { flow: "other".into(), version: None }
}

#[test]
fn its_flow_serves_the_caller_from_the_start() {
    let mut line = referred_to_number();
    assert!(line.effects().iter().any(
        |effect| matches!(effect, Effect::FindNumber { number } if number.as_str() == NUMBER)
    ));
    line.raw(ready());
    let effects = line.effects();
    assert!(
        matches!(
            effects[..],
            [
                Effect::Leg(LegId(1), LegEffect::ReferProgress { status: 200 }),
                Effect::Leg(LegId(1), LegEffect::LetGo),
                Effect::Queue(QueueEffect::TalkEnded { .. }),
                Effect::TakeSeat,
            ]
        ),
        "{effects:?}"
    );
    line.turn(|event, view| {
        assert_eq!(*event, GuestEvent::Started);
        assert_eq!(view.fact("to").as_deref(), Some(NUMBER));
        assert_eq!(view.fact("flow").as_deref(), Some("other"));
        view.admit(Action::Answer).expect("it need not know that the call is answered");
        view.admit(play(&["file:welcome"])).unwrap();
    });
    assert!(matches!(line.told(), GuestEvent::Completed { outcome, .. } if outcome == "ok"));
    assert!(matches!(line.media_effects()[..], [MediaEffect::Play { leg: LegId(0), .. }]));
    line.caller_hangs_up();
    line.idle_guest();
    line.assert_over();
    let story = Story::read(&line.journal).unwrap();
    let seat = story.last_seat().unwrap();
    assert_eq!((seat.kind, seat.has_begun()), (SeatKind::Transfer, true));
    let view = seat.view(Vec::new(), Vec::new(), seat.turns[0].told.state.clone());
    assert_eq!(view.fact("to").as_deref(), Some(NUMBER), "the journal is the new flow's");
}

#[test]
fn the_two_talk_on_if_there_is_no_flow() {
    let mut line = referred_to_number();
    line.effects();
    line.raw(Input::NumberFailed { reason: "no version".into() });
    let effects = line.effects();
    assert!(
        matches!(
            effects[..],
            [
                Effect::Leg(LegId(1), LegEffect::ReferProgress { status: 404 }),
                Effect::Media(MediaEffect::Bridge { .. }),
            ]
        ),
        "{effects:?}"
    );
    line.raw(ready());
    assert!(line.effects().is_empty(), "too late");
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for() {
    let mut line = referred_to_number();
    line.pass(5_000);
    assert_eq!(line.call.record().transfers[0].sip_status, Some(504));
    assert_eq!(line.call.talks_to_agent(), Some(agent(1)));
}
