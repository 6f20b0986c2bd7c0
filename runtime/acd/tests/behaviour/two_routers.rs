//! Contacts of one tenant are decided about by several routers: each contact by
//! one and the same from the beginning to the end.

use crate::support::{World, agent, all, call, lazy, longest_idle, need, split, version};
use strowger_acd::{Distribution, RouterChoice, RouterTrigger};
use strowger_model::{ContactOutcome, tries_canary};

/// `sales` with version 1, `help` with version 2; both age alike.
fn two_queues() -> World {
    let mut world = World::with_queue(|queue| queue.router = all(version(1)));
    world.queue("help", |queue| queue.router = all(version(2)));
    world
}

fn for_help(world: &mut World, n: u128, priority: i32) {
    world.call_with(n, |wish| {
        wish.queue = "help".into();
        wish.priority = priority;
    });
}

fn asked(world: &World) -> Vec<(RouterChoice, RouterTrigger)> {
    world.asked.iter().map(|(_, router, trigger)| (router.clone(), trigger.clone())).collect()
}

#[test]
fn a_contact_is_decided_about_by_the_router_of_its_queue() {
    let mut world = two_queues();
    world.ready(1, &[]);
    world.pass_ms(1);
    world.ready(2, &[]);
    for_help(&mut world, 1, 0);
    world.call(2);
    let waiting = RouterTrigger::ContactWaiting;
    assert_eq!(asked(&world), [(version(2), waiting(1)), (version(1), waiting(2))]);
    let decided: Vec<_> = world.decisions.iter().map(|decision| decision.router.clone()).collect();
    assert_eq!(decided, [version(2), version(1)]);
    assert_eq!(world.offered_agents(), [agent(1), agent(2)]);
}

#[test]
fn a_split_gives_a_call_the_router_that_its_hash_says_and_says_so_at_the_end() {
    let mut world = World::with_queue(|queue| queue.router = split(&version(1), 2, 30));
    for n in 0..100 {
        world.call(n);
    }
    // Back after a restart, later and in another order: the same ones.
    let mut again = World::with_queue(|queue| queue.router = split(&version(1), 2, 30));
    again.pass_ms(60_000);
    for n in (0..100).rev() {
        again.call(n);
    }
    let mut tried = 0;
    for n in 0..100 {
        let expected = if tries_canary(call(n), 30) { version(2) } else { version(1) };
        tried += usize::from(expected == version(2));
        for world in [&mut world, &mut again] {
            world.tell(strowger_acd::AcdInput::CallerGone { call: call(n) });
            assert_eq!(world.ended[&call(n)][0].router.as_ref(), Some(&expected));
        }
    }
    assert!((15..=45).contains(&tried), "{tried}");
}

#[test]
fn a_contact_keeps_its_router_when_the_queue_gets_another_one() {
    let mut world = World::with_queue(|queue| queue.router = all(version(1)));
    let first = world.call(1);
    world.queue("sales", |queue| queue.router = all(version(2)));
    world.call(2);
    world.ready(1, &[]);
    assert_eq!(world.offered_calls(), [first]);
    assert_eq!(world.decisions[0].router, version(1));
    world.ready(2, &[]);
    assert_eq!(world.decisions[1].router, version(2));
}

#[test]
fn a_router_sees_the_contacts_of_no_other() {
    let mut world = two_queues();
    world.call(1);
    for_help(&mut world, 2, 5);
    world.call(3);
    let prying = |host: &mut dyn Distribution, trigger: &RouterTrigger| {
        let RouterTrigger::AgentReady(agent) = *trigger else { return Ok(()) };
        for order in ["arrival", "priority", "aged-priority"] {
            let shown = host.contacts_for_agent(agent, order, 0, 10)?;
            let shown: Vec<_> = shown.iter().map(|contact| contact.id).collect();
            assert_eq!(shown, [1, 3], "{order}");
        }
        assert_eq!(host.contact_fact(1, "to").as_deref(), Some("+441632960999"));
        assert_eq!(host.contact_fact(2, "to"), None);
        let not_waiting = Err("contact 2 is not waiting".to_owned());
        assert_eq!(host.assign(2, agent), not_waiting);
        assert_eq!(host.wake_in(2, 1_000), not_waiting);
        assert_eq!(host.agents_for_contact(2, "longest-idle", 0, 1).map(drop), not_waiting);
        Ok(())
    };
    world.routers.insert(version(1), prying);
    world.routers.insert(version(2), lazy);
    world.ready(1, &[]);
    assert_eq!(world.asked.len(), 2, "both were asked about the agent");
    // Outside of a decision everybody is there.
    assert_eq!(world.shown(agent(1), "priority").len(), 3);
}

#[test]
fn about_an_agent_the_router_of_the_best_contact_is_asked_first() {
    for (priority, first) in [(5, 2), (-5, 1)] {
        let mut world = two_queues();
        world.call(1);
        for_help(&mut world, 2, priority);
        world.ready(1, &[]);
        assert_eq!(world.asked.len(), 1, "the first one took the agent");
        assert_eq!(world.asked[0].1, version(first));
    }
}

