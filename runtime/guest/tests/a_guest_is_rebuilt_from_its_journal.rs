//! Replay: a deterministic guest arrives where it was; one that depends on
//! anything else is reported with the first action that differs.

mod common;

use common::journal::{COUNTING, Journal};
use strowger_call::{
    Action, FALLBACK_NOTE, FallbackBody, FaultKind, GuestEvent, StoryError, TAKEN_OVER_NOTE,
    TakenOverBody,
};
use strowger_guest::replay::rebuild;
use strowger_guest::{Budget, FlowInstance, Program, ReplayError};

fn program(body: &str) -> Program {
    common::compile(&common::flow_module("", body)).expect("it compiles")
}

fn next_sleep(instance: &mut FlowInstance) -> u32 {
    let event = GuestEvent::Input { digit: '1', held_ms: 0 };
    let turn = instance.handle(common::moment(), &event, common::view_at(9));
    match turn.result.outcome.as_deref() {
        Ok([(_, Action::Sleep { ms })]) => *ms,
        other => panic!("one sleep was expected, not {other:?}"),
    }
}

#[test]
fn a_deterministic_guest_goes_on_where_it_was() {
    let journal = Journal::counted(5);
    let mut replayed =
        rebuild(&program(COUNTING), &Budget::default(), &journal.0).expect("it is the same");
    assert_eq!((replayed.turns, replayed.pending), (5, None));
    assert_eq!(next_sleep(&mut replayed.instance), 6);
}

#[test]
fn an_event_without_its_turn_is_left_to_be_handled() {
    let mut journal = Journal::counted(2);
    journal.event(3, false);
    let mut replayed =
        rebuild(&program(COUNTING), &Budget::default(), &journal.0).expect("it is the same");
    assert_eq!(replayed.turns, 2);
    assert_eq!(replayed.pending.map(|event| event.state.turn), Some(3));
    assert_eq!(next_sleep(&mut replayed.instance), 3);
}

#[test]
fn a_guest_that_does_something_else_is_reported() {
    let doubled = COUNTING.replace("(i32.const 1)))", "(i32.const 2)))");
    let error = rebuild(&program(&doubled), &Budget::default(), &Journal::counted(3).0)
        .expect_err("it sleeps longer");
    let ReplayError::Diverged(divergence) = error else { panic!("{error}") };
    assert_eq!(divergence.seq, 2);
    assert_eq!((&*divergence.recorded, &*divergence.replayed), ("sleep 1 ms", "sleep 2 ms"));
    assert_eq!(divergence.fault().kind, FaultKind::NonDeterministic);
}

#[test]
fn a_guest_that_does_less_or_fails_is_reported() {
    for body in ["", "unreachable"] {
        let error = rebuild(&program(body), &Budget::default(), &Journal::counted(1).0)
            .expect_err("it does not sleep");
        assert!(matches!(error, ReplayError::Diverged(_)), "{error}");
    }
}

#[test]
fn missing_secrets_are_not_called_non_determinism() {
    let mut journal = Journal::new();
    journal.event(1, true);
    journal.slept(99);
    let error = rebuild(&program(COUNTING), &Budget::default(), &journal.0)
        .expect_err("the digits are not there");
    assert!(matches!(error, ReplayError::SecretsMissing { seq: 1, .. }), "{error}");
}

#[test]
fn after_a_fallback_only_its_own_part_is_fed() {
    // Two turns of some other program, then the counting one took over.
    let mut journal = Journal::new();
    journal.event(1, false);
    journal.slept(1_000);
    journal.note(FALLBACK_NOTE, &FallbackBody { version: None });
    journal.event(2, false);
    journal.slept(1);
    let mut replayed =
        rebuild(&program(COUNTING), &Budget::default(), &journal.0).expect("it is the same");
    assert_eq!(replayed.turns, 1);
    assert_eq!(next_sleep(&mut replayed.instance), 2);
}

#[test]
fn after_a_transfer_to_a_number_only_its_flows_part_is_fed() {
    let mut journal = Journal::counted(3);
    let taken = TakenOverBody {
        flow: "sales".into(),
        version: None,
        from: "+441632960002".parse().expect("a number"),
        to: "+441632960003".parse().expect("a number"),
    };
    journal.note(TAKEN_OVER_NOTE, &taken);
    journal.event(4, false);
    journal.slept(1);
    let mut rebuilt =
        rebuild(&program(COUNTING), &Budget::default(), &journal.0).expect("it is the same");
    assert_eq!(rebuilt.turns, 1);
    assert_eq!(next_sleep(&mut rebuilt.instance), 2);
}

#[test]
fn a_journal_with_a_hole_is_refused() {
    let mut journal = Journal::counted(2);
    journal.0.remove(2);
    let error = rebuild(&program(COUNTING), &Budget::default(), &journal.0).expect_err("a hole");
    assert_eq!(error.to_string(), "entry 2 of the journal is missing");
    let error = rebuild(&program(COUNTING), &Budget::default(), &[]).expect_err("nothing");
    assert_eq!(error, ReplayError::Journal(StoryError::Gap { expected: 0 }));
}

#[test]
fn a_journal_with_impossible_numbers_is_refused() {
    let mut journal = Journal::counted(1);
    journal.0[0].seq = u32::MAX;
    let error = rebuild(&program(COUNTING), &Budget::default(), &journal.0).expect_err("damaged");
    assert_eq!(error, ReplayError::Journal(StoryError::Gap { expected: 0 }));
}
