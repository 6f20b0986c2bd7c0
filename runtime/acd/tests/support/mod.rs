//! A tenant's distribution on a virtual clock, with calls and phones that do as
//! the test says and a router written as plainly as possible.
//!
//! The product has no native router: stock strategies are guests.

use std::collections::{BTreeMap, HashMap};
use strowger_acd::{
    Acd, AcdEffect, AcdInput, AcdSetup, AgentConfig, Contact, ContactEnded, Decision, Distribution,
    Enqueue, Offer, QueueConfig, RouterCanary, RouterChoice, RouterDone, RouterFault, RouterPlan,
    RouterTrigger,
};
use strowger_model::{
    AgentId, AgentState, CallId, ContactOutcome, OfferId, QueueId, Relaxation, Skill, SkillNeed,
    TenantId, Timestamp, VersionId,
};
use uuid::Uuid;

/// When every test begins.
pub const START: u64 = 1_700_000_000_000;

/// How a test's router decides; an error is a fault.
pub type RouterFn = fn(&mut dyn Distribution, &RouterTrigger) -> Result<(), String>;

/// Longest idle agent for a contact, best aged contact for an agent.
pub fn longest_idle(host: &mut dyn Distribution, trigger: &RouterTrigger) -> Result<(), String> {
    match trigger {
        RouterTrigger::ContactWaiting(contact) | RouterTrigger::Wake(contact) => {
            if let Some(agent) =
                host.agents_for_contact(*contact, "longest-idle", 0, 1)?.first().copied()
            {
                host.assign(*contact, agent.id)?;
            }
        }
        RouterTrigger::AgentReady(agent) => {
            if let Some(contact) = host.contacts_for_agent(*agent, "aged-priority", 0, 1)?.first() {
                host.assign(contact.id, *agent)?;
            }
        }
        RouterTrigger::Signal { .. } => {}
    }
    Ok(())
}

/// Never assigns anything.
pub fn lazy(_: &mut dyn Distribution, _: &RouterTrigger) -> Result<(), String> {
    Ok(())
}

/// The distribution with what it has said so far.
pub struct World {
    pub acd: Acd,
    pub now: Timestamp,
    /// Decides wherever no other one does.
    pub router: RouterFn,
    /// Versions that were uploaded.
    pub routers: HashMap<RouterChoice, RouterFn>,
    /// Whether routers are run as soon as they are asked for.
    pub answers: bool,
    pub asked: Vec<(u64, RouterChoice, RouterTrigger)>,
    pub offers: Vec<Offer>,
    pub withdrawn: Vec<OfferId>,
    pub ended: BTreeMap<CallId, Vec<ContactEnded>>,
    pub places: Vec<(CallId, u32, u64)>,
    pub decisions: Vec<Decision>,
    pub states: Vec<(AgentId, AgentState)>,
}

impl World {
    pub fn new() -> Self {
        let tenant = TenantId(Uuid::from_u128(1));
        Self {
            acd: Acd::new(AcdSetup { tenant, seed: 7 }),
            now: Timestamp(START),
            router: longest_idle,
            routers: HashMap::new(),
            answers: true,
            asked: Vec::new(),
            offers: Vec::new(),
            withdrawn: Vec::new(),
            ended: BTreeMap::new(),
            places: Vec::new(),
            decisions: Vec::new(),
            states: Vec::new(),
        }
    }

    /// A world with one queue, `sales`, that everybody serves.
    pub fn with_queue(change: impl FnOnce(&mut QueueConfig)) -> Self {
        let mut world = Self::new();
        world.queue("sales", change);
        world
    }

    pub fn queue(&mut self, name: &str, change: impl FnOnce(&mut QueueConfig)) {
        let mut config = QueueConfig::new(queue_id(name), name);
        change(&mut config);
        self.tell(AcdInput::QueueUpsert(config));
    }

    /// Configures an agent without signing in.
    pub fn hire(&mut self, n: u128, skills: &[(&str, u8)]) -> AgentId {
        let id = agent(n);
        self.tell(AcdInput::AgentUpsert(AgentConfig {
            id,
            name: format!("agent {n}"),
            extension: format!("{}", 200 + n),
            skills: skills
                .iter()
                .map(|&(name, level)| Skill { name: name.into(), level })
                .collect(),
        }));
        id
    }

    /// An agent who is ready.
    pub fn ready(&mut self, n: u128, skills: &[(&str, u8)]) -> AgentId {
        let id = self.hire(n, skills);
        self.tell(AcdInput::SignIn(id));
        self.tell(AcdInput::SetReady(id));
        id
    }

    /// A call that waits in `sales`.
    pub fn call(&mut self, n: u128) -> CallId {
        self.call_with(n, |_| {})
    }

    pub fn call_with(&mut self, n: u128, change: impl FnOnce(&mut Enqueue)) -> CallId {
        let mut wish = Enqueue {
            call: call(n),
            queue: "sales".into(),
            needs: Vec::new(),
            priority: 0,
            attributes: Vec::new(),
            from: format!("+44163296{n:04}").parse().unwrap(),
            to: "+441632960999".parse().unwrap(),
            max_wait_ms: 0,
            since: None,
        };
        change(&mut wish);
        let call = wish.call;
        self.tell(AcdInput::Enqueue(wish));
        call
    }

