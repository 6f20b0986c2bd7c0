//! After a restart contacts keep their places and agents what they were doing.

use crate::support::{World, call};
use strowger_acd::AcdInput;
use strowger_model::{AgentState, ContactOutcome, Timestamp};

fn earlier(world: &World, ms: u64) -> Timestamp {
    Timestamp(world.now.0 - ms)
}

#[test]
fn contacts_that_come_back_in_any_order_are_served_in_the_old_one() {
    let mut world = World::with_queue(|_| {});
    for (n, waited_ms) in [(1, 20_000), (2, 50_000), (3, 5_000), (4, 35_000)] {
        let since = earlier(&world, waited_ms);
        world.call_with(n, |wish| wish.since = Some(since));
    }
    world.call(5);
    for n in 1..=5 {
        world.ready(n, &[]);
        world.answer();
    }
    assert_eq!(world.offered_calls(), [2, 4, 1, 3, 5].map(call));
    assert_eq!(world.ended[&call(2)][0].waited_ms, 50_000);
}

#[test]
fn the_longest_wait_counts_from_the_first_day() {
    let mut world = World::with_queue(|queue| queue.max_wait_ms = 60_000);
    let since = earlier(&world, 50_000);
    let waits = world.call_with(1, |wish| wish.since = Some(since));
    world.pass_ms(9_999);
    assert_eq!(world.outcome(waits), None);
    world.pass_ms(1);
    assert_eq!(world.outcome(waits), Some(ContactOutcome::TimedOut));
}

#[test]
fn a_place_in_the_future_is_none() {
    let mut world = World::with_queue(|_| {});
    let since = world.now.plus_ms(60_000);
    let waits = world.call_with(1, |wish| wish.since = Some(since));
    world.ready(1, &[]);
    world.answer();
    assert_eq!(world.ended[&waits][0].waited_ms, 0);
}

#[test]
fn whoever_talks_is_busy_and_wraps_up_after() {
    let mut world = World::with_queue(|queue| queue.wrap_up_ms = 10_000);
    let agent = world.hire(1, &[]);
    let since = earlier(&world, 30_000);
    world.tell(AcdInput::AgentWas { agent, state: AgentState::Talking, since });
    let queue = "sales".to_owned();
    world.tell(AcdInput::Talking { agent, call: call(9), queue, since });
    world.call(1);
    assert_eq!(world.offers.len(), 0, "the agent talks");
    world.tell(AcdInput::TalkEnded { agent, call: call(9), talk_ms: 31_000 });
    assert_eq!(world.states.last(), Some(&(agent, AgentState::WrapUp)));
    world.pass_ms(10_000);
    assert_eq!(world.offers.len(), 1);
}

#[test]
fn agents_are_what_they_were() {
    let mut world = World::with_queue(|queue| queue.wrap_up_ms = 10_000);
    let since = earlier(&world, 4_000);
    let was = [
        (AgentState::SignedOut, AgentState::SignedOut),
        (AgentState::NotReady("lunch".into()), AgentState::NotReady("lunch".into())),
        (AgentState::Ready, AgentState::Ready),
        (AgentState::Ringing, AgentState::Ready),
        (AgentState::WrapUp, AgentState::WrapUp),
    ];
    for (n, (state, expected)) in (1..).zip(was) {
        let agent = world.hire(n, &[]);
        world.tell(AcdInput::AgentWas { agent, state, since });
        let shown = world.acd.agents().find(|view| view.agent == agent).unwrap();
        assert_eq!(shown.state, expected);
    }
    world.pass_ms(6_000);
    assert_eq!(world.states.last().unwrap().1, AgentState::Ready, "wrap-up goes on from then");
}

#[test]
fn a_conversation_for_a_queue_that_is_gone_ends_like_any() {
    let mut world = World::with_queue(|_| {});
    let agent = world.hire(1, &[]);
    let since = earlier(&world, 1_000);
    world.tell(AcdInput::AgentWas { agent, state: AgentState::Talking, since });
    world.tell(AcdInput::Talking { agent, call: call(9), queue: "gone".into(), since });
    world.tell(AcdInput::CallerGone { call: call(9) });
    assert_eq!(world.states.last(), Some(&(agent, AgentState::Ready)));
}
