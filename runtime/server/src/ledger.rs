//! Small facts on their way to the database: agents' states, recordings, routing
//! decisions. Calls hand them over and never wait.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use strowger_acd::{ContactEnded, Decision, RouterChoice};
use strowger_call::KvOp;
use strowger_model::{AgentId, AgentState, CallId, RecordingId, TenantId, Timestamp, VersionId};
use strowger_sip::ContactRecord;
use strowger_store::{DecidedBy, Fact, Recording, RecordingState, Store, UsageOfRun, Writer};

use crate::clock;
use crate::metrics::Metrics;

/// The way to the database for facts, and to the files of recordings.
#[derive(Clone, Debug)]
pub struct Ledger {
    writer: Writer,
    store: Store,
    recordings: PathBuf,
    metrics: Arc<Metrics>,
}

impl Ledger {
    /// A ledger that writes through `writer`.
    pub fn new(writer: Writer, store: Store, recordings: PathBuf, metrics: Arc<Metrics>) -> Self {
        Self { writer, store, recordings, metrics }
    }

    /// An agent does something else now.
    pub fn agent_state(
        &self,
        tenant: TenantId,
        agent: AgentId,
        state: AgentState,
        since: Timestamp,
    ) {
        self.keep(Fact::AgentState { tenant, agent, state, since });
    }

    /// An agent's phones are elsewhere.
    pub fn contacts(&self, tenant: TenantId, agent: AgentId, contacts: &[ContactRecord]) {
        let contacts = match contacts {
            [] => None,
            some => serde_json::to_string(some).ok(),
        };
        self.keep(Fact::Contacts { tenant, agent, contacts });
    }

    /// A router has decided.
    pub fn decision(&self, decision: &Decision) {
        match serde_json::to_string(decision) {
            Ok(body) => self.keep(Fact::Decision {
                tenant: decision.tenant,
                ask: decision.ask,
                at: decision.at,
                calls: decision.assignments.iter().map(|chosen| chosen.call).collect(),
                by: decided_by(decision),
                body,
            }),
            Err(error) => tracing::error!(%error, "a decision could not be written down"),
        }
    }

    /// The wait of a contact is over that a version of a router was to decide about.
    pub fn routed_contact(
        &self,
        tenant: TenantId,
        version: VersionId,
        at: Timestamp,
        ended: &ContactEnded,
    ) {
        let (call, outcome) = (ended.call, ended.outcome);
        self.keep(Fact::RoutedContact { tenant, version, at, call, outcome });
    }

    /// Where the file of a recording belongs, and its name below the folder.
    pub fn recording_path(&self, tenant: TenantId, recording: RecordingId) -> PathBuf {
        self.recordings.join(recording_file(tenant, recording))
    }

    /// Folder of all recordings.
    pub fn recordings(&self) -> &Path {
        &self.recordings
    }

    /// A recording has begun.
    pub fn recording_begun(&self, tenant: TenantId, call: CallId, id: RecordingId) {
        self.recording(tenant, call, id, RecordingState::Running, clock::now(), 0, 0);
    }

    /// A recording is over, whole or cut short.
    #[expect(clippy::too_many_arguments, reason = "one row of a table")]
    pub fn recording(
        &self,
        tenant: TenantId,
        call: CallId,
        id: RecordingId,
        state: RecordingState,
        started_at: Timestamp,
        duration_ms: u64,
        size_bytes: u64,
    ) {
        let file = recording_file(tenant, id);
        let recording = Recording { id, call, file, state, started_at, duration_ms, size_bytes };
        self.keep(Fact::Recording { tenant, recording });
    }

    /// A recording that a crash has cut short is what was written of it; its
    /// length, or why there is none.
    pub fn salvage(
        &self,
        tenant: TenantId,
        call: CallId,
        id: RecordingId,
        began: Timestamp,
    ) -> Result<u64, String> {
        let path = self.recording_path(tenant, id);
        let measured = strowger_engine::media::measure_recording(&path);
        let (state, duration_ms, size_bytes) = match &measured {
            Ok((duration_ms, bytes)) => (RecordingState::Finished, *duration_ms, *bytes),
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "a recording was lost in the crash");
                (RecordingState::Failed, 0, 0)
            }
        };
        self.recording(tenant, call, id, state, began, duration_ms, size_bytes);
        measured.map(|(duration_ms, _)| duration_ms).map_err(|error| error.to_string())
    }

    /// What guests have used, as added up by now; false if the database does not
    /// keep up.
    pub fn usage(&self, of_run: UsageOfRun) -> bool {
        self.writer.keep(Fact::Usage(of_run)).is_ok()
    }

    /// Reads or writes a flow's stored value; in the words of `wit/flow.wit`.
    pub async fn kv(&self, tenant: TenantId, op: KvOp) -> (&'static str, String) {
        let kv = self.store.tenant(tenant).kv();
        let outcome = match op {
            KvOp::Get { key } => kv.get(&key, clock::now()).await.map(|value| match value {
                Some(value) => ("found", value),
                None => ("missing", String::new()),
            }),
            KvOp::Set { key, value, ttl_s } => kv
                .set(&key, &value, u64::from(ttl_s), clock::now())
                .await
                .map(|()| ("ok", String::new())),
        };
        outcome.unwrap_or_else(|error| ("failed", error.to_string()))
    }

    fn keep(&self, fact: Fact) {
        if let Err(refused) = self.writer.keep(fact) {
            self.metrics.count_event("ledger.lost");
            tracing::error!(%refused, "the database does not keep up; a fact was lost");
        }
    }
}

fn decided_by(decision: &Decision) -> Option<DecidedBy> {
    let RouterChoice::Version(version) = decision.router else { return None };
    Some(DecidedBy {
        version,
        fault_kind: decision.fault_kind.clone(),
        fuel: decision.fuel,
        busy_us: decision.busy_us,
    })
}

fn recording_file(tenant: TenantId, recording: RecordingId) -> String {
    format!("{tenant}/{recording}.wav")
}
