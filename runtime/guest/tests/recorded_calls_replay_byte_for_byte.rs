//! Ten thousand recorded calls give the same bytes again, and a program that does
//! not is named.

mod common;

use common::recorded::{record, record_with};
use std::time::Instant;
use strowger_call::{Action, CommandId, Story};
use strowger_guest::replay::{Comparison, Verdict, compare};
use strowger_guest::{Budget, FlowInstance, Program};

const CALLS: u64 = 10_000;

fn stock(name: &str) -> Program {
    let wasm = strowger_stock::guest(name).unwrap_or_else(|| panic!("{name} is missing"));
    common::compile(wasm).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn bytes<'a>(turns: impl Iterator<Item = &'a Vec<(CommandId, Action)>>) -> Vec<u8> {
    let mut all = Vec::new();
    for actions in turns {
        serde_json::to_writer(&mut all, actions).expect("plain data");
    }
    all
}

fn compared(program: &Program, journal: &[strowger_model::JournalEntry]) -> Comparison {
    let story = Story::read(journal).expect("a whole journal");
    compare(program, &Budget::default(), &story.seats[0]).expect("it runs")
}

#[test]
fn ten_thousand_of_them() {
    let began = Instant::now();
    let flows = ["ivr-menu", "demo", "voicemail", "queue-with-announcements", "feature-codes"];
    let programs: Vec<Program> = flows.into_iter().map(stock).collect();
    let (mut turns, mut acted, mut answered) = (0, 0, 0);
    for seed in 0..CALLS {
        let program = &programs[seed as usize % programs.len()];
        let journal = record(program, seed);
        let comparison = compared(program, &journal);
        assert_eq!(comparison.verdict, Verdict::Same, "seed {seed}: {comparison:#?}");
        let recorded = bytes(
            comparison.turns.iter().filter_map(|turn| Some(&turn.recorded.as_ref()?.actions)),
        );
        let replayed = bytes(
            comparison.turns.iter().filter_map(|turn| Some(&turn.replayed.as_ref()?.actions)),
        );
        assert!(recorded == replayed, "seed {seed}: {comparison:#?}");
        turns += comparison.turns.len();
        acted += recorded.len();
        answered += usize::from(comparison.turns.len() > 4);
    }
    // Else the callers were too dull to show anything.
    assert!(turns > 50_000 && acted > 3_000_000 && answered > 4_000, "{turns} {acted} {answered}");
    // Ten seconds on an idle machine; the rest is for one that does ten other things.
    assert!(began.elapsed().as_secs() < 600, "it took {:?}", began.elapsed());
}

#[test]
fn a_program_that_is_not_deterministic_is_named() {
    // The second call is served by an instance that remembers the first: the one
    // way in which a guest can come to act differently.
    let program = stock("non-deterministic");
    let mut leaky = FlowInstance::new(&program, &Budget::default()).expect("it starts");
    record_with(&mut leaky, 1);
    let journal = record_with(&mut leaky, 2);
    let comparison = compared(&program, &journal);
    assert_eq!(comparison.verdict, Verdict::Differs);
    let divergence = comparison.divergence().expect("it did something else");
    assert_eq!(divergence.turn, 1);
    assert_eq!(divergence.replayed, "sleep 1 s");
    let said = divergence.to_string();
    for named in [&program.digest()[..12], "flow test", &comparison.call.to_string(), "turn 1"] {
        assert!(said.contains(named), "{said}");
    }
    // A new instance for each call, as the server makes them, is the same twice.
    assert_eq!(compared(&program, &record(&program, 2)).verdict, Verdict::Same);
}
