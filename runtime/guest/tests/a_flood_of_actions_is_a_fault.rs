//! More actions in one event than a call allows end the turn; so do endless
//! questions, which fuel does not count in full.

mod common;

use strowger_call::FaultKind;

#[test]
fn a_flood_of_actions_is_a_fault() {
    let body = "(loop $again (call $watch (i32.const 1) (i32.const 64)) (br $again))";
    let mut flow = common::flow("", body);
    let result = common::start(&mut flow).result;
    let fault = result.outcome.expect_err("too many");
    assert_eq!(fault.kind, FaultKind::Actions);
    assert!(fault.message.contains("more than 32 actions"), "{}", fault.message);
}

#[test]
fn a_flood_of_refused_actions_is_one_too() {
    // Playing before an answer is refused each time.
    let body = "(loop $again (global.set $top (i32.const 4096)) (call $play (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 64)) (br $again))";
    let mut flow = common::flow("", body);
    let fault = common::start(&mut flow).result.outcome.expect_err("too many");
    assert_eq!(fault.kind, FaultKind::Actions);
    assert!(fault.message.contains("called the host"), "{}", fault.message);
}

#[test]
fn arguments_are_bounded_in_sum() {
    // 60,000 bytes of name at a time: each call is allowed, twenty are not.
    let body =
        "(loop $again (call $fact (i32.const 0) (i32.const 60000) (i32.const 64)) (br $again))";
    let mut flow = common::flow("", body);
    let fault = common::start(&mut flow).result.outcome.expect_err("too much");
    assert_eq!(fault.kind, FaultKind::Actions);
    assert!(fault.message.contains("bytes"), "{}", fault.message);
}

#[test]
fn one_oversized_argument_is_refused_before_it_is_copied() {
    let body = "(drop (memory.grow (i32.const 32)))
        (call $log (i32.const 128) (i32.const 0) (i32.const 0) (i32.const 2000000))";
    let mut flow = common::flow("", body);
    let fault = common::start(&mut flow).result.outcome.expect_err("too much");
    assert_eq!(fault.kind, FaultKind::Trap);
    assert!(fault.message.contains("too much data"), "{}", fault.message);
}
