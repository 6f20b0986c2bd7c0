//! Who lacks a skill, its level or the membership is never shown and never given
//! a contact.

use crate::support::{World, agent, lazy, need, queue_id};
use strowger_acd::{Distribution, Members};

#[test]
fn every_need_of_queue_and_contact_must_be_met() {
    let mut world = World::with_queue(|q| q.needs = vec![need("german", 3, &[])]);
    world.ready(1, &[("german", 10)]);
    world.ready(2, &[("billing", 10)]);
    world.ready(3, &[("german", 2), ("billing", 10)]);
    world.ready(4, &[("german", 3), ("billing", 5)]);
    world.call_with(1, |wish| wish.needs = vec![need("billing", 5, &[])]);
    assert_eq!(world.offered_agents(), [agent(4)]);
}

#[test]
fn the_higher_of_two_levels_for_one_skill_counts() {
    let mut world = World::with_queue(|q| q.needs = vec![need("german", 3, &[])]);
    world.ready(1, &[("german", 6)]);
    world.ready(2, &[("german", 7)]);
    world.call_with(1, |wish| wish.needs = vec![need("german", 7, &[])]);
    assert_eq!(world.offered_agents(), [agent(2)]);
}

#[test]
fn only_members_serve_a_restricted_queue() {
    let mut world = World::with_queue(|q| q.members = Members::Only([agent(2)].into()));
    world.ready(1, &[]);
    world.call(1);
    assert!(world.offers.is_empty());
    world.ready(2, &[]);
    assert_eq!(world.offered_agents(), [agent(2)]);
}

#[test]
fn agents_come_by_the_sum_of_their_levels_if_asked_so() {
    let mut world = World::with_queue(|_| {});
    world.router = lazy;
    world.ready(1, &[("a", 5), ("b", 5)]);
    world.pass_ms(5);
    world.ready(2, &[("a", 9), ("b", 2), ("c", 10)]);
    world.pass_ms(5);
    world.ready(3, &[("a", 1), ("b", 10)]);
    world.pass_ms(5);
    world.ready(4, &[("a", 10)]);
    world.call_with(1, |wish| wish.needs = vec![need("a", 1, &[]), need("b", 1, &[])]);
    let found = world.acd.agents_for_contact(1, "highest-level", 0, 10).unwrap();
    let seen: Vec<_> = found.iter().map(|agent| (agent.id, agent.level)).collect();
    let expected = [(2, 11), (3, 11), (1, 10)].map(|(n, level)| (world.number(agent(n)), level));
    assert_eq!(seen, expected);
}

#[test]
fn facts_tell_needs_and_levels() {
    let mut world = World::with_queue(|q| q.needs = vec![need("german", 3, &[(10, 0)])]);
    world.ready(1, &[("german", 1)]);
    world.call_with(1, |wish| wish.needs = vec![need("billing", 5, &[])]);
    let number = world.number(agent(1));
    assert_eq!(world.acd.contact_fact(1, "need:german").as_deref(), Some("3"));
    assert_eq!(world.acd.contact_fact(1, "need:billing").as_deref(), Some("5"));
    assert_eq!(world.acd.agent_fact(number, "skill:german").as_deref(), Some("1"));
    assert_eq!(world.acd.agent_fact(number, "skill:billing"), None);
    world.pass_ms(10_000);
    assert_eq!(world.acd.contact_fact(1, "need:german"), None);
    assert_eq!(world.acd.queues().next().unwrap().queue, queue_id("sales"));
}
