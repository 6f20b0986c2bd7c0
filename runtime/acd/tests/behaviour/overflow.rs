//! A full queue turns calls away; what leaves makes room.

use crate::support::World;
use strowger_acd::AcdInput;
use strowger_model::ContactOutcome;

#[test]
fn the_contact_beyond_the_limit_overflows() {
    let mut world = World::with_queue(|q| q.max_waiting = 2);
    let first = world.call(1);
    world.call(2);
    let third = world.call(3);
    assert_eq!(world.outcome(third), Some(ContactOutcome::Overflowed));
    assert_eq!(world.outcome(first), None);
    world.tell(AcdInput::Leave { call: first });
    let fourth = world.call(4);
    assert_eq!(world.outcome(fourth), None);
}

#[test]
fn a_contact_whose_agent_is_ringing_still_takes_room() {
    let mut world = World::with_queue(|q| q.max_waiting = 1);
    world.ready(1, &[]);
    world.call(1);
    let second = world.call(2);
    assert_eq!(world.outcome(second), Some(ContactOutcome::Overflowed));
    world.answer();
    let third = world.call(3);
    assert_eq!(world.outcome(third), None);
}

#[test]
fn a_queue_that_does_not_exist_fails_with_a_reason() {
    let mut world = World::new();
    let call = world.call(1);
    let end = &world.ended[&call][0];
    assert_eq!(end.outcome, ContactOutcome::Failed);
    assert!(end.reason.contains("\"sales\""), "{}", end.reason);
}
