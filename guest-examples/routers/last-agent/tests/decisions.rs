//! Who gets whom.

use last_agent::LastAgent;
use strowger_sdk::{RouterTrigger, secs};
use strowger_testkit::{Decision, Floor};

#[test]
fn a_caller_reaches_the_agent_they_know() {
    let mut floor = Floor::new()
        .contact(secs(0))
        .fact("last-agent", "2")
        .agent(secs(300), &[])
        .agent(secs(1), &[]);
    let decisions = floor.ask(&mut LastAgent, RouterTrigger::ContactWaiting(1)).unwrap();
    assert_eq!(decisions, [Decision::Assign { contact: 1, agent: 2 }]);
}

#[test]
fn a_caller_is_held_back_for_a_busy_agent_and_then_given_to_anyone() {
    // Agent 7 is signed in and talking.
    let mut floor = Floor::new().contact(secs(0)).fact("last-agent", "7").agent(secs(300), &[]);
    let decisions = floor.ask(&mut LastAgent, RouterTrigger::ContactWaiting(1)).unwrap();
    assert_eq!(decisions, [Decision::WakeIn { contact: 1, ms: 20_000 }]);
    let decisions = floor.ask(&mut LastAgent, RouterTrigger::Wake(1)).unwrap();
    assert_eq!(decisions, [Decision::Assign { contact: 1, agent: 1 }]);
}

#[test]
fn an_agent_leaves_those_alone_who_wait_for_somebody_else() {
    let floor =
        Floor::new().contact(secs(19)).fact("last-agent", "7").contact(secs(5)).agent(secs(0), &[]);
    let decisions = floor.clone().ask(&mut LastAgent, RouterTrigger::AgentReady(1)).unwrap();
    assert_eq!(decisions, [Decision::Assign { contact: 2, agent: 1 }]);

    // Held back for long enough, the first one comes first again.
    let mut floor =
        Floor::new().contact(secs(20)).fact("last-agent", "7").contact(secs(5)).agent(secs(0), &[]);
    let decisions = floor.ask(&mut LastAgent, RouterTrigger::AgentReady(1)).unwrap();
    assert_eq!(decisions, [Decision::Assign { contact: 1, agent: 1 }]);
}

#[test]
fn a_stranger_goes_to_whoever_is_idle_for_longest() {
    let mut floor = Floor::new().contact(secs(0)).agent(secs(1), &[]).agent(secs(9), &[]);
    let decisions = floor.ask(&mut LastAgent, RouterTrigger::ContactWaiting(1)).unwrap();
    assert_eq!(decisions, [Decision::Assign { contact: 1, agent: 2 }]);
}
