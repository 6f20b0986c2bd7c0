//! Callers are told where they stand: at once, then when it has changed.

use crate::support::{World, call};
use strowger_acd::AcdInput;

#[test]
fn places_are_told_on_arrival_and_after_a_move_only_to_those_who_moved() {
    let mut world = World::with_queue(|_| {});
    for n in 1..=4 {
        world.call(n);
    }
    let told: Vec<_> = world.places.iter().map(|(call, place, _)| (*call, *place)).collect();
    assert_eq!(told, [1, 2, 3, 4].map(|n| (call(n), n as u32)));
    world.places.clear();
    world.tell(AcdInput::Leave { call: call(2) });
    assert!(world.places.is_empty(), "moves are told together, after a while");
    world.pass_ms(2_000);
    let told: Vec<_> = world.places.iter().map(|(call, place, _)| (*call, *place)).collect();
    assert_eq!(told, [(call(3), 2), (call(4), 3)]);
    assert_eq!(world.acd.next_timeout(), None, "a queue that stands still costs nothing");
}

#[test]
fn who_leaves_from_the_end_moves_nobody() {
    let mut world = World::with_queue(|_| {});
    world.call(1);
    world.call(2);
    world.tell(AcdInput::Leave { call: call(2) });
    assert_eq!(world.acd.next_timeout(), None);
}

#[test]
fn a_higher_priority_pushes_others_back() {
    let mut world = World::with_queue(|_| {});
    world.call(1);
    world.call_with(2, |wish| wish.priority = 1);
    world.pass_ms(2_000);
    let told: Vec<_> = world.places.iter().map(|(call, place, _)| (*call, *place)).collect();
    assert_eq!(told, [(call(1), 1), (call(2), 1), (call(1), 2)]);
    assert_eq!(world.acd.place(call(1)).unwrap().0, 2);
}

#[test]
fn long_queues_are_told_in_batches_until_everybody_knows() {
    let mut world = World::with_queue(|_| {});
    for n in 0..1_000 {
        world.call(n);
    }
    world.places.clear();
    world.tell(AcdInput::Leave { call: call(0) });
    world.pass_ms(2_000);
    assert_eq!(world.places.len(), 25);
    world.tell(AcdInput::Leave { call: call(1) });
    world.pass_ms(60_000);
    for n in 2..1_000_u128 {
        let last = world.places.iter().rev().find(|(told, ..)| *told == call(n)).unwrap();
        assert_eq!(u128::from(last.1), n - 1, "call {n}");
    }
    assert_eq!(world.acd.next_timeout(), None);
}
