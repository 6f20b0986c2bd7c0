//! Routers are told who last talked to a caller, if that agent is at work.

use crate::support::{World, agent};
use strowger_acd::{AcdInput, Distribution};

#[test]
fn the_last_agent_is_known_while_signed_in() {
    let mut world = World::with_queue(|_| {});
    let id = world.ready(1, &[]);
    let caller = |wish: &mut strowger_acd::Enqueue| wish.from = "+441632960123".parse().unwrap();
    world.call_with(1, caller);
    let offer = world.answer();
    world.finish(&offer);
    world.tell(AcdInput::SetNotReady { agent: id, reason: "break".into() });

    world.call_with(2, caller);
    let number = world.number(agent(1)).to_string();
    assert_eq!(world.acd.contact_fact(2, "last-agent"), Some(number));
    world.call(3);
    assert_eq!(world.acd.contact_fact(3, "last-agent"), None, "another caller");
    world.tell(AcdInput::SignOut(id));
    assert_eq!(world.acd.contact_fact(2, "last-agent"), None);
}

#[test]
fn an_offer_alone_makes_no_last_agent() {
    let mut world = World::with_queue(|_| {});
    world.ready(1, &[]);
    let first = world.call_with(1, |wish| wish.from = "+441632960123".parse().unwrap());
    world.tell(AcdInput::CallerGone { call: first });
    world.tell(AcdInput::SetNotReady { agent: agent(1), reason: "break".into() });
    world.call_with(2, |wish| wish.from = "+441632960123".parse().unwrap());
    assert_eq!(world.acd.contact_fact(2, "last-agent"), None);
}
