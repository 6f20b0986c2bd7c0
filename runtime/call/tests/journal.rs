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

#[test]
fn every_turn_can_be_met_again_with_the_same_answers() {
    let line = ran();
    let turns = replay(&line.journal).unwrap();
    assert_eq!(turns.len(), line.call.record().guest.turns as usize);
    let mut actions = 0;
    for turn in turns {
        let did = turn.did.unwrap();
        let mut view = turn.view;
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
    let turns = replay(&line.journal).unwrap();
    let first = &turns[0];
    assert_eq!(first.event, GuestEvent::Started);
    assert_eq!(first.view.fact("from").as_deref(), Some("+441632960001"));
    assert_eq!(first.view.fact("state").as_deref(), Some("ringing"));
    assert_eq!(first.view.attribute("customer"), None);
    let waiting = turns.iter().find(|t| t.view.fact("queue-position").is_some()).unwrap();
    assert_eq!(waiting.view.fact("queue-position").as_deref(), Some("3"));
    assert_eq!(waiting.view.attribute("customer"), Some("42"));
    let http = turns.iter().find(|t| t.view.detail("status").is_some()).unwrap();
    assert_eq!(http.view.detail("status"), Some("200"));
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
    assert_eq!(replay(&gap).unwrap_err(), ReplayError::Gap { expected: 3 });
    let mut junk = line.journal.clone();
    let event = junk.iter().position(|e| e.kind == JournalKind::Event).unwrap();
    junk[event].body = "{}".into();
    assert!(matches!(replay(&junk), Err(ReplayError::Body { .. })));
    assert!(replay(&line.journal[1..]).is_err());
    assert!(replay(&[]).unwrap().is_empty());
}

#[test]
fn after_a_fallback_the_turns_are_those_of_the_flow_that_took_over() {
    let version = VersionId(uuid::Uuid::from_u128(99));
    let mut line = Line::with(CallSetup { fallback: Fallback::Flow, ..setup() });
    line.turn_fails(FaultKind::Trap);
    line.input(Input::FallbackReady { version: Some(version) });
    line.turn_ok(vec![Action::Answer]);
    let turns = replay(&line.journal).unwrap();
    assert_eq!(turns.len(), 1);
    assert_eq!(turns[0].event, GuestEvent::Started);
    let fact = turns[0].view.fact("version").unwrap();
    assert_eq!(fact, version.to_string());
}
