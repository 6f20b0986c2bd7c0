//! Replays of journals as the API gives them: damaged, cut off, of a version that
//! is gone, with a clock that was set back.

use super::*;
use strowger_call::{CallLimits, CallSetup, Fallback, GuestEvent, Moment, Story, ViewState};
use strowger_call::{EndBody, EventBody, TurnBody};
use strowger_guest::{Budget, EngineConfig, FlowInstance, GuestEngine, UploadLimits};
use strowger_model::{CallRecord, Cause, Direction, JournalEntry, JournalKind, Party, VersionId};
use strowger_store::{NewVersion, Order, WriterConfig};

const BEGAN: u64 = 1_795_253_400_000;

/// A tenant with the demo flow as version 1 of `ivr`.
async fn with_flow() -> (Served, TenantId, VersionId) {
    let served = Served::start().await;
    let created = ["tenant", "create", "acme", "--domain", "acme.example", "--json"];
    let created: Value = serde_json::from_str(&served.run(&created).await.unwrap()).unwrap();
    let tenant: TenantId = created["id"].as_str().unwrap().parse().unwrap();
    let new = NewVersion {
        bytes: strowger_stock::guest("demo").expect("a stock guest"),
        digest: "d",
        worlds: &["call-flow".to_owned()],
        note: "",
        promote: true,
        order: Order { by: "a test", seen: None },
        sign: None,
    };
    let version = served.store.tenant(tenant).flows().upload("ivr", &new).await.unwrap();
    (served, tenant, version.id)
}

/// A call of the demo flow that answers, says its welcome and ends, as entries.
fn entries(tenant: TenantId, version: VersionId) -> Vec<JournalEntry> {
    let call = CallId(uuid::Uuid::now_v7());
    let setup = CallSetup {
        call,
        tenant,
        direction: Direction::Inbound,
        from: "+441632960001".parse().unwrap(),
        to: "+441632960000".parse().unwrap(),
        trunk: None,
        from_agent: None,
        flow: "ivr".into(),
        version: Some(version),
        language: "en".into(),
        seed: 1,
        now: Timestamp(BEGAN),
        limits: CallLimits::default(),
        fallback: Fallback::HangUp,
        facts: std::collections::BTreeMap::new(),
        journal: true,
    };
    let mut journal = Vec::new();
    let mut add = |at: u64, kind, body: String| {
        let seq = journal.len() as u32;
        journal.push(JournalEntry { tenant, call, seq, at: Timestamp(at), kind, body });
    };
    add(BEGAN, JournalKind::Setup, text(&setup));
    let engine = GuestEngine::new(EngineConfig { max_live: 2, ..EngineConfig::default() }).unwrap();
    let wasm = strowger_stock::guest("demo").unwrap();
    let program = engine.compile(wasm, &UploadLimits::default()).unwrap();
    let mut instance = FlowInstance::new(&program, &Budget::default()).unwrap();
    let begun = [JournalEntry {
        tenant,
        call,
        seq: 0,
        at: Timestamp(BEGAN),
        kind: JournalKind::Setup,
        body: text(&setup),
    }];
    let story = Story::read(&begun).unwrap();
    let told =
        [(BEGAN, GuestEvent::Started), (BEGAN + 900, GuestEvent::Ended { cause: Cause::Normal })];
    for (turn, (now, event)) in (1..).zip(told) {
        let moment = Moment { now: Timestamp(now), seed: u64::from(turn) };
        let state = ViewState { turn, ..ViewState::first(Timestamp(now)) };
        let view = story.seats[0].view(Vec::new(), Vec::new(), state.clone());
        let result = instance.handle(moment, &event, view).result;
        let body = EventBody { moment, event, details: Vec::new(), state, masked: false };
        add(now, JournalKind::Event, text(&body));
        let body = TurnBody {
            actions: result.outcome.unwrap(),
            attributes: result.attributes,
            fuel: result.fuel,
            ..TurnBody::default()
        };
        add(now, JournalKind::Turn, text(&body));
    }
    let end = EndBody { cause: Cause::Normal, by: Party::Caller };
    add(BEGAN + 900, JournalKind::End, text(&end));
    journal
}

fn text(body: &impl serde::Serialize) -> String {
    serde_json::to_string(body).expect("plain data")
}

/// Stores a call that is over, with this journal.
async fn keep(served: &Served, journal: &[JournalEntry]) -> String {
    let (tenant, call) = (journal[0].tenant, journal[0].call);
    let mut record = CallRecord::begun(
        call,
        tenant,
        Direction::Inbound,
        "+441632960001".parse().unwrap(),
        "+441632960000".parse().unwrap(),
        Timestamp(BEGAN),
    );
    let writer = served.store.start_writer(WriterConfig::default());
    let open = writer.open_call(record.clone()).unwrap();
    for entry in journal {
        open.journal(entry.clone()).unwrap();
    }
    record.ended_at = Some(Timestamp(BEGAN + 900));
    open.close(record).unwrap();
    writer.shutdown().await.unwrap();
    call.to_string()
}

async fn replay(served: &Served, call: &str) -> Result<String, CliError> {
    served.run(&["flow", "replay", call, "--tenant", "acme"]).await
}

#[tokio::test]
async fn a_whole_journal_is_shown_side_by_side() {
    let (served, tenant, version) = with_flow().await;
    let call = keep(&served, &entries(tenant, version)).await;
    let shown = replay(&served, &call).await.unwrap();
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[0].contains("from +441632960001 to +441632960000, 2026-11-21 09:30:00"));
    assert_eq!(lines[1], "flow ivr, replayed on ivr version 1 (the recorded program)");
    assert!(lines[3].contains("0.000  started") && lines[3].matches("1 answer").count() == 2);
    assert_eq!(lines.last(), Some(&"2 turns, all the same"), "{shown}");
    let day = served.run(&["flow", "replay", "--day", "2026-11-21", "--tenant", "acme"]).await;
    assert_eq!(day.unwrap(), "1 calls: 1 the same\n");
    let day = served.run(&["flow", "replay", "--day", "2026-11-22", "--tenant", "acme"]).await;
    assert_eq!(day.unwrap(), "0 calls: 0 the same\n");
}

