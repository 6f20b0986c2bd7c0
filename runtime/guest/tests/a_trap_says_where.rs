//! A trap becomes a fault with the function's name, and the instance is not
//! used again.

mod common;

use strowger_call::FaultKind;
use strowger_model::Blame;

#[test]
fn a_trap_says_where_and_the_instance_is_done() {
    let mut flow = common::flow("", "unreachable");
    let fault = common::start(&mut flow).result.outcome.expect_err("it traps");
    assert_eq!((fault.kind, fault.blame), (FaultKind::Trap, Blame::Guest));
    assert!(fault.message.contains("unreachable"), "{}", fault.message);
    assert!(fault.message.contains("(in handle)"), "{}", fault.message);
    assert!(!flow.is_sound());

    let again = common::start(&mut flow).result.outcome.expect_err("it is not run again");
    assert_eq!((again.kind, again.blame), (FaultKind::Host, Blame::Host));
}

#[test]
fn deep_recursion_is_a_trap_not_a_crash() {
    let mut flow = common::flow("(func $deep (call $deep) (call $deep))", "(call $deep)");
    let fault = common::start(&mut flow).result.outcome.expect_err("the stack ends");
    assert_eq!(fault.kind, FaultKind::Trap);
    assert!(fault.message.contains("stack"), "{}", fault.message);
}

#[test]
fn a_stray_pointer_is_a_trap() {
    let mut flow =
        common::flow("", "(call $log (i32.const -8) (i32.const 99) (i32.const 0) (i32.const 0))");
    let fault = common::start(&mut flow).result.outcome.expect_err("the string lies outside");
    assert_eq!(fault.kind, FaultKind::Trap);
}
