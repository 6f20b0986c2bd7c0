//! A caller waits, is offered to agents, talks, and goes on.

mod common;
use common::*;
use strowger_call::*;
use strowger_model::*;

fn waiting() -> (Line, CommandId) {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    let ids = line.turn_ok(vec![enqueue("support")]);
    (line, ids[0])
}

fn talking() -> (Line, CommandId) {
    let (mut line, command) = waiting();
    line.queue(offer(1));
    line.leg(1, ringing());
    line.leg(1, answered());
    line.queue(served(1));
    (line, command)
}

#[test]
fn treatment_is_heard_until_the_agent_is_connected() {
    let (mut line, command) = waiting();
    let effects = line.effects();
    assert!(
        matches!(&effects[0], Effect::Queue(QueueEffect::Enqueue { queue, .. }) if queue == "support")
    );
    assert!(matches!(&effects[1], Effect::Media(MediaEffect::Play { sources, times: 0, .. })
        if sources == &["music:jazz"]));
    line.pass(4_000);
    line.queue(offer(1));
    assert!(
        matches!(&line.leg_effects()[..], [(1, LegEffect::Originate { target, agent: Some(a), timeout_ms: 15_000, .. })]
        if target == "extension:201" && *a == agent(1))
    );
    line.leg(1, ringing());
    assert_eq!(line.queue_effects(), [QueueEffect::OfferRinging { offer: OfferId(1) }]);
    line.leg(1, answered());
    assert_eq!(line.queue_effects(), [QueueEffect::OfferAnswered { offer: OfferId(1) }]);
    line.queue(served(1));
    assert!(matches!(
        line.media_effects()[..],
        [MediaEffect::StopPlay { .. }, MediaEffect::Bridge { a: LegId(0), b: LegId(1) }]
    ));
    assert_eq!(line.detail("agent"), Some(agent(1).to_string()));
    assert_eq!(line.detail("leg").as_deref(), Some("1"));
    assert_eq!(line.detail("wait-ms").as_deref(), Some("4000"));
    assert_eq!(line.completed(command).0, "answered");
}

#[test]
fn the_flow_goes_on_when_the_agent_hangs_up() {
    let (mut line, command) = talking();
    line.completed(command);
    line.pass(9_000);
    line.effects();
    line.leg(1, hung_up());
    assert_eq!(line.queue_effects(), [QueueEffect::TalkEnded { agent: agent(1), talk_ms: 9_000 }]);
    assert_eq!(
        line.told(),
        GuestEvent::Signal { name: "bridge.ended".into(), data: "callee".into() }
    );
    let visit = &line.call.record().queue_visits[0];
    assert_eq!((visit.outcome, visit.agent), (Some(ContactOutcome::Served), Some(agent(1))));
    assert_eq!((visit.offers, visit.talk_ms), (1, 9_000));
    assert_eq!(line.call.view().phase(), Phase::Answered);
}

#[test]
fn the_agent_is_hung_up_on_when_the_caller_is_gone() {
    let (mut line, command) = talking();
    line.completed(command);
    line.effects();
    line.caller_hangs_up();
    let effects = line.effects();
    assert!(effects.iter().any(|e| matches!(e, Effect::Leg(LegId(1), LegEffect::HangUp { .. }))));
    assert!(effects.iter().any(|e| matches!(e, Effect::Queue(QueueEffect::TalkEnded { .. }))));
    assert_eq!(
        line.told(),
        GuestEvent::Signal { name: "bridge.ended".into(), data: "caller".into() }
    );
    assert_eq!(line.told(), GuestEvent::Ended { cause: Cause::Normal });
    line.assert_over();
}

#[test]
fn an_announcement_interrupts_the_treatment_and_it_comes_back() {
    let (mut line, _) = waiting();
    line.queue(QueueInput::Waiting { position: 2, expected_wait_ms: 30_000 });
    line.turn(|event, view| {
        assert_eq!(*event, GuestEvent::Signal { name: "queue.position".into(), data: "2".into() });
        assert_eq!(view.fact("queue-position").as_deref(), Some("2"));
        assert_eq!(view.fact("queue-wait-ms").as_deref(), Some("30000"));
        view.admit(play(&["queue:position:en"])).unwrap();
    });
    line.effects();
    let play = line.last_play();
    line.media(MediaInput::PlayEnded { play, ok: true, reason: String::new() });
    assert!(matches!(&line.media_effects()[..], [MediaEffect::Play { sources, times: 0, .. }]
        if sources == &["music:jazz"]));
}

