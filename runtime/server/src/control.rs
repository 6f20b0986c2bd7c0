//! What the API asks of the running server.

use crate::calls::message::CallMessage;
use crate::clock;
use crate::deploy;
use crate::node::Node;
use crate::overview;
use crate::tenants::config::TenantConfig;
use crate::tenants::distribution::Board;
use crate::tenants::guests;
use crate::tenants::latency::quantile;
use crate::tenants::{Tenant, load};
use bytes::Bytes;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use strowger_acd::{AcdInput, AgentView};
use strowger_api::{
    AgentOrder, AgentStatus, Alarm, Answer, Ban, CallTrace, Change, Changed, Checked, Control,
    ControlError, ConvertedPrompt, DecisionLatency, DisabledVersion, DrainOrder, DrainStatus,
    DryRun, Event, GuestMemory, GuestRefused, GuestReport, LiveCall, PromptRefused, QueueStatus,
    SigningKey, StepWatch, TrunkStatus,
};
use strowger_call::Input;
use strowger_engine::prompt;
use strowger_guest::{UploadError, UploadLimits};
use strowger_model::{
    AgentId, AgentState, CallId, Cause, Party, TenantId, VersionSignature, VersionStatement,
};
use strowger_store::Members;
use tokio::sync::{broadcast, oneshot};

/// How long signalling may take to say that it is there; it takes microseconds.
const SIGNALLING_PATIENCE: Duration = Duration::from_secs(2);

/// The server behind the API.
#[derive(Clone, Debug)]
pub struct ServerControl(pub Arc<Node>);

impl Control for ServerControl {
    fn drain(&self, order: DrainOrder) {
        tracing::info!(?order, "running empty");
        self.0.drain.begin(order);
    }

    fn cancel_drain(&self) {
        tracing::info!("taking calls again");
        self.0.drain.cancel();
    }

    fn drain_status(&self) -> DrainStatus {
        let ordered = self.0.drain.ordered();
        DrainStatus {
            live_calls: self.0.calls.len(),
            until: ordered.map(|ordered| ordered.until),
            then: ordered.map(|ordered| ordered.then),
        }
    }

