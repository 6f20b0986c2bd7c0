//! Versions of a router are rolled out while callers wait: a queue's split gives
//! each call the router that the hash of its id says, a bad one is taken out by
//! its rules, and whatever a router does, callers reach agents.

use crate::support::{SOON, Scene, TENANT, items};
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use strowger_e2e::phone::Phone;
use strowger_model::{CallId, tries_canary};

/// Uploads a guest as the next version of the router `mine`; its id.
async fn upload(scene: &Scene, guest: &str) -> Result<Value> {
    let wasm = strowger_stock::guest(guest).with_context(|| format!("no guest {guest}"))?;
    let path = "/v1/routers/mine/versions";
    Ok(scene.house.upload(path, TENANT, wasm.to_vec()).await?["id"].clone())
}

/// Calls that all go to the queue `support`, which has this router.
async fn with_router(router: &Value) -> Result<Scene> {
    let scene = Scene::with_flow("straight-to-queue").await?;
    upload(&scene, "longest-idle").await?;
    let queue = json!({"name": "support", "wrap_up_ms": 0, "router": router});
    scene.house.api("PUT", "/v1/queues/support", Some(TENANT), Some(&queue)).await?;
    Ok(scene)
}

/// The same with a queue whose calls get two versions; their ids.
async fn split_in_halves() -> Result<(Scene, Value, Value)> {
    let scene = with_router(&json!({"kind": "own", "name": "mine"})).await?;
    let stable = scene.get("/v1/routers/mine/versions/1").await?["id"].clone();
    let canary = upload(&scene, "skills").await?;
    let split = json!({"kind": "own", "name": "mine",
                       "canary": {"version": 2, "share_percent": 50}});
    let queue = json!({"name": "support", "wrap_up_ms": 0, "router": split});
    scene.house.api("PUT", "/v1/queues/support", Some(TENANT), Some(&queue)).await?;
    Ok((scene, stable, canary))
}

/// A caller waits, reaches the agent and hangs up; the agent is ready again.
async fn served(scene: &Scene, agent: &Phone) -> Result<()> {
    let talk = scene.call().await?;
    let answered = agent.next_call(SOON).await?.answer().await?;
    scene.until_heard(&talk, &answered).await?;
    talk.hang_up().await?;
    answered.ended(SOON).await?;
    scene.until_agent("201", &["ready"]).await?;
    Ok(())
}

/// The routers that were asked about a call, in order; only those count that gave
/// it to an agent.
async fn decided(scene: &Scene, call: &Value) -> Result<Vec<Value>> {
    let path = format!("/v1/calls/{}/decisions", call.as_str().context("an id")?);
    let found = scene
        .until("the decision is written", &path, |page| {
            (!items(page).is_empty()).then(|| page.clone())
        })
        .await?;
    Ok(items(&found).iter().map(|decision| decision["router"].clone()).collect())
}

#[tokio::test]
async fn a_queues_split_gives_a_call_the_router_that_its_hash_says() -> Result<()> {
    const CALLS: usize = 12;
    let (scene, stable, canary) = split_in_halves().await?;
    let agent = scene.agent("201").await?;
    for _ in 0..CALLS {
        served(&scene, &agent).await?;
    }
    let mut tried = 0;
    for record in scene.closed_records(CALLS).await? {
        let call: CallId = record["call"].as_str().context("an id")?.parse()?;
        let expected = if tries_canary(call, 50) { &canary } else { &stable };
        tried += usize::from(expected == &canary);
        let routers = decided(&scene, &record["call"]).await?;
        assert_eq!(routers, [json!({"version": expected})], "{record}");
    }
    let compared = scene
        .until("everything is written", "/v1/routers/mine/compare", |compared| {
            let sum = |field: &str| -> u64 {
                items(&compared["versions"]).iter().filter_map(|v| v[field].as_u64()).sum()
            };
            (sum("decisions") >= CALLS as u64 && sum("served") == CALLS as u64)
                .then(|| compared.clone())
        })
        .await?;
    let served = |place: usize| compared["versions"][place]["served"].as_u64().unwrap_or(0);
    assert_eq!((served(0), served(1)), (tried as u64, (CALLS - tried) as u64), "{compared}");
    Ok(())
}

