//! The server is killed and started again: calls are made again from their
//! journals and go on.

mod common;
use common::scenario::{aftermath, everything};
use common::*;
use strowger_call::*;
use strowger_model::*;

const NEW_START: u64 = 2_000;

/// A call taken up from what of its journal was kept, told of its legs.
struct TakenUp {
    call: Call,
    now: Timestamp,
    journal: Vec<JournalEntry>,
    effects: Vec<Effect>,
    turn: Option<(GuestEvent, Moment, TurnView)>,
}

impl TakenUp {
    fn from(journal: &[JournalEntry], legs: Vec<(u32, LegFate)>) -> Self {
        let Rebuilt { call, turn, unwritten, .. } = Call::rebuild(journal).unwrap();
        let now = journal.last().unwrap().at.plus_ms(NEW_START);
        let mut journal = journal.to_vec();
        journal.extend(unwritten);
        let mut taken = Self { call, now, journal, effects: Vec::new(), turn };
        let legs = legs.into_iter().map(|(leg, fate)| (LegId(leg), fate)).collect();
        taken.tell(Input::Recovered { legs });
        taken
    }

    fn tell(&mut self, input: Input) {
        self.call.handle(self.now, input);
        while let Some(effect) = self.call.poll() {
            match effect {
                Effect::Journal(entry) => self.journal.push(entry),
                Effect::RunGuest { event, moment, view } => self.turn = Some((event, moment, view)),
                other => self.effects.push(other),
            }
        }
    }

    fn answer(&mut self, actions: Vec<Action>) -> GuestEvent {
        let (event, _, mut view) = self.turn.take().expect("the guest has a turn");
        for action in actions {
            view.admit(action).unwrap();
        }
        self.tell(Input::Turn(view.finish(None, 1, 1)));
        event
    }

    fn wants(&self, wanted: impl Fn(&Effect) -> bool) -> bool {
        self.effects.iter().any(wanted)
    }
}

fn up() -> LegFate {
    LegFate::Up { codec: "PCMA".into() }
}

fn gone() -> LegFate {
    LegFate::Gone { cause: Cause::ServerRestart }
}

fn look(call: &Call) -> String {
    format!("{call:?}")
}

#[test]
fn wherever_the_journal_ends_the_call_is_what_it_was() {
    let mut line = Line::new();
    everything(&mut line);
    aftermath(&mut line);
    let whole = Call::rebuild(&line.journal).unwrap();
    assert_eq!(look(&whole.call), look(&line.call));
    assert_eq!(whole.unwritten, []);
    assert_eq!(whole.finished.as_deref(), Some(line.call.record()));
    for end in 1..line.journal.len() {
        let part = Call::rebuild(&line.journal[..end]).unwrap();
        let next = &line.journal[end..][..part.unwritten.len()];
        assert_eq!(part.unwritten, next, "cut after {end} entries");
        // What follows by itself is all that may be missing before the next input.
        let then = line.journal.get(end + next.len());
        assert!(then.is_none_or(|entry| {
            matches!(entry.kind, JournalKind::Input | JournalKind::Turn | JournalKind::Leg)
        }));
    }
}

#[test]
fn a_caller_in_a_menu_hears_it_again_and_goes_on() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    let ids = line.turn_ok(vec![gather(&["file:menu"], gather_options(2))]);
    line.press("4");
    let mut taken = TakenUp::from(&line.journal, vec![(0, up())]);
    assert!(!taken.wants(|effect| matches!(effect, Effect::Media(_))), "a digit has silenced it");
    taken.tell(Input::Leg(LegId(0), LegInput::Digit { digit: '2', held_ms: 80 }));
    let told = taken.answer(vec![Action::HangUp]);
    let value = "42".to_owned();
    assert_eq!(told, GuestEvent::Completed { command: ids[0], outcome: "digits".into(), value });

    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![gather(&["file:menu"], gather_options(2))]);
    let taken = TakenUp::from(&line.journal, vec![(0, up())]);
    assert!(
        taken.wants(
            |effect| matches!(effect, Effect::Media(MediaEffect::Play { sources, play, .. })
        if sources == &["file:menu"] && *play == line.last_play())
        )
    );
}

