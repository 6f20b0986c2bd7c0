//! Small guests written by hand, and what is needed to run them.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;
use strowger_call::{CallLimits, CallSetup, Fallback, GuestEvent, Moment, TurnView, ViewState};
use strowger_guest::{
    Budget, EngineConfig, FlowInstance, FlowTurn, GuestEngine, Program, UploadError, UploadLimits,
};
use strowger_model::{CallId, Direction, TenantId, Timestamp};
use wit_component::StringEncoding;
use wit_parser::Resolve;

/// Where the guests' strings may be written.
const PRELUDE: &str = r#"
  (memory (export "memory") 1)
  (global $top (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
    (global.set $top (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
"#;

/// Imports of flows below.
const FLOW_IMPORTS: &str = r#"
  (import "strowger:platform/signalling@0.1.0" "answer" (func $answer (param i32)))
  (import "strowger:platform/playback@0.1.0" "play" (func $play (param i32 i32 i32 i32)))
  (import "strowger:platform/digits@0.1.0" "watch-digits" (func $watch (param i32 i32)))
  (import "strowger:platform/timing@0.1.0" "sleep" (func $sleep (param i32 i32)))
  (import "strowger:platform/facts@0.1.0" "fact" (func $fact (param i32 i32 i32)))
  (import "strowger:platform/facts@0.1.0" "set-attribute"
    (func $set_attribute (param i32 i32 i32 i32 i32)))
  (import "strowger:platform/logging@0.1.0" "log" (func $log (param i32 i32 i32 i32)))
"#;

/// A core module of world `call-flow` whose handler runs `body` and returns ok
/// unless `body` returns the address of a result. Locals: `$now`, `$seed`,
/// `$case`. Results of imports may be written to address 64; `data` goes
/// anywhere from 128 to 4095.
pub fn flow_module(data: &str, body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module {FLOW_IMPORTS} {PRELUDE} {data}
          (func $handle (export "handle")
            (param $now i64) (param $seed i64) (param $case i32)
            (param i64 i32 i32 i32 i32) (result i32)
            (local $i i32)
            (global.set $top (i32.const 4096))
            {body}
            (i32.const 16)))"#
    );
    embed(&text, "call-flow")
}

/// A text module with the metadata of a world of the contract.
pub fn embed(text: &str, world: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).expect("the test's module is well formed");
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir("../../wit").expect("the contract parses");
    let world = resolve.select_world(&[package], Some(world)).expect("the world exists");
    wit_component::embed_component_metadata(
        &mut module,
        &resolve,
        world,
        StringEncoding::UTF8,
        false,
    )
    .expect("metadata can be embedded");
    module
}

/// An engine with a small pool, so that many tests can run beside each other.
pub fn engine() -> GuestEngine {
    GuestEngine::new(config()).expect("the engine starts")
}

pub fn config() -> EngineConfig {
    EngineConfig { max_live: 64, ..EngineConfig::default() }
}

pub fn compile(module: &[u8]) -> Result<Program, UploadError> {
    engine().compile(module, &UploadLimits::default())
}

/// A flow that compiles, started.
pub fn flow(data: &str, body: &str) -> FlowInstance {
    flow_with(data, body, &Budget::default())
}

pub fn flow_with(data: &str, body: &str, budget: &Budget) -> FlowInstance {
    let program = compile(&flow_module(data, body)).expect("the flow compiles");
    FlowInstance::new(&program, budget).expect("the flow starts")
}

/// Feeds `Started`.
pub fn start(instance: &mut FlowInstance) -> FlowTurn {
    instance.handle(moment(), &GuestEvent::Started, view())
}

pub fn moment() -> Moment {
    Moment { now: Timestamp(1_795_000_000_000), seed: 42 }
}

/// The view of a call that has just come in.
pub fn view() -> TurnView {
    TurnView::of(&setup(), Vec::new(), Vec::new(), None)
}

pub fn view_at(turn: u32) -> TurnView {
    let state = ViewState { turn, ..ViewState::first(moment().now) };
    TurnView::of(&setup(), Vec::new(), Vec::new(), Some(state))
}

pub fn setup() -> CallSetup {
    CallSetup {
        call: CallId(uuid::Uuid::from_u128(7)),
        tenant: TenantId(uuid::Uuid::from_u128(1)),
        direction: Direction::Inbound,
        from: "+441632960001".parse().expect("a number"),
        to: "+441632960000".parse().expect("a number"),
        trunk: None,
        from_agent: None,
        flow: "test".into(),
        version: None,
        language: "en".into(),
        seed: 1,
        now: moment().now,
        limits: CallLimits::default(),
        fallback: Fallback::HangUp,
        facts: BTreeMap::new(),
        journal: true,
    }
}
