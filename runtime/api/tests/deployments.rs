//! A deployment is under way until it has ended, tells each step, and stands in
//! nobody else's way.

mod support;

use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use strowger_api::{Difference, DryRun, StockCalls, StockFinding};
use strowger_model::CallId;
use support::TestApi;
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::timeout;
use uuid::Uuid;

/// Longer than anything takes on a busy machine.
const SOON: Duration = Duration::from_secs(20);
const WASM: &[u8] = b"\0asm call-flow";

async fn deploy(api: &TestApi, key: &str, path: &str, wasm: &[u8]) -> Value {
    let path = format!("/v1/flows/{path}");
    api.put_bytes(key, "POST", &path, wasm).await.expect(StatusCode::ACCEPTED)
}

/// The deployment once it has ended.
async fn ended(api: &TestApi, key: &str, begun: &Value) -> Value {
    let (flow, id) = (begun["flow"].as_str().unwrap(), begun["id"].as_str().unwrap());
    let path = format!("/v1/flows/{flow}/deployments/{id}");
    // It may have ended already; if not, its end is heard.
    let whoami = api.get(key, "/v1/tenant").await.expect(StatusCode::OK);
    let tenant = whoami["id"].as_str().unwrap().parse().unwrap();
    let mut events = strowger_api::Control::subscribe(&*api.control, tenant);
    let shown = api.get(key, &path).await.expect(StatusCode::OK);
    if shown["state"] == "running" {
        let end = async {
            loop {
                match events.recv().await {
                    Ok(event) if event.name == "deployment.ended" => {
                        if event.data["deployment"] == id {
                            return;
                        }
                    }
                    // The end is the last of its events: it is not among those that are gone.
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => panic!("the event stream has ended"),
                }
            }
        };
        let heard = timeout(SOON, end).await;
        assert!(heard.is_ok(), "there was no deployment.ended of {flow} within {SOON:?}");
    }
    let shown = api.get(key, &path).await.expect(StatusCode::OK);
    assert_ne!(shown["state"], "running", "{shown}");
    shown
}

#[track_caller]
fn step<'a>(deployment: &'a Value, name: &str) -> &'a Value {
    let steps = deployment["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["step"] == name).expect("the step is there")
}

fn states(deployment: &Value) -> Vec<&str> {
    let steps = deployment["steps"].as_array().expect("steps");
    steps.iter().map(|step| step["state"].as_str().expect("a state")).collect()
}

#[tokio::test]
async fn a_deployment_ends_in_a_version_that_new_calls_get() {
    let api = TestApi::start().await;
    let (tenant, key) = api.tenant("acme").await;
    let mut events = strowger_api::Control::subscribe(&*api.control, tenant);
    let begun = deploy(&api, &key, "ivr/deployments?promote=true&note=one", WASM).await;
    assert_eq!(begun["steps"].as_array().map(Vec::len), Some(10));
    let done = ended(&api, &key, &begun).await;
    assert_eq!(done["state"], "done");
    assert_eq!(done["version"]["number"], 1);
    assert_eq!(states(&done)[..6], ["done"; 6]);
    assert_eq!(step(&done, "dry_run")["message"], "there are no recorded calls");
    assert_eq!(step(&done, "sign")["state"], "done");
    let signed = step(&done, "sign")["message"].as_str().unwrap();
    assert!(signed.contains("with key 0123456789abcdef"), "{signed}");
    assert_eq!(step(&done, "release")["message"], "in force for new calls");
    let current = api.get(&key, "/v1/flows/ivr").await.expect(StatusCode::OK);
    assert_eq!(current["current"]["number"], 1);
    // So many events that the first ones may be gone: the last ones count.
    let mut told = Vec::new();
    loop {
        match events.try_recv() {
            Ok(event) => told.push(event),
            Err(TryRecvError::Lagged(_)) => {}
            Err(_) => break,
        }
    }
    let of_release = told.iter().find(|event| event.data["step"] == "release");
    let of_release = of_release.expect("an event of the last step");
    assert_eq!(of_release.name, "deployment.step");
    assert_eq!(
        (&of_release.data["flow"], &of_release.data["state"]),
        (&"ivr".into(), &"running".into())
    );
    assert_eq!(told.last().expect("an event").name, "deployment.ended");
}

