//! One component may be a flow and a pacer at once; each export reaches only
//! its own world's functions.

mod common;

use strowger_call::FaultKind;
use strowger_dialer::{Campaign, PacerTrigger};
use strowger_guest::{Budget, FlowInstance, PacerInstance, Program, World};
use wit_component::StringEncoding;
use wit_parser::Resolve;

const TEXT: &str = r#"(module
  (import "strowger:platform/campaign@0.1.0" "cap" (func $cap (result i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
  (func (export "handle") (param i64 i64 i32 i64 i32 i32 i32 i32) (result i32)
    (drop (call $cap)) (i32.const 16))
  (func (export "pace") (param i64 i64 i32 i32 i32 i32 i32) (result i32)
    (i32.store (i32.const 36) (i32.add (call $cap) (i32.const 1)))
    (i32.const 32)))"#;

fn both() -> Program {
    let mut module = wat::parse_str(TEXT).expect("well formed");
    let mut resolve = Resolve::default();
    resolve.push_dir("../../wit").expect("the contract parses");
    let package = resolve
        .push_str(
            "both.wit",
            "package test:both; world both {
               import strowger:platform/campaign@0.1.0;
               use strowger:platform/types@0.1.0.{moment};
               use strowger:platform/call-types@0.1.0.{event};
               use strowger:platform/pacer-types@0.1.0.{trigger};
               export handle: func(at: moment, event: event) -> result<_, string>;
               export pace: func(at: moment, trigger: trigger) -> result<u32, string>;
             }",
        )
        .expect("the world parses");
    let world = resolve.select_world(&[package], Some("both")).expect("the world exists");
    wit_component::embed_component_metadata(
        &mut module,
        &resolve,
        world,
        StringEncoding::UTF8,
        false,
    )
    .expect("metadata can be embedded");
    common::compile(&module).expect("it compiles")
}

struct Evening;

impl Campaign for Evening {
    fn metric(&self, _: &str) -> Option<f64> {
        None
    }

    fn cap(&self) -> u32 {
        6
    }
}

#[test]
fn a_program_may_serve_several_worlds() {
    let program = both();
    assert_eq!(program.worlds(), [World::CallFlow, World::Pacer]);

    let mut pacer = PacerInstance::new(&program, &Budget::default()).expect("it starts");
    let (turn, _) = pacer.pace(common::moment(), &PacerTrigger::Tick, Box::new(Evening));
    assert_eq!(turn.outcome, Ok(7));

    let mut flow = FlowInstance::new(&program, &Budget::default()).expect("it starts");
    let fault = common::start(&mut flow).result.outcome.expect_err("there is no campaign");
    assert_eq!(fault.kind, FaultKind::Trap);
    assert!(fault.message.contains("`pace`"), "{}", fault.message);
}
