//! What a router may not ask for is refused with words, never with a panic.

use crate::support::{World, need};
use strowger_acd::{AcdInput, Distribution};

fn deciding() -> World {
    let mut world = World::with_queue(|_| {});
    world.answers = false;
    world.ready(1, &[("a", 1)]);
    world.ready(2, &[]);
    world.call(1);
    world.call_with(2, |wish| wish.needs = vec![need("a", 1, &[])]);
    assert_eq!(world.asked.len(), 1);
    world
}

#[test]
fn nonsense_is_an_error() {
    let mut world = deciding();
    let acd = &mut world.acd;
    for refused in [
        acd.contacts_for_agent(1, "alphabetical", 0, 1).err(),
        acd.contacts_for_agent(u64::MAX, "arrival", 0, 1).err(),
        acd.contacts_for_agent(1, "arrival", u32::MAX, u32::MAX).err(),
        acd.agents_for_contact(1, "tallest", 0, 1).err(),
        acd.agents_for_contact(77, "longest-idle", 0, 1).err(),
        acd.assign(77, 1).err(),
        acd.assign(1, 77).err(),
        acd.assign(2, 2).err(),
        acd.wake_in(77, 1).err(),
    ] {
        assert!(!refused.expect("refused").is_empty());
    }
    assert_eq!(acd.contact_fact(77, "from"), None);
    assert_eq!(acd.agent_fact(0, "name"), None);
    assert_eq!(acd.contact_fact(1, "shoe-size"), None);
}

#[test]
fn who_has_been_chosen_cannot_be_chosen_again() {
    let mut world = deciding();
    let acd = &mut world.acd;
    acd.assign(1, 1).unwrap();
    assert!(acd.assign(1, 2).unwrap_err().contains("offered"));
    assert!(acd.assign(2, 1).unwrap_err().contains("not free"));
    assert_eq!(acd.contacts_for_agent(1, "arrival", 0, 9), Ok(vec![]));
    assert_eq!(acd.agents_for_contact(2, "longest-idle", 0, 9), Ok(vec![]));
}

#[test]
fn answers_are_pages() {
    let mut world = World::with_queue(|_| {});
    for n in 0..250 {
        world.call(n);
    }
    world.router = crate::support::lazy;
    world.ready(1, &[]);
    let acd = &mut world.acd;
    let page = |acd: &mut strowger_acd::Acd, skip, limit| -> Vec<u64> {
        let found = acd.contacts_for_agent(1, "arrival", skip, limit).unwrap();
        found.iter().map(|contact| contact.id).collect()
    };
    assert_eq!(page(acd, 0, 3), [1, 2, 3]);
    assert_eq!(page(acd, 100, 1_000), (101..=200).collect::<Vec<_>>());
    assert_eq!(page(acd, 240, 100), (241..=250).collect::<Vec<_>>());
    assert_eq!(page(acd, 250, 1), [0; 0]);
    assert_eq!(page(acd, 0, 0), [0; 0]);
}

#[test]
fn needs_that_make_no_sense_fail_the_wait_with_a_reason() {
    let mut world = World::with_queue(|_| {});
    let call = world.call_with(1, |wish| wish.needs = vec![need("a", 11, &[])]);
    assert!(world.ended[&call][0].reason.contains("1 to 10"));
    let many = (0..17).map(|n| need(&format!("skill{n}"), 1, &[])).collect();
    let call = world.call_with(2, |wish| wish.needs = many);
    assert!(world.ended[&call][0].reason.contains("16"));
    world.tell(AcdInput::Leave { call });
    assert_eq!(world.ended[&call].len(), 1);
}
