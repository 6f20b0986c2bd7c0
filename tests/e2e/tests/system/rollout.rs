//! Versions are rolled out while calls go on: a canary takes its share by the
//! hash of the call ids, a bad one is taken out by its rules, and whoever talks
//! keeps the version they began with.

use crate::support::{SOON, Scene, TENANT, items};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use strowger_e2e::house::House;
use strowger_e2e::tenant::DOMAIN;
use strowger_model::{CallId, tries_canary};

/// Uploads a stock flow as the next version of `flow`; its id.
pub async fn upload(house: &House, flow: &str, stock: &str) -> Result<Value> {
    let wasm = strowger_stock::guest(stock).with_context(|| format!("no guest {stock}"))?;
    let path = format!("/v1/flows/{flow}/versions");
    Ok(house.upload(&path, TENANT, wasm.to_vec()).await?["id"].clone())
}

/// Lets the flow `safe` take calls whose flow failed.
pub async fn with_safe_flow(house: &House) -> Result<()> {
    upload(house, "safe", "demo").await?;
    let settings = json!({"name": TENANT, "sip_domain": DOMAIN,
                          "fallback": {"kind": "flow", "value": "safe"}});
    house.api("PUT", &format!("/v1/tenants/{TENANT}"), None, Some(&settings)).await?;
    Ok(())
}

fn began_with(record: &Value) -> &Value {
    &record["guest"]["versions"][0]["version"]
}

#[tokio::test]
async fn a_canary_takes_the_calls_that_the_hash_says() -> Result<()> {
    const CALLS: usize = 40;
    let scene = Scene::with_flow("demo").await?;
    let stable = scene.get("/v1/flows/demo/versions/1").await?["id"].clone();
    let canary = upload(&scene.house, "demo", "ivr-menu").await?;
    let body = json!({"version": 2, "share_percent": 50});
    scene.house.api("PUT", "/v1/flows/demo/canary", Some(TENANT), Some(&body)).await?;
    for _ in 0..CALLS {
        scene.call().await?.hang_up().await?;
    }
    let records = scene.closed_records(CALLS).await?;
    let mut tried = 0;
    for record in &records {
        let call: CallId = record["call"].as_str().context("an id")?.parse()?;
        let expected = if tries_canary(call, 50) { &canary } else { &stable };
        assert_eq!(began_with(record), expected, "{record}");
        tried += usize::from(expected == &canary);
    }
    // Fewer than 6 or more than 34 of 40 come about once in 200,000 runs.
    assert!((6..=34).contains(&tried), "{tried} of {CALLS}");
    let compared = scene.get("/v1/flows/demo/compare").await?;
    let calls = |place: usize| compared["versions"][place]["calls"].as_u64().unwrap_or(0);
    assert_eq!((calls(0), calls(1)), (tried as u64, (CALLS - tried) as u64), "{compared}");
    assert!(compared["versions"][1]["fuel"]["p99"].is_u64(), "{compared}");
    Ok(())
}