    /// Something happens.
    pub fn tell(&mut self, input: AcdInput) {
        self.acd.handle(self.now, input);
        self.drain();
    }

    /// Time passes, every timer on the way.
    pub fn pass_ms(&mut self, ms: u64) {
        let end = self.now.plus_ms(ms);
        while let Some(due) = self.acd.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.acd.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
        self.acd.handle_timeout(end);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.acd.poll() {
            match effect {
                AcdEffect::AskRouter { ask, router, trigger, .. } => {
                    self.asked.push((ask, router.clone(), trigger.clone()));
                    if self.answers {
                        let decide = match router {
                            RouterChoice::Stock => longest_idle,
                            other => self.routers.get(&other).copied().unwrap_or(self.router),
                        };
                        let fault = decide(&mut self.acd, &trigger).err();
                        self.acd.handle(self.now, done(ask, fault));
                    }
                }
                AcdEffect::Offer(offer) => self.offers.push(offer),
                AcdEffect::Withdraw { offer, .. } => self.withdrawn.push(offer),
                AcdEffect::Waiting { call, position, expected_wait_ms } => {
                    self.places.push((call, position, expected_wait_ms));
                }
                AcdEffect::ContactEnded(end) => self.ended.entry(end.call).or_default().push(end),
                AcdEffect::AgentChanged { agent, state, .. } => self.states.push((agent, state)),
                AcdEffect::Decided(decision) => self.decisions.push(*decision),
                AcdEffect::Event(_) => {}
            }
        }
    }

    /// The offer made last.
    pub fn last_offer(&self) -> Offer {
        self.offers.last().expect("an offer was made").clone()
    }

    /// The agents offered so far, in order.
    pub fn offered_agents(&self) -> Vec<AgentId> {
        self.offers.iter().map(|offer| offer.agent).collect()
    }

    /// The calls offered so far, in order.
    pub fn offered_calls(&self) -> Vec<CallId> {
        self.offers.iter().map(|offer| offer.call).collect()
    }

    /// The phone of the offer made last rings and is answered.
    pub fn answer(&mut self) -> Offer {
        let offer = self.last_offer();
        self.tell(AcdInput::OfferRinging { offer: offer.offer });
        self.tell(AcdInput::OfferAnswered { offer: offer.offer });
        offer
    }

    /// The conversation of this offer ends.
    pub fn finish(&mut self, offer: &Offer) {
        self.tell(AcdInput::TalkEnded { agent: offer.agent, call: offer.call, talk_ms: 60_000 });
    }

    /// The one outcome of a call's wait.
    pub fn outcome(&self, call: CallId) -> Option<ContactOutcome> {
        let ends = self.ended.get(&call)?;
        assert_eq!(ends.len(), 1, "exactly one outcome: {ends:?}");
        Some(ends[0].outcome)
    }

    pub fn state(&self, agent: AgentId) -> AgentState {
        self.acd.agent_state(agent).expect("the agent is configured").clone()
    }

    /// The number by which routers know an agent.
    pub fn number(&self, agent: AgentId) -> u64 {
        self.acd.agents().find(|view| view.agent == agent).expect("the agent is configured").number
    }

    /// Contacts that an agent is shown.
    pub fn shown(&mut self, agent: AgentId, order: &str) -> Vec<Contact> {
        let number = self.number(agent);
        self.acd.contacts_for_agent(number, order, 0, 100).expect("the question is in order")
    }
}

pub fn done(ask: u64, fault: Option<String>) -> AcdInput {
    let fault = fault.map(|reason| RouterFault { kind: "returned".into(), reason });
    AcdInput::RouterDone(RouterDone { ask, fault, fuel: 10, busy_us: 2 })
}

pub fn agent(n: u128) -> AgentId {
    AgentId(Uuid::from_u128(1_000_000 + n))
}

pub fn call(n: u128) -> CallId {
    CallId(Uuid::from_u128(2_000_000 + n))
}

/// A version that was uploaded.
pub fn version(n: u128) -> RouterChoice {
    RouterChoice::Version(VersionId(Uuid::from_u128(n)))
}

/// All contacts get `router`, but for a share that tries a version.
pub fn split(router: &RouterChoice, canary: u128, share_percent: u32) -> RouterPlan {
    let version = VersionId(Uuid::from_u128(canary));
    RouterPlan { router: router.clone(), canary: Some(RouterCanary { version, share_percent }) }
}

/// All contacts get `router`.
pub fn all(router: RouterChoice) -> RouterPlan {
    RouterPlan { router, canary: None }
}

pub fn queue_id(name: &str) -> QueueId {
    QueueId(Uuid::from_u128(name.bytes().fold(3, |sum, byte| sum * 31 + u128::from(byte))))
}

pub fn need(name: &str, min_level: u8, relax: &[(u32, u8)]) -> SkillNeed {
    let relax = relax.iter().map(|&(after_s, min_level)| Relaxation { after_s, min_level });
    SkillNeed { name: name.into(), min_level, relax: relax.collect() }
}

pub fn not_ready(reason: &str) -> AgentState {
    AgentState::NotReady(reason.into())
}
