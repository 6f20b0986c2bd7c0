//! With practically unlimited fuel the epoch stops a loop, blamed on the guest.

mod common;

use strowger_call::FaultKind;
use strowger_guest::Budget;

#[test]
fn time_is_the_backstop_where_fuel_is_plenty() {
    let budget = Budget { fuel: u64::MAX / 2, deadline_ms: 20, ..Budget::default() };
    let mut flow = common::flow_with("", "(loop $again (br $again))", &budget);
    let fault = common::start(&mut flow).result.outcome.expect_err("the loop cannot end well");
    assert_eq!(fault.kind, FaultKind::Deadline);
    assert!(fault.message.contains("20 ms"), "{}", fault.message);
}
