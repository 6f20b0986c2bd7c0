//! A phone that talks asks us to connect the other party with somebody else.

mod common;
use common::*;
use strowger_call::*;
use strowger_model::*;

/// Caller and agent talk; the flow has nothing to do.
fn served_call() -> Line {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support")]);
    line.queue(offer(1));
    line.leg(1, answered());
    line.queue(served(1));
    line.told();
    line.effects();
    line
}

#[test]
fn the_other_party_hears_ringback_and_is_connected_with_the_target() {
    let mut line = served_call();
    line.pass(4_000);
    line.leg(1, refer("extension:202"));
    let effects = line.effects();
    assert!(
        matches!(
            &effects[..],
            [
                Effect::Leg(LegId(1), LegEffect::AcceptRefer),
                Effect::Leg(LegId(2), LegEffect::Originate { target, caller_id, .. }),
                Effect::Media(MediaEffect::Unbridge { .. }),
                Effect::Media(MediaEffect::Play { leg: LegId(0), times: 0, .. }),
            ] if target == "extension:202" && caller_id == "+441632960001"
        ),
        "{effects:?}"
    );
    line.leg(2, ringing());
    assert_eq!(line.leg_effects(), [(1, LegEffect::ReferProgress { status: 180 })]);
    line.pass(2_000);
    line.leg(2, answered());
    let effects = line.effects();
    assert!(
        matches!(
            effects[..],
            [
                Effect::Media(MediaEffect::StopPlay { .. }),
                Effect::Leg(LegId(1), LegEffect::ReferProgress { status: 200 }),
                Effect::Leg(LegId(1), LegEffect::LetGo),
                Effect::Queue(QueueEffect::TalkEnded { talk_ms: 6_000, .. }),
                Effect::Media(MediaEffect::Bridge { a: LegId(0), b: LegId(2) }),
            ]
        ),
        "{effects:?}"
    );
    let told = line.told();
    assert_eq!(told, GuestEvent::Signal { name: "transferred".into(), data: "callee".into() });

    line.leg(2, hung_up());
    line.idle_guest();
    line.assert_over();
    let record = line.call.record();
    assert_eq!((record.cause, record.ended_by), (Some(Cause::Normal), Some(Party::Callee)));
    assert_eq!(record.queue_visits[0].talk_ms, 6_000);
    let [transfer] = &record.transfers[..] else { panic!("{:?}", record.transfers) };
    assert_eq!((transfer.kind, transfer.by), (TransferKind::Blind, LegId(1)));
    assert_eq!((transfer.agent, transfer.leg), (Some(agent(1)), Some(LegId(2))));
    assert_eq!((transfer.target.as_str(), transfer.sip_status), ("202", Some(200)));
}

#[test]
fn the_caller_may_transfer_whom_it_has_called() {
    let mut line = served_call();
    line.leg(0, refer("number:+441632960777"));
    let ringback = line.media_effects();
    assert!(
        matches!(
            ringback[..],
            [MediaEffect::Unbridge { .. }, MediaEffect::Play { leg: LegId(1), .. }]
        ),
        "{ringback:?}"
    );
    line.leg(2, answered());
    assert_eq!(line.call.subject(), LegId(2));
    assert_eq!(line.call.talks_to_agent(), Some(agent(1)), "the agent goes on talking");
    line.idle_guest();
    line.leg(2, hung_up());
    line.idle_guest();
    line.assert_over();
    assert_eq!(line.call.record().ended_by, Some(Party::Caller));
}

#[test]
fn the_two_talk_on_if_it_comes_to_nothing() {
    for (cause, status) in [(Cause::Busy, 486), (Cause::NoAnswer, 480), (Cause::Normal, 480)] {
        let mut line = served_call();
        line.leg(1, refer("extension:202"));
        line.effects();
        line.leg(2, LegInput::Failed { cause, sip_status: None });
        let effects = line.effects();
        assert!(
            matches!(
                effects[..],
                [
                    Effect::Media(MediaEffect::StopPlay { .. }),
                    Effect::Leg(LegId(1), LegEffect::ReferProgress { status: told }),
                    Effect::Media(MediaEffect::Bridge { a: LegId(0), b: LegId(1) }),
                ] if told == status
            ),
            "{effects:?}"
        );
        assert_eq!(line.call.talks_to_agent(), Some(agent(1)));
        line.caller_hangs_up();
        line.idle_guest();
        line.assert_over();
    }
}

