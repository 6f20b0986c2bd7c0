//! The call itself: what it consists of, what goes in and what comes out.
//!
//! Each part of its life has a file of its own beside this one; here they are
//! only put together. A part changes its own state and asks others through
//! methods; effects go to one queue and are drained in order.

mod attended;
mod commit;
mod conference;
mod dialing;
mod digits;
mod ending;
mod fallback;
mod guest;
mod legs;
mod listening;
mod parking;
mod pick_up;
mod recording;
mod recovery;
mod sound;
mod take_over;
mod talk;
mod timers;
mod transfer;
mod waiting;

use crate::action::{CommandId, DetectOptions};
use crate::effect::Effect;
use crate::facts::CallFacts;
use crate::input::{Input, LegInput, MediaInput, QueueInput};
use crate::journal::{JournalWriter, NoteBody};
use crate::random::Random;
use crate::secrets::Secrets;
use crate::setup::CallSetup;
use crate::view::{CommandKind, Phase, TurnView, ViewState, WaitView};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use strowger_model::{
    CallRecord, Cause, Direction, GuestUse, JournalKind, LegId, Party, Timestamp, VersionId,
};

/// The leg that a call begins with.
pub(crate) const CALLER: LegId = LegId(0);

/// One call, from its first leg's set-up to its last leg's end.
#[derive(Debug)]
pub struct Call {
    setup: CallSetup,
    facts: Arc<CallFacts>,
    now: Timestamp,
    phase: Phase,
    rung: bool,
    /// Whether the caller's side was told that we answer.
    answer_sent: bool,
    /// Whether the flow has been told of the call.
    started: bool,
    /// The leg the flow serves: the caller's, or of whoever took the caller's place.
    subject: LegId,
    /// The guest has taken an answered call over.
    taken_over: bool,
    transfer: Option<transfer::Transfer>,
    legs: Vec<legs::Leg>,
    running: Vec<(CommandId, CommandKind)>,
    next_command: u64,
    sound: Option<sound::Sound>,
    next_play: u64,
    gather: Option<digits::Gather>,
    watch_digits: bool,
    recording: Option<recording::Recording>,
    /// The caller joined its conference muted, and the flow has not said more.
    muted_to_join: bool,
    wait: Option<waiting::Wait>,
    /// Waits forgotten before the distribution ended them: so many of its ends
    /// are not about the wait under way.
    ends_owed: u32,
    dialing: Option<dialing::Dialing>,
    talk: Option<talk::Talk>,
    parked: Option<parking::Parked>,
    picking: Option<parking::Picking>,
    expected: Option<parking::Expected>,
    listening: DetectOptions,
    muted: bool,
    /// Name of the conference that the caller takes part in.
    conference: Option<String>,
    sleeps: Vec<(CommandId, Timestamp)>,
    guest: guest::Guest,
    attributes: Arc<Vec<(String, String)>>,
    secrets: Secrets,
    random: Random,
    journal: JournalWriter,
    record: CallRecord,
    idle_since: Option<Timestamp>,
    /// Until when storage and recordings may still complete after the end.
    closing_until: Timestamp,
    effects: VecDeque<Effect>,
    finished: bool,
}

impl Call {
    /// A call that has just come in, or is to be dialled.
    pub fn new(setup: CallSetup) -> Self {
        let record = CallRecord {
            flow_version: setup.version,
            guest: GuestUse::beginning_with(setup.version),
            ..CallRecord::begun(
                setup.call,
                setup.tenant,
                setup.direction,
                setup.from.clone(),
                setup.to.clone(),
                setup.now,
            )
        };
        let mut call = Self {
            facts: Arc::new(setup.guest_facts(setup.version)),
            now: setup.now,
            phase: Phase::Ringing,
            rung: false,
            answer_sent: false,
            started: false,
            subject: CALLER,
            taken_over: false,
            transfer: None,
            legs: Vec::new(),
            running: Vec::new(),
            next_command: 1,
            sound: None,
            next_play: 1,
            gather: None,
            watch_digits: false,
            recording: None,
            muted_to_join: false,
            wait: None,
            ends_owed: 0,
            dialing: None,
            talk: None,
            parked: None,
            picking: None,
            expected: None,
            listening: DetectOptions::default(),
            muted: false,
            conference: None,
            sleeps: Vec::new(),
            guest: guest::Guest::new(),
            attributes: Arc::new(Vec::new()),
            secrets: Secrets::default(),
            random: Random::new(setup.seed),
            journal: JournalWriter::new(setup.tenant, setup.call),
            record,
            idle_since: None,
            closing_until: setup.now,
            effects: VecDeque::new(),
            finished: false,
            setup,
        };
        call.begin();
        call
    }

