//! Equal contacts are served in the order of their arrival, whatever happens
//! between arrival and the moment an agent becomes free.

use crate::support::{World, done, lazy};
use strowger_acd::{AcdInput, Distribution};

#[test]
fn first_come_first_served() {
    let mut world = World::with_queue(|_| {});
    let calls: Vec<_> = (1..=5).map(|n| world.call(n)).collect();
    let agent = world.ready(1, &[]);
    for _ in 1..5 {
        let offer = world.answer();
        world.finish(&offer);
    }
    assert_eq!(world.offered_calls(), calls);
    assert_eq!(world.offered_agents(), vec![agent; 5]);
}

#[test]
fn calls_that_arrive_in_the_same_millisecond_keep_their_order() {
    let mut world = World::with_queue(|q| q.ageing_per_minute = 5);
    let calls: Vec<_> = (1..=50).rev().map(|n| world.call(n)).collect();
    let agent = world.hire(1, &[]);
    world.router = lazy;
    world.tell(AcdInput::SetReady(agent));
    for order in ["arrival", "priority", "aged-priority"] {
        let shown: Vec<_> = world.shown(agent, order).iter().map(|c| c.id).collect();
        assert_eq!(shown, (1..=50).collect::<Vec<_>>(), "{order}");
    }
    drop(calls);
}

#[test]
fn a_clock_that_is_set_back_does_not_let_newcomers_pass() {
    let mut world = World::with_queue(|_| {});
    let first = world.call(1);
    world.now = strowger_model::Timestamp(world.now.0 - 60_000);
    let _second = world.call(2);
    world.ready(1, &[]);
    assert_eq!(world.offered_calls(), [first]);
}

#[test]
fn a_newcomer_does_not_take_the_agent_who_frees_up_at_the_same_time() {
    let mut world = World::with_queue(|_| {});
    let free = world.ready(1, &[]);
    let talked = world.call(1);
    let talk = world.answer();
    let waits = world.call(2);
    // A router is at work for an agent who serves something else, so that what
    // happens next is decided together.
    world.queue("other", |_| {});
    world.answers = false;
    world.ready(2, &[]);
    let (ask, ..) = *world.asked.last().unwrap();
    world.call(3);
    world.tell(AcdInput::TalkEnded { agent: free, call: talked, talk_ms: 1 });
    world.answers = true;
    let second = world.number(crate::support::agent(2));
    world.acd.assign(2, second).unwrap();
    world.tell(done(ask, None));
    assert_eq!(world.offered_calls()[1..], [waits, crate::support::call(3)]);
    drop(talk);
}

#[test]
fn a_contact_whose_offer_failed_is_back_before_those_who_came_later() {
    let mut world = World::with_queue(|_| {});
    let first = world.call(1);
    let second = world.call(2);
    world.ready(1, &[]);
    let offer = world.last_offer();
    world
        .tell(AcdInput::OfferFailed { offer: offer.offer, cause: strowger_model::Cause::NoAnswer });
    world.ready(2, &[]);
    world.ready(3, &[]);
    assert_eq!(world.offered_calls(), [first, first, second]);
}
