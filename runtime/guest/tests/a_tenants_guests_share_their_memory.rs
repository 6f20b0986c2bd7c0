//! What all guests of a tenant hold together has a limit: whoever needs more fails
//! with a fault that says so, other tenants do not notice, and everything comes back.

mod common;

use std::sync::Arc;
use strowger_call::{FaultKind, GuestEvent};
use strowger_guest::{Budget, CallGuest, FlowTurn, GuestMemory, Program};
use strowger_model::Blame;

const MIB: u64 = 1 << 20;
const PAGE: u64 = 64 << 10;
/// What one page at first and what `$hog` takes come to.
const HELD: u64 = 4 * MIB + PAGE;

/// Takes four megabytes at each event, and traps if it does not get them.
fn hog() -> Program {
    let body = "(if (i32.eq (memory.grow (i32.const 64)) (i32.const -1)) (then unreachable))";
    common::compile(&common::flow_module("", body)).expect("it compiles")
}

fn start(guest: &mut CallGuest, program: &Program) -> FlowTurn {
    let (event, budget) = (GuestEvent::Started, Budget::default());
    guest.handle(program, &budget, common::moment(), &event, common::view())
}

#[test]
fn hogs_hit_the_limit_and_the_neighbour_does_not_notice() {
    let program = hog();
    let (crowded, neighbour) =
        (Arc::new(GuestMemory::new(10 * MIB)), Arc::new(GuestMemory::new(10 * MIB)));
    let mut calls: Vec<CallGuest> = (0..4).map(|_| CallGuest::on(crowded.account())).collect();
    let turns: Vec<FlowTurn> = calls.iter_mut().map(|call| start(call, &program)).collect();
    assert!(turns[0].result.outcome.is_ok() && turns[1].result.outcome.is_ok());
    for turn in &turns[2..] {
        let fault = turn.result.outcome.as_ref().expect_err("there is no room");
        // The version that meets the limit need not be the one that holds too much.
        assert_eq!((fault.kind, fault.blame), (FaultKind::TenantMemory, Blame::Operator));
        assert!(fault.message.contains("10 MiB"), "{fault}");
        assert!(fault.message.contains("limits.guest.memory_bytes"), "{fault}");
    }
    assert_eq!((crowded.held(), crowded.refused()), (2 * HELD, 2), "failed ones hold nothing");

    let mut other = CallGuest::on(neighbour.account());
    assert!(start(&mut other, &program).result.outcome.is_ok());
    assert_eq!((neighbour.held(), neighbour.refused()), (HELD, 0));

    // Room that comes free is used again.
    calls[0].dismiss();
    assert!(start(&mut calls[3], &program).result.outcome.is_ok());
    drop(calls);
    drop(other);
    assert_eq!((crowded.held(), neighbour.held()), (0, 0));
}

#[test]
fn a_guest_that_cannot_even_start_says_why() {
    let program = hog();
    let memory = Arc::new(GuestMemory::new(PAGE / 2));
    let mut call = CallGuest::on(memory.account());
    let fault = start(&mut call, &program).result.outcome.expect_err("there is no room");
    assert_eq!(fault.kind, FaultKind::TenantMemory);
    assert!(fault.message.starts_with("cannot start"), "{fault}");
    assert_eq!((memory.held(), memory.refused()), (0, 1));
}

#[test]
fn the_fallback_has_room_where_flows_have_none() {
    let (hog, small) = (hog(), common::compile(&common::flow_module("", "")).expect("it compiles"));
    let memory = Arc::new(GuestMemory::new(HELD));
    let mut call = CallGuest::on(memory.account());
    assert!(start(&mut call, &hog).result.outcome.is_ok());
    let mut refused = CallGuest::on(memory.account());
    assert!(start(&mut refused, &small).result.outcome.is_err());
    let mut fallback = CallGuest::on(memory.reserve());
    assert!(start(&mut fallback, &small).result.outcome.is_ok());
    assert_eq!(memory.held(), HELD + PAGE);
}

#[test]
fn the_limit_of_one_instance_is_still_its_own() {
    let memory = Arc::new(GuestMemory::new(100 * MIB));
    let mut call = CallGuest::on(memory.account());
    let budget = Budget { memory_bytes: 1 << 20, ..Budget::default() };
    let turn = call.handle(&hog(), &budget, common::moment(), &GuestEvent::Started, common::view());
    let fault = turn.result.outcome.expect_err("it may not");
    assert_eq!((fault.kind, fault.blame), (FaultKind::Memory, Blame::Guest));
    assert_eq!((memory.held(), memory.refused()), (0, 0));
}
