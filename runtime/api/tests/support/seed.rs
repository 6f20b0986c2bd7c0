//! One of everything for a tenant.

use super::TestApi;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use strowger_api::{
    AgentStatus, CallTrace, LiveCall, QueueStatus, TracedMessage, TrunkCalls, TrunkStatus,
};
use strowger_model::{
    AgentState, CallId, CallRecord, Direction, JournalEntry, JournalKind, RecordingId, TenantId,
    Timestamp,
};
use strowger_store::{Fact, Recording, RecordingState, WriterConfig};
use uuid::Uuid;

/// What [`everything`] made; the names hold `mark`, so that a leak is seen.
pub struct Seeded {
    pub tenant: TenantId,
    pub key: String,
    pub key_id: String,
    pub mark: String,
    pub trunk: String,
    pub number: String,
    pub agent: String,
    pub queue: String,
    pub flow: String,
    pub version: String,
    pub router: String,
    pub deployment: String,
    pub prompt: String,
    pub stored_key: String,
    pub call: CallId,
    pub recording: RecordingId,
}

pub fn record(tenant: TenantId, call: CallId, from: &str, at: u64) -> CallRecord {
    CallRecord::begun(
        call,
        tenant,
        Direction::Inbound,
        from.parse().expect("an address"),
        "100".parse().expect("an address"),
        Timestamp(at),
    )
}

pub async fn everything(api: &TestApi, mark: &str, number: &str) -> Seeded {
    let (tenant, key) = api.tenant(mark).await;
    let make = async |path: &str, body: Value| -> Value {
        api.ask(&key, "POST", path, Some(body)).await.expect(StatusCode::CREATED)
    };
    let name = |kind: &str| format!("{kind}-{mark}");
    let trunk =
        make("/v1/trunks", json!({"name": name("trunk"), "addresses": ["192.0.2.7"]})).await;
    let agent = make(
        "/v1/agents",
        json!({"name": name("agent"), "extension": name("x"), "password": "password of the phone",
               "skills": [{"name": "sales", "level": 5}]}),
    )
    .await;
    let queue = make("/v1/queues", json!({"name": name("queue"), "members": [agent["id"]]})).await;
    for (kind, world) in [("flow", "call-flow"), ("router", "router")] {
        let path = format!("/v1/{kind}s/{}/versions?note={mark}", name(kind));
        let bytes = format!("\0asm {world} {mark}");
        api.put_bytes(&key, "POST", &path, bytes.as_bytes()).await.expect(StatusCode::CREATED);
    }
    let path = format!("/v1/flows/{}/deployments?note={mark}", name("flow"));
    let bytes = format!("\0asm call-flow deployed {mark}");
    let deployment = api.put_bytes(&key, "POST", &path, bytes.as_bytes()).await;
    let deployment = deployment.expect(StatusCode::ACCEPTED);
    make("/v1/numbers", json!({"number": number, "flow": name("flow"), "note": mark})).await;
    let path = format!("/v1/prompts/{}", name("prompt"));
    api.put_bytes(&key, "PUT", &path, format!("RIFF{mark}").as_bytes())
        .await
        .expect(StatusCode::OK);
    let path = format!("/v1/kv/{}", name("key"));
    api.ask(&key, "PUT", &path, Some(json!({"value": mark}))).await.expect(StatusCode::NO_CONTENT);
    let path = format!("/v1/flows/{}/versions/1", name("flow"));
    let version = api.get(&key, &path).await.expect(StatusCode::OK);
    let made_key = make("/v1/keys", json!({"name": name("made")})).await;
    let (call, recording) = (CallId(Uuid::now_v7()), RecordingId(Uuid::now_v7()));
    history(api, tenant, mark, call, recording).await;
    let seeded = Seeded {
        tenant,
        key: key.clone(),
        key_id: made_key["id"].as_str().expect("an id").to_owned(),
        mark: mark.to_owned(),
        trunk: name("trunk"),
        number: number.to_owned(),
        agent: name("x"),
        queue: name("queue"),
        flow: name("flow"),
        version: version["id"].as_str().expect("an id").to_owned(),
        router: name("router"),
        deployment: deployment["id"].as_str().expect("an id").to_owned(),
        prompt: name("prompt"),
        stored_key: name("key"),
        call,
        recording,
    };
    go_live(api, &seeded, &agent, &queue, &trunk);
    seeded
}

