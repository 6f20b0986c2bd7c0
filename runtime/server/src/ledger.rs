//! Small facts on their way to the database: agents' states, recordings, routing
//! decisions. Calls hand them over and never wait.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use strowger_acd::Decision;
use strowger_call::KvOp;
use strowger_model::{AgentId, AgentState, CallId, RecordingId, TenantId, Timestamp};
use strowger_store::{Recording, RecordingState, Store};
use tokio::sync::{mpsc, oneshot};

use crate::clock;
use crate::metrics::Metrics;

/// Facts waiting to be written. A busy node makes some tens a second; a database
/// that is behind by so many has raised its alarm long before.
const WAITING: usize = 16_384;

/// One fact.
#[derive(Debug)]
enum Fact {
    Agent { tenant: TenantId, agent: AgentId, state: AgentState, since: Timestamp },
    Recording { tenant: TenantId, recording: Recording },
    Decision(Box<Decision>),
    Flush(oneshot::Sender<()>),
}

/// The way to the ledger.
#[derive(Clone, Debug)]
pub struct Ledger {
    facts: mpsc::Sender<Fact>,
    store: Store,
    recordings: PathBuf,
    metrics: Arc<Metrics>,
}

impl Ledger {
    /// Starts the task that writes.
    pub fn start(store: Store, recordings: PathBuf, metrics: Arc<Metrics>) -> Self {
        let (facts, waiting) = mpsc::channel(WAITING);
        tokio::spawn(write(store.clone(), waiting));
        Self { facts, store, recordings, metrics }
    }

    /// An agent does something else now.
    pub fn agent_state(
        &self,
        tenant: TenantId,
        agent: AgentId,
        state: AgentState,
        since: Timestamp,
    ) {
        self.hand_over(Fact::Agent { tenant, agent, state, since });
    }

    /// A router has decided.
    pub fn decision(&self, decision: Decision) {
        self.hand_over(Fact::Decision(Box::new(decision)));
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
        self.hand_over(Fact::Recording { tenant, recording });
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

    /// Returns when everything handed over before is written.
    pub async fn flush(&self) {
        let (done, finished) = oneshot::channel();
        if self.facts.send(Fact::Flush(done)).await.is_ok() {
            // A writer that is gone has nothing left to write.
            let _ = finished.await;
        }
    }

    fn hand_over(&self, fact: Fact) {
        if let Err(refused) = self.facts.try_send(fact) {
            self.metrics.count_event("ledger.lost");
            tracing::error!(%refused, "the database does not keep up; a fact was lost");
        }
    }
}

fn recording_file(tenant: TenantId, recording: RecordingId) -> String {
    format!("{tenant}/{recording}.wav")
}

async fn write(store: Store, mut waiting: mpsc::Receiver<Fact>) {
    while let Some(fact) = waiting.recv().await {
        let written = match fact {
            Fact::Agent { tenant, agent, state, since } => {
                store.tenant(tenant).agents().remember_state(agent, &state, since).await
            }
            Fact::Recording { tenant, recording } => {
                store.tenant(tenant).recordings().put(&recording).await
            }
            Fact::Decision(decision) => {
                let tenant = store.tenant(decision.tenant);
                match serde_json::to_string(&*decision) {
                    Ok(body) => {
                        let calls: Vec<CallId> =
                            decision.assignments.iter().map(|chosen| chosen.call).collect();
                        tenant.decisions().put(decision.ask, decision.at, &calls, &body).await
                    }
                    Err(error) => {
                        tracing::error!(%error, "a decision could not be written");
                        Ok(())
                    }
                }
            }
            Fact::Flush(done) => {
                // Whoever asked may have gone.
                let _ = done.send(());
                Ok(())
            }
        };
        if let Err(error) = written {
            tracing::error!(%error, "a fact could not be written");
        }
    }
}
