//! A flow that misbehaves within its rights is still stopped.

mod common;
use common::*;
use strowger_call::*;
use strowger_model::*;

#[test]
fn a_flow_that_forgets_its_caller_loses_the_call() {
    let mut line = Line::answered(setup());
    line.pass(59_999);
    assert!(!line.call.is_over());
    line.pass(1);
    line.idle_guest();
    line.assert_over();
    assert_eq!(line.call.record().cause, Some(Cause::FlowFault));
}

#[test]
fn something_under_way_is_not_forgetting() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![Action::Sleep { ms: 600_000 }]);
    line.pass(500_000);
    assert!(!line.call.is_over());
}

#[test]
fn a_call_has_a_longest_time() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![Action::Play { sources: vec!["music:default".into()], times: 0 }]);
    line.pass(4 * 3_600_000);
    line.idle_guest();
    line.assert_over();
    assert_eq!(line.call.record().ended_by, Some(Party::Host));
}

#[test]
fn a_call_that_nobody_answers_ends() {
    let mut line = Line::new();
    line.turn_ok(vec![Action::EarlyMedia, Action::Sleep { ms: 3_600_000 }]);
    line.told();
    line.effects();
    line.pass(180_000);
    assert!(matches!(line.leg_effects()[..], [(0, LegEffect::Reject { status: 480, .. })]));
    line.idle_guest();
    line.assert_over();
}

#[test]
fn a_flow_that_runs_in_circles_is_stopped() {
    let limits = CallLimits { turns: 50, ..CallLimits::default() };
    let mut line = Line::answered(CallSetup { limits, ..setup() });
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    for _ in 0..60 {
        if line.pending.is_none() {
            break;
        }
        line.turn_ok(vec![Action::Sleep { ms: 0 }]);
        line.pass(1);
    }
    line.assert_over();
    assert_eq!(line.call.record().guest.turns, 50);
    assert_eq!(line.call.record().cause, Some(Cause::FlowFault));
}

#[test]
fn a_flood_of_commands_is_a_fault() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    for _ in 0..20 {
        if line.pending.is_none() {
            break;
        }
        line.turn_ok((0..32).map(|_| play(&["tone:beep"])).collect());
    }
    line.assert_over();
    assert!(line.call.record().guest.faults[0].starts_with("actions:"));
}

#[test]
fn one_turn_has_only_so_many_actions_and_commands() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn(|_, view| {
        for _ in 0..16 {
            view.admit(Action::Sleep { ms: 10 }).unwrap();
        }
        assert!(view.admit(Action::Sleep { ms: 10 }).unwrap_err().contains("under way"));
        for _ in 16..32 {
            view.admit(Action::WatchDigits { on: true }).unwrap();
        }
        assert!(!view.too_many_actions());
        view.admit(Action::WatchDigits { on: true }).unwrap_err();
        assert!(view.too_many_actions());
    });
}

#[test]
fn malformed_actions_are_refused_in_words() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn(|_, view| {
        let long = "x".repeat(5_000);
        let refused: Vec<(Action, &str)> = vec![
            (play(&[]), "nothing to play"),
            (play(&["welcome"]), "is no source"),
            (play(&["text:en:"]), "is no source"),
            (play(&[&format!("text:en:{long}")]), "at most 2048 bytes"),
            (
                Action::Play { sources: vec!["tone:beep".into()], times: 5_000 },
                "at most 1000 times",
            ),
            (gather(&[], gather_options(0)), "max-digits"),
            (
                gather(&[], GatherOptions { terminators: "x".into(), ..gather_options(1) }),
                "terminator",
            ),
            (Action::Reject { status: 200, reason: String::new() }, "400 to 699"),
            (Action::Dial(dial_options(&[], DialStrategy::All)), "nobody to dial"),
            (Action::Dial(dial_options(&["201"], DialStrategy::All)), "a target is"),
            (Action::Dial(dial_options(&["number:a@b"], DialStrategy::All)), "cannot be dialled"),
            (Action::KvGet { key: String::new() }, "needs a key"),
            (Action::KvSet { key: "k".into(), value: "x".repeat(20_000), ttl_s: 0 }, "16384"),
            (Action::Bridge { leg: LegId(9) }, "leg 9"),
            (Action::LeaveQueue, "in no queue"),
            (Action::Stop { command: CommandId(4_000) }, "no command 4000"),
            (
                Action::HttpRequest(HttpRequest {
                    method: "GET".into(),
                    url: "http://a/".into(),
                    headers: vec![("x".into(), "a\r\nhost: b".into())],
                    body: String::new(),
                    timeout_ms: 0,
                }),
                "control characters",
            ),
        ];
        for (action, word) in refused {
            let why = view.admit(action.clone()).expect_err(&format!("{action:?}"));
            assert!(why.contains(word), "{action:?}: {why}");
        }
        assert!(view.set_attribute("", "x").is_err());
        assert!(view.set_attribute("a", &long).is_err());
        for n in 0..64 {
            view.set_attribute(&format!("a{n}"), "x").unwrap();
        }
        assert!(view.set_attribute("one too many", "x").is_err());
        view.set_attribute("a0", "again").unwrap();
        assert_eq!(view.attribute("a0"), Some("again"));
    });
    assert_eq!(line.call.view().attributes().len(), 64);
}

#[test]
fn a_place_in_the_queue_that_was_not_read_is_replaced() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support")]);
    line.raw(Input::Signal { name: "busy".into(), data: String::new() });
    for position in (1..=500).rev() {
        line.queue(QueueInput::Waiting { position, expected_wait_ms: 0 });
    }
    line.told();
    assert_eq!(line.told(), GuestEvent::Signal { name: "queue.position".into(), data: "1".into() });
    assert!(line.pending.is_none());
}