#[tokio::test]
async fn without_promote_it_is_stored_and_says_how_to_promote_it() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    ended(&api, &key, &deploy(&api, &key, "ivr/deployments", WASM).await).await;
    let second = deploy(&api, &key, "ivr/deployments", b"\0asm call-flow two").await;
    let second = ended(&api, &key, &second).await;
    assert_eq!(step(&second, "release")["state"], "skipped");
    let message = step(&second, "release")["message"].as_str().unwrap();
    assert!(message.contains("strowger flow promote ivr 2"), "{message}");
    let current = api.get(&key, "/v1/flows/ivr").await.expect(StatusCode::OK);
    assert_eq!(current["current"]["number"], 1);
}

#[tokio::test]
async fn the_step_at_fault_is_named_and_nothing_is_stored() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    for (wasm, at, words) in [
        (&b"#!/bin/sh"[..], "parse", "not WebAssembly"),
        (b"\0asm router", "world", "must export the world call-flow"),
    ] {
        let failed = ended(&api, &key, &deploy(&api, &key, "ivr/deployments", wasm).await).await;
        assert_eq!(failed["state"], "failed");
        let step = step(&failed, at);
        assert_eq!(step["state"], "failed", "{failed}");
        assert!(step["message"].as_str().unwrap().contains(words), "{failed}");
        assert_eq!(failed["steps"][8]["state"], "waiting");
    }
    api.get(&key, "/v1/flows/ivr").await.problem(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_recorded_calls_do_otherwise_is_listed() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    ended(&api, &key, &deploy(&api, &key, "ivr/deployments", WASM).await).await;
    let difference = Difference {
        call: CallId(Uuid::from_u128(7)),
        stock_call: None,
        turn: 3,
        recorded: "play text:en:Hello".to_owned(),
        replayed: "play text:en:Good day".to_owned(),
    };
    let found = DryRun { calls: 5, same: 4, differing: vec![difference], ..DryRun::default() };
    *api.control.dry_run.lock().unwrap() = Some(found.clone());
    let path = "ivr/deployments?promote=true";
    let done = deploy(&api, &key, path, b"\0asm call-flow two").await;
    let done = ended(&api, &key, &done).await;
    assert_eq!(done["dry_run"]["differing"][0]["turn"], 3);
    let message = step(&done, "dry_run")["message"].as_str().unwrap();
    assert_eq!(message, "4 of 5 recorded calls go as they went, 1 differ");
    assert_eq!(step(&done, "release")["state"], "done");

    // One that fails on recorded calls is kept, but not let loose on new ones.
    *api.control.dry_run.lock().unwrap() = Some(DryRun { faults: 2, ..found });
    let kept = deploy(&api, &key, path, b"\0asm call-flow three").await;
    let kept = ended(&api, &key, &kept).await;
    assert_eq!(kept["state"], "done");
    assert_eq!(step(&kept, "release")["state"], "skipped");
    let current = api.get(&key, "/v1/flows/ivr").await.expect(StatusCode::OK);
    assert_eq!(current["current"]["number"], 2);
}

fn finding(known: bool) -> StockFinding {
    StockFinding {
        stock_call: "says-nothing".to_owned(),
        about: "Digits never come.".to_owned(),
        step: "the call begins".to_owned(),
        turn: 3,
        event: "completed 2: timeout".to_owned(),
        message: "trap: unreachable".to_owned(),
        known,
    }
}

#[tokio::test]
async fn without_recorded_calls_stock_calls_say_whether_it_is_released() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    let found = |faults| {
        let stock = StockCalls { calls: 40, faults, ..StockCalls::default() };
        DryRun { stock: Some(stock), ..DryRun::default() }
    };
    let path = "ivr/deployments?promote=true";
    // The first version is in force whatever it does, and says so.
    *api.control.dry_run.lock().unwrap() = Some(found(vec![finding(false)]));
    let first = ended(&api, &key, &deploy(&api, &key, path, WASM).await).await;
    let told = "no recorded calls yet: 40 stock calls, fails in says-nothing";
    assert_eq!(step(&first, "dry_run")["message"], told);
    let release = step(&first, "release")["message"].as_str().unwrap();
    assert!(release.contains("being the first version; calls fail on it"), "{release}");
    assert_eq!(first["dry_run"]["stock"]["faults"][0]["stock_call"], "says-nothing");

    for (faults, state, current) in [
        (vec![finding(false)], "skipped", 1),
        // What callers meet already is no reason to keep a version from them.
        (vec![finding(true)], "done", 3),
        (vec![], "done", 4),
    ] {
        *api.control.dry_run.lock().unwrap() = Some(found(faults));
        let wasm = format!("\0asm call-flow {current}{state}");
        let done = deploy(&api, &key, path, wasm.as_bytes()).await;
        let done = ended(&api, &key, &done).await;
        assert_eq!(step(&done, "release")["state"], state, "{done}");
        let shown = api.get(&key, "/v1/flows/ivr").await.expect(StatusCode::OK);
        assert_eq!(shown["current"]["number"], current);
    }
}