    /// Something happened. A clock that goes backwards counts as standing still.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        if self.finished || !self.is_news(&input) {
            return;
        }
        self.now = self.now.max(now);
        self.keep_input(&input);
        match input {
            Input::Due => self.due(),
            Input::Recovered { legs } => self.recovered(legs),
            Input::Turn(result) => self.turn_ended(result),
            Input::Leg(leg, input) => self.leg_input(leg, input),
            Input::Media(input) => self.media_input(input),
            Input::Queue(input) => self.queue_input(input),
            Input::Kv { command, outcome, value } => {
                self.complete_if(command, CommandKind::Kv, &outcome, value, Vec::new());
            }
            Input::Http { command, outcome, value, details } => {
                self.complete_if(command, CommandKind::Http, &outcome, value, details);
            }
            Input::HangUp { cause, by } => self.end_call(cause, by),
            Input::Between { from, what } => self.between(from, what),
            Input::PickUp { leg, by } => self.pick_up(leg, by),
            Input::SlotTaken => self.slot_taken(),
            Input::Found { found } => self.call_found(found),
            Input::NumberReady { flow, version } => self.number_ready(flow, version),
            Input::NumberFailed { reason } => self.number_failed(&reason),
            Input::FallbackReady { version } => self.fallback_ready(version),
            Input::FallbackFailed { reason } => self.fallback_failed(&reason),
            Input::Signal { name, data } => self.signal(&name, data),
        }
        self.settle();
    }

    /// The next effect, oldest first.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Whether [`Effect::Finished`] was given out or waits to be.
    pub fn is_over(&self) -> bool {
        self.finished
    }

    /// The record as far as it is known.
    pub fn record(&self) -> &CallRecord {
        &self.record
    }

    /// The leg the flow serves: the caller's, or of whoever took the caller's place.
    pub fn subject(&self) -> LegId {
        self.subject
    }

    /// What a guest would see now.
    pub fn view(&self) -> TurnView {
        TurnView::new(
            Arc::clone(&self.facts),
            Arc::clone(&self.attributes),
            Vec::new(),
            self.view_state(),
        )
    }

    fn begin(&mut self) {
        if self.setup.journal {
            let body = serde_json::to_string(&self.setup).unwrap_or_default();
            self.write(JournalKind::Setup, body);
        }
        self.happened(
            "call.started",
            json!({
                "direction": self.setup.direction,
                "from": self.setup.from,
                "to": self.setup.to,
                "flow": self.setup.flow,
            }),
        );
        match self.setup.direction {
            Direction::Inbound => {
                self.add_caller_leg();
                self.start_flow();
            }
            Direction::Outbound => self.dial_caller_leg(),
        }
        self.settle();
    }

    fn leg_input(&mut self, leg: LegId, input: LegInput) {
        match input {
            LegInput::Referred { target, to } => self.referred(leg, target, to),
            LegInput::Digit { digit, held_ms } => self.digit(digit, held_ms),
            input if leg == self.subject => self.caller_input(input),
            input => self.party_input(leg, input),
        }
    }

    fn media_input(&mut self, input: MediaInput) {
        match input {
            MediaInput::PlayEnded { play, ok, reason } => self.play_ended(play, ok, reason),
            MediaInput::RecordingEnded { recording, duration_ms, reason } => {
                self.recording_ended(recording, duration_ms, &reason);
            }
            MediaInput::RecordingFailed { recording, reason } => {
                self.recording_failed(recording, reason);
            }
            MediaInput::Silence { ms } => {
                self.recorded_silence(ms);
                self.silent(ms);
            }
            MediaInput::SpeechStarted => self.speech_started(),
            MediaInput::SpeechEnded { spoke_ms } => self.speech_ended(spoke_ms),
            MediaInput::Tone { name } => self.heard_tone(&name),
            MediaInput::ConferenceFailed { reason } => self.conference_failed(reason),
        }
    }

    fn queue_input(&mut self, input: QueueInput) {
        match input {
            QueueInput::Waiting { position, expected_wait_ms } => {
                self.place_told(position, expected_wait_ms);
            }
            QueueInput::Offer { offer, agent, target, ring_ms } => {
                self.offered(offer, agent, &target, ring_ms);
            }
            QueueInput::Withdraw { offer } => self.withdrawn(offer),
            QueueInput::Ended { outcome, reason, agent } => {
                self.wait_ended(outcome, reason, agent);
            }
        }
    }

    /// Brings about what follows from the state as it is now.
    fn settle(&mut self) {
        self.settle_sound();
        self.give_turn();
        self.watch_idleness();
        self.finish_if_done();
    }

    /// A command has ended: it is under way no more and its guest is told.
    fn complete(
        &mut self,
        command: CommandId,
        outcome: &str,
        value: String,
        details: Vec<(String, String)>,
    ) {
        self.running.retain(|(id, _)| *id != command);
        self.tell_completed(command, outcome, value, details, false);
    }

    fn complete_if(
        &mut self,
        command: CommandId,
        kind: CommandKind,
        outcome: &str,
        value: String,
        details: Vec<(String, String)>,
    ) {
        if self.running.contains(&(command, kind)) {
            self.complete(command, outcome, value, details);
        }
    }

    /// Something worth knowing: for the journal and for the screens.
    fn happened(&mut self, name: &'static str, data: Value) {
        self.note(name, data.clone());
        self.effects.push_back(Effect::Event { name, data });
    }

    /// For the journal only.
    fn note(&mut self, name: &str, data: Value) {
        if !self.setup.journal {
            return;
        }
        let (body, _) = self.secrets.json(&NoteBody { note: name.to_owned(), data });
        self.write(JournalKind::Note, body);
    }

    fn write(&mut self, kind: JournalKind, body: String) {
        let entry = self.journal.entry(self.now, kind, body);
        self.effects.push_back(Effect::Journal(entry));
    }

    /// Whether an input can change anything. Digits that are not the flow's are
    /// nobody's business.
    fn is_news(&self, input: &Input) -> bool {
        match input {
            Input::Turn(result) => self.guest.is_waited_for(result.turn),
            Input::Leg(leg, _) if !self.leg_lives(*leg) => false,
            Input::Leg(leg, LegInput::Digit { digit, .. }) => {
                *leg == self.subject && self.takes_digit(*digit)
            }
            _ => true,
        }
    }

    /// For the journal: what happened, so that the call can be made again from it.
    fn keep_input(&mut self, input: &Input) {
        let shown;
        let input = match input {
            _ if !self.setup.journal => return,
            // The turn's own entry says it.
            Input::Turn(_) => return,
            Input::Leg(leg, LegInput::Digit { digit, held_ms }) => {
                let digit = self.shown_digit(*digit);
                shown = Input::Leg(*leg, LegInput::Digit { digit, held_ms: *held_ms });
                &shown
            }
            other => other,
        };
        let (body, _) = self.secrets.json(input);
        self.write(JournalKind::Input, body);
    }

    /// The flow that serves the call now, and its version.
    pub fn flow(&self) -> (&str, Option<VersionId>) {
        (&self.setup.flow, self.record.flow_version)
    }

    /// Keeps what signalling needs to go on with a leg, as it is.
    pub fn keep_leg(&mut self, now: Timestamp, body: String) {
        if self.setup.journal && !self.finished {
            self.now = self.now.max(now);
            self.write(JournalKind::Leg, body);
        }
    }

    fn view_state(&self) -> ViewState {
        ViewState {
            turn: self.guest.turn(),
            now: self.now,
            phase: self.phase,
            next_command: self.next_command,
            running: self.running.clone(),
            free_legs: self.free_legs(),
            talking: self.talk.is_some(),
            bridged_leg: self.bridged_leg(),
            answering: self.answering(),
            rung: self.rung,
            taken_over: self.taken_over,
            record_paused: self.recording.as_ref().is_some_and(|r| r.paused()),
            wait: self.wait.as_ref().map(waiting::Wait::view),
        }
    }

    /// Ends the call for something that went wrong with its flow.
    fn end_for_fault(&mut self) {
        self.end_call(Cause::FlowFault, Party::Host);
    }
}

impl waiting::Wait {
    fn view(&self) -> WaitView {
        WaitView {
            entered_at: self.entered_at,
            position: self.position,
            expected_ms: self.expected_ms,
        }
    }
}
