//! Digits: collected, timed out, thrown away, watched, kept secret.

mod common;
use common::*;
use strowger_call::*;
use strowger_model::*;

fn gathering(prompt: &[&str], options: GatherOptions) -> (Line, CommandId) {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    let ids = line.turn_ok(vec![gather(prompt, options)]);
    (line, ids[0])
}

fn prompt_ends(line: &mut Line) {
    let play = line.last_play();
    line.media(MediaInput::PlayEnded { play, ok: true, reason: String::new() });
}

#[test]
fn a_terminator_completes_and_is_not_part_of_the_value() {
    let (mut line, command) = gathering(&["file:menu"], gather_options(8));
    line.press("12#");
    assert_eq!(line.detail("terminator").as_deref(), Some("#"));
    assert_eq!(line.completed(command), ("digits".into(), "12".into()));
    assert_eq!(line.call.record().digits, "12");
}

#[test]
fn the_last_digit_completes() {
    let (mut line, command) = gathering(&["file:menu"], gather_options(2));
    line.press("45");
    assert_eq!(line.completed(command), ("digits".into(), "45".into()));
}

#[test]
fn a_digit_silences_the_prompt() {
    let (mut line, _) = gathering(&["file:menu"], gather_options(4));
    line.effects();
    line.press("1");
    assert!(matches!(line.media_effects()[..], [MediaEffect::StopPlay { .. }]));
}

#[test]
fn without_barge_in_digits_during_the_prompt_are_thrown_away() {
    let options = GatherOptions { barge_in: false, ..gather_options(1) };
    let (mut line, command) = gathering(&["file:menu"], options);
    line.press("7");
    assert!(line.pending.is_none());
    prompt_ends(&mut line);
    line.press("8");
    assert_eq!(line.completed(command), ("digits".into(), "8".into()));
    assert_eq!(line.call.record().digits, "8");
}

#[test]
fn the_wait_for_the_first_digit_counts_from_the_end_of_the_prompt() {
    let (mut line, command) = gathering(&["file:menu"], gather_options(4));
    line.pass(20_000);
    assert!(line.pending.is_none());
    prompt_ends(&mut line);
    line.pass(4_999);
    assert!(line.pending.is_none());
    line.pass(1);
    assert_eq!(line.completed(command), ("timeout".into(), String::new()));
}

#[test]
fn digits_that_stop_coming_time_out_with_what_there_is() {
    let (mut line, command) = gathering(&[], gather_options(4));
    line.press("9");
    line.pass(3_000);
    assert_eq!(line.completed(command), ("timeout".into(), "9".into()));
}

#[test]
fn a_gather_without_a_prompt_leaves_the_sound_until_a_digit_comes() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    let ids = line.turn_ok(vec![
        Action::Play { sources: vec!["music:default".into()], times: 0 },
        gather(&[], gather_options(1)),
    ]);
    line.press("3");
    assert_eq!(line.completed(ids[0]).0, "stopped");
    assert_eq!(line.completed(ids[1]), ("digits".into(), "3".into()));
}

#[test]
fn a_second_gather_and_stop_end_the_first() {
    let (mut line, first) = gathering(&["file:menu"], gather_options(4));
    line.raw(Input::Signal { name: "again".into(), data: String::new() });
    let ids = line.turn_ok(vec![gather(&["file:menu"], gather_options(4))]);
    assert_eq!(line.completed(first).0, "stopped");
    line.raw(Input::Signal { name: "enough".into(), data: String::new() });
    line.turn_ok(vec![Action::Stop { command: ids[0] }]);
    assert_eq!(line.completed(ids[0]).0, "stopped");
}

#[test]
fn a_prompt_that_cannot_be_played_fails_the_gather() {
    let (mut line, command) = gathering(&["file:missing"], gather_options(4));
    let play = line.last_play();
    line.media(MediaInput::PlayEnded { play, ok: false, reason: "no such prompt".into() });
    assert_eq!(line.completed(command), ("failed".into(), "no such prompt".into()));
}

#[test]
fn watched_digits_come_as_input_and_unwatched_ones_not_at_all() {
    let mut line = Line::answered(setup());
    line.press("1");
    assert!(line.pending.is_none());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![Action::WatchDigits { on: true }]);
    line.press("2");
    assert_eq!(line.told(), GuestEvent::Input { digit: '2', held_ms: 80 });
    assert_eq!(line.call.record().digits, "2");
}

#[test]
fn secret_digits_are_in_no_journal_and_in_no_record() {
    let options = GatherOptions { secret: true, ..gather_options(8) };
    let (mut line, command) = gathering(&[], options);
    line.press("80312#");
    line.turn(|event, view| {
        assert_eq!(
            *event,
            GuestEvent::Completed { command, outcome: "digits".into(), value: "80312".into() }
        );
        view.set_attribute("pin", "pin=80312").unwrap();
        view.admit(Action::KvGet { key: "pin:80312".into() }).unwrap();
    });
    line.caller_hangs_up();
    line.idle_guest();
    line.pass(60_000);
    line.assert_over();
    for entry in &line.journal {
        assert!(!entry.body.contains("80312"), "{:?}: {}", entry.kind, entry.body);
    }
    let masked = line
        .journal
        .iter()
        .filter(|e| e.kind == JournalKind::Event)
        .any(|e| serde_json::from_str::<EventBody>(&e.body).unwrap().masked);
    assert!(masked);
    let record = line.call.record();
    assert_eq!(record.digits, "*****");
    assert_eq!(record.attributes, [("pin".to_owned(), "pin=*****".to_owned())]);
    let record = serde_json::to_string(record).unwrap();
    assert!(!record.contains("80312"));
}
