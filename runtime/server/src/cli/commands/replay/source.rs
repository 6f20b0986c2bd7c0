//! Journals and programs, through the API.

use super::super::super::CliError;
use super::super::super::client::{Client, escape};
use super::Replay;
use super::result::{CallResult, SeatResult};
use serde_json::Value;
use std::collections::HashMap;
use std::path::PathBuf;
use strowger_call::{SeatKind, Story, StorySeat};
use strowger_guest::replay::compare;
use strowger_guest::{Budget, EngineConfig, GuestEngine, Program, UploadLimits};
use strowger_model::{CallId, JournalEntry, JournalKind, TenantId, Timestamp, VersionId};
use tokio::sync::Mutex;
use uuid::Uuid;

/// Instances alive at once; far more than calls that are replayed at once.
const MAX_LIVE: u32 = 16;
/// Entries of one journal: twice what a call may have turns, and as many notes.
const MAX_ENTRIES: usize = 100_000;

/// Where journals and programs come from.
pub(super) struct Source<'a> {
    client: &'a Client,
    engine: GuestEngine,
    budget: Budget,
    /// What was asked for; none: what served the call.
    wanted: Option<Wanted>,
    flow: Option<String>,
    kept: Mutex<HashMap<Wanted, Loaded>>,
    digests: Mutex<HashMap<VersionId, Option<String>>>,
}

/// A program to be fetched.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Wanted {
    /// A version that a journal names.
    Id(VersionId),
    /// A version of the flow that served the call.
    Number(u32),
    /// A version of a flow.
    Named(String, u32),
    /// A flow that comes with the server.
    Stock(String),
    /// A local build.
    File(PathBuf),
}

/// A program that was fetched.
#[derive(Clone, Debug)]
struct Loaded {
    program: Program,
    name: String,
    version: Option<VersionId>,
}

impl<'a> Source<'a> {
    pub(super) async fn open(client: &'a Client, replay: &Replay) -> Result<Self, CliError> {
        let wanted = match (&replay.file, replay.version) {
            (Some(file), _) => Some(Wanted::File(file.clone())),
            (None, Some(number)) => Some(Wanted::Number(number)),
            (None, None) => None,
        };
        let limits = &client.get("/v1/tenant").await?["limits"];
        let usual = Budget::default();
        let memory = limits["guest_memory_kib"].as_u64().and_then(|kib| usize::try_from(kib).ok());
        let budget = Budget {
            fuel: limits["guest_fuel"].as_u64().unwrap_or(usual.fuel),
            memory_bytes: memory.map_or(usual.memory_bytes, |kib| kib.saturating_mul(1_024)),
            ..usual
        };
        let config = EngineConfig::default();
        let engine = GuestEngine::new(EngineConfig {
            max_live: MAX_LIVE,
            max_memory_bytes: config.max_memory_bytes.max(budget.memory_bytes),
            ..config
        })
        .map_err(|error| CliError::Replay(error.to_string()))?;
        Ok(Self {
            client,
            engine,
            budget,
            wanted,
            flow: replay.flow.clone(),
            kept: Mutex::default(),
            digests: Mutex::default(),
        })
    }

    /// Replays one call: the part that was asked for, or every part of it.
    pub(super) async fn replay(&self, call: &str) -> Result<CallResult, CliError> {
        let story = Story::read(&self.journal(call).await?)
            .map_err(|error| CliError::Replay(format!("call {call}: {error}")))?;
        let mut result = CallResult::new(&story);
        let only_one = self.wanted.is_some() || self.flow.is_some();
        let wanted = story.seats.iter().filter(|seat| seat.has_begun() && self.is_wanted(seat));
        for seat in wanted.take(if only_one { 1 } else { usize::MAX }) {
            let Loaded { program, name, version } = self.program_for(seat).await?;
            let is_recorded = match (seat.setup.version, version) {
                (Some(recorded), Some(version)) if recorded == version => true,
                (Some(recorded), _) => {
                    self.digest(recorded).await?.as_deref() == Some(program.digest())
                }
                (None, _) => false,
            };
            let (seat, budget) = (seat.clone(), self.budget);
            let compared = blocking(move || compare(&program, &budget, &seat)).await?;
            let comparison =
                compared.map_err(|error| CliError::Replay(format!("call {call}: {error}")))?;
            result.seats.push(SeatResult { comparison, on: name, is_recorded });
        }
        Ok(result)
    }

    fn is_wanted(&self, seat: &StorySeat) -> bool {
        match &self.flow {
            // A fallback reads the name of the flow that failed, which it is not.
            Some(flow) => seat.kind != SeatKind::Fallback && seat.setup.flow == *flow,
            None => self.wanted.is_none() || seat.kind == SeatKind::Number,
        }
    }

    async fn journal(&self, call: &str) -> Result<Vec<JournalEntry>, CliError> {
        let path = format!("/v1/calls/{}/journal", escape(call));
        let (mut entries, mut query) = (Vec::new(), Vec::new());
        loop {
            let page = self.client.query(&path, &query).await?;
            let items = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
            for item in items {
                entries.push(entry(item).ok_or_else(|| {
                    let seq = entries.len();
                    CliError::Replay(format!("call {call}: entry {seq} of the journal is no entry"))
                })?);
            }
            if entries.len() > MAX_ENTRIES {
                return Err(CliError::Replay(format!(
                    "call {call}: the journal has more than {MAX_ENTRIES} entries"
                )));
            }
            match page["next"].as_str() {
                Some(next) => query = vec![("after", next.to_owned())],
                None => return Ok(entries),
            }
        }
    }

