//! Everything there is, and the clock that moves it.

mod carry_out;
mod distribution;
mod happening;
mod phones;

use crate::agents::{self, Phone};
use crate::checks;
use crate::config::Config;
use crate::flow::{Flow, Flows};
use crate::random::Random;
use crate::reference::Reference;
use crate::router::Router;
use happening::{Agenda, Happening};
use std::collections::BTreeMap;
use std::fmt;
use strowger_acd::{Acd, AcdInput, AcdSetup};
use strowger_call::{Call, CallLimits, CallSetup, Fallback, Input};
use strowger_model::{
    AgentId, CallId, CallRecord, ContactOutcome, Direction, LegId, TenantId, Timestamp,
};
use uuid::Uuid;

/// When the virtual day begins.
const MORNING: Timestamp = Timestamp(1_800_000_000_000);
/// All agents and calls are looked at after so many steps; those a step has
/// touched are looked at after each.
const FULL_LOOK: u64 = 512;
/// A simulation that takes more steps for a call is going in circles.
const STEPS_PER_CALL: u64 = 20_000;

/// The far end of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FarState {
    /// Not reached yet.
    Idle,
    Ringing,
    Up,
    Gone,
}

/// A leg as the network and the phone at its end see it.
#[derive(Clone, Debug)]
pub(crate) struct FarEnd {
    pub state: FarState,
    /// The agent whose phone it is.
    pub agent: Option<usize>,
    /// Messages on their way in either direction.
    pub under_way: u32,
}

/// A call, its guest and its far ends.
pub(crate) struct Live {
    pub core: Call,
    pub flow: Option<Box<dyn Flow>>,
    pub ends: BTreeMap<LegId, FarEnd>,
    timer_at: Option<Timestamp>,
    /// The distribution's messages to it stay in order.
    heard_at: Timestamp,
    /// Messages between it and the distribution.
    pub under_way: u32,
    pub finished: Option<Box<CallRecord>>,
    pub enqueued: u32,
    pub ended: Vec<(ContactOutcome, Option<AgentId>)>,
}

/// What a simulation came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Calls that ended.
    pub calls: u32,
    /// Steps taken.
    pub steps: u64,
    /// Virtual time that passed.
    pub virtual_ms: u64,
    /// Contacts by outcome.
    pub contacts: BTreeMap<&'static str, u32>,
    /// Calls by cause.
    pub causes: BTreeMap<&'static str, u32>,
    /// Turns that guests took.
    pub turns: u64,
    /// Faults of guests.
    pub faults: u64,
    /// A number that differs if anything at all went differently.
    pub fingerprint: u64,
}

/// One simulation.
pub struct World {
    pub(crate) config: Config,
    pub(crate) now: Timestamp,
    pub(crate) random: Random,
    pub(crate) calls: BTreeMap<CallId, Live>,
    pub(crate) acd: Box<Acd>,
    pub(crate) phones: Vec<Phone>,
    pub(crate) reference: Reference,
    /// Which call the distribution has an agent busy with.
    pub(crate) engaged: BTreeMap<AgentId, CallId>,
    agenda: Agenda,
    acd_timer_at: Option<Timestamp>,
    acd_heard_at: Timestamp,
    flows: Box<dyn Flows>,
    router: Box<dyn Router>,
    started: u32,
    pub(crate) report: Report,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "simulation {:?} at {:?}", self.config, self.now)
    }
}

impl World {
    /// A contact centre before its first call.
    pub fn new(config: Config, flows: Box<dyn Flows>, router: Box<dyn Router>) -> Self {
        let mut random = Random::new(config.seed);
        let phones = agents::agents(config.agents, &mut random);
        let acd = Acd::new(AcdSetup { tenant: tenant(), seed: random.draw() });
        let mut world = Self {
            config,
            now: MORNING,
            random,
            calls: BTreeMap::new(),
            acd: Box::new(acd),
            phones,
            reference: Reference::default(),
            engaged: BTreeMap::new(),
            agenda: Agenda::default(),
            acd_timer_at: None,
            acd_heard_at: MORNING,
            flows,
            router,
            started: 0,
            report: Report::default(),
        };
        world.open();
        world
    }

    /// Runs it to its end: every call over, every phone at rest.
    pub fn run(mut self) -> Report {
        let guard = SeedGuard(self.config);
        let most = STEPS_PER_CALL * u64::from(self.config.calls.max(1));
        while let Some((at, happening)) = self.agenda.next() {
            self.now = at;
            self.report.steps += 1;
            assert!(self.report.steps < most, "the simulation goes in circles");
            let touched = happening.call();
            self.happen(happening);
            if let Some(call) = touched {
                checks::call(&self, call);
            }
            if self.report.steps.is_multiple_of(FULL_LOOK) {
                checks::everything(&self);
            }
            self.forget_finished(touched);
            if self.started == self.config.calls && self.calls.is_empty() {
                break;
            }
        }
        checks::everything(&self);
        checks::evening(&self);
        self.report.virtual_ms = self.now.ms_since(MORNING);
        std::mem::forget(guard);
        self.report
    }

