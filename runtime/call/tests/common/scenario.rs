//! A call that does about everything a call can do.

use super::*;

/// Runs it. Inputs after the line was cut are void.
pub fn everything(line: &mut Line) {
    begin(line);
    menu(line);
    wait_and_talk(line);
    dial_and_bridge(line);
    transfer(line);
}

fn begin(line: &mut Line) {
    line.turn_ok(vec![Action::Ring, Action::EarlyMedia, play(&["tone:ringback"])]);
    line.turn_ok(vec![]);
    line.turn_ok(vec![Action::Sleep { ms: 500 }]);
    line.pass(500);
    line.turn_ok(vec![Action::Answer, Action::RecordStart { max_ms: 0, silence_ms: 0 }]);
    line.leg(0, answered());
    line.turn_ok(vec![play(&["file:welcome"])]);
    line.turn_ok(vec![]);
}

fn menu(line: &mut Line) {
    play_ends(line);
    line.turn_ok(vec![gather(&["file:menu"], gather_options(4))]);
    line.press("1");
    line.pass(1_000);
    line.press("2#");
    line.turn_ok(vec![
        Action::KvGet { key: "last".into() },
        Action::HttpRequest(HttpRequest {
            method: "GET".into(),
            url: "https://example.com/who".into(),
            headers: vec![],
            body: String::new(),
            timeout_ms: 2_000,
        }),
    ]);
    let [kv, http] = [2, 1].map(|back| command(line, back));
    line.input(Input::Kv { command: kv, outcome: "missing".into(), value: String::new() });
    line.turn(|_, view| view.set_attribute("customer", "42").unwrap());
    line.input(Input::Http {
        command: http,
        outcome: "response".into(),
        value: "{}".into(),
        details: vec![("status".into(), "200".into())],
    });
}

fn wait_and_talk(line: &mut Line) {
    line.turn_ok(vec![enqueue("support"), Action::WatchDigits { on: true }]);
    line.queue(QueueInput::Waiting { position: 3, expected_wait_ms: 60_000 });
    line.turn_ok(vec![play(&["queue:position:en"])]);
    play_ends(line);
    line.turn_ok(vec![]);
    line.queue(offer(1));
    line.leg(1, ringing());
    line.press("5");
    line.turn_ok(vec![]);
    line.pass(15_000);
    line.queue(offer(2));
    line.leg(2, ringing());
    line.queue(QueueInput::Withdraw { offer: OfferId(2) });
    line.queue(offer(3));
    line.leg(3, ringing());
    line.leg(3, answered());
    line.queue(served(3));
    line.turn_ok(vec![Action::RecordPause]);
    line.leg(3, LegInput::Held);
    line.turn_ok(vec![]);
    line.leg(0, LegInput::Held);
    line.turn_ok(vec![]);
    line.leg(0, LegInput::Resumed);
    line.turn_ok(vec![]);
    line.leg(3, LegInput::Resumed);
    line.turn_ok(vec![Action::RecordResume]);
    line.pass(30_000);
    line.leg(3, hung_up());
}

fn dial_and_bridge(line: &mut Line) {
    let targets = ["extension:201", "number:+441632960009"];
    line.turn_ok(vec![Action::Dial(dial_options(&targets, DialStrategy::All))]);
    line.leg(4, ringing());
    line.leg(5, LegInput::Ringing { early_media: true });
    line.leg(5, answered());
    line.turn_ok(vec![Action::Bridge { leg: LegId(5) }]);
    line.pass(5_000);
    line.leg(5, hung_up());
}

fn transfer(line: &mut Line) {
    let targets = ["extension:201", "agent:202"];
    line.turn_ok(vec![Action::Transfer(dial_options(&targets, DialStrategy::InTurn))]);
    line.leg(6, LegInput::Failed { cause: Cause::Busy, sip_status: Some(486) });
    line.leg(7, answered());
    line.turn_ok(vec![]);
    line.pass(1_000);
    blind_transfers(line);
    joined_elsewhere(line);
}

/// The one who was called transfers: in vain, and then for good.
fn blind_transfers(line: &mut Line) {
    line.leg(7, LegInput::Held);
    line.turn_ok(vec![]);
    line.leg(7, refer("extension:203"));
    line.leg(8, ringing());
    line.leg(8, LegInput::Failed { cause: Cause::Busy, sip_status: Some(486) });
    line.leg(7, refer("extension:204"));
    line.leg(9, ringing());
    line.pass(1_000);
    line.leg(9, answered());
    line.turn_ok(vec![]);
}

/// Somebody from another call comes in the place of the last one.
fn joined_elsewhere(line: &mut Line) {
    let other = CallId(uuid::Uuid::from_u128(8));
    let to = ReferTo::Leg { call: other, leg: LegId(0) };
    line.leg(9, LegInput::Referred { target: "205".parse().unwrap(), to });
    let facts = LegFacts {
        address: "205".parse().unwrap(),
        direction: Direction::Outbound,
        agent: None,
        trunk: None,
        answered_at: Some(line.now),
        codec: Some("PCMA".into()),
        held: false,
    };
    line.input(Input::Between { from: other, what: Between::Given(facts) });
    line.turn_ok(vec![]);
    line.leg(10, hung_up());
}

/// The call is over for everybody: what is left comes to its end.
pub fn aftermath(line: &mut Line) {
    line.idle_guest();
    if let Some(recording) = line.watch.recording() {
        line.raw(Input::Media(MediaInput::RecordingEnded {
            recording,
            duration_ms: 1,
            reason: "end".into(),
        }));
    }
    line.idle_guest();
    line.pass(120_000);
    line.idle_guest();
}

fn play_ends(line: &mut Line) {
    if let Some(play) = line.watch.last_play {
        line.media(MediaInput::PlayEnded { play, ok: true, reason: String::new() });
    }
}

/// The command asked for `back` commands ago.
fn command(line: &Line, back: u64) -> CommandId {
    CommandId(line.call.view().state().next_command.saturating_sub(back))
}
