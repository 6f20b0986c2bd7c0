//! A program fed with the calls of another one: where they part, how far the
//! recorded call can still be followed, and what is not held against it.

mod common;

use common::journal::{COUNTING, Journal};
use strowger_call::{
    Action, CommandId, CommandKind, Fault, FaultKind, GatherOptions, GuestEvent, Story, TurnBody,
    ViewState,
};
use strowger_guest::replay::{Comparison, End, Verdict, What, compare};
use strowger_guest::{Budget, Program, ReplayError};
use strowger_model::{Cause, JournalKind, Timestamp};

fn program(body: &str) -> Program {
    common::compile(&common::flow_module("", body)).expect("it compiles")
}

fn try_compare(body: &str, journal: &Journal) -> Result<Comparison, ReplayError> {
    let story = Story::read(&journal.0)?;
    compare(&program(body), &Budget::default(), &story.seats[0])
}

fn compared(body: &str, journal: &Journal) -> Comparison {
    try_compare(body, journal).expect("it can be replayed")
}

fn state(next_command: u64, running: &[(u64, CommandKind)]) -> ViewState {
    let running = running.iter().map(|(id, kind)| (CommandId(*id), *kind)).collect();
    ViewState { next_command, running, ..ViewState::first(common::moment().now) }
}

fn finished(command: u64) -> GuestEvent {
    let command = CommandId(command);
    GuestEvent::Completed { command, outcome: "finished".into(), value: String::new() }
}

fn sleeps(journal: &mut Journal, turn: u32, event: GuestEvent, id: u64, ms: u32) {
    let running: &[_] = if id > 1 { &[(id - 1, CommandKind::Sleep)] } else { &[] };
    journal.told(turn, event, state(id, running), false);
    journal.did(vec![(CommandId(id), Action::Sleep { ms })]);
}

#[test]
fn the_same_program_does_the_same() {
    let comparison = compared(COUNTING, &Journal::counted(4));
    assert_eq!((comparison.verdict, &comparison.end), (Verdict::Same, &End::Complete));
    assert_eq!(comparison.turns.len(), 4);
    assert!(comparison.divergence().is_none() && !comparison.fails());
}

#[test]
fn other_arguments_are_a_difference_and_the_recorded_outcomes_still_fit() {
    // Sleeps twice as long each time.
    let doubled = COUNTING.replace("(i32.const 1)))", "(i32.const 2)))");
    let mut journal = Journal::new();
    sleeps(&mut journal, 1, GuestEvent::Started, 1, 1);
    sleeps(&mut journal, 2, finished(1), 2, 2);
    sleeps(&mut journal, 3, finished(2), 3, 3);
    journal.told(4, GuestEvent::Ended { cause: Cause::Normal }, state(4, &[]), false);
    journal.did(vec![(CommandId(4), Action::Sleep { ms: 4 })]);
    let comparison = compared(&doubled, &journal);
    assert_eq!((comparison.verdict, &comparison.end), (Verdict::Differs, &End::Complete));
    let (turn, difference) = comparison.first_difference().expect("it sleeps longer");
    assert_eq!((turn.turn, turn.seq, difference.what), (1, 1, What::Action(0)));
    assert_eq!((&*difference.recorded, &*difference.replayed), ("sleep 1 ms", "sleep 2 ms"));
    assert!(comparison.turns.iter().all(|turn| turn.difference.is_some() && !turn.not_told));
}

#[test]
fn outcomes_are_told_under_the_numbers_that_the_program_knows() {
    // Then: two sleeps at once. Now: one, so the number of the next is lower by one.
    let once = "(if (i32.eqz (local.get $case)) (then (call $sleep (i32.const 7) (i32.const 64))))
        (if (i32.eq (local.get $case) (i32.const 1))
            (then (call $sleep (i32.const 8) (i32.const 64))))";
    let mut journal = Journal::new();
    journal.told(1, GuestEvent::Started, state(1, &[]), false);
    let sleep = |id, ms| (CommandId(id), Action::Sleep { ms });
    journal.did(vec![sleep(1, 7), sleep(2, 7)]);
    let both = [(1, CommandKind::Sleep), (2, CommandKind::Sleep)];
    journal.told(2, finished(1), state(3, &both[1..]), false);
    journal.did(vec![sleep(3, 8)]);
    journal.told(3, finished(2), state(4, &[(3, CommandKind::Sleep)]), false);
    journal.did(vec![]);
    journal.told(4, finished(3), state(4, &[]), false);
    journal.did(vec![sleep(4, 8)]);
    let comparison = compared(once, &journal);
    assert_eq!(comparison.end, End::Complete, "{comparison:#?}");
    let ids: Vec<Vec<u64>> = comparison
        .turns
        .iter()
        .map(|turn| {
            let now = turn.replayed.as_ref().map(|now| now.actions.as_slice());
            now.unwrap_or_default().iter().map(|(command, _)| command.0).collect()
        })
        .collect();
    assert_eq!(ids, [vec![1], vec![2], vec![], vec![3]]);
    let told: Vec<bool> = comparison.turns.iter().map(|turn| !turn.not_told).collect();
    assert_eq!(told, [true, true, false, true], "the second sleep was not asked for");
    let differ: Vec<bool> = comparison.turns.iter().map(|turn| turn.difference.is_some()).collect();
    assert_eq!(differ, [true, false, false, false], "{comparison:#?}");
}

