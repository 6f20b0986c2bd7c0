//! A new version is tried on recorded calls, within a limit of calls and time.

mod common;

use common::journal::Journal;
use common::recorded::record;
use std::time::Duration;
use strowger_call::{TAKEN_OVER_NOTE, TakenOverBody};
use strowger_guest::replay::{DryRun, DryRunLimits, dry_run};
use strowger_guest::{Budget, Program};
use strowger_model::{CallId, JournalEntry};

fn stock(name: &str) -> Program {
    common::compile(strowger_stock::guest(name).expect("a stock guest")).expect("it compiles")
}

fn recorded(program: &Program, calls: u64) -> Vec<(CallId, Vec<JournalEntry>)> {
    (0..calls).map(|seed| record(program, seed)).map(|journal| (journal[0].call, journal)).collect()
}

fn run(program: &Program, calls: Vec<(CallId, Vec<JournalEntry>)>) -> DryRun {
    dry_run(program, &Budget::default(), None, calls, DryRunLimits::default())
}

#[test]
fn the_same_version_changes_nothing_and_another_one_is_listed_call_by_call() {
    let (old, new) = (stock("demo"), stock("straight-to-queue"));
    let calls = recorded(&old, 20);
    let same = run(&old, calls.clone());
    assert_eq!((same.calls, same.same, same.cut_short), (20, 20, false));
    let changed = run(&new, calls.clone());
    assert_eq!((changed.calls, changed.same, changed.differing.len()), (20, 0, 20));
    let first = &changed.differing[0];
    // Both answer first.
    assert_eq!((first.call, first.turn), (calls[0].0, 2));
    assert_ne!(first.difference.recorded, first.difference.replayed);
}

#[test]
fn a_version_that_fails_is_told_from_one_that_differs() {
    let calls = recorded(&stock("demo"), 5);
    let broken = run(&stock("trap"), calls);
    assert_eq!((broken.faults.len(), broken.differing.len()), (5, 0));
    assert!(broken.faults[0].difference.replayed.contains("trap"), "{broken:?}");
}

#[test]
fn calls_that_cannot_be_replayed_are_named() {
    let program = stock("demo");
    let mut calls = recorded(&program, 3);
    calls[1].1.remove(2);
    calls[2].1.truncate(1);
    let run = run(&program, calls.clone());
    assert_eq!((run.calls, run.same), (3, 1));
    let named: Vec<CallId> = run.not_replayable.iter().map(|(call, _)| *call).collect();
    assert_eq!(named, [calls[1].0, calls[2].0]);
    assert!(run.not_replayable[0].1.contains("entry 2 of the journal is missing"));
}

#[test]
fn it_ends_in_time_and_after_so_many_calls() {
    let program = stock("demo");
    let calls = recorded(&program, 6);
    let few = DryRunLimits { calls: 4, ..DryRunLimits::default() };
    let run = dry_run(&program, &Budget::default(), None, calls.clone(), few);
    assert_eq!((run.calls, run.same, run.cut_short), (4, 4, true));
    let no_time = DryRunLimits { time: Duration::ZERO, ..DryRunLimits::default() };
    let run = dry_run(&program, &Budget::default(), None, calls, no_time);
    assert_eq!((run.calls, run.cut_short), (0, true));
}

#[test]
fn only_the_part_of_the_flow_that_is_named_counts() {
    let mut journal = Journal::counted(2);
    let taken = TakenOverBody {
        flow: "sales".into(),
        version: None,
        from: "+441632960002".parse().expect("a number"),
        to: "+441632960003".parse().expect("a number"),
    };
    journal.note(TAKEN_OVER_NOTE, &taken);
    journal.event(1, false);
    journal.did(Vec::new());
    let silent = common::compile(&common::flow_module("", "")).expect("it compiles");
    let of = |flow| {
        let calls = [(journal.0[0].call, journal.0.clone())];
        dry_run(&silent, &Budget::default(), flow, calls, DryRunLimits::default())
    };
    assert_eq!((of(Some("sales")).same, of(Some("test")).differing.len()), (1, 1));
    assert_eq!(of(None).differing.len(), 1, "the number's own flow did sleep");
    assert_eq!(of(Some("nobody")).not_replayable.len(), 1);
}
