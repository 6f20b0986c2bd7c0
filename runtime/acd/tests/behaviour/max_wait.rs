//! The longest wait: the shorter of what queue and contact allow.

use crate::support::World;
use strowger_acd::AcdInput;
use strowger_model::{Cause, ContactOutcome};

#[test]
fn the_shorter_limit_counts() {
    for (queue_ms, contact_ms, expected_ms) in
        [(5_000, 0, 5_000), (0, 4_000, 4_000), (5_000, 9_000, 5_000)]
    {
        let mut world = World::with_queue(|q| q.max_wait_ms = queue_ms);
        let call = world.call_with(1, |wish| wish.max_wait_ms = contact_ms);
        world.pass_ms(expected_ms - 1);
        assert_eq!(world.outcome(call), None);
        world.pass_ms(1);
        assert_eq!(world.outcome(call), Some(ContactOutcome::TimedOut));
        assert_eq!(world.ended[&call][0].waited_ms, expected_ms);
    }
}

#[test]
fn a_phone_that_rings_gets_its_chance() {
    let mut world = World::with_queue(|q| q.max_wait_ms = 5_000);
    let call = world.call(1);
    world.pass_ms(4_000);
    world.ready(1, &[]);
    world.pass_ms(4_000);
    assert_eq!(world.outcome(call), None);
    world.answer();
    assert_eq!(world.outcome(call), Some(ContactOutcome::Served));
}

#[test]
fn once_that_chance_is_gone_the_wait_is_over() {
    let mut world = World::with_queue(|q| q.max_wait_ms = 5_000);
    let call = world.call(1);
    world.ready(1, &[]);
    world.ready(2, &[]);
    world.pass_ms(6_000);
    let offer = world.last_offer().offer;
    world.tell(AcdInput::OfferFailed { offer, cause: Cause::NoAnswer });
    assert_eq!(world.outcome(call), Some(ContactOutcome::TimedOut));
    assert_eq!(world.offers.len(), 1);
}
