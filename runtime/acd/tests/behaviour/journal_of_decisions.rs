//! Why did this caller reach that agent? The journal answers.

use crate::support::{World, agent};
use strowger_acd::{Decision, Look, RouterTrigger};

#[test]
fn trigger_candidates_and_choice_are_kept() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    world.pass_ms(3_000);
    world.ready(2, &[]);
    let call = world.call(1);
    let [decision] = &world.decisions[..] else {
        panic!("one decision: {:?}", world.decisions);
    };
    assert_eq!(decision.trigger, RouterTrigger::ContactWaiting(1));
    assert_eq!((decision.at, decision.fuel), (world.now, 10));
    let [Look::Agents { contact: 1, order, skip: 0, found }] = &decision.looks[..] else {
        panic!("one look: {:?}", decision.looks);
    };
    assert_eq!((order.as_str(), found[0].idle_ms), ("longest-idle", 3_000));
    assert_eq!((decision.assignments[0].call, decision.assignments[0].agent), (call, agent(1)));

    let json = serde_json::to_string(decision).unwrap();
    assert_eq!(&serde_json::from_str::<Decision>(&json).unwrap(), decision);
}

#[test]
fn a_talkative_router_is_cut_short_in_the_journal_only() {
    let mut world = World::with_queue(|_| {});
    world.router = |host, trigger| {
        for _ in 0..100 {
            host.contact_fact(1, "from");
        }
        crate::support::longest_idle(host, trigger)
    };
    world.ready(1, &[]);
    world.call(1);
    let decision = &world.decisions[0];
    assert_eq!((decision.looks.len(), decision.looks_dropped), (64, 37));
    assert_eq!(world.offers.len(), 1);
}

#[test]
fn each_decision_draws_its_own_seed_and_the_same_start_draws_the_same() {
    let seeds = || {
        let mut world = World::with_queue(|_| {});
        for n in 1..=3 {
            world.ready(n, &[]);
            world.call(n);
        }
        world.decisions.iter().map(|decision| decision.seed).collect::<Vec<_>>()
    };
    let first = seeds();
    assert_eq!(first.len(), 3);
    assert!(first[0] != first[1] && first[1] != first[2]);
    assert_eq!(first, seeds());
}
