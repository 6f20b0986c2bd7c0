//! Drives a call in virtual time and watches that it keeps its promises.
#![allow(dead_code)]

pub mod scenario;
mod watch;

use std::collections::BTreeMap;
use strowger_call::*;
use strowger_model::*;
pub use watch::Watch;

pub const START: Timestamp = Timestamp(1_800_000_000_000);

pub fn setup() -> CallSetup {
    CallSetup {
        call: CallId(uuid::Uuid::from_u128(7)),
        tenant: TenantId(uuid::Uuid::from_u128(1)),
        direction: Direction::Inbound,
        from: "+441632960001".parse().unwrap(),
        to: "+441632960000".parse().unwrap(),
        trunk: None,
        from_agent: None,
        flow: "main".into(),
        version: Some(VersionId(uuid::Uuid::from_u128(3))),
        language: "en".into(),
        seed: 42,
        now: START,
        limits: CallLimits::default(),
        fallback: Fallback::HangUp,
        facts: BTreeMap::new(),
        journal: true,
    }
}

pub fn agent(n: u128) -> AgentId {
    AgentId(uuid::Uuid::from_u128(0xa000 + n))
}

/// A call, its clock, and everything it has asked for so far.
pub struct Line {
    pub call: Call,
    pub now: Timestamp,
    pub watch: Watch,
    /// Effects since the last look, journal and screen events left out.
    pub fresh: Vec<Effect>,
    pub journal: Vec<JournalEntry>,
    pub events: Vec<(&'static str, serde_json::Value)>,
    pub pending: Option<(GuestEvent, Moment, TurnView)>,
    /// Inputs so far, and at which of them the caller hangs up instead.
    pub inputs: usize,
    pub cut: Option<usize>,
    pub cut_by: Cut,
    pub is_cut: bool,
}

/// What happens instead of the input at which a scenario is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The caller hangs up.
    Caller,
    /// The caller hangs up and the input arrives all the same.
    CallerFirst,
    /// An operator ends the call.
    Operator,
    /// The caller's phone vanishes.
    Phone,
    /// The flow traps, and the caller hangs up later.
    Guest,
}

impl Line {
    pub fn new() -> Self {
        Self::with(setup())
    }

    pub fn with(setup: CallSetup) -> Self {
        let mut line = Self {
            now: setup.now,
            watch: Watch::new(&setup),
            call: Call::new(setup),
            fresh: Vec::new(),
            journal: Vec::new(),
            events: Vec::new(),
            pending: None,
            inputs: 0,
            cut: None,
            cut_by: Cut::Caller,
            is_cut: false,
        };
        line.drain();
        line
    }

    /// An answered call whose flow has done nothing else yet.
    pub fn answered(setup: CallSetup) -> Self {
        let mut line = Self::with(setup);
        line.turn_ok(vec![Action::Answer]);
        line.leg(0, LegInput::Answered { codec: "PCMU".into() });
        line.turn_ok(vec![]);
        line.fresh.clear();
        line
    }

    pub fn input(&mut self, input: Input) {
        if self.is_cut {
            return;
        }
        if self.cut == Some(self.inputs) {
            self.is_cut = true;
            self.do_cut(input);
            return;
        }
        self.inputs += 1;
        self.raw(input);
    }

    fn do_cut(&mut self, instead_of: Input) {
        let hung_up = Input::Leg(LegId(0), LegInput::HungUp { cause: Cause::Normal });
        match self.cut_by {
            Cut::Caller => self.raw(hung_up),
            Cut::CallerFirst => {
                self.raw(hung_up);
                if !self.call.is_over() {
                    self.raw(instead_of);
                }
            }
            Cut::Operator => {
                self.raw(Input::HangUp { cause: Cause::ServerRestart, by: Party::Host });
            }
            Cut::Phone => self.raw(Input::Leg(LegId(0), LegInput::MediaTimeout)),
            Cut::Guest => {
                self.raw(Input::Signal { name: "boom".into(), data: String::new() });
                let fault = Fault::new(FaultKind::Trap, "on purpose");
                if let Input::Turn(turn) = instead_of {
                    self.raw(Input::Turn(TurnResult { outcome: Err(fault), ..turn }));
                } else if let Some((_, _, view)) = self.pending.take() {
                    self.raw(Input::Turn(view.finish(Some(fault), 1, 1)));
                }
                self.raw(Input::FallbackReady { version: None });
                self.pass(500);
                self.raw(hung_up);
            }
        }
    }

