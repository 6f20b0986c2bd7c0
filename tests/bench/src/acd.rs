//! One routing decision at growing numbers of waiting contacts and agents, with
//! the stock routers as the guests they are.
//!
//! The floor is steady: whoever is offered answers, talks, wraps up and is ready
//! again; for everyone who leaves the queue somebody new comes. Most agents are
//! busy and take the best of those who wait; a fifth serve quiet queues, are
//! mostly idle, and are chosen for contacts as these arrive. A decision is
//! timed from the event that makes it necessary to the offer.

use crate::report::{Bar, Report, percentile};
use anyhow::{Context, anyhow};
use std::collections::VecDeque;
use std::time::Instant;
use strowger_acd::{
    Acd, AcdEffect, AcdInput, AcdSetup, AgentConfig, Distribution, Enqueue, Members, Offer,
    QueueConfig, RouterCanary, RouterDone,
};
use strowger_call::Moment;
use strowger_guest::{Budget, EngineConfig, GuestEngine, Program, RouterInstance, UploadLimits};
use strowger_model::{
    AgentId, CallId, QueueId, Relaxation, Skill, SkillNeed, TenantId, Timestamp, VersionId,
};
use uuid::Uuid;

/// Waiting contacts and agents.
const SIZES: [(usize, usize); 3] = [(10, 10), (1_000, 500), (10_000, 5_000)];
/// Runs of each size, in turn, so that a busy moment of the machine hits all.
const RUNS: usize = 5;
/// Decisions before the first run and in each.
const WARM_UP: usize = 5_000;
const DECISIONS: usize = 20_000;
/// Mean time an agent is busy with a contact; sets the pace of the clock.
const HANDLE_MS: u64 = 180_000;

const BUSY_QUEUES: u64 = 12;
const QUIET_QUEUES: u64 = 3;
const LANGUAGES: u64 = 4;
const PRODUCTS: u64 = 8;

/// Fills the report.
///
/// # Errors
/// The stock routers cannot be run.
pub fn run(report: &mut Report) -> anyhow::Result<()> {
    let engine = GuestEngine::new(EngineConfig { max_live: 8, ..EngineConfig::default() })?;
    let compile = |name: &str| -> anyhow::Result<Program> {
        let bytes = strowger_stock::guest(name).ok_or_else(|| anyhow!("no stock guest {name}"))?;
        engine.compile(bytes, &UploadLimits::default()).with_context(|| name.to_owned())
    };
    let default = compile(strowger_stock::DEFAULT_ROUTER)?;
    let sizes = measure(&default, &SIZES, 0)?;
    for ((waiting, _), runs) in SIZES.iter().zip(&sizes) {
        let largest = *waiting == SIZES[SIZES.len() - 1].0;
        let bar = if largest { Bar::AtMost(1_000.0) } else { Bar::None };
        report.add(&format!("acd.decision_p50_us_at_{waiting}"), "us", &runs.p50_us, Bar::None);
        report.add(&format!("acd.decision_p99_us_at_{waiting}"), "us", &runs.p99_us, bar);
        report.add(&format!("acd.core_p99_us_at_{waiting}"), "us", &runs.core_p99_us, Bar::None);
    }
    if let [smallest, .., largest] = &sizes[..] {
        let ratios: Vec<f64> =
            largest.p99_us.iter().zip(&smallest.p99_us).map(|(l, s)| l / s).collect();
        report.add("acd.decision_p99_ratio", "ratio", &ratios, Bar::AtMost(3.0));
    }
    // Every queue split between two routers.
    let split = measure(&default, &SIZES, 50)?;
    for ((waiting, _), runs) in SIZES.iter().zip(&split) {
        report.add(&format!("acd.split_p99_us_at_{waiting}"), "us", &runs.p99_us, Bar::None);
    }
    for name in ["skills", "priority-aging", "last-agent"] {
        let found = measure(&compile(name)?, &SIZES[2..], 0)?;
        let metric = format!("acd.{}_p99_us_at_{}", name.replace('-', "_"), SIZES[2].0);
        report.add(&metric, "us", &found[0].p99_us, Bar::None);
    }
    Ok(())
}

