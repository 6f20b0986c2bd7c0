//! The one task that owns a call: inputs in, effects carried out, in order.

mod back;
mod guest;
mod media;
mod others;
mod services;
mod watch;

pub use back::{Revived, take_up};
use watch::GuestWatch;

use super::legs::Legs;
use super::message::{CallMessage, Told};
use super::registry::{CallHandle, Overrun};
use super::sound::{Sound, Standing};
use crate::accounts;
use crate::clock;
use crate::node::Node;
use crate::tenants::Tenant;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use strowger_acd::AcdInput;
use strowger_api::LiveCall;
use strowger_call::{
    Between, Call, CallSetup, Effect, Fault, GuestEvent, Input, LegEffect, LegInput, MediaEffect,
    MediaInput, Moment, PlayId, QueueInput, TurnView,
};
use strowger_engine::media::{MediaEvent, MediaEventKind};
use strowger_guest::{CallGuest, Program};
use strowger_model::{CallRecord, Cause, JournalEntry, LegId, Party, RecordingId, Timestamp};
use strowger_sip::{Codec, DialogKey, SipEvent};
use strowger_store::{OpenCall, RecordingState, Refused};
use tokio::sync::mpsc;

/// Media events waiting for one call; the engine keeps more on its side.
const MEDIA_INBOX: usize = 64;

/// Timers run out up to so much after their time, however idle the server is: that
/// is not counted as a decision's.
const TIMER_STEP_MS: u64 = 2;

/// A call and everything that carries its effects out.
pub struct CallTask {
    node: Arc<Node>,
    tenant: Arc<Tenant>,
    handle: CallHandle,
    core: Call,
    flow: String,
    program: Option<Program>,
    guest: CallGuest,
    /// What the guest uses, and how it is judged.
    watch: GuestWatch,
    legs: Legs,
    sound: Sound,
    /// Its place in the database, until it is over.
    open: Option<OpenCall>,
    /// Recordings under way: at which leg, and since when.
    recordings: HashMap<RecordingId, (LegId, Timestamp)>,
    /// Recordings that a restart has cut short, and when they began.
    cut_short: HashMap<RecordingId, Timestamp>,
    /// Why the guest could not be made again after a restart, until it is told of
    /// something.
    guest_lost: Option<Fault>,
    /// The flow that a transfer leads to, until it takes the seat.
    found: Option<(String, Option<Program>)>,
}

impl std::fmt::Debug for CallTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallTask").field("call", &self.handle.call).finish_non_exhaustive()
    }
}

/// A turn that the guest is to take.
type Turn = (GuestEvent, Moment, TurnView);

/// What the task hears.
enum Heard {
    Message(Box<Told>),
    Media(MediaEvent),
    Time,
    Overrun,
}

/// Starts the task of a call that came in. It lives until the call is over.
pub fn start(
    node: &Arc<Node>,
    tenant: &Arc<Tenant>,
    setup: CallSetup,
    program: Result<Option<Program>, Fault>,
    dialog: DialogKey,
    offered: Vec<Codec>,
) -> Result<(), Refused> {
    let (trunk, flow) = (setup.trunk, setup.flow.clone());
    let core = Call::new(setup);
    let record = core.record();
    // Written from the first moment: a server that is killed leaves a trace.
    let open = node.writer.open_call(record.clone())?;
    let own_number = record.to.to_string();
    let (handle, messages, overrun) = CallHandle::new(record.call, record.tenant, trunk);
    let (media_events, media) = mpsc::channel(MEDIA_INBOX);
    node.calls.enter(&handle);
    let mut legs =
        Legs::new(node.clone(), tenant.clone(), handle.clone(), own_number, media_events);
    legs.add_incoming(LegId(0), dialog, offered);
    let (program, guest_lost) = match program {
        Ok(program) => (program, None),
        Err(fault) => (None, Some(fault)),
    };
    let task = Box::new(CallTask {
        sound: Sound::new(node.clone(), tenant.clone(), handle.clone()),
        node: node.clone(),
        tenant: tenant.clone(),
        handle,
        core,
        flow,
        program,
        legs,
        guest: CallGuest::on(tenant.guests.memory.account()),
        watch: GuestWatch::begun_now(),
        open: Some(open),
        recordings: HashMap::new(),
        cut_short: HashMap::new(),
        guest_lost,
        found: None,
    });
    let waiting = node.pressure.enter(Instant::now());
    node.guests.spawn(async move {
        waiting.ends(Instant::now());
        task.run(messages, media, overrun).await;
    });
    Ok(())
}

