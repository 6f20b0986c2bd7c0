//! Higher priority first, then arrival; a router may ask for plain arrival.

use crate::support::{World, lazy};

fn ids(world: &mut World, order: &str) -> Vec<u64> {
    let agent = crate::support::agent(1);
    world.shown(agent, order).iter().map(|contact| contact.id).collect()
}

#[test]
fn higher_priority_goes_first_and_equals_keep_their_order() {
    let mut world = World::with_queue(|_| {});
    world.router = lazy;
    for (n, priority) in [(1, 0), (2, 5), (3, -5), (4, 5), (5, 0)] {
        world.call_with(n, |wish| wish.priority = priority);
        world.pass_ms(10);
    }
    world.ready(1, &[]);
    assert_eq!(ids(&mut world, "priority"), [2, 4, 1, 5, 3]);
    assert_eq!(ids(&mut world, "aged-priority"), [2, 4, 1, 5, 3]);
    assert_eq!(ids(&mut world, "arrival"), [1, 2, 3, 4, 5]);
}

#[test]
fn priority_counts_across_queues() {
    let mut world = World::with_queue(|_| {});
    world.queue("vip", |_| {});
    world.router = lazy;
    world.call(1);
    world.call_with(2, |wish| {
        wish.queue = "vip".into();
        wish.priority = 1;
    });
    world.ready(1, &[]);
    assert_eq!(ids(&mut world, "priority"), [2, 1]);
    assert_eq!(ids(&mut world, "arrival"), [1, 2]);
}

#[test]
fn priority_beyond_the_limits_counts_as_the_limit() {
    let mut world = World::with_queue(|_| {});
    world.router = lazy;
    world.call_with(1, |wish| wish.priority = 100);
    world.call_with(2, |wish| wish.priority = i32::MAX);
    world.call_with(3, |wish| wish.priority = i32::MIN);
    world.ready(1, &[]);
    let shown = world.shown(crate::support::agent(1), "priority");
    let seen: Vec<_> = shown.iter().map(|contact| (contact.id, contact.priority)).collect();
    assert_eq!(seen, [(1, 100), (2, 100), (3, -100)]);
}
