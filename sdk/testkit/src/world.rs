//! Everything around the call that the script does not say: phones that ring,
//! sound that takes time, a distribution that confirms, stores and services that
//! answer at once. Drives the server's own call core in virtual time.

use crate::guest::Decides;
use crate::happening::{Happening, Happenings};
use crate::player::{PlayEnd, Player};
use crate::script::{ANY_REQUEST, HttpAnswer, HttpResult};
use crate::simulation::in_words;
use std::collections::BTreeMap;
use strowger_call::{
    Between, Call, CallSetup, CommandId, Effect, HttpRequest, Input, KvOp, LegEffect, LegInput,
    MediaEffect, MediaInput, QueueEffect, QueueInput,
};
use strowger_model::{
    AgentId, CallId, CallRecord, Cause, ContactOutcome, JournalEntry, LegId, OfferId, RecordingId,
    SkillNeed, Timestamp,
};
use strowger_sdk::Level;

/// Effects carried out without time passing: a flow that keeps the call busy for
/// ever at one instant is a fault of the flow.
const MAX_EFFECTS_AT_ONCE: u32 = 100_000;

/// What a queue says of a wait that has just begun.
const FIRST_EXPECTED_WAIT_MS: u64 = 30_000;

pub(crate) const CALLER: LegId = LegId(0);

/// The caller's wait.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) queue: String,
    pub(crate) needs: Vec<SkillNeed>,
    pub(crate) priority: i32,
    until: Option<Timestamp>,
    offer: Option<(OfferId, AgentId)>,
}

/// Another party's phone.
#[derive(Clone, Debug)]
pub(crate) struct Phone {
    pub(crate) leg: LegId,
    pub(crate) target: String,
    pub(crate) alive: bool,
}

/// What is there before the call.
pub(crate) struct Around {
    pub(crate) stored: BTreeMap<String, String>,
    pub(crate) answers: Vec<HttpAnswer>,
    /// Where others can be picked up.
    pub(crate) waiting_at: Vec<String>,
    pub(crate) prompts_fail: bool,
}

pub(crate) struct World {
    call: Call,
    guest: Box<dyn Decides>,
    started_at: Timestamp,
    pub(crate) now: Timestamp,
    pub(crate) player: Player,
    pub(crate) waiting: Option<Waiting>,
    pub(crate) phones: Vec<Phone>,
    pub(crate) talking_to: Option<LegId>,
    pub(crate) recording: Option<(RecordingId, Timestamp)>,
    pub(crate) parked_at: Option<String>,
    pub(crate) conference: Option<String>,
    /// Where others can be picked up.
    waiting_at: Vec<String>,
    pub(crate) store: BTreeMap<String, (String, Option<Timestamp>)>,
    pub(crate) answers: Vec<HttpAnswer>,
    pub(crate) requests: Vec<String>,
    pub(crate) rejected: Option<u16>,
    pub(crate) log: Vec<(Level, String)>,
    pub(crate) record: Option<CallRecord>,
    pub(crate) transcript: Vec<String>,
    /// The same for people, with what is heard in words.
    pub(crate) told: Vec<String>,
    /// The call's journal so far.
    pub(crate) journal: Vec<JournalEntry>,
    /// What a policy answers.
    pub(crate) happenings: Happenings,
    prompts_fail: bool,
    next_offer: u64,
    effects_at: (Timestamp, u32),
}

impl World {
    pub(crate) fn new(setup: CallSetup, guest: Box<dyn Decides>, around: Around) -> Self {
        let Around { stored, answers, waiting_at, prompts_fail } = around;
        let now = setup.now;
        let mut world = Self {
            call: Call::new(setup),
            guest,
            started_at: now,
            now,
            player: Player::default(),
            waiting: None,
            phones: Vec::new(),
            talking_to: None,
            recording: None,
            parked_at: None,
            conference: None,
            waiting_at,
            store: stored.into_iter().map(|(key, value)| (key, (value, None))).collect(),
            answers,
            requests: Vec::new(),
            rejected: None,
            log: Vec::new(),
            record: None,
            transcript: Vec::new(),
            told: Vec::new(),
            journal: Vec::new(),
            happenings: Happenings::default(),
            prompts_fail,
            next_offer: 1,
            effects_at: (now, 0),
        };
        world.happenings.note(Happening::new("start"));
        world.settle();
        world
    }

