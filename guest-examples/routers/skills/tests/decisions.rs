//! Who gets whom.

use skills::Skills;
use strowger_sdk::{RouterTrigger, secs};
use strowger_testkit::{Decision, Floor};

#[test]
fn a_contact_goes_to_the_most_skilled_agent() {
    let mut floor = Floor::new()
        .contact(secs(0))
        .needs("support", 3)
        .agent(secs(300), &[("support", 3)])
        .agent(secs(10), &[("support", 8)])
        .agent(secs(600), &[("support", 2)]);
    let decisions = floor.ask(&mut Skills, RouterTrigger::ContactWaiting(1)).unwrap();
    assert_eq!(decisions, [Decision::Assign { contact: 1, agent: 2 }]);
}

#[test]
fn an_agent_takes_the_most_important_contact_within_their_skills() {
    let mut floor = Floor::new()
        .contact(secs(90))
        .contact(secs(10))
        .priority(5, 0)
        .contact(secs(10))
        .priority(9, 0)
        .needs("law", 1)
        .agent(secs(0), &[]);
    let decisions = floor.ask(&mut Skills, RouterTrigger::AgentReady(1)).unwrap();
    assert_eq!(decisions, [Decision::Assign { contact: 2, agent: 1 }]);
}
