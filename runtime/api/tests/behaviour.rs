//! What endpoints do beyond storing and showing.

mod support;

use axum::http::{StatusCode, header};
use serde_json::json;
use strowger_api::{Change, Changed};
use support::TestApi;
use support::seed::everything;

#[tokio::test]
async fn every_change_is_told_to_the_server_before_the_answer() {
    let api = TestApi::start().await;
    let (tenant, key) = api.tenant("acme").await;
    let told = |what| Change { tenant, what };
    let last = || api.control.changes.lock().unwrap().last().cloned().unwrap();
    assert_eq!(last(), told(Changed::Tenant));
    api.ask(&key, "POST", "/v1/queues", Some(json!({"name": "q"})))
        .await
        .expect(StatusCode::CREATED);
    assert_eq!(last(), told(Changed::Queues));
    api.put_bytes(&key, "POST", "/v1/flows/f/versions", b"\0asm call-flow").await;
    assert_eq!(last(), told(Changed::Flows));
    api.put_bytes(&key, "PUT", "/v1/prompts/p", b"RIFF").await.expect(StatusCode::OK);
    assert_eq!(last(), told(Changed::Prompts));
    api.ask(&key, "DELETE", "/v1/queues/q", None).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(last(), told(Changed::Queues));
    let count = api.control.changes.lock().unwrap().len();
    api.ask(&key, "DELETE", "/v1/queues/q", None).await.problem(StatusCode::NOT_FOUND);
    assert_eq!(api.control.changes.lock().unwrap().len(), count, "nothing has changed");
    api.ask(&api.operator, "DELETE", "/v1/tenants/acme", None).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(last(), told(Changed::TenantDeleted));
}

#[tokio::test]
async fn a_version_is_uploaded_promoted_and_given_back() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    for (text, options) in [("one", ""), ("two", "?note=second"), ("three", "?promote=true")] {
        let path = format!("/v1/flows/ivr/versions{options}");
        let bytes = format!("\0asm call-flow {text}");
        api.put_bytes(&key, "POST", &path, bytes.as_bytes()).await.expect(StatusCode::CREATED);
        let current = api.get(&key, "/v1/flows/ivr").await.json()["current"]["number"].clone();
        assert_eq!(current, if text == "three" { 3 } else { 1 }, "after {text}");
    }
    let body = Some(json!({"version": 2}));
    let promoted = api.ask(&key, "PUT", "/v1/flows/ivr/current", body).await.expect(StatusCode::OK);
    assert_eq!(promoted["current"]["note"], "second");
    let wasm = api.get(&key, "/v1/flows/ivr/versions/2/wasm").await;
    assert_eq!(wasm.headers[header::CONTENT_TYPE], "application/wasm");
    assert_eq!(wasm.body, b"\0asm call-flow two");
}

#[tokio::test]
async fn a_tenant_chooses_between_stock_routers_and_its_own() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    let first = api.get(&key, "/v1/router").await.expect(StatusCode::OK);
    assert_eq!(first, json!({"kind": "stock", "name": "longest-idle"}));
    let choose = async |body| api.ask(&key, "PUT", "/v1/router", Some(body)).await;
    let unknown = choose(json!({"kind": "stock", "name": "magic"})).await;
    assert!(unknown.problem(StatusCode::UNPROCESSABLE_ENTITY).contains("longest-idle, skills"));
    choose(json!({"kind": "own", "name": "mine"})).await.problem(StatusCode::NOT_FOUND);
    api.put_bytes(&key, "POST", "/v1/routers/mine/versions", b"\0asm router").await;
    let chosen = choose(json!({"kind": "own", "name": "mine"})).await.expect(StatusCode::OK);
    let followed = json!({"kind": "own", "name": "mine", "version": null, "canary": null});
    assert_eq!(chosen, followed, "whatever is promoted");
    let one = choose(json!({"kind": "own", "name": "mine", "version": 1})).await;
    assert_eq!(one.expect(StatusCode::OK)["version"], 1);
    api.ask(&key, "DELETE", "/v1/routers/mine", None).await.problem(StatusCode::CONFLICT);
    // The tenant's other settings are as they were.
    let tenant = api.get(&key, "/v1/tenant").await.expect(StatusCode::OK);
    assert_eq!(tenant["sip_domain"], "acme.example");
}

