//! `strowger flow deploy` shows each step, and says which one it failed at.

use super::{CliError, Served};
use strowger_api::{Difference, DryRun, StockCalls, StockFinding};
use strowger_model::CallId;

async fn acme() -> Served {
    let served = Served::start().await;
    served.run(&["tenant", "create", "acme", "--domain", "acme.example"]).await.unwrap();
    served
}

async fn deploy(served: &Served, file: &str, more: &[&str]) -> Result<String, CliError> {
    let line = [&["flow", "deploy", file, "--tenant", "acme"], more].concat();
    served.run(&line).await
}

#[tokio::test]
async fn every_step_is_shown_and_the_numbers_lead_there() {
    let served = acme().await;
    let file = served.file("ivr.wasm", b"\0asm call-flow");
    let number = ["--promote", "--number", "+441632960123"];
    let shown = deploy(&served, &file, &number).await.unwrap();
    for line in [
        "ok size",
        "ok world",
        "-- dry run",
        "there are no recorded calls",
        "ok store",
        "version 1",
        "ok release",
        "+441632960123 leads to ivr",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    // The number is the tenant's now: the next deployment points it elsewhere.
    let again = [&number[..], &["--name", "other"]].concat();
    let shown = deploy(&served, &file, &again).await.unwrap();
    assert!(shown.contains("+441632960123 leads to other"), "{shown}");
    let bound = served.json("acme", &["number", "show", "+441632960123"]).await;
    assert_eq!(bound["flow"], "other");
}

#[tokio::test]
async fn a_failure_names_its_step_and_what_to_do() {
    let served = acme().await;
    let file = served.file("router.wasm", b"\0asm router");
    let error = deploy(&served, &file, &[]).await.unwrap_err();
    assert_eq!(error.exit_code(), 1);
    let words = error.to_string();
    assert!(words.contains("step `world`") && words.contains("call-flow"), "{words}");
}

#[tokio::test]
async fn what_recorded_calls_do_otherwise_is_shown() {
    let served = acme().await;
    let found = DryRun { calls: 20, same: 18, faults: 2, ..DryRun::default() };
    let one = served.file("ivr.wasm", b"\0asm call-flow one");
    deploy(&served, &one, &[]).await.unwrap();
    *served.control.dry_run.lock().unwrap() = Some(found);
    let two = served.file("ivr.wasm", b"\0asm call-flow two");
    let shown = deploy(&served, &two, &["--promote"]).await.unwrap();
    assert!(shown.contains("18 of 20 recorded calls"), "{shown}");
    assert!(shown.contains("if that is meant: strowger flow promote ivr 2"), "{shown}");
}

#[tokio::test]
async fn what_stock_calls_do_is_shown_by_name() {
    let served = acme().await;
    let fault = StockFinding {
        stock_call: "says-nothing".to_owned(),
        about: "Digits never come.".to_owned(),
        step: "the call begins".to_owned(),
        turn: 3,
        event: "completed 2: timeout".to_owned(),
        message: "trap: unreachable".to_owned(),
        known: false,
    };
    let difference = Difference {
        call: CallId(uuid::Uuid::from_u128(7)),
        stock_call: Some("zero".to_owned()),
        turn: 2,
        recorded: "answer".to_owned(),
        replayed: "ring".to_owned(),
    };
    let stock = StockCalls {
        calls: 40,
        compared_with: Some(1),
        same: 39,
        differing: vec![difference],
        faults: vec![fault],
        fuel_p50: 2_000,
        fuel_max: 9_000,
        ..StockCalls::default()
    };
    let one = served.file("ivr.wasm", b"\0asm call-flow one");
    deploy(&served, &one, &[]).await.unwrap();
    let found = DryRun { stock: Some(stock), ..DryRun::default() };
    *served.control.dry_run.lock().unwrap() = Some(found);
    let two = served.file("ivr.wasm", b"\0asm call-flow two");
    let shown = deploy(&served, &two, &["--promote"]).await.unwrap();
    for line in [
        "no recorded calls yet: 40 stock calls, 39 as on version 1, fails in says-nothing",
        "  stock call zero, turn 2:",
        "    then answer",
        "    now  ring",
        "  fails: stock call says-nothing, turn 3: Digits never come.",
        "    after `the call begins`, told \"completed 2: timeout\"",
        "    trap: unreachable",
        "half below 2000, most 9000",
        "if that is meant: strowger flow promote ivr 2",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}