    async fn program_for(&self, seat: &StorySeat) -> Result<Loaded, CliError> {
        let flow = seat.setup.flow.clone();
        let wanted = match (&self.wanted, seat.setup.version) {
            (Some(Wanted::Number(number)), _) => Wanted::Named(flow, *number),
            (Some(other), _) => other.clone(),
            (None, Some(version)) => Wanted::Id(version),
            (None, None) => Wanted::Stock(flow),
        };
        // Held while it is fetched, so that no program is fetched twice.
        let mut kept = self.kept.lock().await;
        if let Some(loaded) = kept.get(&wanted) {
            return Ok(loaded.clone());
        }
        let loaded = self.fetch(&wanted, seat).await?;
        kept.insert(wanted, loaded.clone());
        Ok(loaded)
    }

    async fn fetch(&self, wanted: &Wanted, seat: &StorySeat) -> Result<Loaded, CliError> {
        let (name, bytes, version) = match wanted {
            Wanted::File(path) => {
                let bytes = std::fs::read(path).map_err(|error| CliError::file(path, error))?;
                (path.display().to_string(), bytes, None)
            }
            Wanted::Stock(flow) => {
                let bytes = strowger_stock::guest(flow).ok_or_else(|| {
                    CliError::Replay(format!(
                        "{} was served by no stored version of flow {flow}, and no such flow comes \
                         with this binary; use --file PATH",
                        seat.setup.call
                    ))
                })?;
                (format!("{flow} of this binary"), bytes.to_vec(), None)
            }
            Wanted::Id(id) => {
                let found = self.client.get(&format!("/v1/flow-versions/{id}")).await;
                let found = found.map_err(|error| gone(error, || {
                    format!(
                        "call {} was served by version {id} of flow {}, which is deleted; replay it \
                         on another version with --version NUMBER, or on a local build with \
                         --file PATH",
                        seat.setup.call, seat.setup.flow
                    )
                }))?;
                let flow = found["flow"].as_str().unwrap_or_default();
                self.download(flow, &found).await?
            }
            Wanted::Named(flow, number) => {
                let path = format!("/v1/flows/{}/versions/{number}", escape(flow));
                let found = self.client.get(&path).await.map_err(|error| gone(error, || {
                    format!(
                        "flow {flow} has no version {number}; `strowger flow versions {flow}` lists \
                         those there are, and --file PATH takes a local build"
                    )
                }))?;
                self.download(flow, &found).await?
            }
            Wanted::Number(number) => {
                return Err(CliError::Usage(format!("version {number} of which flow?")));
            }
        };
        let (engine, budget) = (self.engine.clone(), self.budget);
        let limits = UploadLimits { budget, ..UploadLimits::default() };
        let compiled = blocking(move || engine.compile(&bytes, &limits)).await?;
        let program = compiled.map_err(|error| CliError::Replay(format!("{name}: {error}")))?;
        Ok(Loaded { program, name, version })
    }

    async fn download(
        &self,
        flow: &str,
        version: &Value,
    ) -> Result<(String, Vec<u8>, Option<VersionId>), CliError> {
        let number = version["number"].as_u64().unwrap_or_default();
        let path = format!("/v1/flows/{}/versions/{number}/wasm", escape(flow));
        let broken =
            |error: reqwest::Error| CliError::Stream(format!("the download broke off: {error}"));
        let bytes = self.client.open(&path).await?.bytes().await.map_err(broken)?;
        let id = version["id"].as_str().and_then(|id| id.parse().ok());
        Ok((format!("{flow} version {number}"), bytes.to_vec(), id))
    }

    /// What the recorded program was, if it is still stored.
    async fn digest(&self, version: VersionId) -> Result<Option<String>, CliError> {
        let mut digests = self.digests.lock().await;
        if let Some(known) = digests.get(&version) {
            return Ok(known.clone());
        }
        let digest = match self.client.get(&format!("/v1/flow-versions/{version}")).await {
            Ok(found) => found["digest"].as_str().map(str::to_owned),
            Err(CliError::Api { status: 404, .. }) => None,
            Err(error) => return Err(error),
        };
        digests.insert(version, digest.clone());
        Ok(digest)
    }
}

/// One entry as the API shows it. Whose it is plays no part in reading it.
fn entry(item: &Value) -> Option<JournalEntry> {
    let body = match &item["body"] {
        // What is no JSON is shown as text.
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    // A kind that a newer server writes says nothing to this reader: a note that
    // means nothing keeps its place.
    let known = serde_json::from_value::<JournalKind>(item["kind"].clone()).ok();
    let (kind, body) = match known {
        Some(kind) => (kind, body),
        None => (JournalKind::Note, r#"{"note":"","data":null}"#.to_owned()),
    };
    Some(JournalEntry {
        tenant: TenantId(Uuid::nil()),
        call: CallId(Uuid::nil()),
        seq: u32::try_from(item["seq"].as_u64()?).ok()?,
        at: Timestamp(item["at"].as_u64()?),
        kind,
        body,
    })
}

/// Says what is gone instead of that something was not found.
fn gone(error: CliError, what: impl FnOnce() -> String) -> CliError {
    match error {
        CliError::Api { status: 404, .. } => CliError::Replay(what()),
        other => other,
    }
}

/// Off the threads that wait for the network.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CliError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| CliError::Replay(format!("the replay was interrupted: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_kind_that_is_not_known_keeps_its_place() {
        let item = json!({"seq": 4, "at": 9, "kind": "dream", "body": {"any": "thing"}});
        let read = entry(&item).unwrap();
        assert_eq!((read.seq, read.kind), (4, JournalKind::Note));
        assert!(entry(&json!({"kind": "event"})).is_none());
        let torn = json!({"seq": 4, "at": 9, "kind": "event", "body": "{\"half"});
        assert_eq!(entry(&torn).unwrap().body, "{\"half");
    }
}