#[tokio::test]
async fn a_recording_is_downloaded_and_deleted_with_its_file() {
    let api = TestApi::start().await;
    let a = everything(&api, "alpha", "+441632960001").await;
    let path = format!("/v1/recordings/{}", a.recording);
    let audio = api.get(&a.key, &format!("{path}/audio")).await;
    assert_eq!(audio.headers[header::CONTENT_TYPE], "audio/wav");
    assert_eq!(audio.text(), "audio of alpha");
    let file = api.folder.path().join("recordings/alpha.wav");
    assert!(file.exists());
    api.ask(&a.key, "DELETE", &path, None).await.expect(StatusCode::NO_CONTENT);
    assert!(!file.exists());
    api.get(&a.key, &path).await.problem(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_recordings_path_never_leaves_its_folder() {
    use strowger_model::{CallId, RecordingId, Timestamp};
    use strowger_store::{Fact, Recording, RecordingState};
    let api = TestApi::start().await;
    let (tenant, key) = api.tenant("acme").await;
    let database = api.folder.path().join("strowger.db").to_str().unwrap().to_owned();
    for file in ["../strowger.db", &database, ""] {
        let recording = Recording {
            id: RecordingId(uuid::Uuid::now_v7()),
            call: CallId(uuid::Uuid::now_v7()),
            file: file.to_owned(),
            state: RecordingState::Finished,
            started_at: Timestamp(1),
            duration_ms: 0,
            size_bytes: 0,
        };
        let path = format!("/v1/recordings/{}", recording.id);
        api.store.keep(&[Fact::Recording { tenant, recording }]).await.unwrap();
        let audio = api.get(&key, &format!("{path}/audio")).await;
        audio.problem(StatusCode::INTERNAL_SERVER_ERROR);
        let deleted = api.ask(&key, "DELETE", &path, None).await;
        deleted.problem(StatusCode::INTERNAL_SERVER_ERROR);
    }
    assert!(api.folder.path().join("strowger.db").exists());
}

#[tokio::test]
async fn agents_are_told_what_to_be_by_extension() {
    let api = TestApi::start().await;
    let a = everything(&api, "alpha", "+441632960001").await;
    let path = format!("/v1/agents/{}/state", a.agent);
    let put = async |body| api.ask(&a.key, "PUT", &path, Some(body)).await;
    let lunch = put(json!({"state": "not_ready", "reason": "lunch"})).await.expect(StatusCode::OK);
    assert_eq!((&lunch["state"], &lunch["reason"]), (&json!("not_ready"), &json!("lunch")));
    assert_eq!(put(json!({"state": "ready"})).await.expect(StatusCode::OK)["state"], "ready");
    assert_eq!(api.get(&a.key, &path).await.expect(StatusCode::OK)["state"], "ready");
    let long = json!({"state": "not_ready", "reason": "x".repeat(65)});
    put(long).await.problem(StatusCode::UNPROCESSABLE_ENTITY);
    put(json!({"state": "dancing"})).await.problem(StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn live_calls_are_listed_and_hung_up_once() {
    let api = TestApi::start().await;
    let a = everything(&api, "alpha", "+441632960001").await;
    let live = api.get(&a.key, "/v1/calls/live").await.expect(StatusCode::OK);
    assert_eq!(live["items"][0]["call"], a.call.to_string());
    let path = format!("/v1/calls/{}/hangup", a.call);
    api.ask(&a.key, "POST", &path, None).await.expect(StatusCode::ACCEPTED);
    api.ask(&a.key, "POST", &path, None).await.problem(StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_journal_shows_its_bodies_as_json() {
    let api = TestApi::start().await;
    let a = everything(&api, "alpha", "+441632960001").await;
    let journal = api.get(&a.key, &format!("/v1/calls/{}/journal", a.call)).await;
    let journal = journal.expect(StatusCode::OK);
    assert_eq!(
        journal["items"],
        json!([{"seq": 0, "at": 1_000, "kind": "setup", "body": {"mark": "alpha"}}])
    );
}

#[tokio::test]
async fn secrets_are_never_shown_again() {
    let api = TestApi::start().await;
    let (_, key) = api.tenant("acme").await;
    let agent = json!({"name": "Ann", "extension": "201", "password": "phone password"});
    api.ask(&key, "POST", "/v1/agents", Some(agent)).await.expect(StatusCode::CREATED);
    let trunk = json!({"name": "t", "in_user": "them", "in_password": "inbound password",
                       "proxy": "sip.example", "out_user": "us", "out_password": "outbound password"});
    api.ask(&key, "POST", "/v1/trunks", Some(trunk)).await.expect(StatusCode::CREATED);
    let made = api.ask(&key, "POST", "/v1/keys", Some(json!({"name": "k"}))).await;
    let secret = made.expect(StatusCode::CREATED)["secret"].as_str().unwrap().to_owned();
    api.get(&secret, "/v1/me").await.expect(StatusCode::OK);
    let random = secret.rsplit('_').next().unwrap();
    for path in ["/v1/agents", "/v1/agents/201", "/v1/trunks", "/v1/trunks/t", "/v1/keys", "/v1/me"]
    {
        let text = api.get(&key, path).await.text();
        for secret in ["password", "ha1", random] {
            assert!(!text.contains(secret), "{path} shows a secret: {text}");
        }
    }
}

#[tokio::test]
async fn health_and_metrics_answer() {
    let api = TestApi::start().await;
    let health = api.get("", "/healthz").await.expect(StatusCode::OK);
    assert_eq!(health, json!({"ok": true, "database": true, "signalling": true, "records": true}));
    let metrics = api.get(&api.operator, "/metrics").await;
    assert!(metrics.text().contains("strowger_live_calls 0"));
    api.store.close().await;
    api.get("", "/healthz").await.expect(StatusCode::SERVICE_UNAVAILABLE);
}
