//! Who gets whom.

use longest_idle::LongestIdle;
use strowger_sdk::{RouterTrigger, secs};
use strowger_testkit::{Decision, Floor};

#[test]
fn a_contact_goes_to_the_agent_idle_for_longest() {
    let mut floor =
        Floor::new().contact(secs(0)).agent(secs(5), &[]).agent(secs(60), &[]).agent(secs(30), &[]);
    let decisions = floor.ask(&mut LongestIdle, RouterTrigger::ContactWaiting(1)).unwrap();
    assert_eq!(decisions, [Decision::Assign { contact: 1, agent: 2 }]);
}

#[test]
fn an_agent_gets_the_contact_that_came_first_and_may_be_served() {
    let mut floor = Floor::new()
        .contact(secs(90))
        .needs("french", 1)
        .contact(secs(60))
        .contact(secs(30))
        .agent(secs(0), &[("german", 9)]);
    let decisions = floor.ask(&mut LongestIdle, RouterTrigger::AgentReady(1)).unwrap();
    assert_eq!(decisions, [Decision::Assign { contact: 2, agent: 1 }]);
}

#[test]
fn nobody_there_is_no_error() {
    let mut floor = Floor::new().contact(secs(0));
    assert_eq!(floor.ask(&mut LongestIdle, RouterTrigger::ContactWaiting(1)), Ok(vec![]));
    assert_eq!(floor.ask(&mut LongestIdle, RouterTrigger::ContactWaiting(99)), Ok(vec![]));
    assert_eq!(floor.ask(&mut LongestIdle, RouterTrigger::AgentReady(99)), Ok(vec![]));
}