#[test]
fn a_treatment_that_cannot_be_played_gives_way_to_music_and_then_to_silence() {
    let (mut line, _) = waiting();
    line.effects();
    let broken = MediaInput::PlayEnded { play: line.last_play(), ok: false, reason: "gone".into() };
    line.media(broken);
    assert!(matches!(&line.media_effects()[..], [MediaEffect::Play { sources, .. }]
        if sources == &["music:default"]));
    let broken = MediaInput::PlayEnded { play: line.last_play(), ok: false, reason: "gone".into() };
    line.media(broken);
    assert!(line.media_effects().is_empty());
    assert!(line.happened("alarm"));
}

#[test]
fn an_agent_who_does_not_answer_costs_the_caller_nothing_but_time() {
    let (mut line, _) = waiting();
    line.effects();
    line.queue(offer(1));
    line.leg(1, ringing());
    line.pass(15_000);
    let effects = line.effects();
    assert!(effects.iter().any(|e| matches!(e, Effect::Leg(LegId(1), LegEffect::Cancel))));
    assert!(effects.iter().any(|e| matches!(
        e,
        Effect::Queue(QueueEffect::OfferFailed { cause: Cause::NoAnswer, .. })
    )));
    line.queue(offer(2));
    line.leg(2, answered());
    line.queue(served(2));
    assert_eq!(line.call.record().queue_visits[0].offers, 2);
    assert_eq!(line.call.talks_to_agent(), Some(agent(2)));
}