#[test]
fn a_caller_in_a_queue_keeps_the_place_and_whoever_rang_does_not() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support")]);
    let entered = line.now;
    line.pass(9_000);
    line.queue(QueueInput::Waiting { position: 3, expected_wait_ms: 60_000 });
    line.idle_guest();
    line.queue(offer(1));
    line.leg(1, ringing());
    let mut taken = TakenUp::from(&line.journal, vec![(0, up()), (1, gone())]);
    assert!(
        taken.wants(
            |effect| matches!(effect, Effect::Queue(QueueEffect::Enqueue { queue, since, .. })
        if queue == "support" && *since == Some(entered))
        )
    );
    assert!(
        taken.wants(|effect| matches!(effect, Effect::Media(MediaEffect::Play { sources, .. })
        if sources == &["music:jazz"]))
    );
    let blamed = |effect: &Effect| matches!(effect, Effect::Queue(QueueEffect::OfferFailed { .. }));
    assert!(!taken.wants(blamed), "no agent is blamed for a restart");
    // The distribution counts its offers anew.
    taken.tell(Input::Queue(offer(1)));
    taken.tell(Input::Leg(LegId(2), answered()));
    taken.tell(Input::Queue(served(1)));
    let bridged = |effect: &Effect| {
        matches!(effect, Effect::Media(MediaEffect::Bridge { a: LegId(0), b: LegId(2) }))
    };
    assert!(taken.wants(bridged));
    let visits = &taken.call.record().queue_visits;
    assert_eq!((visits.len(), visits[0].offers), (1, 2));
}

#[test]
fn people_talk_on_and_the_distribution_is_told_who() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support"), Action::RecordStart { max_ms: 0, silence_ms: 0 }]);
    line.queue(offer(1));
    line.leg(1, answered());
    line.queue(served(1));
    let since = line.now;
    line.idle_guest();
    line.pass(60_000);
    let mut taken = TakenUp::from(&line.journal, vec![(0, up()), (1, up())]);
    assert!(taken.wants(|effect| matches!(effect, Effect::Media(MediaEffect::Bridge { .. }))));
    assert!(
        taken.wants(|effect| matches!(effect, Effect::Media(MediaEffect::RecordContinue { .. })))
    );
    let talking = QueueEffect::Talking { agent: agent(1), queue: "support".into(), since };
    assert!(taken.wants(|effect| matches!(effect, Effect::Queue(told) if *told == talking)));
    taken.tell(Input::Leg(LegId(1), hung_up()));
    let talked = taken.call.record().queue_visits[0].talk_ms;
    assert_eq!(talked, taken.now.ms_since(since), "the time away counts: they talked");
}

#[test]
fn whoever_is_not_there_any_more_ends_the_call_as_a_hang_up_would() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support")]);
    line.queue(offer(1));
    line.leg(1, answered());
    line.queue(served(1));
    line.idle_guest();
    let taken = TakenUp::from(&line.journal, vec![(0, gone()), (1, up())]);
    assert!(
        taken.wants(|effect| matches!(effect, Effect::Leg(LegId(1), LegEffect::HangUp { .. })))
    );
    let record = taken.call.record();
    assert_eq!(record.cause, Some(Cause::ServerRestart));
    assert!(record.legs.iter().all(|leg| leg.ended_at.is_some()));
    assert!(record.queue_visits.iter().all(|visit| visit.left_at.is_some()));
}

#[test]
fn a_caller_whose_phone_still_rang_is_gone() {
    let line = Line::new();
    let taken = TakenUp::from(&line.journal, vec![(0, gone())]);
    assert_eq!(taken.call.view().phase(), Phase::Ended);
    assert_eq!(taken.call.record().legs[0].cause, Some(Cause::ServerRestart));
}