/// What was measured of one size, a number per run.
#[derive(Default)]
struct Runs {
    p50_us: Vec<f64>,
    p99_us: Vec<f64>,
    core_p99_us: Vec<f64>,
}

/// `share_percent` of the contacts have another router than the rest.
fn measure(
    program: &Program,
    sizes: &[(usize, usize)],
    share_percent: u32,
) -> anyhow::Result<Vec<Runs>> {
    let mut floors = Vec::new();
    for &(waiting, agents) in sizes {
        let router = RouterInstance::new(program, &Budget::default())
            .map_err(|fault| anyhow!("the router does not start: {fault:?}"))?;
        let mut floor = Floor::new(router, waiting, agents);
        floor.fill(share_percent)?;
        floor.decide(WARM_UP)?;
        floors.push((floor, Runs::default()));
    }
    for _ in 0..RUNS {
        for (floor, runs) in &mut floors {
            let (mut whole, mut core) = floor.decide(DECISIONS)?;
            runs.p50_us.push(percentile(&mut whole, 50.0));
            runs.p99_us.push(percentile(&mut whole, 99.0));
            runs.core_p99_us.push(percentile(&mut core, 99.0));
        }
    }
    Ok(floors.into_iter().map(|(_, runs)| runs).collect())
}

/// A tenant's distribution and everybody around it.
struct Floor {
    /// Moves into each decision and out again.
    acd: Option<Box<Acd>>,
    router: RouterInstance,
    now: Timestamp,
    step_ms: u64,
    random: u64,
    waiting: usize,
    agents: usize,
    calls: u128,
    contacts: usize,
    offers: VecDeque<Offer>,
    /// Conversations of the busy and of the quiet queues.
    talks: [Vec<(AgentId, CallId)>; 2],
    /// Microseconds of each decision, and of our own part of it.
    samples: (Vec<f64>, Vec<f64>),
}

impl Floor {
    fn new(router: RouterInstance, waiting: usize, agents: usize) -> Self {
        let tenant = TenantId(Uuid::from_u128(1));
        Self {
            acd: Some(Box::new(Acd::new(AcdSetup { tenant, seed: 1 }))),
            router,
            now: Timestamp(1_700_000_000_000),
            step_ms: (HANDLE_MS / agents as u64).max(1),
            random: 88_172_645_463_325_252,
            waiting,
            agents,
            calls: 0,
            contacts: 0,
            offers: VecDeque::new(),
            talks: [Vec::new(), Vec::new()],
            samples: (Vec::new(), Vec::new()),
        }
    }

    /// A number below `below` (xorshift64).
    fn draw(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }

    /// Agents of which every fifth is of a quiet queue.
    fn is_quiet(agent: usize) -> bool {
        agent % 5 == 4
    }

    /// Configures everything and brings all agents to work.
    fn fill(&mut self, share_percent: u32) -> anyhow::Result<()> {
        for n in 0..BUSY_QUEUES + QUIET_QUEUES {
            let name = format!("q{n}");
            let mut config = QueueConfig::new(QueueId(Uuid::from_u128(u128::from(n))), name);
            let version = VersionId(Uuid::from_u128(1));
            config.router.canary = Some(RouterCanary { version, share_percent });
            config.wrap_up_ms = 60_000;
            config.max_wait_ms = 1_200_000;
            config.ageing_per_minute = [0, 1, 5][n as usize % 3];
            if n >= BUSY_QUEUES {
                config.needs = vec![need(format!("quiet{n}"), 1, &[])];
            } else if n % 4 == 0 {
                let members = (0..self.agents).filter(|agent| !Self::is_quiet(*agent));
                config.members = Members::Only(members.map(agent_id).collect());
            }
            self.tell(AcdInput::QueueUpsert(config))?;
        }
        for agent in 0..self.agents {
            let skills = self.skills_of(agent);
            self.tell(AcdInput::AgentUpsert(AgentConfig {
                id: agent_id(agent),
                name: format!("agent {agent}"),
                extension: format!("{}", 1_000 + agent),
                skills,
            }))?;
            self.tell(AcdInput::SetReady(agent_id(agent)))?;
            self.answer_all()?;
        }
        while self.contacts < self.waiting {
            let contact = self.busy_contact();
            self.tell(AcdInput::Enqueue(contact))?;
            self.answer_all()?;
        }
        Ok(())
    }

