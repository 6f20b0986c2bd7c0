//! A router sees the distribution it is lent and nothing else, and the owner
//! gets it back whatever the router did.

mod common;

use std::any::Any;
use strowger_acd::{Agent, Contact, Distribution, RouterTrigger};
use strowger_call::FaultKind;
use strowger_guest::{Budget, FlowInstance, RouterInstance, RouterTurn};

const IMPORTS: &str = r#"
  (import "strowger:platform/distribution@0.1.0" "assign" (func $assign (param i64 i64 i32)))
  (import "strowger:platform/distribution@0.1.0" "agents-for-contact"
    (func $agents (param i64 i32 i32 i32 i32 i32)))
"#;

const PRELUDE: &str = r#"
  (memory (export "memory") 4)
  (global $top (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
    (global.set $top (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (data (i32.const 128) "longest-idle")
"#;

/// Locals: `$case` and `$id` of the trigger.
fn router(body: &str) -> RouterInstance {
    let text = format!(
        r#"(module {IMPORTS} {PRELUDE}
          (func $decide (export "decide")
            (param $now i64) (param $seed i64) (param $case i32) (param $id i64)
            (param i32 i32 i32) (result i32)
            (global.set $top (i32.const 4096))
            {body}
            (i32.const 16)))"#
    );
    let program = common::compile(&common::embed(&text, "router")).expect("it compiles");
    assert!(
        FlowInstance::new(&program, &Budget::default())
            .is_err_and(|fault| fault.kind == FaultKind::World)
    );
    RouterInstance::new(&program, &Budget::default()).expect("it starts")
}

#[derive(Default)]
struct Lent {
    assigned: Vec<(u64, u64)>,
    asked: Vec<(u64, String, u32, u32)>,
}

impl Distribution for Lent {
    fn contacts_for_agent(
        &mut self,
        _: u64,
        _: &str,
        _: u32,
        _: u32,
    ) -> Result<Vec<Contact>, String> {
        Ok(Vec::new())
    }

    fn agents_for_contact(
        &mut self,
        contact: u64,
        order: &str,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<Agent>, String> {
        self.asked.push((contact, order.into(), skip, limit));
        Ok((0..limit)
            .map(|id| Agent { id: u64::from(id) + 70, idle_ms: 1, served: 2, level: 3 })
            .collect())
    }

    fn contact_fact(&mut self, _: u64, _: &str) -> Option<String> {
        None
    }

    fn agent_fact(&mut self, _: u64, _: &str) -> Option<String> {
        None
    }

    fn assign(&mut self, contact: u64, agent: u64) -> Result<(), String> {
        if self.assigned.iter().any(|(_, taken)| *taken == agent) {
            return Err("this agent has just been given a contact".into());
        }
        self.assigned.push((contact, agent));
        Ok(())
    }

    fn wake_in(&mut self, _: u64, _: u32) -> Result<(), String> {
        Ok(())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

fn decide(router: &mut RouterInstance) -> (RouterTurn, Box<Lent>) {
    let trigger = RouterTrigger::ContactWaiting(5);
    let (turn, host) = router.decide(common::moment(), &trigger, Box::new(Lent::default()));
    (turn, host.into_any().downcast().expect("what was lent"))
}

/// Asks for `limit` agents and leaves the answer at 64: error flag, list.
fn ask(limit: u32) -> String {
    format!(
        "(call $agents (local.get $id) (i32.const 128) (i32.const 12) (i32.const 0) (i32.const {limit}) (i32.const 64))"
    )
}

#[test]
fn the_first_candidate_is_assigned() {
    let body = format!(
        "{} (call $assign (local.get $id) (i64.load (i32.load (i32.const 68))) (i32.const 64))",
        ask(1)
    );
    let mut router = router(&body);
    for _ in 0..3 {
        let (turn, lent) = decide(&mut router);
        assert_eq!(turn.outcome, Ok(()));
        assert!(turn.fuel > 0);
        assert_eq!(lent.asked, [(5, "longest-idle".to_owned(), 0, 1)]);
        assert_eq!(lent.assigned, [(5, 70)]);
    }
}

#[test]
fn the_distribution_comes_back_from_a_trap() {
    let body = "(call $assign (local.get $id) (i64.const 9) (i32.const 64)) unreachable";
    let mut router = router(body);
    let (turn, lent) = decide(&mut router);
    assert_eq!(turn.outcome.expect_err("it traps").kind, FaultKind::Trap);
    assert_eq!(lent.assigned, [(5, 9)]);
    let (turn, _) = decide(&mut router);
    assert_eq!(turn.outcome.expect_err("it is not run again").kind, FaultKind::Host);
}

#[test]
fn pulling_everything_is_a_fault_not_a_stall() {
    let body =
        format!("(loop $again (global.set $top (i32.const 4096)) {} (br $again))", ask(100_000));
    let (turn, lent) = decide(&mut router(&body));
    assert_eq!(turn.outcome.expect_err("too many").kind, FaultKind::Actions);
    assert!(lent.asked.iter().all(|(.., limit)| *limit <= 256));
}
