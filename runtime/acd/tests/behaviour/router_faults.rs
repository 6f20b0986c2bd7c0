//! A router that fails has done nothing, and the stock router decides.

use crate::support::{World, agent};
use strowger_acd::{Distribution, RouterChoice, RouterTrigger};

#[test]
fn choices_made_before_the_fault_are_undone() {
    let mut world = World::with_queue(|_| {});
    world.router = |host, trigger| {
        if let RouterTrigger::ContactWaiting(contact) = trigger {
            let found = host.agents_for_contact(*contact, "longest-idle", 0, 10)?;
            host.assign(*contact, found.last().map_or(0, |agent| agent.id))?;
        }
        Err("out of fuel".into())
    };
    world.ready(1, &[]);
    world.pass_ms(1);
    world.ready(2, &[]);
    let call = world.call(1);
    assert_eq!(world.offered_agents(), [agent(1)], "the stock router's choice, not the other's");
    assert_eq!(world.offered_calls(), [call]);
    let routers: Vec<_> = world.asked.iter().map(|(_, router, _)| router.clone()).collect();
    assert_eq!(routers, [RouterChoice::Tenant, RouterChoice::Stock]);
    assert_eq!(world.decisions[0].fault.as_deref(), Some("out of fuel"));
    assert!(world.decisions[0].assignments.is_empty());
    assert_eq!(world.decisions[1].assignments.len(), 1);
}

#[test]
fn the_next_decision_is_the_tenants_again() {
    let mut world = World::with_queue(|_| {});
    world.router = |_, _| Err("trap".into());
    world.ready(1, &[]);
    world.call(1);
    world.router = crate::support::longest_idle;
    world.ready(2, &[]);
    world.call(2);
    assert_eq!(world.asked.last().unwrap().1, RouterChoice::Tenant);
}

#[test]
fn if_the_stock_router_fails_too_it_is_tried_again_later() {
    let mut world = World::with_queue(|_| {});
    world.answers = false;
    world.ready(1, &[]);
    world.call(1);
    world.tell(crate::support::done(1, Some("trap".into())));
    world.tell(crate::support::done(2, Some("trap".into())));
    assert_eq!(world.asked.len(), 2);
    world.answers = true;
    world.pass_ms(5_000);
    assert_eq!(world.offers.len(), 1);
}

#[test]
fn nothing_is_assigned_outside_of_a_decision() {
    let mut world = World::with_queue(|_| {});
    world.call(1);
    world.hire(1, &[]);
    let number = world.number(agent(1));
    assert!(world.acd.assign(1, number).is_err());
}
