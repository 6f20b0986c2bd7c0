//! Who has been ready for the longest time comes first, and what keeps or loses
//! that place.

use crate::support::{World, agent};
use strowger_acd::AcdInput;

fn three_ready(world: &mut World) {
    for n in 1..=3 {
        world.ready(n, &[]);
        world.pass_ms(1_000);
    }
}

#[test]
fn agents_take_turns() {
    let mut world = World::with_queue(|_| {});
    three_ready(&mut world);
    for n in 1..=6 {
        world.call(n);
        let offer = world.answer();
        world.pass_ms(1_000);
        world.finish(&offer);
    }
    assert_eq!(world.offered_agents(), [1, 2, 3, 1, 2, 3].map(agent));
}

#[test]
fn an_offer_that_was_taken_back_does_not_cost_the_place() {
    let mut world = World::with_queue(|_| {});
    three_ready(&mut world);
    let call = world.call(1);
    world.tell(AcdInput::CallerGone { call });
    world.call(2);
    assert_eq!(world.offered_agents(), [agent(1), agent(1)]);
}

#[test]
fn a_break_costs_the_place() {
    let mut world = World::with_queue(|_| {});
    three_ready(&mut world);
    world.tell(AcdInput::SetNotReady { agent: agent(1), reason: "break".into() });
    world.pass_ms(1_000);
    world.tell(AcdInput::SetReady(agent(1)));
    for n in 1..=3 {
        world.call(n);
    }
    assert_eq!(world.offered_agents(), [2, 3, 1].map(agent));
}

#[test]
fn saying_ready_twice_changes_nothing() {
    let mut world = World::with_queue(|_| {});
    three_ready(&mut world);
    let changes = world.states.len();
    world.tell(AcdInput::SetReady(agent(1)));
    world.tell(AcdInput::SignIn(agent(1)));
    assert_eq!(world.states.len(), changes);
    world.call(1);
    assert_eq!(world.offered_agents(), [agent(1)]);
}

#[test]
fn least_served_counts_since_signing_in() {
    use strowger_acd::Distribution;
    let mut world = World::with_queue(|_| {});
    three_ready(&mut world);
    for n in 1..=2 {
        world.call(n);
        let offer = world.answer();
        world.finish(&offer);
    }
    world.router = crate::support::lazy;
    world.call(9);
    let served = |world: &mut World| -> Vec<(u64, u32)> {
        let found = world.acd.agents_for_contact(3, "least-served", 0, 9).unwrap();
        found.iter().map(|agent| (agent.id, agent.served)).collect()
    };
    assert_eq!(served(&mut world), [(3, 0), (1, 1), (2, 1)]);
    world.tell(AcdInput::SignOut(agent(1)));
    world.pass_ms(1);
    world.tell(AcdInput::SetReady(agent(1)));
    assert_eq!(served(&mut world), [(3, 0), (1, 0), (2, 1)]);
}
