//! Calls recorded by really running a program in the real core of a call. Who
//! calls, and everything else that happens, is chosen by a seed.

use std::collections::VecDeque;
use strowger_call::*;
use strowger_guest::{Budget, FlowInstance, Program};
use strowger_model::*;

/// Steps of the world after which a caller has had enough.
const PATIENCE: u32 = 40;

/// A recorded call; the instance is new unless one is brought along.
pub fn record(program: &Program, seed: u64) -> Vec<JournalEntry> {
    // Fuel decides; a machine that does five other things must not.
    let patient = Budget { deadline_ms: 60_000, ..Budget::default() };
    let mut instance = FlowInstance::new(program, &patient).expect("it starts");
    record_with(&mut instance, seed)
}

/// A call recorded with an instance that may have served others before.
pub fn record_with(instance: &mut FlowInstance, seed: u64) -> Vec<JournalEntry> {
    let setup = CallSetup {
        call: CallId(uuid::Uuid::from_u128(u128::from(seed) + 1)),
        from: format!("+4416329{:05}", seed % 100_000).parse().expect("a number"),
        seed,
        now: super::moment().now.plus_ms(seed % 604_800 * 1_000),
        ..super::setup()
    };
    let mut world = World::new(setup, seed);
    world.settle(instance);
    for step in 0.. {
        if world.over {
            break;
        }
        let input = world.next(step);
        world.give(input);
        world.settle(instance);
    }
    world.journal
}

struct World {
    call: Call,
    now: Timestamp,
    random: u64,
    over: bool,
    /// What the house answers at once.
    answers: VecDeque<Input>,
    journal: Vec<JournalEntry>,
    turn: Option<(GuestEvent, Moment, TurnView)>,
    play: Option<PlayId>,
    recording: Option<RecordingId>,
    waits: bool,
    talks_to: Option<LegId>,
    dialled: Vec<LegId>,
}

impl World {
    fn new(setup: CallSetup, seed: u64) -> Self {
        Self {
            now: setup.now,
            call: Call::new(setup),
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            over: false,
            answers: VecDeque::new(),
            journal: Vec::new(),
            turn: None,
            play: None,
            recording: None,
            waits: false,
            talks_to: None,
            dialled: Vec::new(),
        }
    }

    /// One of so many, by xorshift64 (Marsaglia, 2003).
    fn one_of(&mut self, many: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % many
    }

    fn give(&mut self, input: Option<Input>) {
        self.now = self.now.plus_ms(10 + self.random % 700);
        match input {
            Some(input) => self.call.handle(self.now, input),
            None => {
                self.now = self.call.next_timeout().map_or(self.now, |at| at.max(self.now));
                self.call.handle_timeout(self.now);
            }
        }
    }

    /// Until neither the call nor its program nor the house has anything to do.
    fn settle(&mut self, instance: &mut FlowInstance) {
        loop {
            while let Some(effect) = self.call.poll() {
                self.carry_out(effect);
            }
            if let Some((event, moment, view)) = self.turn.take() {
                let result = instance.handle(moment, &event, view).result;
                self.call.handle(self.now, Input::Turn(result));
            } else if let Some(input) = self.answers.pop_front() {
                self.call.handle(self.now, input);
            } else {
                return;
            }
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        let answer = match effect {
            Effect::Journal(entry) => return self.journal.push(entry),
            Effect::Finished(_) => return self.over = true,
            Effect::RunGuest { event, moment, view } => {
                return self.turn = Some((event, moment, view));
            }
            Effect::Leg(leg, LegEffect::Answer) => {
                Input::Leg(leg, LegInput::Answered { codec: "PCMU".into() })
            }
            Effect::Leg(leg, LegEffect::Originate { .. }) => return self.dialled.push(leg),
            Effect::Media(MediaEffect::Play { play, .. }) => return self.play = Some(play),
            Effect::Media(MediaEffect::RecordStart { recording, .. }) => {
                return self.recording = Some(recording);
            }
            Effect::Media(MediaEffect::RecordStop { recording }) => {
                self.recording = None;
                let duration_ms = 1_000 + self.one_of(9_000);
                let reason = String::new();
                Input::Media(MediaInput::RecordingEnded { recording, duration_ms, reason })
            }
            Effect::Queue(QueueEffect::Enqueue { .. }) => return self.waits = true,
            Effect::Queue(QueueEffect::Leave | QueueEffect::CallerGone) => {
                return self.waits = false;
            }
            Effect::Queue(QueueEffect::OfferAnswered { offer }) => {
                self.waits = false;
                let agent = Some(AgentId(uuid::Uuid::from_u128(offer.0.into())));
                let outcome = ContactOutcome::Served;
                Input::Queue(QueueInput::Ended { outcome, reason: String::new(), agent })
            }
            Effect::Kv { command, op } => {
                let (outcome, value) = match op {
                    KvOp::Get { .. } => ("found", self.one_of(9).to_string()),
                    KvOp::Set { .. } => ("ok", String::new()),
                };
                Input::Kv { command, outcome: outcome.into(), value }
            }
            _ => return,
        };
        self.answers.push_back(answer);
    }

    /// What happens next; none: only time passes.
    fn next(&mut self, step: u32) -> Option<Input> {
        let caller = LegId(0);
        if step >= PATIENCE {
            return Some(Input::Leg(caller, LegInput::HungUp { cause: Cause::Normal }));
        }
        if let Some(leg) = self.dialled.pop() {
            self.talks_to = Some(leg);
            return Some(Input::Leg(
                leg,
                match self.one_of(3) {
                    0 => LegInput::Failed { cause: Cause::Busy, sip_status: Some(486) },
                    _ => LegInput::Answered { codec: "PCMU".into() },
                },
            ));
        }
        match self.one_of(24) {
            0 => Some(Input::Leg(caller, LegInput::HungUp { cause: Cause::Normal })),
            1..=2 => None,
            3..=10 if self.play.is_some() => {
                let play = self.play.take()?;
                let reason = String::new();
                Some(Input::Media(MediaInput::PlayEnded { play, ok: true, reason }))
            }
            11..=12 if self.waits => Some(Input::Queue(QueueInput::Waiting {
                position: 1 + u32::from(step.is_multiple_of(2)),
                expected_wait_ms: self.one_of(60_000),
            })),
            13..=14 if self.waits => Some(Input::Queue(QueueInput::Offer {
                offer: OfferId(u64::from(step) + 1),
                agent: AgentId(uuid::Uuid::from_u128(u128::from(step) + 1)),
                target: "201".into(),
                ring_ms: 15_000,
            })),
            15 if self.talks_to.is_some() => {
                let leg = self.talks_to.take()?;
                Some(Input::Leg(leg, LegInput::HungUp { cause: Cause::Normal }))
            }
            _ => {
                let digits = ['1', '1', '2', '0', '5', '#', '*'];
                let digit = digits[self.one_of(7) as usize];
                Some(Input::Leg(caller, LegInput::Digit { digit, held_ms: 80 }))
            }
        }
    }
}
