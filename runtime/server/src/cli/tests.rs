//! The command line against the real API, over a socket.

// One server in memory for the tests of both the API and its client.
mod deployments;
#[path = "../../../api/tests/support/memory.rs"]
mod memory;
mod operators;
mod replay;
mod rollout;

use super::{CliError, Command, Connection, Output, execute};
use clap::{CommandFactory as _, Parser};
use memory::MemoryControl;
use serde_json::{Value, json};
use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use strowger_api::{ApiConfig, CallTrace, Event};
use strowger_model::{CallId, TenantId, Timestamp};
use strowger_store::{Place, Store};
use tempfile::TempDir;
use tokio::net::TcpListener;

#[derive(Debug, Parser)]
#[command(name = "strowger")]
struct Arguments {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    command: Command,
}

/// A server of which only the API is real.
struct Served {
    url: String,
    operator: String,
    control: Arc<MemoryControl>,
    store: Store,
    folder: TempDir,
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no test panics here").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Written {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no test panics here")).into_owned()
    }
}

impl Served {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store =
            Store::open(&Place::Sqlite(folder.path().join("db"))).await.expect("a database");
        let (_, key) = store.operator_keys().create("test").await.expect("a key");
        let control = Arc::new(MemoryControl::default());
        let config = ApiConfig::new(folder.path().join("recordings"));
        let router = strowger_api::router(store.clone(), control.clone(), config);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(strowger_api::serve(listener, router, std::future::pending()));
        Self { url, operator: key.expose().to_owned(), control, store, folder }
    }

    fn arguments(&self, line: &[&str]) -> Arguments {
        let profile = self.folder.path().join("no-profile.toml");
        let mut arguments =
            Arguments::try_parse_from(["strowger"].iter().chain(line)).expect("a valid line");
        let connection = &mut arguments.connection;
        connection.url.get_or_insert(self.url.clone());
        connection.key.get_or_insert(self.operator.clone());
        if profile.exists() {
            connection.profile.get_or_insert(profile);
        }
        arguments
    }

    async fn run(&self, line: &[&str]) -> Result<String, CliError> {
        let arguments = self.arguments(line);
        let written = Written::default();
        let mut out = Output::to(arguments.connection.json, written.clone());
        execute(&arguments.connection, arguments.command, &mut out).await?;
        Ok(written.text())
    }

    #[track_caller]
    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }

    fn keep_trace(&self, tenant: TenantId, call: CallId, trace: CallTrace) {
        let mut running = self.control.running.lock().expect("no test panics here");
        running.entry(tenant).or_default().traces.insert(call, trace);
    }

    /// Runs with `--json` for a tenant.
    async fn json(&self, tenant: &str, line: &[&str]) -> Value {
        let mut line = line.to_vec();
        line.extend(["--tenant", tenant, "--json"]);
        let text = self.run(&line).await.unwrap_or_else(|error| panic!("{line:?}: {error}"));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{line:?}: {error}: {text}"))
    }
}

#[test]
fn every_subcommand_is_well_formed() {
    Arguments::command().debug_assert();
}

#[test]
fn arguments_of_subcommands_are_not_taken_for_flags_of_the_connection() {
    for line in [
        &["strowger", "kv", "get", "a-key"][..],
        &["strowger", "tenant", "show", "acme"],
        &["strowger", "key", "revoke", "an-id"],
    ] {
        let connection = Arguments::try_parse_from(line).expect("a valid line").connection;
        assert_eq!((connection.key, connection.tenant), (None, None), "{line:?}");
    }
    let line = ["strowger", "kv", "get", "a-key", "--key", "sk", "--tenant", "acme"];
    let connection = Arguments::try_parse_from(line).expect("a valid line").connection;
    assert_eq!(connection.key.as_deref(), Some("sk"));
    assert_eq!(connection.tenant.as_deref(), Some("acme"));
}

