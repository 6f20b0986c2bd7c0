//! Who gets whom.

use priority_aging::PriorityAging;
use strowger_sdk::{RouterTrigger, secs};
use strowger_testkit::{Decision, Floor};

fn served_after(waited_s: u64) -> Vec<Decision> {
    let mut floor = Floor::new()
        .contact(secs(waited_s))
        .priority(0, 2)
        .contact(secs(0))
        .priority(10, 2)
        .agent(secs(0), &[]);
    floor.ask(&mut PriorityAging, RouterTrigger::AgentReady(1)).unwrap()
}

#[test]
fn waiting_makes_up_for_a_lower_priority() {
    assert_eq!(served_after(240), [Decision::Assign { contact: 2, agent: 1 }]);
    assert_eq!(served_after(360), [Decision::Assign { contact: 1, agent: 1 }]);
}

#[test]
fn a_contact_goes_to_the_agent_idle_for_longest() {
    let mut floor = Floor::new().contact(secs(0)).agent(secs(5), &[]).agent(secs(60), &[]);
    let decisions = floor.ask(&mut PriorityAging, RouterTrigger::ContactWaiting(1)).unwrap();
    assert_eq!(decisions, [Decision::Assign { contact: 1, agent: 2 }]);
}
