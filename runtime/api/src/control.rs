//! What the API asks of the running server: everything that is live.
//!
//! The server implements [`Control`]; stored things the API reads and writes
//! itself. Every method names the tenant and must never show another's.

use crate::deployment::{Checked, DryRun, StepWatch};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use strowger_model::{
    Address, AgentId, AgentState, CallId, Direction, QueueId, TenantId, Timestamp, TrunkId,
    VersionId, VersionSignature, VersionStatement,
};
use tokio::sync::broadcast;
use utoipa::ToSchema;

/// A future of the server, boxed so that [`Control`] can be a trait object.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The running server, as the API sees it.
pub trait Control: Send + Sync + 'static {
    /// Takes no more calls, and stops the server when there are none left or time
    /// is up.
    fn drain(&self, order: DrainOrder);

    /// Takes calls again.
    fn cancel_drain(&self);

    /// Whether the server runs empty, and how many calls there are.
    fn drain_status(&self) -> DrainStatus;

    /// Calls of the tenant that are not over.
    fn live_calls(&self, tenant: TenantId) -> Answer<'_, Vec<LiveCall>>;

    /// Ends a call. Answers as soon as the call has been told to.
    fn hang_up(&self, tenant: TenantId, call: CallId) -> Answer<'_, Result<(), ControlError>>;

    /// What every agent of the tenant is doing.
    fn agents(&self, tenant: TenantId) -> Answer<'_, Vec<AgentStatus>>;

    /// Changes what an agent is doing; answers with what became of it.
    fn order_agent(
        &self,
        tenant: TenantId,
        agent: AgentId,
        order: AgentOrder,
    ) -> Answer<'_, Result<AgentStatus, ControlError>>;

    /// How every queue of the tenant is doing.
    fn queues(&self, tenant: TenantId) -> Answer<'_, Vec<QueueStatus>>;

    /// How every trunk of the tenant is doing.
    fn trunks(&self, tenant: TenantId) -> Answer<'_, Vec<TrunkStatus>>;

    /// Everything that happens to the tenant from now on. The sender never
    /// waits: a receiver that lags is told so and cut off.
    fn subscribe(&self, tenant: TenantId) -> broadcast::Receiver<Arc<Event>>;

    /// Compiles an upload within the tenant's limits and tells what it is, without
    /// keeping it. `begun` hears each step as it begins; of a refused upload, the
    /// last one is at fault.
    fn check_guest(
        &self,
        tenant: TenantId,
        bytes: Bytes,
        begun: StepWatch,
    ) -> Answer<'_, Result<GuestReport, GuestRefused>>;

    /// Replays recorded calls on an upload that was checked, and says what it does
    /// otherwise than the version that took them.
    fn dry_run(&self, tenant: TenantId, flow: String, bytes: Bytes) -> Answer<'_, Checked<DryRun>>;

    /// Tells whoever follows the tenant's events.
    fn tell(&self, tenant: TenantId, name: &str, data: serde_json::Value);

    /// Versions of the tenant's flows that are disabled on this server.
    fn disabled_versions(&self, tenant: TenantId) -> Vec<DisabledVersion>;

    /// Puts the versions of a flow back into service.
    fn reset_flow(&self, tenant: TenantId, flow: &str);

    /// What the tenant's guests hold in memory.
    fn guest_memory(&self, tenant: TenantId) -> GuestMemory;

    /// How long the tenant's decisions have taken.
    fn decision_latency(&self, tenant: TenantId) -> DecisionLatency;

    /// Signs what is said of a version with the operator's key.
    fn sign(&self, statement: &VersionStatement<'_>) -> VersionSignature;

    /// The keys whose signatures are trusted, the one that signs first.
    fn signing_keys(&self) -> Vec<SigningKey>;

    /// Decodes an upload into what the media engine plays.
    fn convert_prompt(&self, bytes: Bytes) -> Answer<'_, Result<ConvertedPrompt, PromptRefused>>;

    /// Something was stored. Answers when it is in force, so that a client that
    /// got its answer may rely on it.
    fn changed(&self, change: Change) -> Answer<'_, ()>;

    /// Names of the routers that come with the server.
    fn stock_routers(&self) -> Vec<String>;

    /// What was said about a call of the tenant on the wire, as far as it is kept.
    fn call_trace(
        &self,
        tenant: TenantId,
        call: CallId,
    ) -> Answer<'_, Result<CallTrace, ControlError>>;

    /// Addresses that signalling does not answer.
    fn bans(&self) -> Answer<'_, Result<Vec<Ban>, ControlError>>;

    /// Does not answer an address for so many seconds.
    fn ban(&self, address: IpAddr, for_s: u32) -> Answer<'_, Result<(), ControlError>>;

    /// Answers an address again.
    fn lift_ban(&self, address: IpAddr) -> Answer<'_, Result<(), ControlError>>;

    /// Metrics in the Prometheus text format.
    fn metrics(&self) -> Answer<'_, String>;

    /// Whether signalling answers.
    fn signalling_works(&self) -> Answer<'_, bool>;

    /// Whether call records are being written.
    fn records_kept(&self) -> bool;

    /// What is wrong at the moment; empty if nothing is.
    fn alarms(&self) -> Vec<Alarm>;
}

