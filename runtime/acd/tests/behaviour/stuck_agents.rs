//! Whatever is never reported, no agent stays reserved, ringing, talking, on
//! hold or in wrap-up.

use crate::support::{World, agent, not_ready};
use strowger_acd::AcdInput;
use strowger_model::AgentState;

const DAY_MS: u64 = 86_400_000;

fn is_free(state: &AgentState) -> bool {
    matches!(state, AgentState::Ready | AgentState::NotReady(_) | AgentState::SignedOut)
}

#[test]
fn an_offer_nobody_reports_on_expires_and_is_taken_back() {
    let mut world = World::with_queue(|q| q.ring_ms = 10_000);
    world.ready(1, &[]);
    world.call(1);
    let offer = world.last_offer().offer;
    world.pass_ms(14_999);
    assert_eq!(world.state(agent(1)), AgentState::Reserved);
    world.pass_ms(1);
    assert_eq!(world.state(agent(1)), not_ready("no_answer"));
    assert_eq!(world.withdrawn, [offer]);
}

#[test]
fn a_phone_that_rings_for_ever_is_given_up() {
    let mut world = World::with_queue(|q| q.ring_ms = 10_000);
    world.ready(1, &[]);
    world.call(1);
    world.pass_ms(3_000);
    let offer = world.last_offer().offer;
    world.tell(AcdInput::OfferRinging { offer });
    for _ in 0..14 {
        world.pass_ms(1_000);
        world.tell(AcdInput::OfferRinging { offer });
        assert_eq!(world.state(agent(1)), AgentState::Ringing);
    }
    world.pass_ms(1_000);
    assert_eq!(world.state(agent(1)), not_ready("no_answer"));
}

#[test]
fn silence_after_any_step_ends_by_itself() {
    for steps in 0..=4 {
        let mut world = World::with_queue(|q| q.wrap_up_ms = 30_000);
        let id = world.ready(1, &[]);
        let call = world.call(1);
        let offer = world.last_offer().offer;
        let script = [
            AcdInput::OfferRinging { offer },
            AcdInput::OfferAnswered { offer },
            AcdInput::Hold { agent: id, call },
            AcdInput::TalkEnded { agent: id, call, talk_ms: 1 },
        ];
        for input in script.into_iter().take(steps) {
            world.tell(input);
        }
        assert!(!is_free(&world.state(id)), "after {steps} steps the agent is busy");
        world.pass_ms(DAY_MS);
        assert!(is_free(&world.state(id)), "after {steps} steps: {:?}", world.state(id));
    }
}

#[test]
fn the_end_of_the_call_ends_everything_it_has_here() {
    for steps in 0..=3 {
        let mut world = World::with_queue(|_| {});
        let id = world.ready(1, &[]);
        let call = world.call(1);
        let offer = world.last_offer().offer;
        let script = [
            AcdInput::OfferRinging { offer },
            AcdInput::OfferAnswered { offer },
            AcdInput::Hold { agent: id, call },
        ];
        for input in script.into_iter().take(steps) {
            world.tell(input);
        }
        world.tell(AcdInput::CallerGone { call });
        assert_eq!(world.state(id), AgentState::Ready, "after {steps} steps");
        assert!(world.outcome(call).is_some());
    }
}

#[test]
fn a_router_that_never_answers_holds_nobody() {
    let mut world = World::with_queue(|_| {});
    world.answers = false;
    world.ready(1, &[]);
    let call = world.call(1);
    assert_eq!(world.asked.len(), 1);
    let number = world.number(agent(1));
    strowger_acd::Distribution::assign(&mut world.acd, 1, number).unwrap();
    world.answers = true;
    world.pass_ms(5_000);
    assert_eq!(world.offered_calls(), [call], "the stock router decided");
}
