//! Waiting is worth points: per minute, at each queue's own rate.

use crate::support::{World, lazy};

fn ids(world: &mut World) -> Vec<u64> {
    let agent = crate::support::agent(1);
    world.shown(agent, "aged-priority").iter().map(|contact| contact.id).collect()
}

#[test]
fn who_has_waited_long_enough_passes_a_higher_priority() {
    for (wait_ms, expected) in [(119_999, [2, 1]), (120_001, [1, 2])] {
        let mut world = World::with_queue(|q| q.ageing_per_minute = 5);
        world.router = lazy;
        world.call(1);
        world.pass_ms(wait_ms);
        world.call_with(2, |wish| wish.priority = 10);
        world.ready(1, &[]);
        assert_eq!(ids(&mut world), expected);
        world.pass_ms(3_600_000);
        assert_eq!(ids(&mut world), expected, "within a queue the order never changes");
    }
}

#[test]
fn queues_that_age_faster_overtake_as_time_passes() {
    let mut world = World::with_queue(|q| q.ageing_per_minute = 1);
    world.queue("urgent", |q| q.ageing_per_minute = 10);
    world.router = lazy;
    world.call_with(1, |wish| wish.priority = 9);
    world.call_with(2, |wish| wish.queue = "urgent".into());
    world.ready(1, &[]);
    world.pass_ms(59_000);
    assert_eq!(ids(&mut world), [1, 2]);
    world.pass_ms(2_000);
    assert_eq!(ids(&mut world), [2, 1]);
}