#[test]
fn who_has_waited_long_enough_passes_a_higher_priority_of_another_router() {
    for (waited_ms, first) in [(59_000, 2), (61_000, 1)] {
        let mut world = World::with_queue(|queue| {
            queue.router = all(version(1));
            queue.ageing_per_minute = 5;
        });
        world.queue("help", |queue| queue.router = all(version(2)));
        world.call(1);
        world.pass_ms(waited_ms);
        for_help(&mut world, 2, 5);
        world.ready(1, &[]);
        assert_eq!(world.asked[0].1, version(first), "after {waited_ms} ms");
    }
}

#[test]
fn an_agent_whom_the_first_router_leaves_is_offered_to_the_others() {
    let mut world = two_queues();
    world.queue("third", |queue| queue.router = all(version(3)));
    world.routers.insert(version(1), lazy);
    world.call(1);
    for_help(&mut world, 2, -1);
    world.call_with(3, |wish| {
        wish.queue = "third".into();
        wish.priority = -2;
        // Nobody here can: its router is not troubled.
        wish.needs = vec![need("french", 1, &[])];
    });
    let free = world.ready(1, &[]);
    let number = world.number(free);
    let ready = RouterTrigger::AgentReady(number);
    assert_eq!(asked(&world), [(version(1), ready.clone()), (version(2), ready)]);
    assert_eq!(world.offered_calls(), [call(2)]);
}

#[test]
fn a_failed_router_is_followed_by_the_stock_router_then_by_the_others() {
    let mut world = two_queues();
    world.routers.insert(version(1), |_, _| Err("trap".into()));
    world.call_with(1, |wish| wish.needs = vec![need("french", 1, &[])]);
    world.call(2);
    for_help(&mut world, 3, -1);
    // The stock router decides about the contacts of the router that failed.
    world.ready(1, &[]);
    let routers: Vec<_> = asked(&world).into_iter().map(|(router, _)| router).collect();
    assert_eq!(routers, [version(1), RouterChoice::Stock]);
    assert_eq!(world.offered_calls(), [call(2)]);
    // Next time it is asked again, and the other one where nothing is left for it.
    world.ready(2, &[]);
    assert_eq!(world.offered_calls(), [call(2), call(3)]);
    assert_eq!(world.asked.last().unwrap().1, version(2));
    let fault = &world.decisions[0];
    assert_eq!(
        (fault.fault.as_deref(), fault.fault_kind.as_deref()),
        (Some("trap"), Some("returned"))
    );
}

#[test]
fn nobody_starves_beside_a_router_that_takes_no_agent() {
    let mut world = two_queues();
    world.routers.insert(version(1), lazy);
    for n in 0..5 {
        world.call(n);
    }
    for n in 5..10 {
        for_help(&mut world, n, 0);
    }
    for n in 1..=5 {
        world.ready(n, &[]);
    }
    assert_eq!(world.offered_calls(), [5, 6, 7, 8, 9].map(call));
    for _ in 0..5 {
        let offer = world.offers.remove(0);
        world.tell(strowger_acd::AcdInput::OfferAnswered { offer: offer.offer });
        world.finish(&offer);
    }
    assert!(world.offers.is_empty(), "the lazy one's contacts wait beside free agents");
    // It is asked again and again, and takes them once it wants to.
    world.routers.insert(version(1), longest_idle);
    world.pass_ms(10_000);
    assert_eq!(world.offered_calls(), [0, 1, 2, 3, 4].map(call));
}

#[test]
fn a_wake_goes_to_the_router_that_asked_for_it() {
    let mut world = two_queues();
    world.routers.insert(version(1), |host, trigger| match trigger {
        RouterTrigger::ContactWaiting(contact) => host.wake_in(*contact, 2_000),
        _ => longest_idle(host, trigger),
    });
    world.routers.insert(version(2), lazy);
    world.ready(1, &[]);
    world.call(1);
    for_help(&mut world, 2, 5);
    world.pass_ms(2_000);
    assert_eq!(asked(&world).last(), Some(&(version(1), RouterTrigger::Wake(1))));
    assert_eq!(world.offered_calls(), [call(1)]);
}

#[test]
fn a_contact_that_comes_back_from_an_agent_keeps_its_router() {
    let mut world = World::with_queue(|queue| queue.router = split(&version(1), 2, 50));
    let tries = (0..).find(|n| tries_canary(call(*n), 50)).unwrap();
    world.call(tries);
    world.ready(1, &[]);
    let offer = world.last_offer().offer;
    let cause = strowger_model::Cause::NoAnswer;
    world.tell(strowger_acd::AcdInput::OfferFailed { offer, cause });
    world.ready(2, &[]);
    let routers: Vec<_> = asked(&world).into_iter().map(|(router, _)| router).collect();
    assert_eq!(routers, [version(2), version(2)]);
    world.answer();
    assert_eq!(world.outcome(call(tries)), Some(ContactOutcome::Served));
    assert_eq!(world.acd.routers().count(), 0);
}