#[tokio::test]
async fn a_damaged_journal_is_refused_with_the_place() {
    let (served, tenant, version) = with_flow().await;
    let mut torn = entries(tenant, version);
    torn[2].body.truncate(10);
    let error = replay(&served, &keep(&served, &torn).await).await.unwrap_err();
    assert!(error.to_string().contains("entry 2 of the journal cannot be read"), "{error}");
    assert_eq!(error.exit_code(), 1);
    let mut holed = entries(tenant, version);
    holed.remove(1);
    let error = replay(&served, &keep(&served, &holed).await).await.unwrap_err();
    assert!(error.to_string().contains("entry 1 of the journal is missing"), "{error}");
    // Among many they are counted and named, and the others are replayed.
    keep(&served, &entries(tenant, version)).await;
    let line = ["flow", "replay", "--since", "0", "--tenant", "acme"];
    let error = served.run(&line).await.unwrap_err();
    assert_eq!(
        (error.exit_code(), error.to_string().as_str()),
        (1, "2 of 3 calls cannot be replayed")
    );
}

#[tokio::test]
async fn a_journal_that_was_cut_off_is_replayed_as_far_as_it_goes() {
    let (served, tenant, version) = with_flow().await;
    let mut cut = entries(tenant, version);
    cut.truncate(4);
    let shown = replay(&served, &keep(&served, &cut).await).await.unwrap();
    assert!(shown.contains("the journal has no answer to the last event"), "{shown}");
    cut.truncate(1);
    for entry in &mut cut {
        entry.call = CallId(uuid::Uuid::now_v7());
    }
    let shown = replay(&served, &keep(&served, &cut).await).await.unwrap();
    assert!(shown.contains("nothing to replay"), "{shown}");
}

#[tokio::test]
async fn a_version_that_is_gone_says_what_to_do() {
    let (served, tenant, version) = with_flow().await;
    let call = keep(&served, &entries(tenant, version)).await;
    served.run(&["flow", "delete", "ivr", "--tenant", "acme"]).await.unwrap();
    let error = replay(&served, &call).await.unwrap_err();
    let said = error.to_string();
    for word in [&version.to_string(), "flow ivr, which is deleted", "--version", "--file"] {
        assert!(said.contains(word), "{said}");
    }
    assert_eq!(error.exit_code(), 1);
    let build = served.file("demo.wasm", strowger_stock::guest("demo").unwrap());
    let line = ["flow", "replay", &call, "--file", &build, "--tenant", "acme"];
    assert!(served.run(&line).await.unwrap().contains("all the same"));
}

#[tokio::test]
async fn a_clock_that_was_set_back_is_pointed_out() {
    let (served, tenant, version) = with_flow().await;
    let mut journal = entries(tenant, version);
    let early = BEGAN - 2_500;
    for entry in &mut journal[3..] {
        entry.at = Timestamp(early);
        entry.body = entry.body.replace(&(BEGAN + 900).to_string(), &early.to_string());
    }
    let shown = replay(&served, &keep(&served, &journal).await).await.unwrap();
    assert!(shown.contains("the clock was set back at journal entry 3"), "{shown}");
    assert!(shown.contains("-2.500  ended: normal"), "{shown}");
}

#[tokio::test]
async fn a_difference_is_marked_and_has_an_exit_code_of_its_own() {
    let (served, tenant, version) = with_flow().await;
    let call = keep(&served, &entries(tenant, version)).await;
    let other = served.file("other.wasm", strowger_stock::guest("direct-dial").unwrap());
    let line = ["flow", "replay", &call, "--file", &other, "--tenant", "acme"];
    let arguments = served.arguments(&line);
    let written = Written::default();
    let mut out = Output::to(false, written.clone());
    let error = execute(&arguments.connection, arguments.command, &mut out).await.unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    let shown = written.text();
    assert!(shown.lines().any(|line| line.starts_with("! ")), "{shown}");
    assert!(shown.contains("parts here: "), "{shown}");

    // The recorded program itself: it is told to its face.
    let mut journal = entries(tenant, version);
    journal[0].call = CallId(uuid::Uuid::now_v7());
    let was = journal[0].body.clone();
    journal[0].body = was.replace(&journal[1].call.to_string(), &journal[0].call.to_string());
    journal[2].body = journal[2].body.replace("\"answer\"", "\"hang_up\"");
    for at in 1..journal.len() {
        journal[at].call = journal[0].call;
    }
    let call = keep(&served, &journal).await;
    let json = ["flow", "replay", "--since", "0", "--json", "--tenant", "acme"];
    let arguments = served.arguments(&json);
    let written = Written::default();
    let mut out = Output::to(true, written.clone());
    // A stored digest is what the API says; here it is not that of the bytes.
    let error = execute(&arguments.connection, arguments.command, &mut out).await.unwrap_err();
    assert_eq!(error.exit_code(), 2, "{error}");
    let lines: Vec<Value> =
        written.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_call = lines.iter().find(|line| line["call"] == call.as_str()).unwrap();
    assert_eq!(of_call["verdict"], "not_deterministic");
    assert_eq!(of_call["first_difference"]["difference"]["recorded"], "hang up");
    assert_eq!(lines.last().unwrap()["summary"]["not_deterministic"], 1);
}