    fn live_calls(&self, tenant: TenantId) -> Answer<'_, Vec<LiveCall>> {
        Box::pin(async move {
            let mut asked = Vec::new();
            for call in self.0.calls.of_tenant(tenant) {
                let (show, shown) = oneshot::channel();
                if call.tell(CallMessage::Show(show)) {
                    asked.push(shown);
                }
            }
            let mut calls = Vec::new();
            for shown in asked {
                // A call that has ended meanwhile does not answer.
                calls.extend(shown.await);
            }
            calls
        })
    }

    fn hang_up(&self, tenant: TenantId, call: CallId) -> Answer<'_, Result<(), ControlError>> {
        Box::pin(async move {
            let live = self.0.calls.call(call).filter(|live| live.tenant == tenant);
            let order = Input::HangUp { cause: Cause::Normal, by: Party::Host };
            match live {
                Some(live) if live.tell(CallMessage::Core(order)) => Ok(()),
                _ => Err(ControlError::NotFound(format!("there is no live call {call}"))),
            }
        })
    }

    fn agents(&self, tenant: TenantId) -> Answer<'_, Vec<AgentStatus>> {
        Box::pin(async move {
            let Some(tenant) = self.0.tenants.get(tenant) else { return Vec::new() };
            let board = tenant.distribution.board().await;
            board.agents.into_iter().map(|agent| self.status(agent)).collect()
        })
    }

    fn order_agent(
        &self,
        tenant: TenantId,
        agent: AgentId,
        order: AgentOrder,
    ) -> Answer<'_, Result<AgentStatus, ControlError>> {
        Box::pin(async move {
            let unknown = || ControlError::NotFound(format!("there is no agent {agent}"));
            let tenant = self.0.tenants.get(tenant).ok_or_else(unknown)?;
            let before = view(&tenant, agent).await.ok_or_else(unknown)?;
            let talks = matches!(before.state, AgentState::Talking | AgentState::Hold);
            if order == AgentOrder::SignedOut && talks {
                return Err(ControlError::Conflict(
                    "the agent is talking; end or transfer the call first".to_owned(),
                ));
            }
            let input = match order {
                AgentOrder::SignedIn => AcdInput::SignIn(agent),
                AgentOrder::SignedOut => AcdInput::SignOut(agent),
                AgentOrder::Ready => AcdInput::SetReady(agent),
                AgentOrder::NotReady(reason) => AcdInput::SetNotReady { agent, reason },
            };
            if !tenant.distribution.order(input).await {
                return Err(stopping());
            }
            view(&tenant, agent).await.map(|agent| self.status(agent)).ok_or_else(unknown)
        })
    }

    fn queues(&self, tenant: TenantId) -> Answer<'_, Vec<QueueStatus>> {
        Box::pin(async move {
            let Some(tenant) = self.0.tenants.get(tenant) else { return Vec::new() };
            let board = tenant.distribution.board().await;
            queue_statuses(&tenant.config(), &board)
        })
    }

    fn trunks(&self, tenant: TenantId) -> Answer<'_, Vec<TrunkStatus>> {
        Box::pin(overview::trunks(&self.0, tenant))
    }

    fn subscribe(&self, tenant: TenantId) -> broadcast::Receiver<Arc<Event>> {
        self.0.events.subscribe(tenant)
    }

    fn check_guest(
        &self,
        tenant: TenantId,
        bytes: Bytes,
        begun: StepWatch,
    ) -> Answer<'_, Result<GuestReport, GuestRefused>> {
        Box::pin(async move {
            let limits = self.upload_limits(tenant);
            let patience = limits.compile_time;
            let watch = {
                let begun = begun.clone();
                move |stage| begun(deploy::step(stage))
            };
            let refused = |error: UploadError| {
                begun(deploy::step(error.stage()));
                refused(error)
            };
            let compiled = match self.0.engine.compile_watched(bytes.to_vec(), limits, watch) {
                Ok(answer) => tokio::time::timeout(patience, answer).await,
                Err(error) => return Err(refused(error)),
            };
            match compiled {
                Ok(Ok(Ok(program))) => Ok(GuestReport {
                    digest: program.digest().to_owned(),
                    worlds: program.worlds().iter().map(|w| w.name().to_owned()).collect(),
                }),
                Ok(Ok(Err(error))) => Err(refused(error)),
                Ok(Err(_)) => Err(GuestRefused::Unavailable("the server is stopping".into())),
                Err(_) => Err(GuestRefused::Invalid(format!(
                    "compiling took longer than {patience:?}; make the program smaller"
                ))),
            }
        })
    }

    fn dry_run(&self, tenant: TenantId, flow: String, bytes: Bytes) -> Answer<'_, Checked<DryRun>> {
        Box::pin(deploy::dry_run(&self.0, tenant, flow, bytes))
    }

    fn tell(&self, tenant: TenantId, name: &str, data: serde_json::Value) {
        self.0.events.tenant(tenant, name, || data);
    }

    fn sign(&self, statement: &VersionStatement<'_>) -> VersionSignature {
        self.0.signing.sign(statement)
    }

    fn signing_keys(&self) -> Vec<SigningKey> {
        self.0.signing.keys()
    }

    fn disabled_versions(&self, tenant: TenantId) -> Vec<DisabledVersion> {
        let Some(tenant) = self.0.tenants.get(tenant) else { return Vec::new() };
        let off = tenant.guests.breakers.disabled().into_iter().map(|off| DisabledVersion {
            flow: off.flow,
            version: off.version,
            state: off.standing.state.to_owned(),
            since: off.standing.since,
            until: off.standing.until,
            times: off.standing.times,
            reason: off.standing.reason,
        });
        off.collect()
    }

    fn reset_flow(&self, tenant: TenantId, flow: &str) {
        if let Some(tenant) = self.0.tenants.get(tenant) {
            guests::reset(&self.0, &tenant, flow);
        }
    }

    fn guest_memory(&self, tenant: TenantId) -> GuestMemory {
        let Some(tenant) = self.0.tenants.get(tenant) else { return GuestMemory::default() };
        let memory = &tenant.guests.memory;
        GuestMemory {
            held_bytes: memory.held(),
            limit_bytes: memory.limit(),
            refused: memory.refused(),
        }
    }

    fn decision_latency(&self, tenant: TenantId) -> DecisionLatency {
        let Some(tenant) = self.0.tenants.get(tenant) else { return DecisionLatency::default() };
        let buckets = tenant.guests.latency.buckets();
        DecisionLatency {
            count: buckets.iter().map(|(_, count)| count).sum(),
            p50_us: quantile(&buckets, 0.5),
            p99_us: quantile(&buckets, 0.99),
            p999_us: quantile(&buckets, 0.999),
            buckets,
        }
    }

    fn convert_prompt(&self, bytes: Bytes) -> Answer<'_, Result<ConvertedPrompt, PromptRefused>> {
        Box::pin(async move {
            let decoded = prompt::decode_async(bytes.to_vec()).await;
            let prompt = decoded.map_err(|error| PromptRefused(error.to_string()))?;
            let duration_ms = prompt.duration_ms();
            Ok(ConvertedPrompt { bytes: prompt.to_bytes().into(), duration_ms })
        })
    }

    fn changed(&self, change: Change) -> Answer<'_, ()> {
        Box::pin(async move {
            if change.what == Changed::TenantDeleted {
                let order = Input::HangUp { cause: Cause::Forbidden, by: Party::Host };
                for call in self.0.calls.of_tenant(change.tenant) {
                    call.tell(CallMessage::Core(order.clone()));
                }
            }
            let refreshed = match change.what {
                Changed::Flows | Changed::Prompts => {
                    load::refresh_programs(&self.0, change.tenant).await
                }
                _ => load::refresh(&self.0, change.tenant).await,
            };
            if let Err(error) = refreshed {
                tracing::error!(tenant = %change.tenant, %error, "a change is not in force");
            }
        })
    }

    fn stock_routers(&self) -> Vec<String> {
        self.0.stock_router_names()
    }

    fn call_trace(
        &self,
        tenant: TenantId,
        call: CallId,
    ) -> Answer<'_, Result<CallTrace, ControlError>> {
        Box::pin(overview::call_trace(&self.0, tenant, call))
    }

    fn bans(&self) -> Answer<'_, Result<Vec<Ban>, ControlError>> {
        Box::pin(async move {
            let bans = self.0.sip.bans().await.map_err(|_| stopping())?;
            let shown = bans.into_iter().map(|ban| Ban {
                address: ban.source,
                until: ban.until,
                times: ban.times,
                offence: ban.offence.name().to_owned(),
            });
            Ok(shown.collect())
        })
    }

    fn ban(&self, address: IpAddr, for_s: u32) -> Answer<'_, Result<(), ControlError>> {
        Box::pin(async move { self.0.sip.ban(address, for_s).await.map_err(|_| stopping()) })
    }

    fn lift_ban(&self, address: IpAddr) -> Answer<'_, Result<(), ControlError>> {
        Box::pin(async move {
            match self.0.sip.unban(address).await {
                Ok(true) => Ok(()),
                Ok(false) => Err(ControlError::NotFound(format!("{address} is not banned"))),
                Err(_) => Err(stopping()),
            }
        })
    }

    fn metrics(&self) -> Answer<'_, String> {
        Box::pin(overview::metrics(&self.0))
    }

    fn signalling_works(&self) -> Answer<'_, bool> {
        Box::pin(async move {
            let asked = tokio::time::timeout(SIGNALLING_PATIENCE, self.0.sip.figures());
            asked.await.is_ok_and(|answer| answer.is_ok())
        })
    }

    fn records_kept(&self) -> bool {
        self.0.writer.health().borrow().failing.is_none()
    }

    fn alarms(&self) -> Vec<Alarm> {
        let health = self.0.writer.health();
        let health = health.borrow();
        let failing = health.failing.as_ref().map(|reason| Alarm {
            name: "store.writer".to_owned(),
            message: format!(
                "call records cannot be written ({reason}); they are kept in memory: \
                 make room on the disk or repair the database"
            ),
            since: clock::now(),
        });
        failing.into_iter().chain(self.0.standing_alarms()).collect()
    }
}

