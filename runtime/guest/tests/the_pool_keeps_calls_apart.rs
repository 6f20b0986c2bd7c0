//! The guest threads: each call has its own instance that lives until it is
//! dropped, a full queue answers at once, a lost instance is said so.

mod common;

use std::sync::mpsc;
use strowger_call::{CommandId, FaultKind, GuestEvent};
use strowger_guest::{
    Budget, FlowJob, FlowTurn, GuestEngine, GuestPool, PoolBusy, PoolConfig, Program, UploadLimits,
};
use strowger_model::CallId;

/// Sleeps as many milliseconds as events it was given so far.
const COUNTING: &str =
    "(i32.store (i32.const 120) (i32.add (i32.load (i32.const 120)) (i32.const 1)))
    (call $sleep (i32.load (i32.const 120)) (i32.const 64))";

struct House {
    engine: GuestEngine,
    program: Program,
    pool: GuestPool,
}

fn house(body: &str, threads: usize, queue: usize) -> House {
    let engine = common::engine();
    let program = engine
        .compile(&common::flow_module("", body), &UploadLimits::default())
        .expect("it compiles");
    let pool = GuestPool::start(&PoolConfig { threads, queue }).expect("the pool starts");
    House { engine, program, pool }
}

impl House {
    fn job(&self, call: u128, event: GuestEvent) -> FlowJob {
        FlowJob {
            call: CallId(uuid::Uuid::from_u128(call)),
            program: self.program.clone(),
            budget: Budget::default(),
            moment: common::moment(),
            event,
            view: common::view(),
        }
    }

    fn turn(&self, call: u128, event: GuestEvent) -> FlowTurn {
        self.pool
            .flow_turn(self.job(call, event))
            .expect("there is room")
            .blocking_recv()
            .expect("it answers")
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
fn each_call_has_its_own_warm_instance() {
    let house = house(COUNTING, 2, 64);
    for call in 1..=8 {
        assert_eq!(slept(&house.turn(call, GuestEvent::Started)), 1);
    }
    for call in 1..=8 {
        assert_eq!(slept(&house.turn(call, digit())), 2);
        assert_eq!(slept(&house.turn(call, digit())), 3);
    }
    assert_eq!(house.engine.live_memories(), 8);
}

#[test]
fn a_dropped_call_frees_its_instance_even_if_the_queue_is_full() {
    let house = house(COUNTING, 1, 1);
    house.turn(1, GuestEvent::Started);
    let (go, wait) = mpsc::channel::<()>();
    let (started, running) = mpsc::channel();
    let busy = house
        .pool
        .run(0, move |_| {
            started.send(()).expect("the test listens");
            // The test lets go by sending or by ending.
            let _ = wait.recv();
        })
        .expect("there is room");
    running.recv().expect("the thread runs the job");
    let waiting = house.pool.run(0, |shard| shard.flows()).expect("there is room for one");
    assert_eq!(house.pool.flow_turn(house.job(2, digit())).err(), Some(PoolBusy::Full));
    house.pool.drop_call(CallId(uuid::Uuid::from_u128(1)));
    go.send(()).expect("the job waits");
    busy.blocking_recv().expect("it answers");
    assert_eq!(waiting.blocking_recv(), Ok(0));
    assert_eq!(house.engine.live_memories(), 0);
}

#[test]
fn an_instance_that_is_gone_is_not_quietly_replaced() {
    let house = house(COUNTING, 1, 8);
    let fault = house.turn(1, digit()).result.outcome.expect_err("there is no instance");
    assert_eq!(fault.kind, FaultKind::Host);
    assert!(fault.message.contains("journal"), "{}", fault.message);
}

#[test]
fn a_failed_instance_is_dropped_and_a_new_start_gets_a_new_one() {
    // Traps at the second event.
    let body = "(if (i32.load (i32.const 120)) (then unreachable))
        (i32.store (i32.const 120) (i32.const 1))";
    let house = house(body, 1, 8);
    assert!(house.turn(1, GuestEvent::Started).result.outcome.is_ok());
    let fault = house.turn(1, digit()).result.outcome.expect_err("it traps");
    assert_eq!(fault.kind, FaultKind::Trap);
    assert_eq!(house.engine.live_memories(), 0);
    assert!(house.turn(1, GuestEvent::Started).result.outcome.is_ok());
}

#[test]
fn more_calls_than_the_pool_holds_are_the_operators_fault() {
    let house = house("", 1, 8);
    for call in 1..=64 {
        assert!(house.turn(call, GuestEvent::Started).result.outcome.is_ok());
    }
    let fault = house.turn(65, GuestEvent::Started).result.outcome.expect_err("the pool is full");
    assert_eq!(fault.kind, FaultKind::Instantiation);
    assert_eq!(fault.blame, strowger_model::Blame::Operator);
    house.pool.drop_call(CallId(uuid::Uuid::from_u128(1)));
    assert!(house.turn(66, GuestEvent::Started).result.outcome.is_ok());
}

#[test]
fn a_panic_of_a_job_costs_only_that_job() {
    let house = house(COUNTING, 1, 8);
    house.turn(1, GuestEvent::Started);
    let broken = house.pool.run(0, |_| -> () { panic!("on purpose") }).expect("there is room");
    assert!(broken.blocking_recv().is_err());
    assert_eq!(slept(&house.turn(1, digit())), 2);
}