    /// Tells the call something and lets everything follow from it.
    pub(crate) fn tell(&mut self, input: Input) {
        self.call.handle(self.now, input);
        self.settle();
    }

    pub(crate) fn view(&self) -> strowger_call::TurnView {
        self.call.view()
    }

    pub(crate) fn note(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.note_in_words(&what, &what);
    }

    fn note_in_words(&mut self, what: &str, words: &str) {
        let at = self.now.ms_since(self.started_at);
        let line = |what: &str| format!("{:4}.{:03}  {what}", at / 1000, at % 1000);
        self.transcript.push(line(what));
        self.told.push(line(words));
    }

    /// When the next thing happens by itself.
    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        let due = [
            self.call.next_timeout(),
            self.player.next_change(),
            self.waiting.as_ref().and_then(|waiting| waiting.until),
        ];
        due.into_iter().flatten().min()
    }

    /// What a service answers from now on.
    pub(crate) fn add_service(&mut self, request: &str, result: HttpResult) {
        let request = request.to_owned();
        self.answers.retain(|answer| answer.request != request);
        self.answers.push(HttpAnswer { request, result });
    }

    /// Lets time pass until the next thing happens, but not beyond `limit`;
    /// `false` if nothing does.
    pub(crate) fn step(&mut self, limit: Timestamp) -> bool {
        let Some(next) = self.next_change().filter(|next| *next <= limit) else {
            return false;
        };
        self.now = self.now.max(next);
        if let Some(end) = self.player.advance(self.now) {
            self.play_ended(end);
        }
        if self.waiting.as_ref().is_some_and(|w| w.until.is_some_and(|until| until <= self.now)) {
            self.end_wait(ContactOutcome::TimedOut, None);
        }
        self.call.handle_timeout(self.now);
        self.settle();
        true
    }

    /// Lets time pass.
    pub(crate) fn pass(&mut self, until: Timestamp) {
        while self.step(until) {}
        self.now = self.now.max(until);
    }

    /// Calls an agent's phone for the caller who waits.
    pub(crate) fn offer(&mut self, extension: &str, ring_ms: u64) -> Result<LegId, String> {
        let Some(waiting) = &mut self.waiting else {
            return Err("the caller waits in no queue".to_owned());
        };
        let offer = OfferId(self.next_offer);
        let agent = agent_id(extension);
        self.next_offer += 1;
        waiting.offer = Some((offer, agent));
        let target = extension.to_owned();
        let phones = self.phones.len();
        self.tell(Input::Queue(QueueInput::Offer { offer, agent, target, ring_ms }));
        match self.phones.get(phones) {
            Some(phone) => Ok(phone.leg),
            None => Err(format!("the call does not let agent {extension}'s phone ring")),
        }
    }

    pub(crate) fn end_wait(&mut self, outcome: ContactOutcome, agent: Option<AgentId>) {
        if self.waiting.take().is_some() {
            self.note(format!("the wait ends: {}", outcome.name()));
            let reason = String::new();
            self.tell(Input::Queue(QueueInput::Ended { outcome, reason, agent }));
        }
    }

    fn settle(&mut self) {
        while let Some(effect) = self.call.poll() {
            if self.effects_at.0 != self.now {
                self.effects_at = (self.now, 0);
            }
            self.effects_at.1 += 1;
            assert!(
                self.effects_at.1 < MAX_EFFECTS_AT_ONCE,
                "the flow goes in circles without waiting for anything"
            );
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::RunGuest { event, moment, view } => {
                self.happenings.turn = view.turn();
                let before = view.attributes().to_vec();
                let (result, log) = self.guest.turn(event, moment, view);
                for (level, line) in log {
                    self.note(format!("log: {}: {line}", level.name()));
                    self.log.push((level, line));
                }
                for known in result.attributes.iter().filter(|known| !before.contains(known)) {
                    self.note(format!("attribute {} = {}", known.0, known.1));
                }
                match &result.outcome {
                    Ok(actions) => self.happenings.note_actions(actions),
                    Err(fault) => self.note(format!("the flow fails: {fault}")),
                }
                self.call.handle(self.now, Input::Turn(result));
            }
            Effect::Leg(leg, effect) => self.leg(leg, effect),
            Effect::Media(effect) => self.media(effect),
            Effect::Queue(effect) => self.queue(effect),
            Effect::Kv { command, op } => self.kv(command, op),
            Effect::Http { command, request } => self.http(command, &request),
            Effect::UseFallback { fault, .. } => {
                // The script's calls end when their flow fails.
                let reason = fault.to_string();
                self.call.handle(self.now, Input::FallbackFailed { reason });
            }
            // A script has one call and one flow: nobody in it transfers elsewhere.
            Effect::Tell { call, what: Between::PickUp { .. } } => {
                self.call.handle(self.now, Input::Between { from: call, what: Between::Want });
            }
            Effect::Tell { what: Between::Want, .. } => {}
            Effect::Tell { call, .. } => {
                let what = Between::No { sip_status: 481 };
                self.call.handle(self.now, Input::Between { from: call, what });
            }
            Effect::FindNumber { .. } => {
                let reason = "the script has one flow".to_owned();
                self.call.handle(self.now, Input::NumberFailed { reason });
            }
            Effect::Park { slot } => {
                self.note(format!("the caller is parked at {slot}"));
                self.parked_at = Some(slot);
                self.happenings.note(Happening::new("park"));
            }
            Effect::Unpark { slot } => {
                self.note(format!("the caller is parked at {slot} no more"));
                self.parked_at = None;
            }
            Effect::FindCall { from } => {
                let from = from.to_string();
                self.note(format!("the caller wants to pick up at {from}"));
                let found = self.waiting_at.contains(&from).then_some((other_call(), None));
                self.call.handle(self.now, Input::Found { found });
            }
            Effect::Give { .. } => self.note("the caller goes over into the other call"),
            Effect::TakeSeat => {}
            Effect::Journal(entry) => self.journal.push(entry),
            Effect::Event { .. } => {}
            Effect::Finished(record) => self.record = Some(*record),
        }
    }

    fn leg(&mut self, leg: LegId, effect: LegEffect) {
        match effect {
            LegEffect::Ring => self.note("the caller hears that it rings"),
            LegEffect::EarlyMedia => self.note("the caller hears us without an answer"),
            LegEffect::Answer => {
                self.note("the call is answered");
                self.happenings.note(Happening::new("answer"));
                let codec = "PCMU".to_owned();
                self.call.handle(self.now, Input::Leg(leg, LegInput::Answered { codec }));
            }
            LegEffect::Reject { status, .. } => {
                self.note(format!("the call is refused with {status}"));
                self.rejected = Some(status);
            }
            LegEffect::HangUp { cause } => {
                let whom = self.phone_name(leg);
                self.note(format!("{whom} is hung up: {cause}"));
                self.phone_gone(leg);
            }
            LegEffect::Originate { target, agent, .. } => {
                self.note(format!("{target} rings"));
                // Whoever offers the caller to an agent knows.
                if agent.is_none() {
                    let dialled = Happening { target: target.clone(), ..Happening::new("dial") };
                    self.happenings.note(dialled);
                }
                self.phones.push(Phone { leg, target, alive: true });
                self.call
                    .handle(self.now, Input::Leg(leg, LegInput::Ringing { early_media: false }));
            }
            LegEffect::AcceptRefer => self.note("a transfer begins"),
            LegEffect::RejectRefer { status } => {
                self.note(format!("a transfer is refused with {status}"));
            }
            LegEffect::ReferProgress { status } => {
                self.note(format!("whoever transfers is told {status}"));
            }
            LegEffect::LetGo => {
                let whom = self.phone_name(leg);
                self.note(format!("{whom} is let go"));
                self.phone_gone(leg);
            }
            LegEffect::Take => self.note("somebody comes from another call"),
            LegEffect::Cancel => {
                let whom = self.phone_name(leg);
                self.note(format!("{whom} stops ringing"));
                self.phone_gone(leg);
            }
        }
    }

    fn media(&mut self, effect: MediaEffect) {
        match effect {
            MediaEffect::Play { play, sources, times, .. } => {
                let shown = sources.join(" + ");
                let words: Vec<String> = sources.iter().map(|source| in_words(source)).collect();
                let often = match times {
                    0 => " over and over".to_owned(),
                    1 => String::new(),
                    times => format!(" {times} times"),
                };
                self.note_in_words(
                    &format!("the caller hears{often}: {shown}"),
                    &format!("the caller hears{often}: {}", words.join(", ")),
                );
                if self.prompts_fail {
                    let failure = Some("the script lets every prompt fail".to_owned());
                    self.play_ended(PlayEnd { play, failure });
                } else if let Some(end) = self.player.play(self.now, play, sources, times) {
                    self.play_ended(end);
                }
            }
            MediaEffect::StopPlay { play, .. } => self.player.stop(play),
            MediaEffect::Bridge { b, .. } => {
                let whom = self.phone_name(b);
                self.note(format!("caller and {whom} talk"));
                self.talking_to = Some(b);
                self.happenings.note(Happening::new("talk"));
            }
            MediaEffect::Unbridge { b, .. } => {
                let whom = self.phone_name(b);
                self.note(format!("caller and {whom} no longer talk"));
            }
            MediaEffect::Mute { on: true, .. } => self.note("nobody hears the caller"),
            MediaEffect::Mute { on: false, .. } => self.note("the caller is heard again"),
            MediaEffect::Detect { options, .. } => self.note(format!("listens for {options:?}")),
            MediaEffect::ConferenceJoin { conference, .. } => {
                self.note(format!("the caller takes part in conference {conference}"));
                self.conference = Some(conference);
                self.happenings.note(Happening::new("conference"));
            }
            MediaEffect::ConferenceLeave { .. } => {
                self.note("the caller leaves the conference");
                self.conference = None;
            }
            MediaEffect::RecordStart { recording, .. }
            | MediaEffect::RecordContinue { recording, .. } => {
                self.note("recording begins");
                self.recording = Some((recording, self.now));
                self.happenings.note(Happening::new("record"));
            }
            MediaEffect::RecordPause { .. } => self.note("recording pauses"),
            MediaEffect::RecordResume { .. } => self.note("recording goes on"),
            MediaEffect::RecordStop { recording } => {
                let since = self.recording.take().map_or(self.now, |(_, since)| since);
                let duration_ms = self.now.ms_since(since);
                self.note(format!("{duration_ms} ms are recorded"));
                let reason = "stopped".to_owned();
                let ended = MediaInput::RecordingEnded { recording, duration_ms, reason };
                self.call.handle(self.now, Input::Media(ended));
            }
        }
    }

    fn queue(&mut self, effect: QueueEffect) {
        match effect {
            QueueEffect::Enqueue { queue, needs, priority, max_wait_ms, .. } => {
                self.note(format!("the caller waits in queue {queue}"));
                let until = (max_wait_ms > 0).then(|| self.now.plus_ms(max_wait_ms));
                self.waiting = Some(Waiting { queue, needs, priority, until, offer: None });
                let expected_wait_ms = FIRST_EXPECTED_WAIT_MS;
                let waiting = QueueInput::Waiting { position: 1, expected_wait_ms };
                self.call.handle(self.now, Input::Queue(waiting));
                self.happenings.note(Happening::new("enqueue"));
            }
            QueueEffect::Leave => self.end_wait(ContactOutcome::Left, None),
            QueueEffect::CallerGone => self.end_wait(ContactOutcome::Abandoned, None),
            QueueEffect::OfferAnswered { offer } => {
                let offered = self.waiting.as_ref().and_then(|waiting| waiting.offer);
                if let Some((_, agent)) = offered.filter(|(known, _)| *known == offer) {
                    self.end_wait(ContactOutcome::Served, Some(agent));
                }
            }
            QueueEffect::OfferFailed { offer, .. } => {
                if let Some(waiting) = &mut self.waiting {
                    waiting.offer.take_if(|(known, _)| *known == offer);
                }
            }
            QueueEffect::OfferRinging { .. } | QueueEffect::Talking { .. } => {}
            QueueEffect::TalkEnded { .. } => self.talking_to = None,
            QueueEffect::Hold { .. } => self.note("the agent puts the caller on hold"),
            QueueEffect::Resume { .. } => self.note("the agent takes the caller off hold"),
        }
    }

    fn kv(&mut self, command: CommandId, op: KvOp) {
        let (outcome, value) = match op {
            KvOp::Get { key } => {
                let found = self.store.get(&key);
                match found.filter(|(_, until)| until.is_none_or(|until| until > self.now)) {
                    Some((value, _)) => ("found", value.clone()),
                    None => ("missing", String::new()),
                }
            }
            KvOp::Set { key, value, ttl_s } => {
                self.note(format!("{key} = {value} is stored"));
                let until = (ttl_s > 0).then(|| self.now.plus_ms(u64::from(ttl_s) * 1000));
                self.store.insert(key, (value, until));
                ("ok", String::new())
            }
        };
        let outcome = outcome.to_owned();
        self.call.handle(self.now, Input::Kv { command, outcome, value });
    }

    fn http(&mut self, command: CommandId, request: &HttpRequest) {
        let line = format!("{} {}", request.method, request.url);
        self.note(format!("request: {line}"));
        let find = |wanted: &str| self.answers.iter().find(|answer| answer.request == wanted);
        let answer = find(&line).or_else(|| find(ANY_REQUEST)).map(|answer| &answer.result);
        let (outcome, value, details) = match answer {
            Some(HttpResult::Response { status, body, headers }) => {
                let mut details = vec![("status".to_owned(), status.to_string())];
                let headers = headers.iter();
                details
                    .extend(headers.map(|(name, value)| (format!("header:{name}"), value.clone())));
                ("response", body.clone(), details)
            }
            Some(HttpResult::Timeout) => ("timeout", "no answer in time".to_owned(), Vec::new()),
            Some(HttpResult::Failed) => ("failed", "no connection".to_owned(), Vec::new()),
            None => ("refused", "the script has no service for it".to_owned(), Vec::new()),
        };
        self.requests.push(line);
        let outcome = outcome.to_owned();
        self.call.handle(self.now, Input::Http { command, outcome, value, details });
    }

    fn play_ended(&mut self, end: PlayEnd) {
        let PlayEnd { play, failure } = end;
        let ok = failure.is_none();
        if let Some(failure) = &failure {
            self.note(failure.clone());
        }
        let ended = MediaInput::PlayEnded { play, ok, reason: failure.unwrap_or_default() };
        self.call.handle(self.now, Input::Media(ended));
    }

    fn phone_name(&self, leg: LegId) -> String {
        let phone = self.phones.iter().find(|phone| phone.leg == leg);
        phone.map_or_else(|| "the caller".to_owned(), |phone| phone.target.clone())
    }

    pub(crate) fn phone_gone(&mut self, leg: LegId) {
        for phone in self.phones.iter_mut().filter(|phone| phone.leg == leg) {
            phone.alive = false;
        }
        self.talking_to.take_if(|peer| *peer == leg);
    }

    /// The other end of a leg hangs up.
    pub(crate) fn hangs_up(&mut self, leg: LegId) {
        let whom = self.phone_name(leg);
        self.note(format!("{whom} hangs up"));
        self.phone_gone(leg);
        self.tell(Input::Leg(leg, LegInput::HungUp { cause: Cause::Normal }));
    }
}

/// The agent at an extension; the same one whenever it is named.
pub(crate) fn agent_id(extension: &str) -> AgentId {
    // FNV-1a: ids only have to differ.
    let hash = extension.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    AgentId(uuid::Uuid::from_u128(u128::from(hash)))
}

/// The call that others pick up from, or come from.
pub(crate) fn other_call() -> CallId {
    CallId(uuid::Uuid::from_u128(u128::MAX))
}
