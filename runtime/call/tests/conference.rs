//! A caller in a conference: what goes on over it, and what ends with it.

mod common;
use common::*;
use strowger_call::*;
use strowger_model::*;

const CALLER: LegId = LegId(0);

fn answered() -> Line {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line
}

fn join(muted: bool) -> Action {
    Action::ConferenceJoin { conference: "board".into(), muted }
}

fn joined() -> MediaEffect {
    MediaEffect::ConferenceJoin { leg: CALLER, conference: "board".into() }
}

fn go_on(line: &mut Line, actions: Vec<Action>) {
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(actions);
}

#[test]
fn a_recording_goes_on_in_it_and_after_it() {
    let mut line = answered();
    line.turn_ok(vec![Action::RecordStart { max_ms: 0, silence_ms: 0 }]);
    let ids = {
        line.raw(Input::Signal { name: "go".into(), data: String::new() });
        line.turn_ok(vec![join(false)])
    };
    go_on(&mut line, vec![Action::Stop { command: ids[0] }]);
    let effects = line.media_effects();
    let [MediaEffect::RecordStart { recording, .. }, in_it, MediaEffect::ConferenceLeave { .. }] =
        effects.as_slice()
    else {
        panic!("{effects:?}")
    };
    assert_eq!(*in_it, joined());
    assert_eq!(line.completed(ids[0]).0, "left");
    assert_eq!(line.call.record().recordings, [*recording]);
}

#[test]
fn who_joins_muted_is_heard_when_the_flow_says_so() {
    let mut line = answered();
    line.turn_ok(vec![join(true)]);
    go_on(&mut line, vec![Action::Mute { on: false }]);
    let mute = |on| MediaEffect::Mute { leg: CALLER, on };
    assert_eq!(line.media_effects(), [mute(true), joined(), mute(false)]);
}

#[test]
fn who_joins_muted_is_heard_again_after_it() {
    let mut line = answered();
    line.turn_ok(vec![join(true)]);
    line.media_effects();
    line.media(MediaInput::ConferenceFailed { reason: "full".into() });
    assert_eq!(line.media_effects(), [MediaEffect::Mute { leg: CALLER, on: false }]);
}