    pub fn raw(&mut self, input: Input) {
        self.watch.input(&input);
        self.call.handle(self.now, input);
        self.drain();
    }

    pub fn leg(&mut self, leg: u32, input: LegInput) {
        self.input(Input::Leg(LegId(leg), input));
    }

    pub fn queue(&mut self, input: QueueInput) {
        self.input(Input::Queue(input));
    }

    pub fn media(&mut self, input: MediaInput) {
        self.input(Input::Media(input));
    }

    pub fn press(&mut self, digits: &str) {
        for digit in digits.chars() {
            self.leg(0, LegInput::Digit { digit, held_ms: 80 });
        }
    }

    pub fn caller_hangs_up(&mut self) {
        self.leg(0, LegInput::HungUp { cause: Cause::Normal });
    }

    /// Lets time pass; whatever is due happens at its time.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now.plus_ms(ms);
        while let Some(at) = self.call.next_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.call.handle_timeout(self.now);
            self.drain();
            if let Some(next) = self.call.next_timeout() {
                assert!(next > self.now, "a timer that was due at {next:?} is still due");
            }
        }
        self.now = until;
    }

    /// Answers the guest's turn under way with whatever the closure asks for.
    pub fn turn(&mut self, run: impl FnOnce(&GuestEvent, &mut TurnView)) {
        if self.is_cut {
            return;
        }
        let (event, _, mut view) = self.pending.take().expect("the guest has a turn");
        run(&event, &mut view);
        self.input(Input::Turn(view.finish(None, 100, 5)));
    }

    /// Answers the turn with actions that must all be admitted.
    pub fn turn_ok(&mut self, actions: Vec<Action>) -> Vec<CommandId> {
        let mut ids = Vec::new();
        self.turn(|_, view| {
            for action in actions {
                ids.push(view.admit(action.clone()).unwrap_or_else(|e| panic!("{action:?}: {e}")));
            }
        });
        ids
    }

    /// Answers the turn with a fault.
    pub fn turn_fails(&mut self, kind: FaultKind) {
        if self.is_cut {
            return;
        }
        let (_, _, view) = self.pending.take().expect("the guest has a turn");
        self.input(Input::Turn(view.finish(Some(Fault::new(kind, "on purpose")), 9, 1)));
    }

    /// What the guest is being told, and an empty answer to it.
    pub fn told(&mut self) -> GuestEvent {
        let event = self.pending.as_ref().expect("the guest has a turn").0.clone();
        self.turn_ok(vec![]);
        event
    }

    /// Expects a completion: its outcome and value.
    pub fn completed(&mut self, command: CommandId) -> (String, String) {
        match self.told() {
            GuestEvent::Completed { command: c, outcome, value } => {
                assert_eq!(c, command, "{outcome}");
                (outcome, value)
            }
            other => panic!("expected command {command} to complete, got {other:?}"),
        }
    }

    pub fn detail(&self, name: &str) -> Option<String> {
        self.pending.as_ref()?.2.detail(name).map(str::to_owned)
    }

    /// Answers turns with nothing until the guest has none left.
    pub fn idle_guest(&mut self) {
        while let Some((_, _, view)) = self.pending.take() {
            self.raw(Input::Turn(view.finish(None, 1, 1)));
        }
    }

    /// Effects since the last look.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.fresh)
    }

    pub fn media_effects(&mut self) -> Vec<MediaEffect> {
        self.effects()
            .into_iter()
            .filter_map(|e| if let Effect::Media(m) = e { Some(m) } else { None })
            .collect()
    }

    pub fn queue_effects(&mut self) -> Vec<QueueEffect> {
        self.effects()
            .into_iter()
            .filter_map(|e| if let Effect::Queue(q) = e { Some(q) } else { None })
            .collect()
    }

    pub fn leg_effects(&mut self) -> Vec<(u32, LegEffect)> {
        self.effects()
            .into_iter()
            .filter_map(|e| if let Effect::Leg(l, e) = e { Some((l.0, e)) } else { None })
            .collect()
    }

    pub fn last_play(&self) -> PlayId {
        self.watch.last_play.expect("something was played")
    }

    pub fn happened(&self, name: &str) -> bool {
        self.events.iter().any(|(n, _)| *n == name)
    }

    /// Everything that may be checked once a call is over.
    pub fn assert_over(&self) {
        assert!(self.call.is_over(), "the call is not over: {:?}", self.call);
        self.watch.assert_over(&self.journal);
    }

    fn drain(&mut self) {
        while let Some(effect) = self.call.poll() {
            self.watch.effect(&effect);
            match effect {
                Effect::Journal(entry) => self.journal.push(entry),
                Effect::Event { name, data } => {
                    // A guest that has failed owes no answer any more.
                    if name == "flow.fault" {
                        self.pending = None;
                    }
                    self.events.push((name, data));
                }
                Effect::RunGuest { event, moment, view } => {
                    assert!(self.pending.is_none(), "two turns at once");
                    self.pending = Some((event, moment, view));
                }
                other => self.fresh.push(other),
            }
        }
    }
}