    fn open(&mut self) {
        let queues = agents::queues(&self.phones);
        for queue in queues {
            self.reference.queues.push(queue.clone());
            self.tell_acd_now(AcdInput::QueueUpsert(queue));
        }
        for index in 0..self.phones.len() {
            let config = self.phones[index].config.clone();
            let state = strowger_model::AgentState::SignedOut;
            self.reference.agents.push((config.clone(), state));
            self.tell_acd_now(AcdInput::AgentUpsert(config));
            let at = self.now.plus_ms(self.random.range(0, 5_000));
            self.agenda.add(at, Happening::AgentThinks(index));
        }
        self.agenda.add(self.now, Happening::NewCall);
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::NewCall => self.new_call(),
            Happening::ToCall(call, input) => self.tell_call(call, input),
            Happening::FromAcd(call, input) => {
                if let Some(live) = self.calls.get_mut(&call) {
                    live.under_way -= 1;
                }
                self.tell_call(call, Input::Queue(input));
            }
            Happening::FromPhone(call, leg, input) => {
                if let Some(end) = self.end(call, leg) {
                    end.under_way -= 1;
                }
                self.tell_call(call, Input::Leg(leg, input));
            }
            Happening::ToPhone(call, leg, effect) => self.phone_gets(call, leg, effect),
            Happening::PhoneDoes(call, leg, deed) => self.phone_does(call, leg, deed),
            Happening::CallTimer(call) => self.call_timer(call),
            Happening::ToAcd(call, input) => {
                if let Some(live) = call.and_then(|call| self.calls.get_mut(&call)) {
                    live.under_way -= 1;
                }
                self.tell_acd_now(input);
            }
            Happening::AcdTimer => self.acd_timer(),
            Happening::AgentThinks(agent) => self.agent_thinks(agent),
        }
    }

    fn new_call(&mut self) {
        if self.started == self.config.calls {
            return;
        }
        self.started += 1;
        let id = CallId(Uuid::from_u128(0xca11_0000_0000 + u128::from(self.started)));
        let fallback = match self.random.range(0, 3) {
            0 => Fallback::HangUp,
            1 => Fallback::Flow,
            _ => Fallback::Number("number:+441632960900".into()),
        };
        let number = format!("+4416329{:05}", self.random.range(0, 90_000));
        let setup = CallSetup {
            call: id,
            tenant: tenant(),
            direction: Direction::Inbound,
            from: number.parse().expect("a number"),
            to: "+441632960000".parse().expect("a number"),
            trunk: None,
            from_agent: None,
            flow: "main".into(),
            version: None,
            language: "en".into(),
            seed: self.random.draw(),
            now: self.now,
            limits: CallLimits::default(),
            fallback,
            facts: BTreeMap::new(),
            journal: true,
        };
        let mut live = Live {
            core: Call::new(setup),
            flow: Some(self.flows.fresh(id, false)),
            ends: BTreeMap::new(),
            timer_at: None,
            heard_at: self.now,
            under_way: 0,
            finished: None,
            enqueued: 0,
            ended: Vec::new(),
        };
        live.ends.insert(LegId(0), FarEnd { state: FarState::Ringing, agent: None, under_way: 0 });
        self.calls.insert(id, live);
        self.caller_arrives(id);
        self.drain_call(id);
        let next = self.now.plus_ms(self.random.range(0, self.config.between_calls_ms * 2));
        self.agenda.add(next, Happening::NewCall);
    }

    fn tell_call(&mut self, call: CallId, input: Input) {
        let now = self.now;
        let Some(live) = self.calls.get_mut(&call) else { return };
        live.core.handle(now, input);
        self.drain_call(call);
    }

    fn call_timer(&mut self, call: CallId) {
        let now = self.now;
        let Some(live) = self.calls.get_mut(&call) else { return };
        if live.timer_at != Some(now) {
            return;
        }
        live.timer_at = None;
        live.core.handle_timeout(now);
        if let Some(next) = live.core.next_timeout() {
            assert!(next > now, "a timer of {call} that was due is still due");
        }
        self.drain_call(call);
    }

    /// Calls that are over and whose messages have all arrived are forgotten.
    fn forget_finished(&mut self, touched: Option<CallId>) {
        let Some(call) = touched else { return };
        let over = self.calls.get(&call).is_some_and(|live| {
            live.finished.is_some()
                && live.under_way == 0
                && live.ended.len() as u32 == live.enqueued
                && live.ends.values().all(|e| e.under_way == 0 && e.state == FarState::Gone)
        });
        if over && let Some(live) = self.calls.remove(&call) {
            checks::closed(self, call, &live);
            self.count(&live);
        }
    }

    fn count(&mut self, live: &Live) {
        let Some(record) = &live.finished else { return };
        let report = &mut self.report;
        report.calls += 1;
        report.turns += u64::from(record.guest.turns);
        report.faults += record.guest.faults.len() as u64;
        let cause = record.cause.map_or("none", |cause| cause.name());
        *report.causes.entry(cause).or_default() += 1;
        for (outcome, _) in &live.ended {
            *report.contacts.entry(outcome.name()).or_default() += 1;
        }
        let mark = format!("{:?}{:?}", record.ended_at, record.legs.len());
        for byte in mark.bytes() {
            report.fingerprint = report.fingerprint.wrapping_mul(31).wrapping_add(u64::from(byte));
        }
    }

    pub(crate) fn end(&mut self, call: CallId, leg: LegId) -> Option<&mut FarEnd> {
        self.calls.get_mut(&call)?.ends.get_mut(&leg)
    }
}

fn tenant() -> TenantId {
    TenantId(Uuid::from_u128(1))
}

/// Says how to see a failure again.
struct SeedGuard(Config);

impl Drop for SeedGuard {
    fn drop(&mut self) {
        eprintln!(
            "simulation failed; to see it again: STROWGER_SIM_SEED={} STROWGER_SIM_CALLS={} ({:?})",
            self.0.seed, self.0.calls, self.0.trouble
        );
    }
}