#[test]
fn a_phone_may_be_written_as_a_target_and_one_that_is_none_is_not_found() {
    for (target, dialled) in
        [("agent:201", Some("agent:201")), ("201", Some("extension:201")), ("@", None)]
    {
        let (mut line, _) = waiting();
        line.effects();
        line.queue(QueueInput::Offer {
            offer: OfferId(1),
            agent: agent(1),
            target: target.into(),
            ring_ms: 1_000,
        });
        match (&line.effects()[..], dialled) {
            ([Effect::Leg(_, LegEffect::Originate { target, .. })], Some(dialled)) => {
                assert_eq!(target, dialled);
            }
            ([Effect::Queue(QueueEffect::OfferFailed { cause: Cause::NotFound, .. })], None) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_offer_withdrawn_as_the_agent_answers_connects_nobody() {
    let (mut line, _) = waiting();
    line.queue(offer(1));
    line.leg(1, answered());
    line.effects();
    line.queue(QueueInput::Withdraw { offer: OfferId(1) });
    assert_eq!(line.leg_effects(), [(1, LegEffect::HangUp { cause: Cause::Cancelled })]);
    assert_eq!(line.call.talks_to_agent(), None);
    line.queue(offer(2));
    line.leg(2, answered());
    line.queue(served(2));
    assert_eq!(line.call.talks_to_agent(), Some(agent(2)));
}

#[test]
fn an_agent_who_hangs_up_before_the_confirmation_has_talked_for_no_time() {
    let (mut line, command) = waiting();
    line.queue(offer(1));
    line.leg(1, answered());
    line.leg(1, hung_up());
    line.effects();
    line.queue(served(1));
    assert_eq!(line.queue_effects(), [QueueEffect::TalkEnded { agent: agent(1), talk_ms: 0 }]);
    assert_eq!(line.completed(command).0, "answered");
    assert!(matches!(line.told(), GuestEvent::Signal { name, .. } if name == "bridge.ended"));
}

#[test]
fn leaving_completes_when_the_queue_says_so() {
    let (mut line, command) = waiting();
    line.raw(Input::Signal { name: "leave".into(), data: String::new() });
    line.turn(|_, view| {
        view.admit(Action::LeaveQueue).unwrap();
        view.admit(enqueue("sales")).unwrap_err();
    });
    assert!(line.queue_effects().contains(&QueueEffect::Leave));
    assert!(line.pending.is_none());
    line.queue(QueueInput::Ended {
        outcome: ContactOutcome::Left,
        reason: String::new(),
        agent: None,
    });
    assert_eq!(line.completed(command).0, "left");
    assert_eq!(line.call.record().queue_visits[0].outcome, Some(ContactOutcome::Left));
}

#[test]
fn an_offer_that_crosses_the_leaving_is_refused() {
    let (mut line, command) = waiting();
    line.raw(Input::Signal { name: "leave".into(), data: String::new() });
    line.turn_ok(vec![Action::Stop { command }]);
    line.effects();
    line.queue(offer(1));
    assert_eq!(
        line.queue_effects(),
        [QueueEffect::OfferFailed { offer: OfferId(1), cause: Cause::Cancelled }]
    );
}

#[test]
fn a_conversation_booked_while_leaving_ends_at_once() {
    let (mut line, command) = waiting();
    line.queue(offer(1));
    line.leg(1, answered());
    line.raw(Input::Signal { name: "leave".into(), data: String::new() });
    line.turn_ok(vec![Action::LeaveQueue]);
    line.effects();
    line.queue(served(1));
    let effects = line.effects();
    assert!(effects.iter().any(|e| matches!(e, Effect::Leg(LegId(1), LegEffect::HangUp { .. }))));
    assert!(
        effects
            .iter()
            .any(|e| matches!(e, Effect::Queue(QueueEffect::TalkEnded { talk_ms: 0, .. })))
    );
    assert_eq!(line.completed(command).0, "left");
}

#[test]
fn an_overflow_and_a_time_out_are_told_in_their_words() {
    for (outcome, word) in [
        (ContactOutcome::TimedOut, "timed_out"),
        (ContactOutcome::Overflowed, "overflowed"),
        (ContactOutcome::Failed, "failed"),
    ] {
        let (mut line, command) = waiting();
        line.queue(QueueInput::Ended { outcome, reason: "because".into(), agent: None });
        assert_eq!(line.completed(command), (word.into(), "because".into()));
    }
}

#[test]
fn an_offer_nobody_confirms_is_given_up() {
    let (mut line, _) = waiting();
    line.queue(offer(1));
    line.leg(1, answered());
    line.effects();
    line.pass(5_000);
    assert!(line.happened("alarm"));
    assert!(
        line.queue_effects()
            .contains(&QueueEffect::OfferFailed { offer: OfferId(1), cause: Cause::Internal })
    );
    // The confirmation comes after all: the agent is free again, the caller told.
    line.queue(served(1));
    assert_eq!(line.queue_effects(), [QueueEffect::TalkEnded { agent: agent(1), talk_ms: 0 }]);
    assert!(matches!(line.told(), GuestEvent::Completed { outcome, .. } if outcome == "failed"));
}

#[test]
fn a_caller_who_gives_up_is_reported_as_gone() {
    let (mut line, _) = waiting();
    line.queue(offer(1));
    line.leg(1, ringing());
    line.effects();
    line.caller_hangs_up();
    let effects = line.effects();
    assert!(effects.iter().any(|e| matches!(e, Effect::Leg(LegId(1), LegEffect::Cancel))));
    assert!(effects.iter().any(|e| matches!(e, Effect::Queue(QueueEffect::CallerGone))));
    line.told();
    line.assert_over();
    assert_eq!(line.call.record().queue_visits[0].outcome, Some(ContactOutcome::Abandoned));
}

#[test]
fn an_early_caller_is_answered_when_the_agent_is() {
    let mut line = Line::new();
    line.turn_ok(vec![Action::EarlyMedia, enqueue("support")]);
    line.told();
    line.queue(offer(1));
    line.leg(1, answered());
    line.effects();
    line.queue(served(1));
    let effects = line.effects();
    let answer = effects.iter().position(|e| matches!(e, Effect::Leg(LegId(0), LegEffect::Answer)));
    let bridge =
        effects.iter().position(|e| matches!(e, Effect::Media(MediaEffect::Bridge { .. })));
    assert!(answer.unwrap() < bridge.unwrap());
    line.leg(0, answered());
    assert!(line.call.record().answered_at.is_some());
}
