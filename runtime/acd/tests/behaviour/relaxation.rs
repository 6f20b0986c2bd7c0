//! Needs soften while a contact waits, to the second, without losing its place.

use crate::support::{World, agent, need};

#[test]
fn an_agent_of_a_lower_level_is_chosen_once_the_need_has_softened() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[("billing", 4)]);
    world.call_with(1, |wish| wish.needs = vec![need("billing", 7, &[(20, 4), (60, 0)])]);
    world.pass_ms(19_999);
    assert!(world.offers.is_empty());
    world.pass_ms(1);
    assert_eq!(world.offered_agents(), [agent(1)]);
}

#[test]
fn a_need_that_drops_to_zero_lets_anybody_serve() {
    let mut world = World::with_queue(|q| q.needs = vec![need("billing", 7, &[(30, 0)])]);
    world.ready(1, &[]);
    world.call(1);
    world.pass_ms(30_000);
    assert_eq!(world.offered_agents(), [agent(1)]);
}

#[test]
fn a_contact_that_softened_keeps_its_place() {
    let mut world = World::with_queue(|_| {});
    let first = world.call_with(1, |wish| wish.needs = vec![need("billing", 7, &[(20, 0)])]);
    world.pass_ms(10_000);
    let second = world.call(2);
    world.pass_ms(10_000);
    world.ready(1, &[]);
    world.ready(2, &[]);
    assert_eq!(world.offered_calls(), [first, second]);
}

#[test]
fn needs_go_on_softening_while_an_agent_is_being_offered() {
    let mut world = World::with_queue(|q| q.ring_ms = 30_000);
    world.ready(1, &[("billing", 9)]);
    world.call_with(1, |wish| wish.needs = vec![need("billing", 7, &[(20, 2)])]);
    world.ready(2, &[("billing", 2)]);
    world.pass_ms(25_000);
    let offer = world.last_offer().offer;
    world.tell(strowger_acd::AcdInput::OfferFailed {
        offer,
        cause: strowger_model::Cause::NoAnswer,
    });
    assert_eq!(world.offered_agents(), [agent(1), agent(2)]);
}
