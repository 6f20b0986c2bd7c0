//! An agent's phone vanishes, at each step.

use crate::support::{World, agent, call, not_ready};
use strowger_acd::AcdInput;
use strowger_model::AgentState;

fn gone(world: &mut World) {
    world.tell(AcdInput::PhoneGone(agent(1)));
}

#[test]
fn signed_out_or_on_a_break_nothing_changes() {
    let mut world = World::with_queue(|_| {});
    world.hire(1, &[]);
    gone(&mut world);
    assert_eq!(world.state(agent(1)), AgentState::SignedOut);
    world.tell(AcdInput::SetReady(agent(1)));
    world.tell(AcdInput::SetNotReady { agent: agent(1), reason: "lunch".into() });
    gone(&mut world);
    world.tell(AcdInput::PhoneBack(agent(1)));
    assert_eq!(world.state(agent(1)), not_ready("lunch"));
}

#[test]
fn ready_agents_get_no_offers_until_the_phone_is_back() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    gone(&mut world);
    world.call(1);
    assert!(world.offers.is_empty());
    world.tell(AcdInput::PhoneBack(agent(1)));
    assert_eq!(world.offered_agents(), [agent(1)]);
}

#[test]
fn an_offer_is_taken_back_and_goes_to_somebody_else() {
    for ringing in [false, true] {
        let mut world = World::with_queue(|_| {});
        world.ready(1, &[]);
        world.pass_ms(1);
        world.ready(2, &[]);
        world.call(1);
        let offer = world.last_offer().offer;
        if ringing {
            world.tell(AcdInput::OfferRinging { offer });
        }
        gone(&mut world);
        assert_eq!(world.withdrawn, [offer]);
        assert_eq!(world.state(agent(1)), not_ready("phone_gone"));
        assert_eq!(world.offered_agents(), [agent(1), agent(2)]);
    }
}

#[test]
fn a_conversation_goes_on_and_no_other_follows() {
    for held in [false, true] {
        let mut world = World::with_queue(|_| {});
        world.ready(1, &[]);
        world.call(1);
        let offer = world.answer();
        if held {
            world.tell(AcdInput::Hold { agent: agent(1), call: call(1) });
        }
        let during = world.state(agent(1));
        gone(&mut world);
        assert_eq!(world.state(agent(1)), during);
        world.call(2);
        world.finish(&offer);
        assert_eq!(world.state(agent(1)), not_ready("phone_gone"));
        assert_eq!(world.offers.len(), 1);
    }
}

#[test]
fn a_phone_that_comes_back_during_the_conversation_is_forgotten() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    world.call(1);
    let offer = world.answer();
    gone(&mut world);
    world.tell(AcdInput::PhoneBack(agent(1)));
    world.finish(&offer);
    assert_eq!(world.state(agent(1)), AgentState::Ready);
}

#[test]
fn wrap_up_ends_as_usual_and_no_offer_follows() {
    let mut world = World::with_queue(|q| q.wrap_up_ms = 1_000);
    world.ready(1, &[]);
    world.call(1);
    let offer = world.answer();
    world.finish(&offer);
    gone(&mut world);
    assert_eq!(world.state(agent(1)), AgentState::WrapUp);
    world.call(2);
    world.pass_ms(1_000);
    assert_eq!(world.state(agent(1)), not_ready("phone_gone"));
    assert_eq!(world.offers.len(), 1);
}
