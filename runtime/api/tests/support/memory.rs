//! A running server as the API sees it, kept in memory.

use bytes::Bytes;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use strowger_api::{
    AgentOrder, AgentStatus, Alarm, Answer, Ban, CallTrace, Change, Checked, Control, ControlError,
    ConvertedPrompt, DecisionLatency, DeploymentStep, DisabledVersion, DrainOrder, DrainStatus,
    DryRun, Event, GuestMemory, GuestRefused, GuestReport, LiveCall, PromptRefused, QueueStatus,
    SigningKey, StepWatch, TrunkStatus,
};
use strowger_model::{
    AgentId, AgentState, CallId, TenantId, Timestamp, VersionSignature, VersionStatement,
};
use tokio::sync::{Semaphore, broadcast};

/// Events kept for slow readers; small, so that a test can outrun it.
pub const EVENTS_KEPT: usize = 16;

/// What one tenant has running.
#[derive(Default)]
pub struct Running {
    pub calls: Vec<LiveCall>,
    pub agents: Vec<AgentStatus>,
    pub queues: Vec<QueueStatus>,
    pub trunks: Vec<TrunkStatus>,
    pub traces: HashMap<CallId, CallTrace>,
    pub disabled: Vec<DisabledVersion>,
}

#[derive(Default)]
pub struct MemoryControl {
    pub running: Mutex<HashMap<TenantId, Running>>,
    pub changes: Mutex<Vec<Change>>,
    pub bans: Mutex<Vec<Ban>>,
    pub drained: Mutex<Option<DrainOrder>>,
    /// What the next dry runs find; none: there are no recorded calls.
    pub dry_run: Mutex<Option<DryRun>>,
    /// Keeps checks of uploads waiting while it has no permits.
    pub gate: Mutex<Option<Arc<Semaphore>>>,
    events: Mutex<HashMap<TenantId, broadcast::Sender<Arc<Event>>>>,
}

impl MemoryControl {
    /// Sends an event; returns how many follow the tenant.
    pub fn publish(&self, tenant: TenantId, event: Event) -> usize {
        self.channel(tenant).send(Arc::new(event)).unwrap_or(0)
    }

    /// How many follow the tenant.
    pub fn followers(&self, tenant: TenantId) -> usize {
        self.channel(tenant).receiver_count()
    }

    fn channel(&self, tenant: TenantId) -> broadcast::Sender<Arc<Event>> {
        let mut events = self.events.lock().expect("no test panics here");
        events.entry(tenant).or_insert_with(|| broadcast::channel(EVENTS_KEPT).0).clone()
    }

    fn of<T>(&self, tenant: TenantId, read: impl FnOnce(&mut Running) -> T) -> T {
        read(self.running.lock().expect("no test panics here").entry(tenant).or_default())
    }
}

fn at_once<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    Box::pin(std::future::ready(value))
}

