//! A stock flow, compiled, in a scripted call.

use super::guest::compile;
use super::terminal::scripted;
use strowger_testkit::{Script, Simulation};

fn run(flow: &str, script: &str) -> Result<(), String> {
    let wasm = strowger_stock::guest(flow).expect("a stock flow");
    let flow = compile(wasm).expect("it compiles");
    let simulation = Simulation::new(Script::decided_by(flow));
    scripted(simulation, script).map_err(|error| error.to_string())
}

#[test]
fn the_compiled_flow_is_heard_and_answered() {
    let script = "
        at 2026-11-20T10:00:00
        expect hears \"For English\"
        expect hears 中文
        1
        expect hears \"For sales press 1\"
        1
        expect queue sales
        wait 40s
        agent 201 does not answer
        answer as agent 202
        wait 1m
        agent hangs up
        expect ended";
    assert_eq!(run("ivr-menu", script), Ok(()));
}

#[test]
fn an_expectation_that_fails_names_its_line() {
    let failed = run("ivr-menu", "expect hears \"For English\"\nexpect queue sales").unwrap_err();
    assert!(failed.starts_with("line 2 `expect queue sales`"), "{failed}");
}

#[test]
fn what_is_no_flow_is_told_so() {
    let router = strowger_stock::guest("longest-idle").expect("a stock router");
    let Err(refused) = compile(router) else { panic!("routers take no calls") };
    let refused = refused.to_string();
    assert!(refused.contains("router") && refused.contains("flow test"), "{refused}");
}
