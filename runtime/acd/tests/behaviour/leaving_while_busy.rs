//! An agent who signs out or goes on a break while ringing or talking.

use crate::support::{World, agent, not_ready};
use strowger_acd::AcdInput;
use strowger_model::AgentState;

fn pause(world: &mut World) {
    world.tell(AcdInput::SetNotReady { agent: agent(1), reason: "break".into() });
}

#[test]
fn an_offer_is_taken_back_at_once() {
    for ringing in [false, true] {
        let mut world = World::with_queue(|_| {});
        world.ready(1, &[]);
        world.call(1);
        let offer = world.last_offer().offer;
        if ringing {
            world.tell(AcdInput::OfferRinging { offer });
        }
        pause(&mut world);
        assert_eq!(world.state(agent(1)), not_ready("break"));
        assert_eq!(world.withdrawn, [offer]);
        world.ready(2, &[]);
        assert_eq!(world.offered_agents(), [agent(1), agent(2)]);
    }
}

#[test]
fn a_conversation_and_its_wrap_up_come_first() {
    let mut world = World::with_queue(|q| q.wrap_up_ms = 1_000);
    world.ready(1, &[]);
    world.call(1);
    let offer = world.answer();
    world.tell(AcdInput::SignOut(agent(1)));
    assert_eq!(world.state(agent(1)), AgentState::Talking);
    world.finish(&offer);
    assert_eq!(world.state(agent(1)), AgentState::WrapUp);
    world.pass_ms(1_000);
    assert_eq!(world.state(agent(1)), AgentState::SignedOut);
}

#[test]
fn the_last_wish_counts() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    world.call(1);
    let offer = world.answer();
    world.tell(AcdInput::SignOut(agent(1)));
    pause(&mut world);
    world.finish(&offer);
    assert_eq!(world.state(agent(1)), not_ready("break"));
}

#[test]
fn a_wish_can_be_taken_back() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    world.call(1);
    let offer = world.answer();
    world.tell(AcdInput::SignOut(agent(1)));
    world.tell(AcdInput::SetReady(agent(1)));
    world.finish(&offer);
    assert_eq!(world.state(agent(1)), AgentState::Ready);
}
