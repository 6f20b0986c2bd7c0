//! A handler that never returns uses up its fuel; the call gets a fault that
//! says so, and nothing it asked for before is done.

mod common;

use strowger_call::FaultKind;
use strowger_model::Blame;

#[test]
fn an_endless_loop_is_stopped_by_fuel() {
    let mut flow = common::flow("", "(call $answer (i32.const 64)) (loop $again (br $again))");
    let turn = common::start(&mut flow);
    let fault = turn.result.outcome.expect_err("the loop cannot end well");
    assert_eq!((fault.kind, fault.blame), (FaultKind::Fuel, Blame::Guest));
    assert!(fault.message.contains("handle"), "names the place: {}", fault.message);
    assert_eq!(turn.result.fuel, strowger_guest::Budget::default().fuel);
    assert!(!flow.is_sound());
}