/// When a timer that is heard of now has run out, as far as timers can tell.
fn was_due(at: Option<Timestamp>) -> Instant {
    let late_ms = at.map_or(0, |at| clock::now().ms_since(at)).saturating_sub(TIMER_STEP_MS);
    let now = Instant::now();
    now.checked_sub(Duration::from_millis(late_ms)).unwrap_or(now)
}

impl CallTask {
    async fn run(
        // Boxed: a future holds what it is given twice.
        mut self: Box<Self>,
        messages: mpsc::Receiver<Box<Told>>,
        media: mpsc::Receiver<MediaEvent>,
        overrun: Arc<Overrun>,
    ) {
        self.note_version();
        let over = self.carry_out().await;
        self.go_on(over, messages, media, overrun).await;
    }

    async fn go_on(
        mut self: Box<Self>,
        over: bool,
        mut messages: mpsc::Receiver<Box<Told>>,
        mut media: mpsc::Receiver<MediaEvent>,
        overrun: Arc<Overrun>,
    ) {
        self.live(over, &mut messages, &mut media, &overrun).await;
        // What was said of legs that another call has is said to that call.
        messages.close();
        while let Some(message) = messages.recv().await {
            if let CallMessage::Sip(dialog, event) = message.message {
                self.legs.leg_of(dialog, event);
            }
        }
        self.dismiss_guest();
        self.node.calls.leave(self.handle.call);
        self.tenant.call_ended();
        self.complete_recordings(&mut media).await;
    }

    /// Hears and carries out until the call is over.
    async fn live(
        &mut self,
        mut over: bool,
        messages: &mut mpsc::Receiver<Box<Told>>,
        media: &mut mpsc::Receiver<MediaEvent>,
        overrun: &Overrun,
    ) {
        while !over {
            let heard = tokio::select! {
                biased;
                () = overrun.happened() => Heard::Overrun,
                Some(told) = messages.recv() => Heard::Message(told),
                Some(event) = media.recv() => Heard::Media(event),
                () = clock::until(self.core.next_timeout()) => Heard::Time,
            };
            if matches!(heard, Heard::Overrun) {
                self.give_up().await;
                break;
            }
            self.hear(heard);
            over = self.carry_out().await;
            self.legs.refuse_parcel();
        }
    }

    fn hear(&mut self, heard: Heard) {
        self.watch.heard(match &heard {
            Heard::Message(told) => Some(told.at),
            Heard::Media(event) => Some(event.at),
            Heard::Time => Some(was_due(self.core.next_timeout())),
            Heard::Overrun => None,
        });
        match heard {
            Heard::Message(told) => self.hear_message(told.message),
            Heard::Media(event) => self.hear_media(event),
            Heard::Time => self.core.handle_timeout(clock::now()),
            Heard::Overrun => {}
        }
    }

    fn hear_message(&mut self, message: CallMessage) {
        match message {
            CallMessage::Core(input) => {
                if let Input::Queue(QueueInput::Waiting { position, expected_wait_ms }) = &input {
                    self.sound.note_standing(Standing {
                        position: *position,
                        expected_wait_ms: *expected_wait_ms,
                    });
                }
                self.input(input);
            }
            CallMessage::Sip(dialog, event) => match self.legs.leg_of(dialog, event) {
                Some((leg, SipEvent::Keep { record, .. })) => {
                    let body = self.legs.keep(leg, &record);
                    self.core.keep_leg(clock::now(), body);
                }
                Some((leg, event)) => {
                    if let Some(news) = self.legs.hear(leg, event) {
                        self.input(Input::Leg(leg, news));
                    }
                }
                None => {}
            },
            CallMessage::Between(from, what) => {
                self.input(Input::Between { from, what });
            }
            CallMessage::Given(from, facts, parcel) => {
                self.legs.arrived(parcel);
                self.input(Input::Between { from, what: Between::Given(facts) });
            }
            CallMessage::PickUp(leg, by, parcel) => {
                self.legs.arrived(parcel);
                self.input(Input::PickUp { leg, by });
            }
            CallMessage::Clips { play, clips } => {
                let legs = &self.legs;
                if let Some(input) = self.sound.ready(play, clips, |leg| legs.media(leg).cloned()) {
                    self.input(input);
                }
            }
            CallMessage::Show(answer) => {
                // Whoever asked may have gone.
                let _ = answer.send(self.show());
            }
            CallMessage::Turned(back) => {
                let (guest, turn) = *back;
                self.guest_is_back(guest, turn);
            }
        }
    }

