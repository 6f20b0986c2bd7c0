//! One tenant's distribution: its state, and the way in and out.

use crate::agents::AgentRecord;
use crate::candidates::{AgentRack, Anchor, ContactKind};
use crate::config::AcdSetup;
use crate::contacts::Waiting;
use crate::effect::AcdEffect;
use crate::index::{NumberMap, Requirement, Shelf, Tags};
use crate::input::AcdInput;
use crate::last_agents::LastAgents;
use crate::limits::MAX_LAST_AGENTS;
use crate::offers::OfferRecord;
use crate::queues::Queues;
use crate::routers::Routers;
use crate::routing::{Asking, Pending};
use crate::timers::{Timer, Timers};
use std::collections::{HashMap, VecDeque};
use strowger_model::{AgentId, CallId, OfferId, TenantId, Timestamp};

/// Queues, agents and offers of one tenant.
///
/// Feed it with [`handle`](Self::handle) and [`handle_timeout`](Self::handle_timeout),
/// then drain [`poll`](Self::poll). Only this owns an agent's state.
#[derive(Debug)]
pub struct Acd {
    pub(crate) tenant: TenantId,
    pub(crate) now: Timestamp,
    pub(crate) random: u64,
    pub(crate) effects: VecDeque<AcdEffect>,
    pub(crate) timers: Timers,
    pub(crate) tags: Tags,

    pub(crate) queues: Queues,
    pub(crate) contacts: NumberMap<u64, Waiting>,
    pub(crate) contact_of_call: HashMap<CallId, u64>,
    pub(crate) next_contact: u64,
    /// Contacts that a router may choose now.
    pub(crate) waiting: Shelf<ContactKind, Anchor, 3>,
    pub(crate) waiting_count: usize,
    pub(crate) routers: Routers,

    pub(crate) agents: NumberMap<u64, AgentRecord>,
    pub(crate) agent_numbers: HashMap<AgentId, u64>,
    pub(crate) next_agent: u64,
    /// Agents that a router may choose now.
    pub(crate) idle: Shelf<Requirement, AgentRack, 2>,
    pub(crate) idle_count: usize,
    /// Agents who have become free and may not stand in `idle` yet.
    pub(crate) fresh: Vec<u64>,
    pub(crate) talking_in: HashMap<CallId, u64>,
    pub(crate) last_agents: LastAgents,

    pub(crate) offers: NumberMap<OfferId, OfferRecord>,
    pub(crate) next_offer: u64,

    pub(crate) pending: Pending,
    pub(crate) asking: Option<Asking>,
    pub(crate) next_ask: u64,
}

impl Acd {
    /// A distribution without queues and agents.
    pub fn new(setup: AcdSetup) -> Self {
        Self {
            tenant: setup.tenant,
            now: Timestamp(0),
            random: setup.seed,
            effects: VecDeque::new(),
            timers: Timers::default(),
            tags: Tags::default(),
            queues: Queues::default(),
            contacts: NumberMap::default(),
            contact_of_call: HashMap::new(),
            next_contact: 1,
            waiting: Shelf::new(),
            waiting_count: 0,
            routers: Routers::default(),
            agents: NumberMap::default(),
            agent_numbers: HashMap::new(),
            next_agent: 1,
            idle: Shelf::new(),
            idle_count: 0,
            fresh: Vec::new(),
            talking_in: HashMap::new(),
            last_agents: LastAgents::new(MAX_LAST_AGENTS),
            offers: NumberMap::default(),
            next_offer: 1,
            pending: Pending::default(),
            asking: None,
            next_ask: 1,
        }
    }

    /// Something happened.
    pub fn handle(&mut self, now: Timestamp, input: AcdInput) {
        self.advance(now);
        match input {
            AcdInput::QueueUpsert(config) => self.queue_upsert(config),
            AcdInput::QueueRemove(queue) => self.queue_remove(queue),
            AcdInput::AgentUpsert(config) => self.agent_upsert(config),
            AcdInput::AgentRemove(agent) => self.agent_remove(agent),
            AcdInput::SignIn(agent) => self.with_agent(agent, Self::sign_in),
            AcdInput::SignOut(agent) => self.with_agent(agent, Self::sign_out),
            AcdInput::SetReady(agent) => self.with_agent(agent, Self::set_ready),
            AcdInput::SetNotReady { agent, reason } => {
                self.with_agent(agent, |acd, number| acd.set_not_ready(number, reason));
            }
            AcdInput::AgentWas { agent, state, since } => {
                self.with_agent(agent, |acd, number| acd.agent_was(number, state, since));
            }
            AcdInput::PhoneGone(agent) => self.with_agent(agent, Self::phone_gone),
            AcdInput::PhoneBack(agent) => self.with_agent(agent, Self::phone_back),
            AcdInput::Enqueue(enqueue) => self.enqueue(enqueue),
            AcdInput::Leave { call } => self.leave(call),
            AcdInput::CallerGone { call } => self.caller_gone(call),
            AcdInput::OfferRinging { offer } => self.offer_ringing(offer),
            AcdInput::OfferAnswered { offer } => self.offer_answered(offer),
            AcdInput::OfferFailed { offer, cause } => self.offer_failed(offer, cause),
            AcdInput::Talking { agent, call, queue, since } => {
                self.with_agent(agent, |acd, number| acd.talks_since(number, call, &queue, since));
            }
            AcdInput::TalkEnded { agent, call, talk_ms } => {
                self.with_agent(agent, |acd, number| acd.talk_ended(number, call, talk_ms));
            }
            AcdInput::Hold { agent, call } => {
                self.with_agent(agent, |acd, number| acd.hold(number, call, true));
            }
            AcdInput::Resume { agent, call } => {
                self.with_agent(agent, |acd, number| acd.hold(number, call, false));
            }
            AcdInput::RouterDone(done) => self.router_done(done),
        }
        self.ask_next();
    }

    /// Time has come for what was due.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        self.advance(now);
        while let Some(timer) = self.timers.pop(self.now) {
            match timer {
                Timer::Offer(offer) => self.offer_expired(offer),
                Timer::WrapUp(agent) => self.after_work(agent),
                Timer::Talk(agent) => self.talk_forgotten(agent),
                Timer::Relax(contact) => self.relax(contact),
                Timer::MaxWait(contact) => self.waited_enough(contact),
                Timer::Wake(contact) => self.push_contact(contact, true),
                Timer::ReaskContact(contact) => self.push_contact(contact, false),
                Timer::ReaskAgent(agent) => self.push_agent(agent),
                Timer::Positions(queue) => self.tell_positions(queue),
                Timer::Ask => self.router_lost(),
            }
        }
        self.ask_next();
    }

    /// The next thing to do.
    pub fn poll(&mut self) -> Option<AcdEffect> {
        self.effects.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due; none if nothing will
    /// happen by itself.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        self.timers.next()
    }

    /// A clock that is set back stands still here instead: order of arrival and
    /// timers depend on time not going backwards.
    fn advance(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
    }

    fn with_agent(&mut self, agent: AgentId, act: impl FnOnce(&mut Self, u64)) {
        if let Some(&number) = self.agent_numbers.get(&agent) {
            act(self, number);
        }
    }

    pub(crate) fn emit(&mut self, effect: AcdEffect) {
        self.effects.push_back(effect);
    }

    /// The next number of the seeded sequence (SplitMix64).
    pub(crate) fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
