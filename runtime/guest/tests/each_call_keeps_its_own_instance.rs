//! A call has its own instance that lives until it is dismissed or fails; a lost
//! one is said so.

mod common;

use strowger_call::{CommandId, FaultKind, GuestEvent};
use strowger_guest::{
    Budget, CallGuest, FlowTurn, GuestEngine, GuestThreads, Program, UploadLimits,
};

/// Sleeps as many milliseconds as events it was given so far.
const COUNTING: &str =
    "(i32.store (i32.const 120) (i32.add (i32.load (i32.const 120)) (i32.const 1)))
    (call $sleep (i32.load (i32.const 120)) (i32.const 64))";

struct House {
    engine: GuestEngine,
    program: Program,
}

fn house(body: &str) -> House {
    let engine = common::engine();
    let program = engine
        .compile(&common::flow_module("", body), &UploadLimits::default())
        .expect("it compiles");
    House { engine, program }
}

impl House {
    fn turn(&self, call: &mut CallGuest, event: &GuestEvent) -> FlowTurn {
        let budget = Budget::default();
        call.handle(&self.program, &budget, common::moment(), event, common::view())
    }
}

fn digit() -> GuestEvent {
    GuestEvent::Input { digit: '1', held_ms: 0 }
}

fn slept(turn: &FlowTurn) -> u32 {
    match turn.result.outcome.as_deref() {
        Ok([(CommandId(1), strowger_call::Action::Sleep { ms })]) => *ms,
        other => panic!("one sleep was expected, not {other:?}"),
    }
}

#[test]
fn warm_and_apart_until_they_are_dismissed() {
    let house = house(COUNTING);
    let mut calls: Vec<CallGuest> = (0..8).map(|_| CallGuest::default()).collect();
    for call in &mut calls {
        assert_eq!(slept(&house.turn(call, &GuestEvent::Started)), 1);
    }
    for call in &mut calls {
        assert_eq!(slept(&house.turn(call, &digit())), 2);
        assert_eq!(slept(&house.turn(call, &digit())), 3);
    }
    assert_eq!(house.engine.live_memories(), 8);
    calls[0].dismiss();
    assert_eq!(house.engine.live_memories(), 7);
    drop(calls);
    assert_eq!(house.engine.live_memories(), 0);
}

#[test]
fn an_instance_that_is_gone_is_not_quietly_replaced() {
    let house = house(COUNTING);
    let mut call = CallGuest::default();
    let fault = house.turn(&mut call, &digit()).result.outcome.expect_err("there is no instance");
    assert_eq!(fault.kind, FaultKind::Host);
    assert!(fault.message.contains("journal"), "{}", fault.message);
}

#[test]
fn a_failed_instance_is_dropped_and_a_new_start_gets_a_new_one() {
    // Traps at the second event.
    let body = "(if (i32.load (i32.const 120)) (then unreachable))
        (i32.store (i32.const 120) (i32.const 1))";
    let house = house(body);
    let mut call = CallGuest::default();
    assert!(house.turn(&mut call, &GuestEvent::Started).result.outcome.is_ok());
    let fault = house.turn(&mut call, &digit()).result.outcome.expect_err("it traps");
    assert_eq!(fault.kind, FaultKind::Trap);
    assert_eq!(house.engine.live_memories(), 0);
    assert!(house.turn(&mut call, &GuestEvent::Started).result.outcome.is_ok());
}

#[test]
fn more_calls_than_the_engine_holds_are_the_operators_fault() {
    let house = house("");
    let mut calls: Vec<CallGuest> = (0..64).map(|_| CallGuest::default()).collect();
    for call in &mut calls {
        assert!(house.turn(call, &GuestEvent::Started).result.outcome.is_ok());
    }
    let mut late = CallGuest::default();
    let turn = house.turn(&mut late, &GuestEvent::Started);
    let fault = turn.result.outcome.expect_err("there is no room");
    assert_eq!(fault.kind, FaultKind::Instantiation);
    assert_eq!(fault.blame, strowger_model::Blame::Operator);
    calls[0].dismiss();
    assert!(house.turn(&mut late, &GuestEvent::Started).result.outcome.is_ok());
}

#[test]
fn a_call_is_served_by_whichever_guest_thread_has_time() {
    let house = house(COUNTING);
    let threads = GuestThreads::start(2).expect("threads");
    let (tell, told) = std::sync::mpsc::channel();
    for _ in 0..16 {
        let (program, tell) = (house.program.clone(), tell.clone());
        threads.spawn(async move {
            let mut call = CallGuest::default();
            let mut slept_ms = Vec::new();
            for event in [GuestEvent::Started, digit(), digit()] {
                let budget = Budget::default();
                let turn = call.handle(&program, &budget, common::moment(), &event, common::view());
                slept_ms.push(slept(&turn));
                tokio::task::yield_now().await;
            }
            tell.send(slept_ms).expect("the test listens");
        });
    }
    for _ in 0..16 {
        let limit = std::time::Duration::from_secs(20);
        assert_eq!(told.recv_timeout(limit).expect("every call ends"), [1, 2, 3]);
    }
}