impl ServerControl {
    /// How large a tenant's upload may be; it is started under the tenant's budget.
    fn upload_limits(&self, tenant: TenantId) -> UploadLimits {
        let Some(tenant) = self.0.tenants.get(tenant) else { return UploadLimits::default() };
        let config = tenant.config();
        UploadLimits {
            bytes: config.limits.guest.upload_bytes as usize,
            compiled_bytes: config.limits.guest.compiled_bytes as usize,
            budget: config.budget.in_background(),
            ..UploadLimits::default()
        }
    }

    fn status(&self, agent: AgentView) -> AgentStatus {
        AgentStatus {
            agent: agent.agent,
            state: agent.state,
            since: agent.since,
            registered: self.0.is_registered(agent.agent),
            call: agent.call,
        }
    }
}

fn stopping() -> ControlError {
    ControlError::Unavailable("the server is stopping".to_owned())
}

async fn view(tenant: &Tenant, agent: AgentId) -> Option<AgentView> {
    let board = tenant.distribution.board().await;
    board.agents.into_iter().find(|known| known.agent == agent)
}

fn queue_statuses(config: &TenantConfig, board: &Board) -> Vec<QueueStatus> {
    let count = |queue: &strowger_store::Queue, wanted: &dyn Fn(&AgentState) -> bool| {
        let serves = |agent: &&AgentView| match &queue.members {
            Members::All => true,
            Members::Only(members) => members.contains(&agent.agent),
        };
        let found = board.agents.iter().filter(serves).filter(|agent| wanted(&agent.state));
        u32::try_from(found.count()).unwrap_or(u32::MAX)
    };
    let statuses = config.queues.iter().filter_map(|queue| {
        let now = board.queues.iter().find(|known| known.queue == queue.id)?;
        Some(QueueStatus {
            queue: queue.id,
            name: now.name.clone(),
            waiting: now.waiting,
            longest_wait_ms: now.longest_wait_ms,
            expected_wait_ms: Some(now.expected_wait_ms),
            agents_signed_in: count(queue, &|state| *state != AgentState::SignedOut),
            agents_ready: count(queue, &|state| *state == AgentState::Ready),
            agents_talking: count(queue, &|state| {
                matches!(state, AgentState::Talking | AgentState::Hold)
            }),
        })
    });
    statuses.collect()
}

fn refused(error: UploadError) -> GuestRefused {
    match error {
        UploadError::Busy => GuestRefused::Unavailable(error.to_string()),
        _ => GuestRefused::Invalid(error.to_string()),
    }
}
