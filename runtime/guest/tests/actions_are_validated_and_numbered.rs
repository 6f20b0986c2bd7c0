//! A turn's answer: admitted actions with their ids, attributes, fuel; a refused
//! action is told to the guest and is not in the answer.

mod common;

use strowger_call::{Action, CommandId};

/// A list of one source at 200 that points at 128; `play` twice around `answer`.
const DATA: &str = r#"(data (i32.const 128) "tone:beep")
  (data (i32.const 160) "plan") (data (i32.const 170) "gold")
  (data (i32.const 200) "\80\00\00\00\09\00\00\00")"#;

#[test]
fn actions_are_validated_and_numbered() {
    let body = "(call $play (i32.const 200) (i32.const 1) (i32.const 1) (i32.const 64))
        ;; Refused: the call is not answered yet.
        (if (i32.eqz (i32.load8_u (i32.const 64))) (then unreachable))
        (call $answer (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then unreachable))
        (call $play (i32.const 200) (i32.const 1) (i32.const 1) (i32.const 64))
        ;; Admitted as command 2.
        (if (i64.ne (i64.load (i32.const 72)) (i64.const 2)) (then unreachable))
        (call $set_attribute (i32.const 160) (i32.const 4) (i32.const 170) (i32.const 4) (i32.const 64))";
    let mut flow = common::flow(DATA, body);
    let result = common::start(&mut flow).result;
    assert_eq!(
        result.outcome,
        Ok(vec![
            (CommandId(1), Action::Answer),
            (CommandId(2), Action::Play { sources: vec!["tone:beep".into()], times: 1 }),
        ])
    );
    assert_eq!(result.attributes, [("plan".to_owned(), "gold".to_owned())]);
    assert_eq!(result.turn, 1);
    assert!(result.fuel > 0 && result.fuel < 10_000, "{}", result.fuel);
}

#[test]
fn a_returned_error_undoes_the_turn_but_not_the_instance() {
    // Result at 300: error, string of 4 bytes at 170.
    let data = format!(r#"{DATA} (data (i32.const 300) "\01\00\00\00\aa\00\00\00\04\00\00\00")"#);
    let body = "(call $answer (i32.const 64)) (return (i32.const 300))";
    let mut flow = common::flow(&data, body);
    let result = common::start(&mut flow).result;
    let fault = result.outcome.expect_err("it returned an error");
    assert_eq!(fault.kind, strowger_call::FaultKind::Returned);
    assert_eq!(fault.message, "gold");
    assert!(flow.is_sound());
}