#[tokio::test]
async fn who_waits_over_a_restart_keeps_the_router() -> Result<()> {
    const WAITING: usize = 6;
    let (scene, stable, canary) = split_in_halves().await?;
    let mut talks = Vec::new();
    for _ in 0..WAITING {
        talks.push(scene.call().await?);
    }
    scene
        .until("everybody waits", "/v1/calls/live", |page| {
            let waiting = items(page).iter().filter(|call| call["queue"] == "support").count();
            (waiting == WAITING).then_some(())
        })
        .await?;
    scene.house.until_on_disk(SOON).await?;
    let scene = scene.kill(async |_| Ok(())).await?;
    let agent = scene.agent("201").await?;
    for _ in 0..WAITING {
        let answered = agent.next_call(SOON).await?.answer().await?;
        answered.hang_up().await?;
    }
    for record in scene.closed_records(WAITING).await? {
        let call: CallId = record["call"].as_str().context("an id")?.parse()?;
        let expected = if tries_canary(call, 50) { &canary } else { &stable };
        let routers = decided(&scene, &record["call"]).await?;
        assert_eq!(routers, [json!({"version": expected})], "{record}");
    }
    Ok(())
}

#[tokio::test]
async fn a_trapping_canary_of_a_router_is_taken_out_and_nobody_notices() -> Result<()> {
    let scene = with_router(&json!({"kind": "own", "name": "mine"})).await?;
    let stable = scene.get("/v1/routers/mine/versions/1").await?["id"].clone();
    upload(&scene, "trapping-router").await?;
    let mut events = scene.house.events(TENANT).await?;
    let agent = scene.agent("201").await?;
    let rules = json!({"window_s": 600, "min_calls": 3, "trap": {"max_percent": 20.0}});
    let body = json!({"version": 2, "share_percent": 60, "rules": rules});
    scene.house.api("PUT", "/v1/routers/mine/canary", Some(TENANT), Some(&body)).await?;
    let mut calls = 0;
    let rollout = loop {
        ensure!(calls < 60, "the canary is still there");
        // Whatever the canary does, the caller is served.
        served(&scene, &agent).await?;
        calls += 1;
        let rollout = scene.get("/v1/routers/mine/rollout").await?;
        if rollout["canary"].is_null() {
            break rollout;
        }
    };
    let event = events.until("router.rolled_back", SOON).await?;
    assert_eq!((&event["data"]["router"], &event["data"]["left"]), (&json!("mine"), &json!(2)));
    let change = &rollout["history"][0];
    assert_eq!((&change["step"], &change["by"]), (&json!("automatic_rollback"), &json!("rules")));
    let reason = change["reason"].as_str().context("a reason")?;
    assert!(reason.starts_with("trap rate 100.0 % (") && reason.contains("decisions"), "{reason}");
    assert!(change["figures"]["tried"]["traps"].as_u64() >= Some(3), "{change}");
    assert_eq!(event["data"]["reason"], reason);
    let alarms = scene.house.api("GET", "/v1/alarms", None, None).await?;
    assert!(alarms.to_string().contains("router.rolled_back/acme/mine"), "{alarms}");
    // From now on the stable version decides about everybody.
    for _ in 0..3 {
        served(&scene, &agent).await?;
    }
    for record in scene.closed_records(calls + 3).await? {
        let routers = decided(&scene, &record["call"]).await?;
        let late = record["started_at"].as_u64() > event["at"].as_u64();
        let expected = [json!({"version": stable}), json!("stock")];
        assert!(expected.contains(&routers[0]), "{routers:?}");
        assert!(!late || routers == expected[..1], "{routers:?}");
    }
    Ok(())
}