#[test]
fn nobody_rings_for_ever() {
    let mut line = served_call();
    line.leg(1, refer("extension:202"));
    line.leg(2, ringing());
    line.effects();
    line.pass(60_000);
    assert!(line.leg_effects().contains(&(2, LegEffect::Cancel)));
    assert_eq!(line.call.record().transfers[0].sip_status, Some(480));
    assert_eq!(line.call.talks_to_agent(), Some(agent(1)));
}

#[test]
fn a_phone_that_held_first_gets_its_caller_back_on_hold() {
    let mut line = served_call();
    line.leg(1, LegInput::Held);
    line.effects();
    line.leg(1, refer("extension:202"));
    line.leg(2, LegInput::Failed { cause: Cause::Busy, sip_status: Some(486) });
    let played = line.media_effects().into_iter().filter_map(|effect| match effect {
        MediaEffect::Play { sources, .. } => Some(sources[0].clone()),
        MediaEffect::Bridge { .. } => panic!("connected in spite of hold"),
        _ => None,
    });
    assert_eq!(played.collect::<Vec<_>>(), ["tone:ringback", "music:default"]);
    line.leg(1, LegInput::Resumed);
    assert!(matches!(
        line.media_effects()[..],
        [MediaEffect::StopPlay { .. }, MediaEffect::Bridge { .. }]
    ));
}

#[test]
fn the_agent_may_hang_up_before_the_target_answers() {
    let mut line = served_call();
    line.leg(1, refer("extension:202"));
    line.leg(1, hung_up());
    assert!(
        line.queue_effects().iter().any(|e| matches!(e, QueueEffect::TalkEnded { .. })),
        "the agent is free to wrap up"
    );
    line.leg(2, answered());
    assert!(matches!(
        line.effects()[..],
        [
            Effect::Media(MediaEffect::StopPlay { .. }),
            Effect::Media(MediaEffect::Bridge { a: LegId(0), b: LegId(2) })
        ]
    ));
    line.caller_hangs_up();
    line.idle_guest();
    line.assert_over();
}

#[test]
fn a_caller_left_alone_goes_back_to_the_flow() {
    let mut line = served_call();
    line.leg(1, refer("extension:202"));
    line.leg(1, hung_up());
    line.leg(2, LegInput::Failed { cause: Cause::Busy, sip_status: Some(486) });
    let told = line.told();
    assert_eq!(told, GuestEvent::Signal { name: "bridge.ended".into(), data: "callee".into() });
    assert_eq!(line.call.view().phase(), Phase::Answered);
}

#[test]
fn whoever_stays_may_leave_and_the_target_is_not_called_any_more() {
    let mut line = served_call();
    line.leg(1, refer("extension:202"));
    line.effects();
    line.caller_hangs_up();
    line.idle_guest();
    line.assert_over();
    assert_eq!(
        line.leg_effects(),
        [
            (2, LegEffect::Cancel),
            (1, LegEffect::ReferProgress { status: 487 }),
            (1, LegEffect::HangUp { cause: Cause::Normal }),
        ]
    );
}

#[test]
fn only_who_talks_may_transfer_and_one_at_a_time() {
    let mut line = Line::answered(setup());
    line.leg(0, refer("extension:202"));
    assert_eq!(line.leg_effects(), [(0, LegEffect::RejectRefer { status: 403 })]);
    let mut line = served_call();
    line.leg(1, refer("extension:202"));
    line.effects();
    line.leg(0, refer("extension:203"));
    assert_eq!(line.leg_effects(), [(0, LegEffect::RejectRefer { status: 491 })]);
}

#[test]
fn nowhere_is_said_at_once() {
    let mut line = served_call();
    let target = "999".parse().unwrap();
    line.leg(1, LegInput::Referred { target, to: ReferTo::Nowhere { sip_status: 404 } });
    assert_eq!(line.leg_effects(), [(1, LegEffect::RejectRefer { status: 404 })]);
    assert_eq!(line.call.record().transfers[0].sip_status, Some(404));
    assert_eq!(line.call.talks_to_agent(), Some(agent(1)));
}

#[test]
fn a_number_of_another_host_is_not_called_and_the_phone_hears_why() {
    let mut line = served_call();
    let to = ReferTo::Elsewhere { host: "other.example".into() };
    line.leg(1, LegInput::Referred { target: "123".parse().unwrap(), to });
    let told = [LegEffect::AcceptRefer, LegEffect::ReferProgress { status: 403 }];
    assert_eq!(line.leg_effects(), told.map(|effect| (1, effect)));
    let [transfer] = &line.call.record().transfers[..] else { panic!("not recorded") };
    assert_eq!((transfer.target.as_str(), transfer.sip_status), ("123", Some(403)));
    assert!(transfer.ended_at.is_some());
}
