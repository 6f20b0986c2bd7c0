//! An agent who does not answer.

use crate::support::{World, agent, not_ready};
use strowger_acd::{AcdInput, AfterNoAnswer};
use strowger_model::{AgentState, Cause};

#[test]
fn the_agent_is_not_ready_and_the_contact_goes_to_the_next() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    world.pass_ms(1);
    world.ready(2, &[]);
    let call = world.call(1);
    let offer = world.last_offer().offer;
    world.tell(AcdInput::OfferRinging { offer });
    world.tell(AcdInput::OfferFailed { offer, cause: Cause::NoAnswer });
    assert_eq!(world.state(agent(1)), not_ready("no_answer"));
    assert_eq!(world.offered_agents(), [agent(1), agent(2)]);
    world.answer();
    assert_eq!(world.ended[&call][0].offers, 1);
    assert!(world.withdrawn.is_empty(), "a leg that has ended is not taken back");
}

#[test]
fn a_queue_may_keep_such_an_agent_ready_at_the_end_of_the_line() {
    let mut world = World::with_queue(|q| q.after_no_answer = AfterNoAnswer::Ready);
    world.ready(1, &[]);
    world.pass_ms(1);
    world.ready(2, &[]);
    world.pass_ms(1);
    world.call(1);
    let offer = world.last_offer().offer;
    world.tell(AcdInput::OfferFailed { offer, cause: Cause::NoAnswer });
    let states = [world.state(agent(1)), world.state(agent(2))];
    assert!(states.contains(&AgentState::Ready) && states.contains(&AgentState::Reserved));
}

#[test]
fn other_failures_name_themselves() {
    for (cause, reason) in [
        (Cause::Busy, "busy"),
        (Cause::Rejected, "rejected"),
        (Cause::Unreachable, "phone_gone"),
        (Cause::NotFound, "phone_gone"),
    ] {
        let mut world = World::with_queue(|q| q.after_no_answer = AfterNoAnswer::Ready);
        world.ready(1, &[]);
        world.call(1);
        let offer = world.last_offer().offer;
        world.tell(AcdInput::OfferFailed { offer, cause });
        assert_eq!(world.state(agent(1)), not_ready(reason), "{cause}");
    }
}

#[test]
fn a_leg_cancelled_by_the_call_is_not_the_agents_fault() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    let call = world.call(1);
    let offer = world.last_offer().offer;
    world.router = crate::support::lazy;
    world.tell(AcdInput::OfferFailed { offer, cause: Cause::Cancelled });
    world.tell(AcdInput::CallerGone { call });
    assert_eq!(world.state(agent(1)), AgentState::Ready);
}

#[test]
fn something_that_fails_over_and_over_comes_to_an_end() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    let call = world.call(1);
    while world.outcome(call).is_none() {
        let offer = world.last_offer().offer;
        world.tell(AcdInput::OfferFailed { offer, cause: Cause::Cancelled });
        assert!(world.offers.len() <= 1_000);
    }
    assert_eq!(world.outcome(call), Some(strowger_model::ContactOutcome::Failed));
}
