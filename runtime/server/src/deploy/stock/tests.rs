//! Stock calls on real guests.

use super::*;
use std::collections::HashSet;
use strowger_guest::{EngineConfig, GuestEngine, UploadLimits};

fn engine() -> GuestEngine {
    GuestEngine::new(EngineConfig { max_live: 8, ..EngineConfig::default() }).expect("it starts")
}

fn guest(engine: &GuestEngine, name: &str) -> Program {
    let wasm = strowger_stock::guest(name).expect("a guest of this name");
    engine.compile(wasm, &UploadLimits::default()).expect("it compiles")
}

fn setting(current: Option<(u32, Program)>) -> Setting {
    Setting {
        flow: "ivr".to_owned(),
        number: "+441632012345".to_owned(),
        language: "en".to_owned(),
        timezone: "Europe/London".to_owned(),
        actions_per_turn: 32,
        current,
    }
}

/// However slow the machine is that tests run on.
const LONG: Duration = Duration::from_secs(600);

fn rehearse(program: &Program, current: Option<(u32, Program)>) -> StockCalls {
    run(program, &Budget::default(), &setting(current), LONG)
}

#[test]
fn the_flows_that_come_with_the_server_pass_every_call() {
    let engine = engine();
    for name in ["demo", "ivr-menu", "queue-with-announcements", "straight-to-queue", "voicemail"] {
        let found = rehearse(&guest(&engine, name), None);
        assert_eq!(found.faults, [], "{name}");
        assert_eq!((found.calls as usize, found.cut_short), (stock_calls().len(), false));
        assert!(0 < found.fuel_p50 && found.fuel_p50 <= found.fuel_max, "{name}: {found:?}");
        assert_eq!((found.compared_with, found.same), (None, 0));
    }
}

#[test]
fn a_flow_that_traps_on_silence_is_reported_with_the_calls_in_which_it_does() {
    let engine = engine();
    let found = rehearse(&guest(&engine, "no-input"), None);
    let silent = found.faults.iter().find(|fault| fault.stock_call == "says-nothing");
    let silent = silent.unwrap_or_else(|| panic!("{found:#?}"));
    assert!(silent.message.starts_with("trap: "), "{silent:?}");
    assert!(silent.event.contains("timeout"), "{silent:?}");
    assert_eq!((silent.step.as_str(), silent.known), ("the call begins", false));
    // Where something is pressed at once nothing is wrong.
    let failing: HashSet<&str> = found.faults.iter().map(|f| f.stock_call.as_str()).collect();
    assert!(!failing.contains("zero") && !failing.contains("every-digit/7"), "{failing:?}");
}

#[test]
fn what_the_version_in_force_does_otherwise_is_listed() {
    let engine = engine();
    let (demo, menu) = (guest(&engine, "demo"), guest(&engine, "ivr-menu"));
    let same = rehearse(&demo, Some((3, demo.clone())));
    assert_eq!((same.compared_with, same.same, same.calls), (Some(3), same.calls, same.same));
    assert_eq!(same.differing, []);
    let changed = rehearse(&menu, Some((3, demo)));
    assert!(changed.differing.len() > 10, "{changed:?}");
    let first = &changed.differing[0];
    assert!(first.stock_call.is_some() && first.recorded != first.replayed, "{first:?}");
    assert_eq!(changed.faults, []);
}

#[test]
fn a_fault_that_callers_meet_already_is_known() {
    let engine = engine();
    let old = guest(&engine, "no-input");
    let found = rehearse(&old, Some((1, old.clone())));
    assert!(!found.faults.is_empty() && found.faults.iter().all(|fault| fault.known));
    assert_eq!(found.same, found.calls, "what fails fails as before");
}

#[test]
fn endless_and_greedy_flows_are_named_for_what_they_do() {
    let engine = engine();
    for (name, kind) in
        [("endless-loop", "fuel: "), ("memory-hog", "memory: "), ("action-flood", "actions: ")]
    {
        let program = guest(&engine, name);
        // A tenth of the usual fuel: this is about what is said, not how long it takes.
        let budget = Budget { fuel: 2_000_000, ..Budget::default() };
        let found = run(&program, &budget, &setting(None), LONG);
        let first = found.faults.first().unwrap_or_else(|| panic!("{name}: {found:?}"));
        let fuel = name == "memory-hog" && first.message.starts_with("fuel: ");
        assert!(first.message.starts_with(kind) || fuel, "{name}: {first:?}");
    }
}

#[test]
fn time_has_an_end() {
    let engine = engine();
    let found = run(&guest(&engine, "demo"), &Budget::default(), &setting(None), Duration::ZERO);
    assert_eq!((found.calls, found.cut_short), (0, true));
    assert_eq!(found.faults, []);
}

#[test]
fn what_reaches_beyond_the_call_is_played() {
    let engine = engine();
    let program = guest(&engine, "no-input");
    let told = |name: &str| {
        let call = stock_calls().into_iter().find(|call| call.name() == name).expect("a call");
        let flow = PlayedFlow::new(program.clone(), Budget::default());
        call.run(setting(None).script(flow)).expect("it is made").transcript.join("\n")
    };
    // The number called has a port of this machine in it, at which nobody listens.
    let asked = told("service-answers");
    assert!(asked.contains("request: GET http://127.0.0.1:12345/account"), "{asked}");
    assert!(asked.contains("last-digit = 1 is stored"), "{asked}");
    let dialled = told("dial-is-answered/2");
    assert!(dialled.contains("number:+441632960999 answers"), "{dialled}");
}
