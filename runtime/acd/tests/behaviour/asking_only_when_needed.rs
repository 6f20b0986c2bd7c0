//! A router is asked only if there is something to decide.

use crate::support::{World, agent, lazy, need};
use strowger_acd::{AcdInput, RouterTrigger};

#[test]
fn a_thousand_waiting_with_nobody_free_cost_nothing() {
    let mut world = World::with_queue(|_| {});
    for n in 0..1_000 {
        world.call(n);
    }
    world.hire(1, &[]);
    world.pass_ms(3_600_000);
    assert!(world.asked.is_empty());
    assert_eq!(world.acd.next_timeout(), None, "nothing polls");
}

#[test]
fn nobody_with_the_skill_free_asks_nothing() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[("english", 5)]);
    world.call_with(1, |wish| wish.needs = vec![need("german", 1, &[])]);
    world.ready(2, &[("english", 5)]);
    assert!(world.asked.is_empty());
    world.ready(3, &[("german", 5)]);
    assert_eq!(world.asked.len(), 1);
    assert_eq!(world.offered_agents(), [agent(3)]);
}

#[test]
fn one_question_at_a_time_and_none_for_what_has_settled_meanwhile() {
    let mut world = World::with_queue(|_| {});
    world.answers = false;
    world.ready(1, &[]);
    for n in 1..=20 {
        world.call(n);
    }
    assert_eq!(world.asked.len(), 1);
    assert_eq!(world.asked[0].2, RouterTrigger::ContactWaiting(1));
    let number = world.number(agent(1));
    strowger_acd::Distribution::assign(&mut world.acd, 1, number).unwrap();
    world.tell(crate::support::done(1, None));
    assert_eq!(world.asked.len(), 1, "the only agent is taken: nothing is left to decide");
}

#[test]
fn a_wake_is_told_once_and_only_for_those_who_still_wait() {
    let mut world = World::with_queue(|_| {});
    world.router = |host, trigger| {
        if let RouterTrigger::ContactWaiting(contact) = trigger {
            host.wake_in(*contact, 2_000)?;
        }
        lazy(host, trigger)
    };
    world.ready(1, &[]);
    let gone = world.call(1);
    world.call(2);
    world.tell(AcdInput::Leave { call: gone });
    world.pass_ms(1_999);
    let wakes = |world: &World| {
        world.asked.iter().filter(|(_, _, t)| matches!(t, RouterTrigger::Wake(_))).count()
    };
    assert_eq!(wakes(&world), 0);
    world.pass_ms(1);
    assert_eq!(wakes(&world), 1);
    assert_eq!(world.asked.last().unwrap().2, RouterTrigger::Wake(2));
}