#[test]
fn an_answer_that_was_on_its_way_has_arrived() {
    let mut line = Line::new();
    let ids = line.turn_ok(vec![Action::Answer]);
    let mut taken = TakenUp::from(&line.journal, vec![(0, up())]);
    let told = taken.answer(vec![]);
    let ok = ("ok".to_owned(), String::new());
    let (outcome, value) = ok;
    assert_eq!(told, GuestEvent::Completed { command: ids[0], outcome, value });
}

#[test]
fn what_was_asked_of_a_service_has_failed_and_is_not_asked_again() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    let ids = line.turn_ok(vec![Action::KvGet { key: "last".into() }]);
    let mut taken = TakenUp::from(&line.journal, vec![(0, up())]);
    assert!(!taken.wants(|effect| matches!(effect, Effect::Kv { .. } | Effect::Http { .. })));
    match taken.answer(vec![]) {
        GuestEvent::Completed { command, outcome, value } => {
            assert_eq!((command, outcome.as_str()), (ids[0], "failed"));
            assert!(value.contains("restarted"), "{value}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_event_that_the_guest_had_not_answered_is_given_again() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: "x".into() });
    let asked = line.pending.as_ref().map(|(event, moment, _)| (event.clone(), *moment));
    let mut taken = TakenUp::from(&line.journal, vec![(0, up())]);
    let again = taken.turn.as_ref().map(|(event, moment, _)| (event.clone(), *moment));
    assert_eq!(again, asked);
    taken.answer(vec![play(&["file:hello"])]);
    assert!(taken.wants(|effect| matches!(effect, Effect::Media(MediaEffect::Play { .. }))));
}

#[test]
fn a_second_restart_finds_what_the_first_one_left() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support"), Action::RecordStart { max_ms: 0, silence_ms: 0 }]);
    line.queue(offer(1));
    line.leg(1, ringing());
    let once = TakenUp::from(&line.journal, vec![(0, up()), (1, gone())]);
    let again = Call::rebuild(&once.journal).unwrap();
    assert_eq!(look(&again.call), look(&once.call));
    let twice = TakenUp::from(&once.journal, vec![(0, up())]);
    assert_eq!(twice.call.record().queue_visits.len(), 1);
}

#[test]
fn secret_digits_are_not_in_the_journal_and_their_number_is() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![gather(&[], GatherOptions { secret: true, ..gather_options(8) })]);
    line.press("9173");
    let text = |journal: &[JournalEntry]| {
        journal.iter().map(|entry| entry.body.as_str()).collect::<Vec<_>>().join("\n")
    };
    for digit in ["9", "1", "7", "3"] {
        let pressed = format!("\"digit\":\"{digit}\"");
        assert!(!text(&line.journal).contains(&pressed), "{}", text(&line.journal));
    }
    let mut taken = TakenUp::from(&line.journal, vec![(0, up())]);
    taken.tell(Input::Leg(LegId(0), LegInput::Digit { digit: '#', held_ms: 80 }));
    match taken.answer(vec![]) {
        GuestEvent::Completed { value, .. } => assert_eq!(value.len(), 4),
        other => panic!("{other:?}"),
    }
    assert_eq!(taken.call.record().digits, "****");
    assert_eq!(look(&Call::rebuild(&taken.journal).unwrap().call), look(&taken.call));
}

#[test]
fn digits_of_people_who_talk_are_not_in_the_journal() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support"), Action::WatchDigits { on: true }]);
    line.queue(offer(1));
    line.leg(1, answered());
    line.queue(served(1));
    let before = line.journal.len();
    line.press("4716");
    assert_eq!(line.journal.len(), before);
}