    fn skills_of(&mut self, agent: usize) -> Vec<Skill> {
        let mut skills = Vec::new();
        if Self::is_quiet(agent) {
            let queue = BUSY_QUEUES + self.draw(QUIET_QUEUES);
            skills.push(Skill { name: format!("quiet{queue}"), level: 1 + self.draw(10) as u8 });
            return skills;
        }
        for _ in 0..=self.draw(2) {
            let name = format!("language{}", self.draw(LANGUAGES));
            skills.push(Skill { name, level: 3 + self.draw(8) as u8 });
        }
        for _ in 0..=self.draw(3) {
            let name = format!("product{}", self.draw(PRODUCTS));
            skills.push(Skill { name, level: 1 + self.draw(10) as u8 });
        }
        skills
    }

    fn contact(&mut self, queue: u64, needs: Vec<SkillNeed>) -> Enqueue {
        self.calls += 1;
        let caller = self.draw(1_000_000);
        Enqueue {
            call: CallId(Uuid::from_u128(self.calls)),
            queue: format!("q{queue}"),
            needs,
            priority: self.draw(8) as i32 - 2,
            attributes: vec![("account".into(), caller.to_string())],
            from: match format!("+4416{caller:08}").parse() {
                Ok(number) => number,
                Err(_) => unreachable!("digits make a number"),
            },
            to: match "+441632960000".parse() {
                Ok(number) => number,
                Err(_) => unreachable!("digits make a number"),
            },
            max_wait_ms: 0,
            since: None,
        }
    }

    /// A language, often a product, half of them softening with time.
    fn busy_contact(&mut self) -> Enqueue {
        let level = 3 + self.draw(5) as u8;
        let softens = self.draw(2) == 0;
        let relax: &[(u32, u8)] = if softens { &[(30, 2), (90, 1)] } else { &[] };
        let mut needs = vec![need(format!("language{}", self.draw(LANGUAGES)), level, relax)];
        if self.draw(3) == 0 {
            let relax: &[(u32, u8)] = if softens { &[(60, 0)] } else { &[] };
            let level = 1 + self.draw(5) as u8;
            needs.push(need(format!("product{}", self.draw(PRODUCTS)), level, relax));
        }
        let queue = self.draw(BUSY_QUEUES);
        self.contact(queue, needs)
    }

    /// Goes on until so many decisions have been made; gives their times.
    fn decide(&mut self, decisions: usize) -> anyhow::Result<(Vec<f64>, Vec<f64>)> {
        self.samples = (Vec::with_capacity(decisions), Vec::with_capacity(decisions));
        let mut idle_steps = 0;
        while self.samples.0.len() < decisions {
            let before = self.samples.0.len();
            self.step()?;
            idle_steps = if self.samples.0.len() == before { idle_steps + 1 } else { 0 };
            if idle_steps > 100_000 {
                return Err(anyhow!("the floor has come to rest: nothing is decided any more"));
            }
        }
        Ok(std::mem::take(&mut self.samples))
    }

    fn step(&mut self) -> anyhow::Result<()> {
        self.now = self.now.plus_ms(self.step_ms);
        if let Some(acd) = &mut self.acd {
            acd.handle_timeout(self.now);
        }
        // What timers bring about is decided as well, but not timed: many come
        // due at once.
        let kept = (self.samples.0.len(), self.samples.1.len());
        self.carry_out(None)?;
        self.samples.0.truncate(kept.0);
        self.samples.1.truncate(kept.1);
        self.answer_all()?;

        self.someone_is_ready(0)?;
        while self.contacts < self.waiting {
            let contact = self.busy_contact();
            self.tell(AcdInput::Enqueue(contact))?;
            self.answer_all()?;
        }
        if self.draw(5) == 0 {
            let queue = BUSY_QUEUES + self.draw(QUIET_QUEUES);
            let contact = self.contact(queue, Vec::new());
            self.tell(AcdInput::Enqueue(contact))?;
            self.answer_all()?;
        }
        // A quarter of the quiet agents talk, the others are idle.
        while self.talks[1].len() > self.agents / 20 {
            self.someone_is_ready(1)?;
        }
        Ok(())
    }

