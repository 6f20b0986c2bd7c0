//! The stock set itself, on native flows.

use super::*;
use std::collections::HashSet;
use strowger_sdk::prelude::*;

#[test]
fn every_text_is_in_the_set_and_says_what_it_is_about() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/stock-calls");
    let files = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(files, TEXTS.len(), "a text is not embedded");
    let calls = stock_calls();
    assert!(calls.iter().all(|call| !call.about().is_empty()));
    let ids: HashSet<CallId> = calls.iter().map(StockCall::id).collect();
    let names: HashSet<&str> = calls.iter().map(StockCall::name).collect();
    assert_eq!((ids.len(), names.len()), (calls.len(), calls.len()));
}

/// Asks for everything that a rule answers, so that every command is tried.
async fn everything(call: Call) -> Result<(), Error> {
    call.answer().await?;
    let choice = call.menu([Say::text("en", "Press 1.")]).choice('1', 1).choice('2', 2).await;
    let _ = call.http("GET", "https://example.com/").await;
    let _ = call.sleep(secs(1)).await;
    if let Ok(Some(2)) = choice {
        let _ = call.dial("extension:100").await;
    }
    if let Ok(Wait::Answered(talk)) = call.enqueue("support").longest_wait(secs(300)).await {
        talk.ended().await?;
    }
    call.say("en", "Bye").await?;
    Ok(())
}

#[test]
fn every_call_comes_to_an_end_with_commands_that_are_known() {
    for call in stock_calls() {
        let run = call.run(Script::call(everything)).unwrap();
        assert!(run.record.is_some(), "{}: {:#?}", call.name(), run.transcript);
        assert!(!run.journal.is_empty());
        for rule in &call.scenario.rules {
            let target = "extension:100".to_owned();
            let dialled = Happening { target, ..Happening::new("dial") };
            let command = rule.command(&dialled, &call.each);
            let known = Simulation::knows(&command);
            assert!(known.is_ok(), "{}: {known:?}", call.name());
        }
    }
}

#[test]
fn the_same_call_is_made_every_time() {
    let call = stock_calls().into_iter().find(|call| call.name() == "agent-answers/1").unwrap();
    let journal = || call.run(Script::call(everything)).unwrap().journal;
    assert_eq!(journal(), journal());
}

#[test]
fn a_rule_answers_what_the_flow_does() {
    let find = |name: &str| stock_calls().into_iter().find(|call| call.name() == name).unwrap();
    let run = |name: &str| find(name).run(Script::call(everything)).unwrap();
    let has = |run: &StockRun, words: &str| run.transcript.iter().any(|line| line.contains(words));
    let zero = run("zero");
    assert!(has(&zero, "presses 0") && has(&zero, "agent 201 answers"), "{zero:#?}");
    let full = run("queue-is-full/1");
    assert!(has(&full, "the wait ends: overflowed"), "{full:#?}");
    let busy = run("dial-is-busy/2");
    assert!(has(&busy, "extension:100 cannot be had"), "{busy:#?}");
    assert_eq!(run("says-nothing").step_before(1), "the call begins");
    let gone = run("hangs-up-in-a-prompt");
    assert_eq!(gone.step_before(99), "on gather after 300ms: hangup");
}

/// Asks for the next thing as soon as the last one is done.
async fn in_circles(call: Call) -> Result<(), Error> {
    loop {
        call.sleep(millis(0)).await?;
    }
}

#[test]
fn a_flow_that_goes_in_circles_is_stopped() {
    let call = stock_calls().into_iter().find(|call| call.name() == "says-nothing").unwrap();
    let run = call.run(Script::call(in_circles)).unwrap();
    let faults = run.record.expect("it ends").guest.faults;
    assert!(faults[0].contains("turns in one call"), "{faults:?}");
}
