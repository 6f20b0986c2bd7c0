//! A journal alone is enough to meet the guest's turns again, and the same
//! inputs give the same call.

mod common;
use common::scenario::{aftermath, everything};
use common::*;
use strowger_call::*;
use strowger_model::*;

fn ran() -> Line {
    let mut line = Line::new();
    everything(&mut line);
    aftermath(&mut line);
    line
}

/// The turns of the guest at the journal's end, each with what it saw.
fn met_again(journal: &[JournalEntry]) -> Vec<(StoryTurn, TurnView)> {
    let story = Story::read(journal).unwrap();
    let seat = story.last_seat().unwrap();
    let mut attributes = seat.attributes.clone();
    let mut turns = Vec::new();
    for turn in seat.turns.clone() {
        let (details, state) = (turn.told.details.clone(), turn.told.state.clone());
        let view = seat.view(attributes.clone(), details, state);
        for (name, value) in turn.did.iter().flat_map(|did| &did.body.attributes) {
            attributes.retain(|(known, _)| known != name);
            attributes.push((name.clone(), value.clone()));
        }
        turns.push((turn, view));
    }
    turns
}

#[test]
fn every_turn_can_be_met_again_with_the_same_answers() {
    let line = ran();
    let turns = met_again(&line.journal);
    assert_eq!(turns.len(), line.call.record().guest.turns as usize);
    let mut actions = 0;
    for (turn, mut view) in turns {
        let did = turn.did.unwrap().body;
        for (name, value) in &did.attributes {
            view.set_attribute(name, value).unwrap();
        }
        for (command, action) in did.actions {
            assert_eq!(view.admit(action), Ok(command));
            actions += 1;
        }
    }
    assert!(actions > 15);
}

#[test]
fn a_replayed_guest_reads_the_facts_it_read_then() {
    let line = ran();
    let turns = met_again(&line.journal);
    let (first, view) = &turns[0];
    assert_eq!(first.told.event, GuestEvent::Started);
    assert_eq!(view.fact("from").as_deref(), Some("+441632960001"));
    assert_eq!(view.fact("state").as_deref(), Some("ringing"));
    assert_eq!(view.attribute("customer"), None);
    let (_, waiting) = turns.iter().find(|(_, v)| v.fact("queue-position").is_some()).unwrap();
    assert_eq!(waiting.fact("queue-position").as_deref(), Some("3"));
    assert_eq!(waiting.attribute("customer"), Some("42"));
    let (_, http) = turns.iter().find(|(_, v)| v.detail("status").is_some()).unwrap();
    assert_eq!(http.detail("status"), Some("200"));
}

#[test]
fn the_same_inputs_give_the_same_journal_and_record() {
    let (one, other) = (ran(), ran());
    assert_eq!(one.journal, other.journal);
    assert_eq!(one.call.record(), other.call.record());
    assert_eq!(one.events, other.events);
}

#[test]
fn another_seed_gives_other_moments() {
    let seeds = |seed| {
        let mut line = Line::with(CallSetup { seed, ..setup() });
        line.pending.take().map(|(_, moment, _)| moment.seed).unwrap()
    };
    assert_ne!(seeds(1), seeds(2));
    assert_eq!(seeds(1), seeds(1));
}

#[test]
fn a_journal_with_a_gap_or_with_junk_is_refused() {
    let line = ran();
    let mut gap = line.journal.clone();
    gap.remove(3);
    assert_eq!(Story::read(&gap).unwrap_err(), StoryError::Gap { expected: 3 });
    let mut junk = line.journal.clone();
    let event = junk.iter().position(|e| e.kind == JournalKind::Event).unwrap();
    junk[event].body = "{}".into();
    assert!(matches!(Story::read(&junk), Err(StoryError::Body { .. })));
    assert!(Story::read(&line.journal[1..]).is_err());
    assert_eq!(Story::read(&[]).unwrap_err(), StoryError::Gap { expected: 0 });
    let mut twice = line.journal.clone();
    twice[4] = JournalEntry { seq: 4, ..twice[0].clone() };
    assert!(matches!(Story::read(&twice), Err(StoryError::Body { seq: 4, .. })));
}

#[test]
fn a_journal_may_be_cut_off_anywhere_but_not_within_an_entry() {
    let line = ran();
    let whole = Story::read(&line.journal).unwrap();
    assert!(whole.end.is_some());
    for length in 1..line.journal.len() {
        let cut = Story::read(&line.journal[..length]).unwrap();
        assert!(cut.end.is_none(), "entry {length}");
        if line.journal[length].kind == JournalKind::Input {
            // No guest has seen it: it is not read here.
            continue;
        }
        let mut torn = line.journal[..=length].to_vec();
        let half = torn[length].body.len() / 2;
        torn[length].body.truncate(half);
        let error = Story::read(&torn).unwrap_err();
        assert!(matches!(error, StoryError::Body { seq, .. } if seq as usize == length));
    }
}

#[test]
fn a_clock_that_was_set_back_is_noticed_and_the_rest_is_read() {
    let mut journal = ran().journal;
    assert_eq!(Story::read(&journal).unwrap().clock_back, None);
    for entry in &mut journal[5..] {
        entry.at = Timestamp(entry.at.0 - 3_600_000);
    }
    let story = Story::read(&journal).unwrap();
    assert_eq!(story.clock_back, Some(5));
    assert!(story.end.is_some());
}

#[test]
fn every_program_has_its_own_part_of_the_call() {
    let version = VersionId(uuid::Uuid::from_u128(99));
    let mut line = Line::with(CallSetup { fallback: Fallback::Flow, ..setup() });
    line.turn_fails(FaultKind::Trap);
    line.input(Input::FallbackReady { version: Some(version) });
    line.turn_ok(vec![Action::Answer]);
    let story = Story::read(&line.journal).unwrap();
    let kinds: Vec<SeatKind> = story.seats.iter().map(|seat| seat.kind).collect();
    assert_eq!(kinds, [SeatKind::Number, SeatKind::Fallback]);
    assert!(story.seats[0].turns[0].did.as_ref().unwrap().body.fault.is_some());
    let turns = met_again(&line.journal);
    assert_eq!(turns.len(), 1);
    assert_eq!(turns[0].0.told.event, GuestEvent::Started);
    assert_eq!(turns[0].1.fact("version").unwrap(), version.to_string());
}

#[test]
fn after_a_transfer_to_a_number_its_flow_has_the_seat() {
    let line = ran();
    let mut journal = line.journal.clone();
    let last = journal.pop().unwrap();
    assert_eq!(last.kind, JournalKind::End);
    let taken = TakenOverBody {
        flow: "sales".into(),
        version: None,
        from: "+441632960002".parse().unwrap(),
        to: "+441632960009".parse().unwrap(),
    };
    let note =
        NoteBody { note: TAKEN_OVER_NOTE.into(), data: serde_json::to_value(taken).unwrap() };
    journal.push(JournalEntry {
        kind: JournalKind::Note,
        body: serde_json::to_string(&note).unwrap(),
        ..last
    });
    let story = Story::read(&journal).unwrap();
    let seat = story.last_seat().unwrap();
    assert_eq!((seat.kind, seat.setup.flow.as_str()), (SeatKind::Transfer, "sales"));
    assert_eq!((seat.setup.version, seat.has_begun()), (None, false));
    assert!(seat.attributes.contains(&("customer".to_owned(), "42".to_owned())));
    let view = seat.view(Vec::new(), Vec::new(), ViewState::first(START));
    assert_eq!(view.fact("to").as_deref(), Some("+441632960009"));
}
