//! A router that leaves a contact beside a free agent is asked again.

use crate::support::{World, lazy, longest_idle};
use strowger_acd::RouterTrigger;

#[test]
fn it_is_asked_again_after_a_while_and_may_then_decide() {
    let mut world = World::with_queue(|_| {});
    world.router = lazy;
    world.ready(1, &[]);
    let call = world.call(1);
    world.pass_ms(4_999);
    assert_eq!(world.asked.len(), 1);
    world.pass_ms(1);
    assert_eq!(world.asked.len(), 2);
    world.router = longest_idle;
    world.pass_ms(5_000);
    assert_eq!(world.offered_calls(), [call]);
    let asked = world.asked.len();
    world.pass_ms(15_000);
    assert_eq!(world.asked.len(), asked, "a contact that is being offered is left alone");
}

#[test]
fn an_agent_left_idle_is_asked_about_again_too() {
    let mut world = World::with_queue(|_| {});
    world.call(1);
    world.router = lazy;
    world.ready(1, &[]);
    world.router = longest_idle;
    world.pass_ms(5_000);
    assert_eq!(world.offers.len(), 1);
    assert!(matches!(world.asked[1].2, RouterTrigger::AgentReady(_)));
}

#[test]
fn once_nobody_is_free_the_asking_stops() {
    let mut world = World::with_queue(|_| {});
    world.router = lazy;
    let id = world.ready(1, &[]);
    world.call(1);
    world.tell(strowger_acd::AcdInput::SignOut(id));
    world.pass_ms(60_000);
    assert_eq!(world.asked.len(), 1);
    assert_eq!(world.acd.next_timeout(), None);
}
