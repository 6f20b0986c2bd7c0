//! The one task that owns a tenant's queues and agents.
//!
//! While the tenant's router decides, the distribution is lent to the guest and
//! comes back with the choices in it: one owner at a time, no lock.

use super::Tenant;
use super::routing::LoadedRouter;
use crate::accounts;
use crate::calls::message::CallMessage;
use crate::clock;
use crate::node::Node;
use serde_json::json;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use strowger_acd::{
    Acd, AcdEffect, AcdEvent, AcdInput, AcdSetup, AgentConfig, AgentView, Decision, Members,
    QueueConfig, QueueView, RouterChoice, RouterDone, RouterFault, RouterPlan, RouterTrigger,
};
use strowger_call::{Input, Moment, QueueInput};
use strowger_guest::TenantRouter;
use strowger_model::{AgentId, AgentState, ContactOutcome, QueueId, Timestamp};
use tokio::sync::{mpsc, oneshot};

/// Inputs waiting for one tenant's distribution: a burst of everything its
/// callers and agents can do at once. Past it, the callers concerned are told.
const INBOX: usize = 8_192;
/// Under what name the usual stock router is counted where it decides because no
/// other one can.
const STOCK: &str = "router/stock";

/// The way to a tenant's distribution.
#[derive(Clone, Debug)]
pub struct DistributionHandle {
    inbox: mpsc::Sender<Told>,
}

/// What the task is told.
#[derive(Debug)]
enum Told {
    Input(AcdInput),
    /// An input whose effects somebody waits for.
    Order(AcdInput, oneshot::Sender<()>),
    ConfigChanged(oneshot::Sender<()>),
    Show(oneshot::Sender<Board>),
    /// Everybody who waited or talked before a restart is back.
    Recovered,
}

/// Who does what and how many wait, as of now, for screens.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// Every agent.
    pub agents: Vec<AgentView>,
    /// Every queue.
    pub queues: Vec<QueueView>,
}

/// The end that the task keeps.
#[derive(Debug)]
pub struct Inbox(mpsc::Receiver<Told>);

impl DistributionHandle {
    /// A handle and the inbox for its task.
    pub fn new() -> (Self, Inbox) {
        let (sender, inbox) = mpsc::channel(INBOX);
        (Self { inbox: sender }, Inbox(inbox))
    }

    /// Hands an input over without waiting; false if it cannot be taken.
    pub fn tell(&self, input: AcdInput) -> bool {
        self.inbox.try_send(Told::Input(input)).is_ok()
    }

    /// Hands an input over, waiting for room.
    pub async fn tell_soon(&self, input: AcdInput) -> bool {
        self.inbox.send(Told::Input(input)).await.is_ok()
    }

    /// Hands an input over and waits until it has had its effect; false if the
    /// task is gone.
    pub async fn order(&self, input: AcdInput) -> bool {
        let (done, finished) = oneshot::channel();
        self.inbox.send(Told::Order(input, done)).await.is_ok() && finished.await.is_ok()
    }

    /// Says that the tenant's configuration was replaced; returns when it is in force.
    pub async fn config_changed(&self) {
        let (done, finished) = oneshot::channel();
        if self.inbox.send(Told::ConfigChanged(done)).await.is_ok() {
            // A task that is gone needs no configuration.
            let _ = finished.await;
        }
    }

    /// Says that everybody who waited or talked before a restart is back: from now
    /// on contacts are given to agents.
    pub async fn recovered(&self) {
        // A task that is gone gives nothing to anybody.
        let _ = self.inbox.send(Told::Recovered).await;
    }

    /// Who does what and how many wait.
    pub async fn board(&self) -> Board {
        let (show, shown) = oneshot::channel();
        if self.inbox.send(Told::Show(show)).await.is_err() {
            return Board::default();
        }
        shown.await.unwrap_or_default()
    }
}

/// Starts the task; it ends with the last handle.
pub fn start(
    node: &Arc<Node>,
    tenant: Arc<Tenant>,
    inbox: Inbox,
    last_states: Vec<(AgentId, AgentState, Timestamp)>,
) {
    let recovering = node.recovering.load(Ordering::Acquire);
    let setup = AcdSetup { tenant: tenant.id, seed: rand::random() };
    let mut task = Task {
        acd: Acd::new(setup),
        // Contacts are given to agents even where flows find no memory.
        router: TenantRouter::on(tenant.guests.memory.reserve()),
        programs: HashMap::new(),
        setup,
        node: node.clone(),
        tenant,
        agents: HashSet::new(),
        queues: HashSet::new(),
        states: HashMap::new(),
        recovering,
        unasked: None,
    };
    node.guests.spawn(async move {
        task.configure();
        for (agent, state, since) in last_states {
            task.acd.handle(clock::now(), AcdInput::AgentWas { agent, state, since });
        }
        task.run(inbox.0).await;
    });
}