#[test]
fn a_conference_a_slot_a_mute_and_what_is_listened_for_are_asked_for_again() {
    let go = |actions: Vec<Action>| {
        let mut line = Line::answered(setup());
        line.raw(Input::Signal { name: "go".into(), data: String::new() });
        line.turn_ok(actions);
        TakenUp::from(&line.journal, vec![(0, up())])
    };
    let taken = go(vec![Action::ConferenceJoin { conference: "all".into(), muted: true }]);
    assert!(taken.wants(|effect| matches!(effect,
        Effect::Media(MediaEffect::ConferenceJoin { conference, .. }) if conference == "all")));
    assert!(
        taken.wants(|effect| matches!(effect, Effect::Media(MediaEffect::Mute { on: true, .. })))
    );
    let park = ParkOptions { slot: "7".into(), treatment: vec![], max_wait_ms: 0 };
    let taken = go(vec![Action::Park(park)]);
    assert!(taken.wants(|effect| matches!(effect, Effect::Park { slot } if slot == "7")));
    let tones = DetectOptions { tones: true, ..DetectOptions::default() };
    let taken = go(vec![Action::Detect(tones), Action::Mute { on: true }]);
    assert!(taken.wants(|effect| matches!(effect, Effect::Media(MediaEffect::Detect { .. }))));
    assert!(
        taken.wants(|effect| matches!(effect, Effect::Media(MediaEffect::Mute { on: true, .. })))
    );
}

#[test]
fn a_fallback_that_was_being_fetched_is_fetched_again() {
    let mut line = Line::with(CallSetup { fallback: Fallback::Flow, ..setup() });
    line.turn_ok(vec![Action::Answer]);
    line.leg(0, answered());
    line.turn_fails(FaultKind::Trap);
    let mut taken = TakenUp::from(&line.journal, vec![(0, up())]);
    assert!(taken.wants(|effect| matches!(effect, Effect::UseFallback { .. })));
    taken.tell(Input::FallbackReady { version: None });
    assert_eq!(taken.answer(vec![]), GuestEvent::Started);
}

#[test]
fn a_damaged_journal_is_refused_with_the_entry_that_is_wrong() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![enqueue("support")]);
    let refused = |journal: &[JournalEntry]| Call::rebuild(journal).unwrap_err();
    assert_eq!(refused(&[]), RebuildError::NoSetup);
    assert_eq!(refused(&line.journal[1..]), RebuildError::NoSetup);
    let mut gap = line.journal.clone();
    gap.remove(3);
    assert_eq!(refused(&gap), RebuildError::Gap(3));
    let input = line.journal.iter().position(|e| e.kind == JournalKind::Input).unwrap();
    let mut junk = line.journal.clone();
    junk[input].body.truncate(5);
    let seq = junk[input].seq;
    assert!(matches!(refused(&junk), RebuildError::Unreadable { seq: at, .. } if at == seq));
    let turn = line.journal.iter().position(|e| e.kind == JournalKind::Turn).unwrap();
    let mut other = line.journal.clone();
    other[turn].body = other[turn].body.replace("answer", "ring");
    assert!(matches!(refused(&other), RebuildError::Diverged { .. }));
}

#[test]
fn a_clock_that_was_set_back_stands_still() {
    let mut line = Line::answered(setup());
    line.raw(Input::Signal { name: "go".into(), data: String::new() });
    line.turn_ok(vec![Action::Sleep { ms: 60_000 }]);
    let at = line.now;
    let Rebuilt { mut call, .. } = Call::rebuild(&line.journal).unwrap();
    let earlier = Timestamp(at.0 - 3_600_000);
    call.handle(earlier, Input::Recovered { legs: vec![(LegId(0), up())] });
    let written: Vec<_> = std::iter::from_fn(|| call.poll())
        .filter_map(
            |effect| if let Effect::Journal(entry) = effect { Some(entry.at) } else { None },
        )
        .collect();
    assert!(!written.is_empty() && written.iter().all(|entry| *entry >= at));
    assert_eq!(call.next_timeout(), Some(at.plus_ms(60_000)));
}