    fn show(&self) -> LiveCall {
        let record = self.core.record();
        let waits = record.queue_visits.last().filter(|visit| visit.left_at.is_none());
        let talks =
            record.legs.iter().rev().find(|leg| {
                leg.agent.is_some() && leg.answered_at.is_some() && leg.ended_at.is_none()
            });
        LiveCall {
            call: record.call,
            direction: record.direction,
            from: record.from.clone(),
            to: record.to.clone(),
            state: self.core.view().phase().name().to_owned(),
            flow: self.flow.clone(),
            version: record.flow_version,
            started_at: record.started_at,
            answered_at: record.answered_at,
            queue: waits.map(|visit| visit.queue.clone()),
            agent: talks.and_then(|leg| leg.agent),
        }
    }

    fn hear_media(&mut self, event: MediaEvent) {
        let leg = LegId(u32::try_from(event.tag).unwrap_or(u32::MAX));
        let input = match event.kind {
            MediaEventKind::PlayEnded { play, finished } => {
                self.sound.heard(PlayId(play), finished)
            }
            MediaEventKind::Digit { digit, held_ms } => {
                Some(Input::Leg(leg, LegInput::Digit { digit, held_ms }))
            }
            MediaEventKind::RtpTimeout { .. } => Some(Input::Leg(leg, LegInput::MediaTimeout)),
            MediaEventKind::Silence { ms } => {
                Some(Input::Media(MediaInput::Silence { ms: u64::from(ms) }))
            }
            MediaEventKind::RecordingEnded { recording, duration_ms, bytes } => {
                self.recorded(recording, RecordingState::Finished, duration_ms, bytes);
                let reason = String::new();
                Some(Input::Media(MediaInput::RecordingEnded { recording, duration_ms, reason }))
            }
            MediaEventKind::RecordingFailed { recording, reason } => {
                self.node.metrics.count_event("recording.failed");
                self.recorded(recording, RecordingState::Failed, 0, 0);
                Some(Input::Media(MediaInput::RecordingFailed { recording, reason }))
            }
            MediaEventKind::SpeechStarted => Some(Input::Media(MediaInput::SpeechStarted)),
            MediaEventKind::SpeechStopped { spoke_ms } => {
                Some(Input::Media(MediaInput::SpeechEnded { spoke_ms: u64::from(spoke_ms) }))
            }
            MediaEventKind::Tone(tone) => {
                Some(Input::Media(MediaInput::Tone { name: tone.name().into() }))
            }
            // Of no consequence for the call.
            MediaEventKind::FirstPacket => None,
        };
        if let Some(input) = input {
            self.input(input);
        }
    }

    fn input(&mut self, input: Input) {
        self.core.handle(clock::now(), input);
    }

