//! After a conversation the agent has time, then is ready.

use crate::support::{World, agent, not_ready};
use strowger_acd::AcdInput;
use strowger_model::AgentState;

fn in_wrap_up() -> World {
    let mut world = World::with_queue(|q| q.wrap_up_ms = 30_000);
    world.ready(1, &[]);
    world.call(1);
    let offer = world.answer();
    world.call(2);
    world.finish(&offer);
    assert_eq!(world.state(agent(1)), AgentState::WrapUp);
    world
}

#[test]
fn it_ends_by_itself() {
    let mut world = in_wrap_up();
    world.pass_ms(29_999);
    assert_eq!(world.offers.len(), 1);
    world.pass_ms(1);
    assert_eq!(world.offers.len(), 2);
}

#[test]
fn the_agent_may_end_it() {
    let mut world = in_wrap_up();
    world.tell(AcdInput::SetReady(agent(1)));
    assert_eq!(world.state(agent(1)), AgentState::Reserved);
    world.pass_ms(1);
    world.answer();
    world.pass_ms(60_000);
    assert_eq!(world.state(agent(1)), AgentState::Talking, "the old timer is gone");
}

#[test]
fn the_agent_may_go_on_a_break_from_it() {
    let mut world = in_wrap_up();
    world.tell(AcdInput::SetNotReady { agent: agent(1), reason: "break".into() });
    assert_eq!(world.state(agent(1)), not_ready("break"));
    world.pass_ms(60_000);
    assert_eq!(world.state(agent(1)), not_ready("break"));
}