struct Task {
    acd: Acd,
    router: TenantRouter,
    /// What can be asked: what is configured, and what contacts still have that
    /// began to wait before.
    programs: HashMap<RouterChoice, LoadedRouter>,
    setup: AcdSetup,
    node: Arc<Node>,
    tenant: Arc<Tenant>,
    agents: HashSet<AgentId>,
    queues: HashSet<QueueId>,
    /// What every agent was last doing, should the distribution be lost.
    states: HashMap<AgentId, AgentState>,
    /// Nobody is given to anybody before all are back who waited before a restart:
    /// the first to come back need not be the first in line.
    recovering: bool,
    /// What the router will be asked then.
    unasked: Option<(u64, RouterChoice, RouterTrigger, Moment)>,
}

impl Task {
    async fn run(&mut self, mut inbox: mpsc::Receiver<Told>) {
        loop {
            self.carry_out();
            tokio::select! {
                told = inbox.recv() => match told {
                    Some(Told::Input(input)) => self.acd.handle(clock::now(), input),
                    Some(Told::Order(input, done)) => {
                        self.acd.handle(clock::now(), input);
                        self.carry_out();
                        // Whoever gave the order may have gone.
                        let _ = done.send(());
                    }
                    Some(Told::ConfigChanged(done)) => {
                        self.configure();
                        self.carry_out();
                        let _ = done.send(());
                    }
                    Some(Told::Show(show)) => {
                        let agents = self.acd.agents().collect();
                        let _ = show.send(Board { agents, queues: self.acd.queues().collect() });
                    }
                    Some(Told::Recovered) => {
                        self.recovering = false;
                        if let Some((ask, router, trigger, moment)) = self.unasked.take() {
                            self.ask(ask, router, trigger, moment);
                        }
                    }
                    None => return,
                },
                () = clock::until(self.acd.next_timeout()) => {
                    self.acd.handle_timeout(clock::now());
                }
            }
        }
    }

    /// Brings queues and agents in line with the configuration.
    fn configure(&mut self) {
        let now = clock::now();
        let config = self.tenant.config();
        let queues: HashSet<QueueId> = config.queues.iter().map(|queue| queue.id).collect();
        let agents: HashSet<AgentId> = config.agents.iter().map(|agent| agent.id).collect();
        for &gone in self.queues.difference(&queues) {
            self.acd.handle(now, AcdInput::QueueRemove(gone));
        }
        for &gone in self.agents.difference(&agents) {
            self.acd.handle(now, AcdInput::AgentRemove(gone));
        }
        let in_use: HashSet<_> = self.acd.routers().cloned().collect();
        self.programs.retain(|choice, _| in_use.contains(choice));
        let programs = config.routing.programs();
        self.programs.extend(programs.map(|(choice, loaded)| (choice.clone(), loaded.clone())));
        for queue in &config.queues {
            let plan = config.routing.plan(queue.id);
            self.acd.handle(now, AcdInput::QueueUpsert(queue_config(queue, plan)));
        }
        for agent in &config.agents {
            let known = AgentConfig {
                id: agent.id,
                name: agent.settings.name.clone(),
                extension: agent.settings.extension.to_string(),
                skills: agent.settings.skills.clone(),
            };
            self.acd.handle(now, AcdInput::AgentUpsert(known));
            // Nobody can be offered a call before the phone has registered.
            if !self.agents.contains(&agent.id) && !self.node.is_registered(agent.id) {
                self.acd.handle(now, AcdInput::PhoneGone(agent.id));
            }
        }
        self.queues = queues;
        self.agents = agents;
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.acd.poll() {
            match effect {
                AcdEffect::AskRouter { ask, router, trigger, now, seed } if self.recovering => {
                    self.unasked = Some((ask, router, trigger, Moment { now, seed }));
                }
                AcdEffect::AskRouter { ask, router, trigger, now, seed } => {
                    self.ask(ask, router, trigger, Moment { now, seed });
                }
                AcdEffect::Offer(offer) => {
                    let input = QueueInput::Offer {
                        offer: offer.offer,
                        agent: offer.agent,
                        target: format!("agent:{}", offer.extension),
                        ring_ms: offer.ring_ms,
                    };
                    if !self.tell_call(offer.call, input) {
                        self.acd.handle(clock::now(), AcdInput::CallerGone { call: offer.call });
                    }
                }
                AcdEffect::Withdraw { offer, call } => {
                    self.tell_call(call, QueueInput::Withdraw { offer });
                }
                AcdEffect::Waiting { call, position, expected_wait_ms } => {
                    self.tell_call(call, QueueInput::Waiting { position, expected_wait_ms });
                }
                AcdEffect::ContactEnded(ended) => {
                    self.node.events.tenant(self.tenant.id, "contact.ended", || {
                        serde_json::to_value(&ended).unwrap_or_default()
                    });
                    accounts::contact_over(&self.node, &self.tenant, &ended);
                    let (outcome, reason, agent) = (ended.outcome, ended.reason, ended.agent);
                    self.tell_call(ended.call, QueueInput::Ended { outcome, reason, agent });
                }
                AcdEffect::AgentChanged { agent, state, since } => {
                    self.agent_changed(agent, state, since);
                }
                AcdEffect::Decided(decision) => {
                    let known = self.programs.get(&decision.router);
                    let module = known.map_or(STOCK, |known| known.module.as_str());
                    accounts::decided(&self.node, &self.tenant, module, &decision);
                    self.tell_decision(&decision);
                }
                AcdEffect::Event(event) => self.event(event),
            }
        }
    }

