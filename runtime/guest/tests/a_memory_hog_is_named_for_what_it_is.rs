//! Growing memory beyond the budget is refused; the trap that follows is
//! reported as lack of memory. A program that copes with the refusal goes on.

mod common;

use strowger_call::FaultKind;
use strowger_guest::Budget;

const GROW: &str = "(drop (memory.grow (i32.const 1000)))";

#[test]
fn a_hog_that_traps_is_a_memory_fault() {
    let body = format!("{GROW} unreachable");
    let mut flow =
        common::flow_with("", &body, &Budget { memory_bytes: 1 << 20, ..Budget::default() });
    let fault = common::start(&mut flow).result.outcome.expect_err("it traps");
    assert_eq!(fault.kind, FaultKind::Memory);
    assert!(fault.message.contains("1024 KiB"), "{}", fault.message);
}

#[test]
fn a_refusal_alone_is_no_fault() {
    let mut flow = common::flow("", GROW);
    assert_eq!(common::start(&mut flow).result.outcome, Ok(Vec::new()));
}

#[test]
fn memory_within_the_budget_is_granted() {
    let body = "(if (i32.lt_s (memory.grow (i32.const 100)) (i32.const 0)) (then unreachable))";
    let mut flow = common::flow("", body);
    assert_eq!(common::start(&mut flow).result.outcome, Ok(Vec::new()));
}

#[test]
fn a_program_that_needs_too_much_to_start_is_a_memory_fault() {
    let program = common::compile(&common::flow_module("", "")).expect("it compiles");
    let tight = Budget { memory_bytes: 1024, ..Budget::default() };
    let fault = strowger_guest::FlowInstance::new(&program, &tight).expect_err("64 KiB are needed");
    assert_eq!(fault.kind, FaultKind::Memory);
}