#[test]
fn what_has_no_recorded_outcome_ends_it() {
    // Answers as well: whether the caller's side would have confirmed is unknown.
    let more = format!("(call $answer (i32.const 64)) {COUNTING}");
    let comparison = compared(&more, &Journal::counted(3));
    let End::Parted { seq, why } = &comparison.end else { panic!("{comparison:#?}") };
    assert_eq!((*seq, comparison.turns.len()), (1, 1));
    assert!(why.contains("answer"), "{why}");
}

#[test]
fn what_was_asked_of_the_caller_and_is_not_now_ends_it() {
    let options = GatherOptions {
        max_digits: 4,
        terminators: "#".into(),
        first_digit_ms: 5_000,
        inter_digit_ms: 3_000,
        barge_in: true,
        secret: false,
    };
    let mut journal = Journal::new();
    journal.event(1, false);
    journal.did(vec![(CommandId(1), Action::Gather { prompt: vec!["file:pin".into()], options })]);
    journal.told(2, finished(1), state(2, &[]), false);
    journal.did(vec![]);
    let comparison = compared("", &journal);
    let End::Parted { seq: 1, why } = &comparison.end else { panic!("{comparison:#?}") };
    assert!(why.contains("gather up to 4 digits until # after file:pin"), "{why}");
}

#[test]
fn a_program_that_fails_now_or_failed_then_is_not_followed_further() {
    let fails = compared("unreachable", &Journal::counted(3));
    assert!(fails.fails() && fails.turns.len() == 1);
    assert_eq!(fails.first_difference().map(|(_, found)| found.what), Some(What::Fault));
    assert!(matches!(fails.end, End::Parted { seq: 1, .. }));

    let mut journal = Journal::new();
    journal.event(1, false);
    let fault = |kind| TurnBody { fault: Some(Fault::new(kind, "then")), ..TurnBody::default() };
    journal.add(JournalKind::Turn, &fault(FaultKind::Trap));
    let mended = compared(COUNTING, &journal);
    assert_eq!((mended.verdict, mended.fails()), (Verdict::Differs, false));
    assert!(matches!(mended.end, End::Parted { seq: 1, .. }));
    // The same failure is the same, whatever words it is told in.
    assert_eq!(compared("unreachable", &journal).verdict, Verdict::Same);

    // A machine that was too slow then is not held against a program now.
    let mut journal = Journal::new();
    journal.event(1, false);
    journal.add(JournalKind::Turn, &fault(FaultKind::Deadline));
    let slow = compared(COUNTING, &journal);
    assert_eq!(slow.verdict, Verdict::Same);
    assert!(matches!(slow.end, End::HostStopped { seq: 2, .. }));
}

#[test]
fn missing_secrets_are_told_apart_from_differences() {
    let mut journal = Journal::counted(1);
    journal.event(2, true);
    journal.slept(2);
    journal.event(3, false);
    journal.slept(99);
    let comparison = compared(COUNTING, &journal);
    assert_eq!(comparison.verdict, Verdict::SecretsMissing);
    assert!(comparison.divergence().is_none());
    assert!(comparison.turns[1].masked);
    // Before the secret a difference is a difference.
    let doubled = COUNTING.replace("(i32.const 1)))", "(i32.const 2)))");
    assert_eq!(compared(&doubled, &journal).verdict, Verdict::Differs);
}

#[test]
fn a_call_that_was_cut_off_is_compared_as_far_as_it_goes() {
    let mut journal = Journal::counted(2);
    journal.event(3, false);
    let comparison = compared(COUNTING, &journal);
    assert_eq!((comparison.verdict, comparison.end), (Verdict::Same, End::Unanswered { seq: 5 }));
}

#[test]
fn a_journal_that_is_not_whole_is_refused() {
    let mut torn = Journal::counted(2);
    torn.0[3].body.truncate(20);
    let error = try_compare(COUNTING, &torn).expect_err("half an entry");
    assert!(error.to_string().contains("entry 3 of the journal cannot be read"), "{error}");
    let mut holed = Journal::counted(2);
    holed.0.remove(2);
    let error = try_compare(COUNTING, &holed).expect_err("an entry is missing");
    assert_eq!(error.to_string(), "entry 2 of the journal is missing");
    let empty = try_compare(COUNTING, &Journal::new()).expect_err("nothing to feed");
    assert_eq!(empty, ReplayError::NoTurns);
}

#[test]
fn a_clock_that_was_set_back_is_replayed_as_it_was() {
    // Sleeps for the last digits of the time.
    let body = "(call $sleep (i32.wrap_i64 (i64.rem_u (local.get $now) (i64.const 100000))) (i32.const 64))";
    let mut journal = Journal::new();
    let began = common::setup().now.0;
    for (turn, now) in [(1, began + 500), (2, began - 700)] {
        journal.event(turn, false);
        let entry = journal.0.last_mut().expect("just added");
        entry.at = Timestamp(now);
        let old = format!("\"moment\":{{\"now\":{began}");
        entry.body = entry.body.replace(&old, &format!("\"moment\":{{\"now\":{now}"));
        journal.slept((now % 100_000) as u32);
        journal.0.last_mut().expect("just added").at = Timestamp(now);
    }
    let comparison = compared(body, &journal);
    assert_eq!(comparison.verdict, Verdict::Same, "{comparison:#?}");
    let times: Vec<i64> = comparison.turns.iter().map(|turn| turn.at_ms).collect();
    assert_eq!(times, [500, -700]);
    assert_eq!(Story::read(&journal.0).expect("readable").clock_back, Some(3));
}
