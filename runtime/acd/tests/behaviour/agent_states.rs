//! The way of an agent through a day.

use crate::support::{World, call, not_ready};
use strowger_acd::AcdInput;
use strowger_model::AgentState;

#[test]
fn every_state_is_told_once_and_in_order() {
    let mut world = World::with_queue(|q| q.wrap_up_ms = 1_000);
    let id = world.ready(1, &[]);
    world.call(1);
    let offer = world.answer();
    world.tell(AcdInput::Hold { agent: id, call: call(1) });
    world.tell(AcdInput::Resume { agent: id, call: call(1) });
    world.finish(&offer);
    world.pass_ms(1_000);
    world.tell(AcdInput::SignOut(id));
    let states: Vec<_> = world.states.iter().map(|(_, state)| state.clone()).collect();
    assert_eq!(
        states,
        [
            not_ready("signed_in"),
            AgentState::Ready,
            AgentState::Reserved,
            AgentState::Ringing,
            AgentState::Talking,
            AgentState::Hold,
            AgentState::Talking,
            AgentState::WrapUp,
            AgentState::Ready,
            AgentState::SignedOut,
        ]
    );
}

#[test]
fn an_answer_without_ringing_is_an_answer() {
    let mut world = World::with_queue(|_| {});
    let id = world.ready(1, &[]);
    world.call(1);
    let offer = world.last_offer().offer;
    world.tell(AcdInput::OfferAnswered { offer });
    assert_eq!(world.state(id), AgentState::Talking);
    let view = world.acd.agents().next().unwrap();
    assert_eq!((view.call, view.served), (Some(call(1)), 1));
}

#[test]
fn somebody_who_is_signed_out_cannot_go_on_a_break() {
    let mut world = World::with_queue(|_| {});
    let id = world.hire(1, &[]);
    world.tell(AcdInput::SetNotReady { agent: id, reason: "break".into() });
    assert_eq!(world.state(id), AgentState::SignedOut);
}