/// What was stored, for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whose.
    pub tenant: TenantId,
    /// What.
    pub what: Changed,
}

/// Kind of a change. The server may simply read the whole configuration anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The tenant was created or its settings changed.
    Tenant,
    /// The tenant was deleted: hang up its calls, forget it.
    TenantDeleted,
    /// Trunks.
    Trunks,
    /// Numbers.
    Numbers,
    /// Agents and extensions.
    Agents,
    /// Queues.
    Queues,
    /// Flows: a version was uploaded or promoted.
    Flows,
    /// Routers: a version was uploaded, promoted or chosen.
    Routers,
    /// Prompts.
    Prompts,
}

/// Why the server did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The tenant has no such live thing.
    #[error("{0}")]
    NotFound(String),
    /// Not possible in the present state; says why.
    #[error("{0}")]
    Conflict(String),
    /// The server is stopping, or too busy.
    #[error("{0}")]
    Unavailable(String),
}

/// A call that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LiveCall {
    /// Which call.
    pub call: CallId,
    /// Direction of the first leg.
    pub direction: Direction,
    /// Who called.
    pub from: Address,
    /// What was dialled.
    pub to: Address,
    /// `ringing`, `early`, `answered` or `ended`.
    pub state: String,
    /// Flow it runs.
    pub flow: String,
    /// Version of the flow it is pinned to.
    pub version: Option<VersionId>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// Queue the caller waits in.
    pub queue: Option<String>,
    /// Agent who talks to the caller.
    pub agent: Option<AgentId>,
}

/// How a server is let run empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DrainOrder {
    /// How long calls may go on.
    pub within_s: u32,
    /// What becomes of those that are left then.
    #[serde(default)]
    pub then: DrainThen,
}

/// What becomes of calls that are left when a server stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DrainThen {
    /// They are ended properly.
    #[default]
    End,
    /// They are left as they are, for the next start to take up.
    Keep,
}

/// Whether a server runs empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DrainStatus {
    /// Calls that are not over, of all tenants.
    pub live_calls: usize,
    /// Until when they may go on; absent: calls are taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// What becomes of those that are left then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub then: Option<DrainThen>,
}

/// What an agent is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgentStatus {
    /// Which agent.
    pub agent: AgentId,
    /// State and, for `not_ready`, its reason.
    #[serde(flatten)]
    pub state: AgentState,
    /// Since when.
    pub since: Timestamp,
    /// Whether the agent's phone is registered.
    pub registered: bool,
    /// The call the agent is on.
    pub call: Option<CallId>,
}

/// What an agent is told to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "state", content = "reason")]
pub enum AgentOrder {
    /// At work, not ready yet.
    SignedIn,
    /// Gone home. Refused while the agent talks.
    SignedOut,
    /// May be given contacts.
    Ready,
    /// Not to be given contacts, for a named reason.
    NotReady(String),
}

/// How a queue is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueueStatus {
    /// Which queue.
    pub queue: QueueId,
    /// Its name.
    pub name: String,
    /// Contacts waiting.
    pub waiting: u32,
    /// How long the first of them has waited.
    pub longest_wait_ms: u64,
    /// How long a new contact would wait; none: unknown.
    pub expected_wait_ms: Option<u64>,
    /// Agents who serve it and are signed in.
    pub agents_signed_in: u32,
    /// Of these, ready.
    pub agents_ready: u32,
    /// Of these, talking.
    pub agents_talking: u32,
}

/// How a trunk is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrunkStatus {
    /// Which trunk.
    pub trunk: TrunkId,
    /// Whether we are registered at the carrier; none: we do not register.
    pub registered: Option<bool>,
    /// Whether the carrier answers OPTIONS; none: unknown.
    pub reachable: Option<bool>,
    /// Calls on it.
    pub live_calls: u32,
    /// `up`, `down` or `held`: whether it is given calls.
    pub state: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// What became of the calls that came in, since the server started.
    pub inbound: TrunkCalls,
    /// What became of the calls that went out, since the server started.
    pub outbound: TrunkCalls,
    /// Calls that it was not given, by reason; only reasons that there were.
    pub refused: BTreeMap<String, u64>,
}