/// A call that is over, with a journal and a recording.
async fn history(
    api: &TestApi,
    tenant: TenantId,
    mark: &str,
    call: CallId,
    recording: RecordingId,
) {
    let writer = api.store.start_writer(WriterConfig::default());
    let mut record = record(tenant, call, &format!("caller-{mark}"), 1_000);
    let open = writer.open_call(record.clone()).expect("room for a call");
    open.journal(JournalEntry {
        tenant,
        call,
        seq: 0,
        at: Timestamp(1_000),
        kind: JournalKind::Setup,
        body: json!({"mark": mark}).to_string(),
    })
    .expect("room for an entry");
    record.ended_at = Some(Timestamp(2_000));
    open.close(record).expect("the writer runs");
    writer.shutdown().await.expect("the writer runs");
    let file = format!("{mark}.wav");
    let folder = api.folder.path().join("recordings");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(&file), format!("audio of {mark}")).expect("a file");
    let recording = Recording {
        id: recording,
        call,
        file,
        state: RecordingState::Finished,
        started_at: Timestamp(1_200),
        duration_ms: 700,
        size_bytes: 10,
    };
    api.store.keep(&[Fact::Recording { tenant, recording }]).await.expect("a recording is stored");
}

fn go_live(api: &TestApi, seeded: &Seeded, agent: &Value, queue: &Value, trunk: &Value) {
    let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();
    let mut running = api.control.running.lock().expect("no test panics here");
    let running = running.entry(seeded.tenant).or_default();
    running.calls.push(LiveCall {
        call: seeded.call,
        direction: Direction::Inbound,
        from: format!("caller-{}", seeded.mark).parse().expect("an address"),
        to: "100".parse().expect("an address"),
        state: "answered".to_owned(),
        flow: seeded.flow.clone(),
        version: None,
        started_at: Timestamp(1_000),
        answered_at: None,
        queue: None,
        agent: None,
    });
    running.agents.push(AgentStatus {
        agent: id(agent).parse().expect("an id"),
        state: AgentState::SignedOut,
        since: Timestamp(1),
        registered: false,
        call: None,
    });
    running.queues.push(QueueStatus {
        queue: id(queue).parse().expect("an id"),
        name: seeded.queue.clone(),
        waiting: 3,
        longest_wait_ms: 4,
        expected_wait_ms: None,
        agents_signed_in: 0,
        agents_ready: 0,
        agents_talking: 0,
    });
    let message = TracedMessage {
        at: Timestamp(1_000),
        heading: "in".to_owned(),
        transport: "UDP".to_owned(),
        local: "10.0.0.1:5060".to_owned(),
        remote: "10.0.0.2:5060".to_owned(),
        sip_call_id: format!("call-{}", seeded.mark),
        text: "INVITE sip:100@10.0.0.1 SIP/2.0".to_owned(),
    };
    let ladder = format!("{:10}us  10.0.0.2:5060\n0.000  <- INVITE -\n", "");
    let trace = CallTrace { ladder, messages: vec![message], dropped: 0 };
    running.traces.insert(seeded.call, trace);
    running.trunks.push(TrunkStatus {
        trunk: id(trunk).parse().expect("an id"),
        registered: None,
        reachable: None,
        live_calls: 0,
        state: "up".to_owned(),
        reason: "untried".to_owned(),
        since: None,
        inbound: TrunkCalls::default(),
        outbound: TrunkCalls::default(),
        refused: BTreeMap::new(),
    });
}