impl Control for MemoryControl {
    fn live_calls(&self, tenant: TenantId) -> Answer<'_, Vec<LiveCall>> {
        at_once(self.of(tenant, |running| running.calls.clone()))
    }

    fn hang_up(&self, tenant: TenantId, call: CallId) -> Answer<'_, Result<(), ControlError>> {
        at_once(self.of(tenant, |running| {
            let before = running.calls.len();
            running.calls.retain(|live| live.call != call);
            if running.calls.len() == before {
                return Err(ControlError::NotFound(format!("there is no live call {call}")));
            }
            Ok(())
        }))
    }

    fn agents(&self, tenant: TenantId) -> Answer<'_, Vec<AgentStatus>> {
        at_once(self.of(tenant, |running| running.agents.clone()))
    }

    fn order_agent(
        &self,
        tenant: TenantId,
        agent: AgentId,
        order: AgentOrder,
    ) -> Answer<'_, Result<AgentStatus, ControlError>> {
        at_once(self.of(tenant, |running| {
            let found = running.agents.iter_mut().find(|status| status.agent == agent);
            let status = found
                .ok_or_else(|| ControlError::NotFound(format!("there is no agent {agent}")))?;
            status.state = match order {
                AgentOrder::SignedIn => AgentState::NotReady("signed in".to_owned()),
                AgentOrder::SignedOut => AgentState::SignedOut,
                AgentOrder::Ready => AgentState::Ready,
                AgentOrder::NotReady(reason) => AgentState::NotReady(reason),
            };
            Ok(status.clone())
        }))
    }

    fn queues(&self, tenant: TenantId) -> Answer<'_, Vec<QueueStatus>> {
        at_once(self.of(tenant, |running| running.queues.clone()))
    }

    fn trunks(&self, tenant: TenantId) -> Answer<'_, Vec<TrunkStatus>> {
        at_once(self.of(tenant, |running| running.trunks.clone()))
    }

    fn subscribe(&self, tenant: TenantId) -> broadcast::Receiver<Arc<Event>> {
        self.channel(tenant).subscribe()
    }

    /// Takes what begins like Wasm; the text behind the header names the worlds.
    fn check_guest(
        &self,
        _: TenantId,
        bytes: Bytes,
        begun: StepWatch,
    ) -> Answer<'_, Result<GuestReport, GuestRefused>> {
        begun(DeploymentStep::Parse);
        let Some(rest) = bytes.strip_prefix(b"\0asm") else {
            return at_once(Err(GuestRefused::Invalid("this is not WebAssembly".to_owned())));
        };
        let worlds = String::from_utf8_lossy(rest).split_whitespace().map(str::to_owned).collect();
        let digest = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        begun(DeploymentStep::Start);
        let gate = self.gate.lock().expect("no test panics here").clone();
        Box::pin(async move {
            // A gate that is shut keeps the check under way.
            if let Some(gate) = gate {
                let _ = gate.acquire().await;
            }
            Ok(GuestReport { digest: format!("{digest:064x}"), worlds })
        })
    }

    fn dry_run(&self, _: TenantId, _: String, _: Bytes) -> Answer<'_, Checked<DryRun>> {
        let result = self.dry_run.lock().expect("no test panics here").clone();
        at_once(match result {
            Some(dry_run) => Checked::Done(dry_run),
            None => Checked::Skipped("there are no recorded calls".to_owned()),
        })
    }

    fn tell(&self, tenant: TenantId, name: &str, data: serde_json::Value) {
        self.publish(tenant, Event { at: Timestamp(1), name: name.to_owned(), data });
    }

    fn sign(&self, statement: &VersionStatement<'_>) -> VersionSignature {
        // As long as a signature; nobody here checks it.
        let signature = format!("{:0128x}", statement.to_string().len());
        VersionSignature { key: "0123456789abcdef".to_owned(), signature }
    }

    fn signing_keys(&self) -> Vec<SigningKey> {
        let id = "0123456789abcdef".to_owned();
        vec![SigningKey { id, public_key: "00".repeat(32), signs: true }]
    }

    fn disabled_versions(&self, tenant: TenantId) -> Vec<DisabledVersion> {
        self.of(tenant, |running| running.disabled.clone())
    }

    fn reset_flow(&self, tenant: TenantId, flow: &str) {
        self.of(tenant, |running| running.disabled.retain(|version| version.flow != flow));
    }

    fn guest_memory(&self, _: TenantId) -> GuestMemory {
        GuestMemory::default()
    }

    fn decision_latency(&self, _: TenantId) -> DecisionLatency {
        DecisionLatency::default()
    }

    fn convert_prompt(&self, bytes: Bytes) -> Answer<'_, Result<ConvertedPrompt, PromptRefused>> {
        if !bytes.starts_with(b"RIFF") {
            return at_once(Err(PromptRefused("this is no audio; upload a WAV file".to_owned())));
        }
        let duration_ms = bytes.len() as u64;
        at_once(Ok(ConvertedPrompt { bytes, duration_ms }))
    }

    fn changed(&self, change: Change) -> Answer<'_, ()> {
        self.changes.lock().expect("no test panics here").push(change);
        at_once(())
    }

    fn stock_routers(&self) -> Vec<String> {
        vec!["longest-idle".to_owned(), "skills".to_owned()]
    }

    fn call_trace(
        &self,
        tenant: TenantId,
        call: CallId,
    ) -> Answer<'_, Result<CallTrace, ControlError>> {
        let missing = || ControlError::NotFound(format!("no trace of call {call} is kept"));
        at_once(self.of(tenant, |running| running.traces.get(&call).cloned()).ok_or_else(missing))
    }

    fn drain(&self, order: DrainOrder) {
        *self.drained.lock().expect("no test panics here") = Some(order);
    }

    fn cancel_drain(&self) {
        *self.drained.lock().expect("no test panics here") = None;
    }

    fn drain_status(&self) -> DrainStatus {
        let order = *self.drained.lock().expect("no test panics here");
        DrainStatus {
            live_calls: 3,
            until: order.map(|order| Timestamp(u64::from(order.within_s) * 1_000)),
            then: order.map(|order| order.then),
        }
    }

    fn bans(&self) -> Answer<'_, Result<Vec<Ban>, ControlError>> {
        at_once(Ok(self.bans.lock().expect("no test panics here").clone()))
    }

    fn ban(&self, address: IpAddr, for_s: u32) -> Answer<'_, Result<(), ControlError>> {
        self.bans.lock().expect("no test panics here").push(Ban {
            address,
            until: Timestamp(u64::from(for_s) * 1_000),
            times: 1,
            offence: "manual".to_owned(),
        });
        at_once(Ok(()))
    }

    fn lift_ban(&self, address: IpAddr) -> Answer<'_, Result<(), ControlError>> {
        let mut bans = self.bans.lock().expect("no test panics here");
        let before = bans.len();
        bans.retain(|ban| ban.address != address);
        at_once(match bans.len() < before {
            true => Ok(()),
            false => Err(ControlError::NotFound(format!("{address} is not banned"))),
        })
    }

    fn metrics(&self) -> Answer<'_, String> {
        at_once("# TYPE strowger_live_calls gauge\nstrowger_live_calls 0\n".to_owned())
    }

    fn signalling_works(&self) -> Answer<'_, bool> {
        at_once(true)
    }

    fn records_kept(&self) -> bool {
        true
    }

    fn alarms(&self) -> Vec<Alarm> {
        vec![Alarm {
            name: "store.writer".to_owned(),
            message: "free some disk space".to_owned(),
            since: Timestamp(1),
        }]
    }
}