/// What became of calls over a trunk, one way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct TrunkCalls {
    /// Calls now.
    pub live: u32,
    /// Calls begun.
    pub calls: u64,
    /// Of these, answered.
    pub answered: u64,
    /// Answer-seizure ratio (ITU-T E.411) in percent; none: there was no call.
    pub answered_percent: Option<u32>,
    /// Mean post-dial delay of the calls that rang; none: none did.
    pub ring_delay_ms: Option<u64>,
    /// Calls that ended unanswered, by cause.
    pub failed: BTreeMap<String, u64>,
}

/// What was said about a call on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallTrace {
    /// The messages as a drawing.
    pub ladder: String,
    /// The messages of all legs, in the order of time.
    pub messages: Vec<TracedMessage>,
    /// Messages that were not kept, because there were too many.
    pub dropped: u64,
}

/// One SIP message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct TracedMessage {
    /// When.
    pub at: Timestamp,
    /// `in` or `out`, as the server sees it.
    pub heading: String,
    /// `UDP`, `TCP`, `TLS`, `WS` or `WSS`.
    pub transport: String,
    /// The server's address.
    pub local: String,
    /// The other side's address.
    pub remote: String,
    /// Call-ID of the dialog.
    pub sip_call_id: String,
    /// The start line, or the whole message without secrets, as the server is
    /// set to keep them.
    pub text: String,
}

/// An address that signalling does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Ban {
    /// The address, or the first one of its IPv6 network.
    #[schema(value_type = String)]
    pub address: IpAddr,
    /// Until when.
    pub until: Timestamp,
    /// The how manieth ban it is; each is longer than the one before.
    pub times: u32,
    /// What was the last straw.
    pub offence: String,
}

/// A version that failed so often that new calls do not get it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DisabledVersion {
    /// Name of the flow.
    pub flow: String,
    /// Which version.
    pub version: VersionId,
    /// `open`: no call gets it; `half_open`: one call at a time tries it.
    pub state: String,
    /// Since when.
    pub since: Timestamp,
    /// When it is tried again.
    pub until: Timestamp,
    /// How many times in a row; each pause is twice as long as the one before.
    pub times: u32,
    /// Its last fault.
    pub reason: String,
}

/// Memory of a tenant's guests, all of them together, its router's included: linear
/// memory of live instances, of which a guest mostly has touched a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct GuestMemory {
    /// Bytes held now.
    pub held_bytes: u64,
    /// Bytes that may be held: `limits.guest.memory_bytes` of the tenant.
    pub limit_bytes: u64,
    /// How often a guest was refused memory because of the limit, since the server
    /// started. The guest fails with the fault `tenant_memory`.
    pub refused: u64,
}

/// How long decisions have taken, since the server started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct DecisionLatency {
    /// Decisions.
    pub count: u64,
    /// Half of them took no longer, in microseconds; null: there were none.
    pub p50_us: Option<u64>,
    /// 99 % of them took no longer.
    pub p99_us: Option<u64>,
    /// 99.9 % of them took no longer.
    pub p999_us: Option<u64>,
    /// Counts: pairs of a bound in microseconds and how many decisions took less
    /// than it but not less than the bound before; each bound is at most a sixteenth
    /// above the one before. Bounds without decisions are left out.
    pub buckets: Vec<(u64, u64)>,
}

/// Something that happened to a tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What, for example `call.started`, `agent.changed`, `queue.waiting`.
    pub name: String,
    /// Its details; depends on the name.
    pub data: serde_json::Value,
}

/// What an upload is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestReport {
    /// SHA-256 of the bytes, in hexadecimal.
    pub digest: String,
    /// Worlds it exports: `call-flow`, `router`, `pacer`.
    pub worlds: Vec<String>,
}

/// Why an upload is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuestRefused {
    /// The upload is at fault; says what to do.
    #[error("{0}")]
    Invalid(String),
    /// The compiler is busy or failed; try again.
    #[error("{0}")]
    Unavailable(String),
}

/// A key (Ed25519) whose signatures of versions are trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SigningKey {
    /// The first 16 hexadecimal digits of the SHA-256 of the public key.
    pub id: String,
    /// The public key's 32 bytes in hexadecimal.
    pub public_key: String,
    /// Whether uploads are signed with it.
    pub signs: bool,
}

/// A prompt as the media engine wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertedPrompt {
    /// In the media engine's own format.
    pub bytes: Bytes,
    /// How long it plays.
    pub duration_ms: u64,
}

/// Why a prompt is refused; says what formats are taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PromptRefused(pub String);

/// Something that is wrong and that the operator should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Alarm {
    /// For example `store.writer`.
    pub name: String,
    /// What is wrong and what to do.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
}
