//! The misbehaving guests, built with the SDK as a tenant would build them:
//! each meets its limit, under its own name.

mod common;

use strowger_call::{Action, Fault, FaultKind, GuestEvent};
use strowger_guest::{Budget, FlowInstance, FlowTurn, UploadError};
use strowger_model::Blame;

fn guest(name: &str) -> &'static [u8] {
    strowger_stock::guest(name).unwrap_or_else(|| panic!("{name} is not among the guests"))
}

fn run(name: &str) -> (FlowInstance, FlowTurn) {
    let program = common::compile(guest(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut flow = FlowInstance::new(&program, &Budget::default()).expect("it starts");
    let turn = common::start(&mut flow);
    (flow, turn)
}

fn fault(name: &str) -> Fault {
    let (flow, turn) = run(name);
    let fault = turn.result.outcome.expect_err("it misbehaves");
    assert_eq!(fault.blame, Blame::Guest);
    assert!(!flow.is_sound());
    fault
}

#[test]
fn an_endless_loop() {
    assert_eq!(fault("endless-loop").kind, FaultKind::Fuel);
}

#[test]
fn a_memory_hog() {
    let fault = fault("memory-hog");
    assert_eq!(fault.kind, FaultKind::Memory, "{fault}");
}

#[test]
fn an_action_flood() {
    let fault = fault("action-flood");
    assert_eq!(fault.kind, FaultKind::Actions, "{fault}");
}

#[test]
fn a_panic_is_a_trap_and_its_words_are_in_the_log() {
    let (_, turn) = run("trap");
    let fault = turn.result.outcome.expect_err("it panics");
    assert_eq!(fault.kind, FaultKind::Trap);
    let said = turn.logs.iter().any(|line| line.message.contains("this flow always breaks"));
    assert!(said, "{:?}", turn.logs);
}

#[test]
fn a_log_flood_is_only_cut() {
    let (_, turn) = run("log-flood");
    assert_eq!(turn.result.outcome, Ok(Vec::new()));
    assert_eq!(turn.logs.len() as u32 + turn.logs_cut, 10_000);
}

#[test]
fn a_foreign_world() {
    let error = common::compile(guest("wrong-world")).expect_err("no world of ours");
    assert!(
        matches!(&error, UploadError::WrongWorld { found } if found.contains("brew")),
        "{error}"
    );
}

#[test]
fn a_foreign_import() {
    let error = common::compile(guest("unknown-import")).expect_err("nobody has that");
    assert!(
        matches!(&error, UploadError::UnknownImport { import, .. } if import == "foreign:spy/secrets@1.0.0"),
        "{error}"
    );
}

#[test]
fn memory_does_not_leak_from_one_call_into_the_next() {
    // It sleeps as many seconds as its instance saw events.
    let program = common::compile(guest("non-deterministic")).expect("it compiles");
    for _ in 0..3 {
        let mut flow = FlowInstance::new(&program, &Budget::default()).expect("it starts");
        for (count, event) in [
            GuestEvent::Started,
            GuestEvent::Input { digit: '1', held_ms: 0 },
            GuestEvent::Input { digit: '2', held_ms: 0 },
        ]
        .into_iter()
        .enumerate()
        {
            let view = common::view_at(count as u32 + 1);
            let turn = flow.handle(common::moment(), &event, view);
            let actions = turn.result.outcome.expect("it only sleeps");
            let ms = (count as u32 + 1) * 1_000;
            assert!(matches!(actions[..], [(_, Action::Sleep { ms: slept })] if slept == ms));
        }
    }
}