    fn tell_decision(&self, decision: &Decision) {
        self.node.events.tenant(self.tenant.id, "router.decided", || {
            json!({
                "trigger": decision.trigger,
                "router": decision.router,
                "busy_us": decision.busy_us,
                "fuel": decision.fuel,
                "fault": decision.fault,
                "fault_kind": decision.fault_kind,
                "assignments": decision.assignments,
            })
        });
    }

    /// Lends the distribution to a router.
    fn ask(&mut self, ask: u64, choice: RouterChoice, trigger: RouterTrigger, moment: Moment) {
        let config = self.tenant.config();
        let known = self.programs.get(&choice).map(|known| &known.program);
        let program = known.unwrap_or_else(|| self.node.stock_router()).clone();
        let lent = Box::new(std::mem::replace(&mut self.acd, Acd::new(self.setup)));
        let Some((turn, host)) =
            self.router.decide(&program, &config.budget, moment, &trigger, lent)
        else {
            return self.start_over();
        };
        let fault = turn.outcome.err().map(|fault| RouterFault {
            kind: fault.kind.name().to_owned(),
            reason: fault.to_string(),
        });
        let done = RouterDone { ask, fault, fuel: turn.fuel, busy_us: turn.busy_us };
        match host.into_any().downcast::<Acd>() {
            Ok(acd) => self.acd = *acd,
            Err(_) => return self.start_over(),
        }
        self.acd.handle(clock::now(), AcdInput::RouterDone(done));
    }

    /// The distribution was lost in a panic of ours: nobody may wait for ever.
    fn start_over(&mut self) {
        tracing::error!(tenant = %self.tenant.id, "distribution lost, starting over; this is a bug");
        self.queues.clear();
        self.agents.clear();
        let states = std::mem::take(&mut self.states);
        self.configure();
        for (agent, state) in states {
            let since = clock::now();
            self.acd.handle(since, AcdInput::AgentWas { agent, state, since });
        }
        for call in self.node.calls.of_tenant(self.tenant.id) {
            let reason = "the queue was restarted".to_owned();
            let outcome = ContactOutcome::Failed;
            let ended = QueueInput::Ended { outcome, reason, agent: None };
            call.tell(CallMessage::Core(Input::Queue(ended)));
        }
    }

    fn tell_call(&self, call: strowger_model::CallId, input: QueueInput) -> bool {
        self.node
            .calls
            .call(call)
            .is_some_and(|handle| handle.tell(CallMessage::Core(Input::Queue(input))))
    }

    fn agent_changed(&mut self, agent: AgentId, state: AgentState, since: Timestamp) {
        let reason = match &state {
            AgentState::NotReady(reason) => Some(reason.as_str()),
            _ => None,
        };
        self.node.events.tenant(
            self.tenant.id,
            "agent.changed",
            || json!({"agent": agent, "state": state.name(), "reason": reason, "since": since}),
        );
        self.node.ledger.agent_state(self.tenant.id, agent, state.clone(), since);
        self.states.insert(agent, state);
    }

    fn event(&mut self, event: AcdEvent) {
        let name = match &event {
            AcdEvent::QueueLength { .. } => "queue.length",
            AcdEvent::OfferMissed { .. } => "offer.missed",
        };
        self.node
            .events
            .tenant(self.tenant.id, name, || serde_json::to_value(&event).unwrap_or_default());
    }
}

fn queue_config(queue: &strowger_store::Queue, router: RouterPlan) -> QueueConfig {
    let settings = &queue.settings;
    QueueConfig {
        needs: settings.needs.clone(),
        ageing_per_minute: settings.ageing_per_minute,
        max_waiting: settings.max_waiting,
        max_wait_ms: settings.max_wait_ms,
        ring_ms: settings.ring_ms,
        wrap_up_ms: settings.wrap_up_ms,
        members: match &queue.members {
            strowger_store::Members::All => Members::All,
            strowger_store::Members::Only(agents) => {
                Members::Only(agents.iter().copied().collect::<BTreeSet<_>>())
            }
        },
        router,
        ..QueueConfig::new(queue.id, settings.name.clone())
    }
}