#[tokio::test]
async fn a_trapping_canary_is_taken_out_while_calls_go_on() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    with_safe_flow(&scene.house).await?;
    let stable = scene.get("/v1/flows/demo/versions/1").await?["id"].clone();
    upload(&scene.house, "demo", "trap").await?;
    let mut events = scene.house.events(TENANT).await?;
    // In a queue nobody is hurried, however slow the machine is.
    let talk = scene.call_into_queue().await?;
    let rules = json!({"window_s": 600, "min_calls": 4, "trap": {"max_percent": 20.0}});
    let body = json!({"version": 2, "share_percent": 60, "rules": rules});
    scene.house.api("PUT", "/v1/flows/demo/canary", Some(TENANT), Some(&body)).await?;
    let mut calls = 1;
    let rollout = loop {
        ensure!(calls < 60, "the canary is still there");
        let other = scene.call().await?;
        // Whatever the canary does, the caller is served.
        other.audio.hear_sound(SOON).await?;
        other.hang_up().await?;
        calls += 1;
        let rollout = scene.get("/v1/flows/demo/rollout").await?;
        if rollout["canary"].is_null() {
            break rollout;
        }
    };
    let event = events.until("flow.rolled_back", SOON).await?;
    assert_eq!((&event["data"]["flow"], &event["data"]["left"]), (&json!("demo"), &json!(2)));
    let change = &rollout["history"][0];
    assert_eq!((&change["step"], &change["by"]), (&json!("automatic_rollback"), &json!("rules")));
    let reason = change["reason"].as_str().context("a reason")?;
    assert!(reason.starts_with("trap rate 100.0 % ("), "{reason}");
    assert!(change["figures"]["tried"]["traps"].as_u64() >= Some(4), "{change}");
    assert_eq!(event["data"]["reason"], reason);
    let alarms = scene.house.api("GET", "/v1/alarms", None, None).await?;
    assert!(alarms.to_string().contains("flow.rolled_back/acme/demo"), "{alarms}");
    // Who was there before is still there, and from now on nobody traps.
    // Whoever has just hung up may still be on the list.
    let first = |call: &Value| call["version"] == stable && call["queue"] == "support";
    let live = scene.until_live("the first caller", first).await?;
    for _ in 0..5 {
        let next = scene.call().await?;
        next.audio.hear_sound(SOON).await?;
        next.hang_up().await?;
    }
    talk.hang_up().await?;
    let records = scene.closed_records(calls + 5).await?;
    let first = records.iter().find(|record| record["call"] == live["call"]).context("it")?;
    assert_eq!(first["guest"]["faults"], json!([]));
    let newest =
        records.iter().filter(|record| record["started_at"].as_u64() > event["at"].as_u64());
    for record in newest {
        assert_eq!(began_with(record), &stable, "{record}");
    }
    Ok(())
}

#[tokio::test]
async fn a_live_call_keeps_its_version_even_when_that_is_deleted() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let first = scene.get("/v1/flows/demo/versions/1").await?["id"].clone();
    let talk = scene.call_into_queue().await?;
    let second = upload(&scene.house, "demo", "straight-to-queue").await?;
    let promote = json!({"version": 2});
    scene.house.api("PUT", "/v1/flows/demo/current", Some(TENANT), Some(&promote)).await?;
    let version = "/v1/flows/demo/versions/1";
    scene.house.api("DELETE", version, Some(TENANT), None).await?;
    let gone = scene.get(version).await.unwrap_err().to_string();
    assert!(gone.contains("404"), "{gone}");
    let live = scene.until_live("the caller waits", |call| call["queue"] == "support").await?;
    assert_eq!(live["version"], first);
    // The first version goes on where its caller waits.
    let agent = scene.agent("201").await?;
    let answered = agent.next_call(SOON).await?.answer().await?;
    scene.until_heard(&talk, &answered).await?;
    answered.hang_up().await?;
    talk.ended(SOON).await?;
    assert_eq!(scene.only_record().await?["flow_version"], first);
    let next = scene.call().await?;
    let live = scene.until_live("the next caller", |call| call["version"] == second).await?;
    assert_eq!(live["flow"], "demo");
    next.hang_up().await
}

#[tokio::test]
async fn a_number_bound_to_a_version_stays_with_it() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let first = scene.get("/v1/flows/demo/versions/1").await?["id"].clone();
    upload(&scene.house, "demo", "trap").await?;
    let numbers = scene.get("/v1/numbers").await?;
    let number = items(&numbers)[0]["number"].as_str().context("a number")?.to_owned();
    let bound = json!({"flow": "demo", "version": 1});
    let path = format!("/v1/numbers/{number}");
    scene.house.api("PUT", &path, Some(TENANT), Some(&bound)).await?;
    let promote = json!({"version": 2});
    scene.house.api("PUT", "/v1/flows/demo/current", Some(TENANT), Some(&promote)).await?;
    let talk = scene.call().await?;
    talk.audio.hear_sound(SOON).await?;
    talk.hang_up().await?;
    let record = scene.only_record().await?;
    assert_eq!((began_with(&record), &record["guest"]["faults"]), (&first, &json!([])));
    Ok(())
}