#[tokio::test]
async fn a_tenant_is_set_up_from_nothing() {
    let served = Served::start().await;
    served.run(&["tenant", "create", "acme", "--domain", "acme.example"]).await.unwrap();
    let password = served.file("password", b"a long password\n");
    let agent = ["agent", "create", "201", "--name", "Ann", "--password-file", &password];
    let agent = [&agent[..], &["--skill", "sales:7", "--tenant", "acme"]].concat();
    let shown = served.run(&agent).await.unwrap();
    assert!(shown.contains("sales:7"), "{shown}");
    let queue = served
        .json("acme", &["queue", "create", "sales", "--need", "sales:5", "--member", "201"])
        .await;
    assert_eq!(queue["members"].as_array().map(Vec::len), Some(1));
    let wasm = served.file("flow.wasm", b"\0asm call-flow");
    let version = served.json("acme", &["flow", "upload", "ivr", &wasm, "--note", "first"]).await;
    assert_eq!(version["number"], 1);
    let number = served.json("acme", &["number", "bind", "+441632960000", "--flow", "ivr"]).await;
    assert_eq!(number["flow"], "ivr");
    let prompt = served.file("welcome.wav", b"RIFF....");
    let made = served.json("acme", &["prompt", "upload", "welcome", &prompt]).await;
    assert_eq!(made["content_type"], "audio/wav");
    served
        .run(&["trunk", "create", "carrier", "--address", "192.0.2.7", "--tenant", "acme"])
        .await
        .unwrap();
    for list in ["trunk", "number", "agent", "queue", "flow", "prompt"] {
        let listed = served.json("acme", &[list, "list"]).await;
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "{list}");
    }
}

#[tokio::test]
async fn a_change_keeps_what_is_not_given() {
    let served = Served::start().await;
    let create = ["tenant", "create", "acme", "--domain", "acme.example"];
    let more = ["--timezone", "Asia/Shanghai", "--fallback", "number:100", "--max-calls", "7"];
    served.run(&[&create[..], &more].concat()).await.unwrap();
    served.run(&["tenant", "set", "acme", "--language", "zh"]).await.unwrap();
    let text = served.run(&["tenant", "show", "acme", "--json"]).await.unwrap();
    let tenant: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(tenant["timezone"], "Asia/Shanghai");
    assert_eq!(tenant["language"], "zh");
    assert_eq!(tenant["fallback"], json!({"kind": "number", "value": "100"}));
    assert_eq!(tenant["limits"]["max_live_calls"], 7);
    served.json("acme", &["queue", "create", "q", "--ring-s", "9", "--need", "a:2"]).await;
    let queue = served.json("acme", &["queue", "set", "q", "--wrap-up-s", "3"]).await;
    assert_eq!((&queue["ring_ms"], &queue["wrap_up_ms"]), (&json!(9_000), &json!(3_000)));
    assert_eq!(queue["needs"][0]["name"], "a");
}

#[tokio::test]
async fn downloads_give_back_what_was_uploaded() {
    let served = Served::start().await;
    served.run(&["tenant", "create", "acme", "--domain", "acme.example"]).await.unwrap();
    let wasm = served.file("flow.wasm", b"\0asm call-flow");
    served.json("acme", &["flow", "upload", "ivr", &wasm]).await;
    let target = served.folder.path().join("again.wasm");
    let line = ["flow", "download", "ivr", "1", "-o", target.to_str().unwrap(), "--tenant", "acme"];
    served.run(&line).await.unwrap();
    assert_eq!(std::fs::read(target).unwrap(), b"\0asm call-flow");
    let printed = served.run(&["flow", "download", "ivr", "1", "--tenant", "acme"]).await.unwrap();
    assert_eq!(printed.as_bytes(), b"\0asm call-flow");
}

