//! A recording is bounded, pausable, and never the reason why a call fails.

mod common;
use common::*;
use strowger_call::*;
use strowger_model::*;

fn recorded(max_ms: u32, silence_ms: u32) -> (Line, CommandId, RecordingId) {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    let ids = line.turn_ok(vec![Action::RecordStart { max_ms, silence_ms }]);
    let Some(MediaEffect::RecordStart { recording, .. }) = line.media_effects().pop() else {
        panic!("nothing is recorded")
    };
    (line, ids[0], recording)
}

#[test]
fn it_ends_after_its_longest_time() {
    let (mut line, command, recording) = recorded(10_000, 0);
    line.pass(10_000);
    assert_eq!(line.media_effects(), [MediaEffect::RecordStop { recording }]);
    assert!(line.pending.is_none());
    line.media(MediaInput::RecordingEnded { recording, duration_ms: 9_980, reason: "stop".into() });
    assert_eq!(line.detail("duration-ms").as_deref(), Some("9980"));
    assert_eq!(line.completed(command), ("finished".into(), recording.to_string()));
    assert_eq!(line.call.record().recordings, [recording]);
}

#[test]
fn silence_ends_it() {
    let (mut line, _, recording) = recorded(0, 3_000);
    line.media(MediaInput::Silence { ms: 2_900 });
    assert!(line.media_effects().is_empty());
    line.media(MediaInput::Silence { ms: 3_000 });
    assert_eq!(line.media_effects(), [MediaEffect::RecordStop { recording }]);
}

#[test]
fn a_full_disk_raises_an_alarm_and_the_call_goes_on() {
    let (mut line, command, recording) = recorded(0, 0);
    line.media(MediaInput::RecordingFailed { recording, reason: "disk full".into() });
    assert_eq!(line.completed(command), ("failed".into(), "disk full".into()));
    assert!(line.happened("alarm"));
    assert!(!line.call.is_over());
    assert!(line.call.record().recordings.is_empty());
}

#[test]
fn card_numbers_can_be_left_out() {
    let (mut line, _, recording) = recorded(0, 0);
    line.raw(Input::Signal { name: "card".into(), data: String::new() });
    line.turn(|_, view| {
        view.admit(Action::RecordPause).unwrap();
        view.admit(Action::RecordPause).unwrap_err();
        view.admit(Action::RecordResume).unwrap();
        view.admit(Action::RecordResume).unwrap_err();
        view.admit(Action::RecordStart { max_ms: 0, silence_ms: 0 }).unwrap_err();
    });
    assert_eq!(
        line.media_effects(),
        [MediaEffect::RecordPause { recording }, MediaEffect::RecordResume { recording }]
    );
}

#[test]
fn a_message_is_still_told_of_when_the_caller_has_hung_up() {
    let (mut line, command, recording) = recorded(0, 0);
    line.caller_hangs_up();
    assert_eq!(line.media_effects(), [MediaEffect::RecordStop { recording }]);
    assert_eq!(line.told(), GuestEvent::Ended { cause: Cause::Normal });
    assert!(!line.call.is_over());
    line.media(MediaInput::RecordingEnded { recording, duration_ms: 700, reason: "end".into() });
    line.turn(|event, view| {
        assert!(matches!(event, GuestEvent::Completed { command: c, .. } if *c == command));
        view.admit(play(&["tone:beep"])).unwrap_err();
        view.admit(Action::KvSet { key: "message".into(), value: "1".into(), ttl_s: 0 }).unwrap();
    });
    assert!(!line.call.is_over());
    line.input(Input::Kv {
        command: CommandId(command.0 + 1),
        outcome: "ok".into(),
        value: "".into(),
    });
    line.told();
    line.assert_over();
}

#[test]
fn a_file_that_is_never_stored_does_not_hold_the_call() {
    let (mut line, _, _) = recorded(0, 0);
    line.caller_hangs_up();
    line.told();
    line.pass(40_000);
    line.idle_guest();
    line.assert_over();
}