    /// A conversation ends; the agent cuts wrap-up short.
    fn someone_is_ready(&mut self, kind: usize) -> anyhow::Result<()> {
        if self.talks[kind].is_empty() {
            return Ok(());
        }
        let at = self.draw(self.talks[kind].len() as u64) as usize;
        let (agent, call) = self.talks[kind].swap_remove(at);
        self.tell(AcdInput::TalkEnded { agent, call, talk_ms: HANDLE_MS })?;
        self.tell(AcdInput::SetReady(agent))?;
        self.answer_all()
    }

    /// Every phone that rings is answered.
    fn answer_all(&mut self) -> anyhow::Result<()> {
        while let Some(offer) = self.offers.pop_front() {
            self.tell(AcdInput::OfferRinging { offer: offer.offer })?;
            self.tell(AcdInput::OfferAnswered { offer: offer.offer })?;
            let agent = offer.agent.0.as_u128() as usize - AGENT_BASE as usize;
            self.talks[usize::from(Self::is_quiet(agent))].push((offer.agent, offer.call));
        }
        Ok(())
    }

    /// Tells the distribution and carries out what it asks for.
    fn tell(&mut self, input: AcdInput) -> anyhow::Result<()> {
        let enqueued = matches!(input, AcdInput::Enqueue(_));
        let began = Instant::now();
        if let Some(acd) = &mut self.acd {
            acd.handle(self.now, input);
        }
        self.contacts += usize::from(enqueued);
        self.carry_out(Some(began))
    }

    fn carry_out(&mut self, began: Option<Instant>) -> anyhow::Result<()> {
        let mut began = began.unwrap_or_else(Instant::now);
        let mut router_us = None;
        while let Some(effect) = self.acd.as_mut().and_then(|acd| acd.poll()) {
            match effect {
                AcdEffect::AskRouter { ask, trigger, now, seed, .. } => {
                    let host: Box<dyn Distribution> =
                        self.acd.take().ok_or_else(|| anyhow!("the distribution is away"))?;
                    let asked = Instant::now();
                    let (turn, host) = self.router.decide(Moment { now, seed }, &trigger, host);
                    router_us = Some(micros(asked));
                    let acd = host.into_any().downcast::<Acd>();
                    let mut acd = acd.map_err(|_| anyhow!("another distribution came back"))?;
                    if let Err(fault) = &turn.outcome {
                        return Err(anyhow!("the router failed: {fault:?}"));
                    }
                    let (fuel, busy_us) = (turn.fuel, turn.busy_us);
                    let done = RouterDone { ask, fault: None, fuel, busy_us };
                    acd.handle(self.now, AcdInput::RouterDone(done));
                    self.acd = Some(acd);
                }
                AcdEffect::Offer(offer) => {
                    if let Some(router_us) = router_us.take() {
                        let whole = micros(began);
                        self.samples.0.push(whole);
                        self.samples.1.push(whole - router_us);
                    }
                    self.offers.push_back(offer);
                    began = Instant::now();
                }
                AcdEffect::ContactEnded(_) => self.contacts = self.contacts.saturating_sub(1),
                _ => {}
            }
        }
        Ok(())
    }
}

fn micros(since: Instant) -> f64 {
    since.elapsed().as_nanos() as f64 / 1_000.0
}

/// Where agents' ids begin.
const AGENT_BASE: u128 = 1 << 40;

fn agent_id(n: usize) -> AgentId {
    AgentId(Uuid::from_u128(AGENT_BASE + n as u128))
}

fn need(name: String, min_level: u8, relax: &[(u32, u8)]) -> SkillNeed {
    let relax = relax.iter().map(|&(after_s, min_level)| Relaxation { after_s, min_level });
    SkillNeed { name, min_level, relax: relax.collect() }
}