    /// Carries out what the core wants; true once the call is over.
    async fn carry_out(&mut self) -> bool {
        while let Some(effect) = self.core.poll() {
            match effect {
                Effect::RunGuest { event, moment, view } => self.run_guest(event, moment, view),
                Effect::Leg(leg, effect) => {
                    let came = effect == LegEffect::Take;
                    if let Some(input) = self.legs.carry_out(leg, effect).await {
                        self.input(input);
                    }
                    if let Some(body) = self.legs.kept(leg).filter(|_| came) {
                        self.core.keep_leg(clock::now(), body);
                    }
                }
                Effect::Media(MediaEffect::ConferenceJoin { leg, conference }) => {
                    if let Err(reason) = self.legs.join_conference(leg, &conference).await {
                        self.input(Input::Media(MediaInput::ConferenceFailed { reason }));
                    }
                }
                Effect::Media(MediaEffect::ConferenceLeave { leg }) => {
                    if let Err(error) = self.legs.leave_conference(leg).await {
                        tracing::warn!(call = %self.handle.call, error, "leg lost in a conference");
                        self.input(Input::HangUp { cause: Cause::Internal, by: Party::Host });
                    }
                }
                Effect::Media(effect) => self.media(effect),
                Effect::Park { slot } => {
                    if !self.tenant.meeting.park(&slot, self.handle.call) {
                        self.input(Input::SlotTaken);
                    }
                }
                Effect::Unpark { slot } => {
                    self.tenant.meeting.unpark(&slot, self.handle.call);
                }
                Effect::FindCall { from } => {
                    let found = self.find_call(&from);
                    self.input(Input::Found { found });
                }
                Effect::Queue(effect) => self.queue(effect),
                Effect::Kv { command, op } => self.kv(command, op),
                Effect::Http { command, request } => {
                    let (node, handle) = (self.node.clone(), self.handle.clone());
                    let allow = self.tenant.config().http_allow_list.clone();
                    self.node.services.spawn(async move {
                        let ended = node.http.request(&allow, request).await;
                        handle.tell(CallMessage::Core(Input::Http {
                            command,
                            outcome: ended.outcome.to_owned(),
                            value: ended.value,
                            details: ended.details,
                        }));
                    });
                }
                Effect::UseFallback { fault, blame } => {
                    self.node.events.call(
                        &self.handle,
                        "guest.fault",
                        || json!({"fault": fault.to_string(), "blame": blame}),
                    );
                    let input = self.take_fallback();
                    self.input(input);
                }
                Effect::Tell { call, what } => {
                    let other = self.other_call(call);
                    let own = self.handle.call;
                    if !other.is_some_and(|call| call.tell(CallMessage::Between(own, what))) {
                        let what = Between::No { sip_status: 481 };
                        self.input(Input::Between { from: call, what });
                    }
                }
                Effect::Give { leg, to, facts } => self.give(leg, to, facts),
                Effect::FindNumber { number } => {
                    let input = self.find_number(&number);
                    self.input(input);
                }
                Effect::TakeSeat => {
                    if let Some((flow, program)) = self.found.take() {
                        // The next turn makes an instance of the new flow.
                        self.dismiss_guest();
                        self.flow = flow;
                        self.program = program;
                        self.note_version();
                    }
                }
                Effect::Journal(entry) => self.journal(entry),
                Effect::Event { name, data } => {
                    self.node.metrics.count_event(name);
                    if name == "alarm" {
                        self.node.raise_alarm(&data);
                    }
                    self.node.events.call(&self.handle, name, || data);
                }
                Effect::Finished(mut record) => {
                    self.legs.complete(&mut record).await;
                    self.node.events.call(&self.handle, "call.record", || {
                        serde_json::to_value(&record).unwrap_or_default()
                    });
                    self.guest_is_done();
                    accounts::call_over(&self.node, &self.tenant, &self.flow, &record).await;
                    self.close(*record);
                    return true;
                }
            }
        }
        false
    }

    fn journal(&mut self, entry: JournalEntry) {
        let Some(entry) = self.within_journal_limit(entry) else { return };
        // A refusal is counted by the writer and shows as a gap.
        if let Some(Err(refused)) = self.open.as_ref().map(|open| open.journal(entry)) {
            tracing::warn!(call = %self.handle.call, %refused, "journal entry lost");
        }
    }

    fn close(&mut self, record: CallRecord) {
        if let Some(open) = self.open.take()
            && let Err(error) = open.close(record)
        {
            tracing::error!(call = %self.handle.call, %error, "closing record not written");
        }
    }

    /// Something was lost; ends both sides and keeps what is known.
    async fn give_up(&mut self) {
        tracing::error!(call = %self.handle.call, "inbox overrun, call ended");
        self.node.metrics.count_event("call.overrun");
        self.input(Input::HangUp { cause: Cause::Internal, by: Party::Host });
        if !self.carry_out().await {
            self.legs.abandon().await;
            let mut record = self.core.record().clone();
            record.ended_at = Some(clock::now());
            record.cause = Some(Cause::Internal);
            record.ended_by = Some(Party::Host);
            self.close(record);
        }
        self.tenant.distribution.tell(AcdInput::CallerGone { call: self.handle.call });
    }
}
