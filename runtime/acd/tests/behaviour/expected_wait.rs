//! The expected wait follows from how fast the queue has been served.

use crate::support::{World, agent};
use strowger_acd::{AcdInput, Members};

#[test]
fn at_first_it_follows_from_the_staff() {
    let mut world = World::with_queue(|q| q.members = Members::Only([agent(1), agent(2)].into()));
    for n in 1..=3 {
        let id = world.ready(n, &[]);
        world.tell(AcdInput::SetNotReady { agent: id, reason: "meeting".into() });
    }
    world.call(1);
    world.call(2);
    let waits: Vec<_> = world.places.iter().map(|(_, _, wait)| *wait).collect();
    assert_eq!(waits, [90_000, 180_000], "two members of three agents share the calls");
    world.tell(AcdInput::SignOut(agent(1)));
    assert_eq!(world.acd.place(crate::support::call(1)), Some((1, 180_000)));
}

#[test]
fn then_from_the_intervals_between_answers() {
    let mut world = World::with_queue(|_| {});
    for n in 1..=5 {
        world.call(n);
    }
    world.ready(1, &[]);
    for _ in 0..3 {
        world.pass_ms(10_000);
        let offer = world.answer();
        world.finish(&offer);
    }
    assert_eq!(world.acd.place(crate::support::call(5)), Some((2, 20_000)));
}