#[tokio::test]
async fn errors_say_what_to_do_and_have_their_own_exit_codes() {
    let served = Served::start().await;
    let missing = served.run(&["tenant", "show", "nobody"]).await.unwrap_err();
    assert_eq!((missing.exit_code(), missing.to_string().contains("nobody")), (3, true));
    let unnamed = served.run(&["queue", "list"]).await.unwrap_err();
    assert!(unnamed.to_string().contains("Strowger-Tenant"), "{unnamed}");
    let wrong = format!("sk_{}_{}", "0".repeat(16), "0".repeat(64));
    let denied = served.run(&["tenant", "list", "--key", &wrong]).await.unwrap_err();
    assert_eq!(denied.exit_code(), 4);
    let create = ["tenant", "create", "acme", "--domain", "acme.example"];
    served.run(&create).await.unwrap();
    assert_eq!(served.run(&create).await.unwrap_err().exit_code(), 5);
    // A port that was free a moment ago and that nobody listens on.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let unreachable = served.run(&["tenant", "list", "--url", &url]).await.unwrap_err();
    assert_eq!(unreachable.exit_code(), 6);
    assert!(unreachable.to_string().contains("is the server running"), "{unreachable}");
    let usage = served.run(&["tenant", "set", "acme", "--fallback", "nonsense"]).await.unwrap_err();
    assert_eq!(usage.exit_code(), 2);
}

#[tokio::test]
async fn tables_are_aligned_and_control_characters_do_not_reach_the_terminal() {
    let served = Served::start().await;
    served.run(&["tenant", "create", "acme", "--domain", "acme.example"]).await.unwrap();
    for (key, value) in [("k", "v"), ("a-much-longer-key", "\u{1b}[31mred")] {
        served.run(&["kv", "set", key, value, "--tenant", "acme"]).await.unwrap();
    }
    let table = served.run(&["kv", "list", "--tenant", "acme"]).await.unwrap();
    let second = "a-much-longer-key".len() + 2;
    let heads: Vec<_> = table.lines().map(|line| line.get(second..second + 1)).collect();
    assert_eq!(heads, [Some("E"), Some("-"), Some("-")], "{table}");
    let value = served.run(&["kv", "get", "a-much-longer-key", "--tenant", "acme"]).await.unwrap();
    assert!(!value.contains('\u{1b}'), "{value:?}");
}

#[tokio::test]
async fn events_are_followed_until_the_count_is_reached() {
    let served = Served::start().await;
    served.run(&["tenant", "create", "acme", "--domain", "acme.example"]).await.unwrap();
    let shown = served.run(&["tenant", "show", "acme", "--json"]).await.unwrap();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let tenant: TenantId = shown["id"].as_str().unwrap().parse().unwrap();
    let line = ["events", "follow", "--count", "2", "--name", "call", "--tenant", "acme"];
    let publish = async {
        while served.control.followers(tenant) == 0 {
            tokio::task::yield_now().await;
        }
        for name in ["call.started", "agent.changed", "call.ended"] {
            let event =
                Event { at: Timestamp(1_000), name: name.to_owned(), data: json!({"n": 1}) };
            served.control.publish(tenant, event);
        }
    };
    let (printed, ()) = tokio::join!(served.run(&line), publish);
    let printed = printed.unwrap();
    let names: Vec<_> = printed.lines().filter_map(|line| line.split_whitespace().nth(2)).collect();
    assert_eq!(names, ["call.started", "call.ended"], "{printed}");
}

#[tokio::test]
async fn a_profile_is_for_its_owner_only_and_is_used() {
    let served = Served::start().await;
    let path = served.folder.path().join("deep/profile.toml");
    let profile = path.to_str().unwrap();
    served.run(&["profile", "save", "--profile", profile]).await.unwrap();
    assert_eq!(mode(&path), 0o600);
    let connection = Connection { profile: Some(path.clone()), ..Connection::default() };
    let target = connection.resolve().unwrap();
    assert_eq!((target.url, target.key), (served.url.clone(), served.operator.clone()));
    let shown = served.run(&["profile", "show", "--profile", profile]).await.unwrap();
    assert!(!shown.contains(&served.operator), "{shown}");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = connection.resolve().err().unwrap();
    assert!(refused.to_string().contains("chmod 600"), "{refused}");
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn times_are_shown_in_utc() {
    for (ms, text) in [
        (0, "1970-01-01 00:00:00"),
        (951_782_400_000, "2000-02-29 00:00:00"),
        (1_795_253_400_000, "2026-11-21 09:30:00"),
        (4_107_542_399_999, "2100-02-28 23:59:59"),
    ] {
        assert_eq!(super::output::utc(ms), text);
    }
}