#[tokio::test]
async fn a_second_deployment_of_the_same_flow_is_told_to_wait() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    let gate = Arc::new(Semaphore::new(0));
    *api.control.gate.lock().unwrap() = Some(gate.clone());
    let first = deploy(&api, &key, "ivr/deployments", WASM).await;
    let path = "/v1/flows/ivr/deployments";
    let told = api.put_bytes(&key, "POST", path, WASM).await.problem(StatusCode::CONFLICT);
    assert!(told.contains(first["id"].as_str().unwrap()), "{told}");
    assert!(told.contains("wait"), "{told}");
    // Another flow's is not in its way.
    let other = deploy(&api, &key, "other/deployments", WASM).await;
    gate.close();
    assert_eq!(ended(&api, &key, &first).await["state"], "done");
    assert_eq!(ended(&api, &key, &other).await["state"], "done");
    assert_eq!(
        ended(&api, &key, &deploy(&api, &key, "ivr/deployments", WASM).await).await["state"],
        "done"
    );
}

#[tokio::test]
async fn a_canary_is_tried_by_a_share_of_new_calls() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    ended(&api, &key, &deploy(&api, &key, "ivr/deployments", WASM).await).await;
    let second = deploy(&api, &key, "ivr/deployments?canary=30", b"\0asm call-flow two").await;
    let second = ended(&api, &key, &second).await;
    assert_eq!(step(&second, "release")["message"], "tried by 30 % of new calls");
    let rollout = api.get(&key, "/v1/flows/ivr/rollout").await.expect(StatusCode::OK);
    assert_eq!(rollout["canary"]["share_percent"], 30, "{rollout}");
    let current = api.get(&key, "/v1/flows/ivr").await.expect(StatusCode::OK);
    assert_eq!(current["current"]["number"], 1);
}

#[tokio::test]
async fn a_share_that_is_none_is_refused_before_anything_is_read() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    for (query, words) in [("canary=101", "0 to 100"), ("canary=5&promote=true", "exclude")] {
        let path = format!("/v1/flows/ivr/deployments?{query}");
        let told = api.put_bytes(&key, "POST", &path, WASM).await;
        let said = told.problem(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn a_storm_of_uploads_is_told_when_to_come_back() {
    let api = TestApi::start().await;
    let limits = serde_json::json!({"guest": {"uploads_per_minute": 3}});
    let (name, domain) = ("stormy", "stormy.example");
    let body = serde_json::json!({"name": name, "sip_domain": domain, "limits": limits});
    let made = api.ask(&api.operator, "POST", "/v1/tenants", Some(body)).await;
    let id = made.expect(StatusCode::CREATED)["id"].as_str().unwrap().parse().unwrap();
    let (_, stormy) = api.store.tenant(id).keys().create("admin").await.unwrap();
    let (_, calm) = api.tenant("calm").await;
    for number in 1..=3 {
        let path = format!("/v1/flows/f{number}/versions");
        api.put_bytes(stormy.expose(), "POST", &path, WASM).await.expect(StatusCode::CREATED);
    }
    // Deployments and routers count, too.
    for path in ["flows/f/deployments", "flows/f/versions", "routers/r/versions"] {
        let refused = api.put_bytes(stormy.expose(), "POST", &format!("/v1/{path}"), WASM).await;
        assert_eq!(refused.headers[RETRY_AFTER], "20", "{path}");
        let told = refused.problem(StatusCode::TOO_MANY_REQUESTS);
        assert!(told.contains("3 programs in a minute"), "{told}");
    }
    deploy(&api, &calm, "f/deployments", WASM).await;
}
