//! An agent puts the caller on hold: music for the caller, and back.

mod common;
use common::*;
use strowger_call::*;

fn talking() -> Line {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support")]);
    line.queue(offer(1));
    line.leg(1, answered());
    line.queue(served(1));
    line.told();
    line.effects();
    line
}

#[test]
fn the_caller_hears_music_and_is_connected_again() {
    let mut line = talking();
    line.leg(1, LegInput::Held);
    let effects = line.effects();
    assert!(matches!(
        effects[..],
        [
            Effect::Media(MediaEffect::Unbridge { .. }),
            Effect::Queue(QueueEffect::Hold { .. }),
            Effect::Media(MediaEffect::Play { times: 0, .. })
        ]
    ));
    assert_eq!(line.told(), GuestEvent::Signal { name: "hold".into(), data: "callee".into() });
    line.leg(1, LegInput::Resumed);
    let effects = line.effects();
    assert!(matches!(
        effects[..],
        [
            Effect::Media(MediaEffect::StopPlay { .. }),
            Effect::Media(MediaEffect::Bridge { .. }),
            Effect::Queue(QueueEffect::Resume { .. })
        ]
    ));
}

#[test]
fn told_twice_is_done_once() {
    let mut line = talking();
    line.leg(1, LegInput::Resumed);
    assert!(line.effects().is_empty());
    line.leg(1, LegInput::Held);
    line.effects();
    line.leg(1, LegInput::Held);
    assert!(line.effects().is_empty());
}

#[test]
fn a_call_can_end_on_hold() {
    for caller in [true, false] {
        let mut line = talking();
        line.leg(1, LegInput::Held);
        line.leg(if caller { 0 } else { 1 }, hung_up());
        line.idle_guest();
        if !caller {
            line.caller_hangs_up();
            line.idle_guest();
        }
        line.assert_over();
    }
}

#[test]
fn digits_pressed_while_talking_are_nobody_elses() {
    let mut line = talking();
    line.idle_guest();
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn(|_, view| {
        view.admit(gather(&[], gather_options(4))).unwrap_err();
        view.admit(play(&["tone:beep"])).unwrap_err();
        view.admit(Action::WatchDigits { on: true }).unwrap();
    });
    line.press("4111");
    assert!(line.pending.is_none());
    assert_eq!(line.call.record().digits, "");
}
