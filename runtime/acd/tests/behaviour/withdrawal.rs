//! A caller who goes while an agent's phone rings.

use crate::support::{World, agent};
use strowger_acd::AcdInput;
use strowger_model::{AgentState, ContactOutcome};

#[test]
fn the_offer_is_taken_back_and_the_agent_gets_the_next_call() {
    for (hang_up, outcome) in [(true, ContactOutcome::Abandoned), (false, ContactOutcome::Left)] {
        let mut world = World::with_queue(|_| {});
        world.ready(1, &[]);
        let first = world.call(1);
        let offer = world.last_offer().offer;
        world.tell(AcdInput::OfferRinging { offer });
        let second = world.call(2);
        world.tell(if hang_up {
            AcdInput::CallerGone { call: first }
        } else {
            AcdInput::Leave { call: first }
        });
        assert_eq!(world.withdrawn, [offer]);
        assert_eq!(world.outcome(first), Some(outcome));
        assert_eq!(world.offered_calls(), [first, second]);
        assert_eq!(world.state(agent(1)), AgentState::Reserved);
    }
}

#[test]
fn a_caller_who_goes_while_the_router_thinks_is_not_offered() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    world.answers = false;
    let call = world.call(1);
    let (ask, ..) = *world.asked.last().unwrap();
    let number = world.number(agent(1));
    strowger_acd::Distribution::assign(&mut world.acd, 1, number).unwrap();
    world.tell(AcdInput::CallerGone { call });
    world.answers = true;
    world.tell(crate::support::done(ask, None));
    assert!(world.offers.is_empty());
    world.call(2);
    assert_eq!(world.offered_agents(), [agent(1)]);
}

#[test]
fn an_agent_who_goes_while_the_router_thinks_gets_no_offer() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    world.answers = false;
    world.call(1);
    let (ask, ..) = *world.asked.last().unwrap();
    let number = world.number(agent(1));
    strowger_acd::Distribution::assign(&mut world.acd, 1, number).unwrap();
    world.tell(AcdInput::SignOut(agent(1)));
    world.answers = true;
    world.tell(crate::support::done(ask, None));
    assert!(world.offers.is_empty());
    world.ready(2, &[]);
    assert_eq!(world.offered_agents(), [agent(2)]);
}
