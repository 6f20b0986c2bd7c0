//! Reports that come twice or too late do nothing.

use crate::support::{World, agent, call, not_ready};
use strowger_acd::AcdInput;
use strowger_model::{AgentState, Cause, ContactOutcome, OfferId};

#[test]
fn everything_may_be_said_twice() {
    let mut world = World::with_queue(|q| q.wrap_up_ms = 1_000);
    let id = world.ready(1, &[]);
    let twice = |world: &mut World, input: AcdInput| {
        world.tell(input.clone());
        let states = world.states.len();
        let offers = world.offers.len();
        world.tell(input.clone());
        assert_eq!(world.states.len(), states, "{input:?}");
        assert_eq!(world.offers.len(), offers, "{input:?}");
    };
    world.call(1);
    world.call(1);
    assert_eq!(world.offers.len(), 1);
    let offer = world.last_offer().offer;
    twice(&mut world, AcdInput::OfferRinging { offer });
    twice(&mut world, AcdInput::OfferAnswered { offer });
    twice(&mut world, AcdInput::Hold { agent: id, call: call(1) });
    twice(&mut world, AcdInput::Resume { agent: id, call: call(1) });
    twice(&mut world, AcdInput::TalkEnded { agent: id, call: call(1), talk_ms: 5 });
    twice(&mut world, AcdInput::CallerGone { call: call(1) });
    twice(&mut world, AcdInput::SignOut(id));
    assert_eq!(world.outcome(call(1)), Some(ContactOutcome::Served));
}

#[test]
fn an_answer_after_expiry_connects_nobody() {
    let mut world = World::with_queue(|q| q.ring_ms = 1_000);
    world.ready(1, &[]);
    world.call(1);
    let offer = world.last_offer().offer;
    world.pass_ms(10_000);
    world.tell(AcdInput::OfferAnswered { offer });
    assert_eq!(world.state(agent(1)), not_ready("no_answer"));
    assert_eq!(world.outcome(call(1)), None);
}

#[test]
fn a_failure_after_the_answer_does_not_end_the_conversation() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    world.call(1);
    let offer = world.answer().offer;
    world.tell(AcdInput::OfferFailed { offer, cause: Cause::NoAnswer });
    assert_eq!(world.state(agent(1)), AgentState::Talking);
}

#[test]
fn the_end_of_an_earlier_conversation_does_not_end_this_one() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    world.call(1);
    let first = world.answer();
    world.finish(&first);
    world.call(2);
    world.answer();
    world.finish(&first);
    world.tell(AcdInput::Hold { agent: agent(1), call: call(1) });
    world.tell(AcdInput::CallerGone { call: call(1) });
    assert_eq!(world.state(agent(1)), AgentState::Talking);
}

#[test]
fn strangers_are_ignored() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    let states = world.states.len();
    for input in [
        AcdInput::OfferAnswered { offer: OfferId(99) },
        AcdInput::OfferFailed { offer: OfferId(0), cause: Cause::Busy },
        AcdInput::TalkEnded { agent: agent(1), call: call(9), talk_ms: 0 },
        AcdInput::SetReady(agent(77)),
        AcdInput::Leave { call: call(9) },
        AcdInput::AgentRemove(agent(77)),
        AcdInput::QueueRemove(crate::support::queue_id("nowhere")),
        crate::support::done(5, None),
    ] {
        world.tell(input);
    }
    assert_eq!((world.states.len(), world.ended.len()), (states, 0));
}
