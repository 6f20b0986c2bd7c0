//! Queues and agents change while calls wait and agents talk.

use crate::support::{World, agent, call, lazy, need, queue_id};
use strowger_acd::{AcdInput, Members, QueueConfig};
use strowger_model::{AgentState, ContactOutcome};

fn change(world: &mut World, edit: impl FnOnce(&mut QueueConfig)) {
    world.queue("sales", edit);
}

#[test]
fn a_new_skill_reaches_those_who_wait() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    world.call_with(1, |wish| wish.needs = vec![need("german", 1, &[])]);
    assert!(world.offers.is_empty());
    world.hire(1, &[("german", 1)]);
    assert_eq!(world.offered_agents(), [agent(1)]);
}

#[test]
fn needs_and_members_of_a_queue_apply_to_those_who_wait() {
    let mut world = World::with_queue(|q| q.needs = vec![need("german", 1, &[])]);
    world.ready(1, &[]);
    world.call(1);
    change(&mut world, |q| q.members = Members::Only([agent(2)].into()));
    assert!(world.offers.is_empty());
    change(&mut world, |q| q.members = Members::Only([agent(1)].into()));
    assert_eq!(world.offered_agents(), [agent(1)]);
    change(&mut world, |q| q.needs = vec![need("german", 1, &[])]);
    world.answer();
    assert_eq!(world.outcome(call(1)), Some(ContactOutcome::Served));
}

#[test]
fn a_new_rate_of_ageing_sorts_anew() {
    let mut world = World::with_queue(|_| {});
    world.router = lazy;
    world.call(1);
    world.pass_ms(60_000);
    world.call_with(2, |wish| wish.priority = 3);
    world.ready(1, &[]);
    let ids = |world: &mut World| -> Vec<u64> {
        world.shown(agent(1), "aged-priority").iter().map(|contact| contact.id).collect()
    };
    assert_eq!(ids(&mut world), [2, 1]);
    change(&mut world, |q| q.ageing_per_minute = 4);
    assert_eq!(ids(&mut world), [1, 2]);
    assert_eq!(world.acd.place(call(1)).unwrap().0, 1);
}

#[test]
fn a_removed_queue_ends_its_contacts_and_offers() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    world.call(1);
    world.call(2);
    world.tell(AcdInput::QueueRemove(queue_id("sales")));
    assert_eq!(world.outcome(call(1)), Some(ContactOutcome::Failed));
    assert_eq!(world.outcome(call(2)), Some(ContactOutcome::Failed));
    assert_eq!(world.withdrawn.len(), 1);
    assert_eq!(world.state(agent(1)), AgentState::Ready);
    let late = world.call(3);
    assert_eq!(world.outcome(late), Some(ContactOutcome::Failed));
}

#[test]
fn a_renamed_queue_is_found_under_its_new_name_only() {
    let mut world = World::with_queue(|_| {});
    change(&mut world, |q| q.name = "orders".into());
    let old = world.call(1);
    let new = world.call_with(2, |wish| wish.queue = "orders".into());
    assert_eq!(world.outcome(old), Some(ContactOutcome::Failed));
    assert_eq!(world.outcome(new), None);
}

#[test]
fn a_removed_agent_finishes_the_conversation_first() {
    let mut world = World::with_queue(|q| q.wrap_up_ms = 60_000);
    let id = world.ready(1, &[]);
    world.call(1);
    let offer = world.answer();
    world.tell(AcdInput::AgentRemove(id));
    assert_eq!(world.state(id), AgentState::Talking);
    world.tell(AcdInput::SetReady(id));
    world.finish(&offer);
    assert_eq!(world.acd.agent_state(id), None);
    assert_eq!(world.states.last().unwrap(), &(id, AgentState::SignedOut));
}

#[test]
fn a_removed_agent_who_is_ringing_loses_the_offer() {
    let mut world = World::with_queue(|_| {});
    let id = world.ready(1, &[]);
    world.call(1);
    world.tell(AcdInput::AgentRemove(id));
    assert_eq!(world.acd.agent_state(id), None);
    world.ready(2, &[]);
    assert_eq!(world.offered_agents(), [agent(1), agent(2)]);
}

#[test]
fn a_configuration_that_is_told_again_asks_nobody() {
    let mut world = World::with_queue(|q| q.members = Members::Only([agent(1)].into()));
    world.router = lazy;
    world.ready(1, &[("german", 1)]);
    world.call(1);
    let asked = world.asked.len();
    change(&mut world, |q| q.members = Members::Only([agent(1)].into()));
    world.hire(1, &[("german", 1)]);
    assert_eq!(world.asked.len(), asked);
    change(&mut world, |q| q.members = Members::All);
    assert_eq!(world.asked.len(), asked + 1);
}
