//! A process that is killed loses nothing that it acknowledged.

mod support;

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use strowger_model::{CallId, Cause, LegId, LegRecord, Party, TenantId, Timestamp};
use strowger_store::{
    AgentSettings, Fact, PhonePassword, Place, Recording, RecordingState, Store, WriterConfig,
};
use support::{Database, call_id, entry, record};

/// Set for the child only.
const DATABASE: &str = "STROWGER_TEST_DATABASE";
/// Entries the parent waits for before it kills.
const ACKNOWLEDGED: u32 = 200;

/// Not a test of its own: what the child process runs until it is killed.
#[tokio::test]
async fn child_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(DATABASE) else { return };
    let store = Store::open(&Place::Sqlite(path.into())).await.unwrap();
    let tenant = store.tenants().list().await.unwrap()[0].id;
    let writer = store.start_writer(WriterConfig::default());
    let (call, ended) = (call_id(), call_id());
    let mut live = record(tenant, call, 1_000);
    live.legs.push(LegRecord {
        leg: LegId(0),
        direction: live.direction,
        address: live.from.clone(),
        agent: None,
        trunk: None,
        started_at: Timestamp(1_000),
        ringing_at: None,
        answered_at: None,
        ended_at: None,
        cause: None,
        sip_status: None,
        codec: None,
        media: None,
    });
    let open = writer.open_call(live).unwrap();
    let mut over = record(tenant, ended, 900);
    let handle = writer.open_call(over.clone()).unwrap();
    over.ended_at = Some(Timestamp(950));
    over.cause = Some(Cause::Normal);
    handle.close(over).unwrap();
    println!("calls {call} {ended}");
    for seq in 0.. {
        open.journal(entry(tenant, call, seq)).unwrap();
        writer.flush().await.unwrap();
        println!("acknowledged {seq}");
    }
}

/// Starts the child, kills it in the middle of its work, and tells what it said.
fn run_and_kill(db: &Database) -> (CallId, CallId, u32) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child_writes_until_it_is_killed", "--exact", "--nocapture"])
        .env(DATABASE, db.folder.path().join("strowger.db"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut calls, mut last) = (None, 0);
    for line in lines.by_ref() {
        let line = line.unwrap();
        // The test harness of the child may have written to the same line before.
        let words: Vec<_> = line.split_whitespace().collect();
        if let Some(at) = words.iter().position(|word| *word == "calls") {
            calls = Some((words[at + 1].parse().unwrap(), words[at + 2].parse().unwrap()));
        }
        if let Some(at) = words.iter().position(|word| *word == "acknowledged") {
            last = words[at + 1].parse().unwrap();
            if last >= ACKNOWLEDGED {
                break;
            }
        }
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(!status.success(), "the child ended by itself");
    // Between the last line read and the kill it went on.
    for line in lines.map_while(Result::ok) {
        if let Some(seq) = line.strip_prefix("acknowledged ").and_then(|seq| seq.parse().ok()) {
            last = seq;
        }
    }
    let (open, ended) = calls.expect("the child names its calls");
    (open, ended, last)
}

async fn only_tenant(store: &Store) -> TenantId {
    store.tenants().list().await.unwrap()[0].id
}

#[tokio::test]
async fn what_was_acknowledged_is_readable_and_open_records_are_closed() {
    let db = Database::new().await;
    db.tenant("acme").await;
    db.store.close().await;
    let (open, ended, acknowledged) = run_and_kill(&db);

    let store = Store::open(&db.place()).await.unwrap();
    let tenant = only_tenant(&store).await;
    let mut entries = Vec::new();
    loop {
        let from = u32::try_from(entries.len()).unwrap();
        let page = store.tenant(tenant).journal().read(open, from, 1_000).await.unwrap();
        if page.is_empty() {
            break;
        }
        entries.extend(page);
    }
    assert!(entries.len() > acknowledged as usize, "{} of {acknowledged}", entries.len());
    for (seq, found) in (0..).zip(&entries) {
        assert_eq!(*found, entry(tenant, open, seq));
    }

    let unfinished = store.unfinished().await.unwrap().calls;
    let [left] = unfinished.as_slice() else { panic!("{unfinished:?}") };
    assert_eq!((left.record.call, left.last_seen), (open, entries.last().unwrap().at));
    let closed = left.clone().closed();
    assert_eq!((closed.cause, closed.ended_by), (Some(Cause::ServerRestart), Some(Party::Host)));
    // As of the last sign of life, not of the restart.
    assert_eq!(closed.ended_at, Some(left.last_seen));
    assert_eq!(closed.legs[0].cause, Some(Cause::ServerRestart));
    assert_eq!(closed.legs[0].ended_at, closed.ended_at);
    let writer = store.start_writer(WriterConfig::default());
    writer.reopen_call(open).unwrap().close(closed.clone()).unwrap();
    writer.shutdown().await.unwrap();
    assert_eq!(store.tenant(tenant).calls().get(open).await.unwrap(), closed);
    // What had ended before is as it was.
    let over = store.tenant(tenant).calls().get(ended).await.unwrap();
    assert_eq!((over.cause, over.ended_at), (Some(Cause::Normal), Some(Timestamp(950))));
    assert!(store.unfinished().await.unwrap().calls.is_empty(), "once is enough");
}

#[tokio::test]
async fn recordings_that_ran_and_where_phones_were_are_found() {
    let db = Database::new().await;
    let tenant = db.tenant("acme").await.id;
    let running = Recording {
        id: strowger_model::RecordingId(uuid::Uuid::now_v7()),
        call: call_id(),
        file: "a.wav".to_owned(),
        state: RecordingState::Running,
        started_at: Timestamp(1),
        duration_ms: 0,
        size_bytes: 0,
    };
    let recording = running.clone();
    db.store.keep(&[Fact::Recording { tenant, recording }]).await.unwrap();
    let found = db.store.unfinished().await.unwrap();
    assert_eq!(found.recordings, [(tenant, running.clone())]);
    let recording = Recording { state: RecordingState::Finished, ..running };
    db.store.keep(&[Fact::Recording { tenant, recording }]).await.unwrap();
    assert_eq!(db.store.unfinished().await.unwrap().recordings, []);

    let settings = AgentSettings {
        name: "Ann".to_owned(),
        extension: "201".parse().unwrap(),
        skills: Vec::new(),
    };
    let password = PhonePassword("a long password".to_owned());
    let agent = db.store.tenant(tenant).agents().create(&settings, &password).await.unwrap().id;
    let contacts =
        |text: Option<&str>| Fact::Contacts { tenant, agent, contacts: text.map(str::to_owned) };
    db.store.keep(&[contacts(Some("one")), contacts(Some("two"))]).await.unwrap();
    assert_eq!(db.store.unfinished().await.unwrap().contacts, ["two"]);
    db.store.keep(&[contacts(None)]).await.unwrap();
    assert_eq!(db.store.unfinished().await.unwrap().contacts, Vec::<String>::new());
}