pub fn play(sources: &[&str]) -> Action {
    Action::Play { sources: sources.iter().map(|s| s.to_string()).collect(), times: 1 }
}

pub fn gather_options(max: u32) -> GatherOptions {
    GatherOptions {
        max_digits: max,
        terminators: "#".into(),
        first_digit_ms: 5_000,
        inter_digit_ms: 3_000,
        barge_in: true,
        secret: false,
    }
}

pub fn gather(prompt: &[&str], options: GatherOptions) -> Action {
    Action::Gather { prompt: prompt.iter().map(|s| s.to_string()).collect(), options }
}

pub fn enqueue(queue: &str) -> Action {
    Action::Enqueue(EnqueueOptions {
        queue: queue.into(),
        skills: vec![],
        priority: 0,
        attributes: vec![],
        treatment: vec!["music:jazz".into()],
        max_wait_ms: 0,
    })
}

pub fn dial_options(targets: &[&str], strategy: DialStrategy) -> DialOptions {
    DialOptions {
        targets: targets.iter().map(|s| s.to_string()).collect(),
        strategy,
        timeout_ms: 20_000,
        caller_id: String::new(),
    }
}

pub fn offer(n: u64) -> QueueInput {
    QueueInput::Offer {
        offer: OfferId(n),
        agent: agent(n as u128),
        target: "201".into(),
        ring_ms: 15_000,
    }
}

pub fn served(n: u64) -> QueueInput {
    QueueInput::Ended {
        outcome: ContactOutcome::Served,
        reason: String::new(),
        agent: Some(agent(n as u128)),
    }
}

pub fn answered() -> LegInput {
    LegInput::Answered { codec: "PCMA".into() }
}

pub fn hung_up() -> LegInput {
    LegInput::HungUp { cause: Cause::Normal }
}

pub fn ringing() -> LegInput {
    LegInput::Ringing { early_media: false }
}

/// A phone asks for a blind transfer to a target written as in `dial`.
pub fn refer(target: &str) -> LegInput {
    let address = target.split_once(':').map_or(target, |(_, address)| address);
    let to = ReferTo::Target(target.to_owned());
    LegInput::Referred { target: address.parse().unwrap(), to }
}
