//! Log lines beyond the limit are dropped and counted; the turn succeeds.

mod common;

const DATA: &str = r#"(data (i32.const 128) "warn") (data (i32.const 140) "one\ntwo")"#;

#[test]
fn a_flood_of_log_lines_is_cut_not_punished() {
    let body = "(loop $again
          (call $log (i32.const 128) (i32.const 4) (i32.const 140) (i32.const 7))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $i) (i32.const 1000))))";
    let turn = common::start(&mut common::flow(DATA, body));
    assert_eq!(turn.result.outcome, Ok(Vec::new()));
    assert_eq!(turn.logs.len(), 64);
    assert_eq!(turn.logs_cut, 1000 - 64);
    assert_eq!((turn.logs[0].level, turn.logs[0].message.as_str()), ("warn", "one two"));
}

#[test]
fn a_flood_without_end_is_stopped() {
    let body = "(loop $again
          (call $log (i32.const 128) (i32.const 4) (i32.const 140) (i32.const 7)) (br $again))";
    let turn = common::start(&mut common::flow(DATA, body));
    let fault = turn.result.outcome.expect_err("it does not end");
    assert_eq!(fault.kind, strowger_call::FaultKind::Log);
    assert_eq!(turn.logs.len(), 64, "what was kept is still there to look at");
}

#[test]
fn a_long_line_is_shortened() {
    let body = "(call $log (i32.const 128) (i32.const 4) (i32.const 140) (i32.const 3000))";
    let turn = common::start(&mut common::flow(DATA, body));
    assert_eq!((turn.logs.len(), turn.logs_cut), (1, 1));
    assert_eq!(turn.logs[0].message.len(), 1024);
}

#[test]
fn each_event_has_its_own_allowance() {
    let body = "(call $log (i32.const 128) (i32.const 4) (i32.const 140) (i32.const 3))";
    let mut flow = common::flow(DATA, body);
    for _ in 0..100 {
        let turn = common::start(&mut flow);
        assert_eq!((turn.logs.len(), turn.logs_cut), (1, 0));
    }
}
