//! The one task that owns a call: inputs in, effects carried out, in order.

use super::legs::Legs;
use super::message::CallMessage;
use super::registry::{CallHandle, ON_ITS_WAY, Overrun};
use super::sound::{Sound, Standing};
use crate::accounts;
use crate::clock;
use crate::node::Node;
use crate::tenants::Tenant;
use crate::tenants::config::Destination;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use strowger_acd::{AcdInput, Enqueue};
use strowger_api::LiveCall;
use strowger_call::{
    Action, Between, Call, CallSetup, Effect, Fault, FaultKind, GuestEvent, Input, KvOp, LegFacts,
    LegInput, MediaEffect, MediaInput, Moment, PickUpFrom, PlayId, QueueEffect, QueueInput,
    TurnResult, TurnView,
};
use strowger_engine::media::{
    CommandError, Detect, LegHandle, MediaEvent, MediaEventKind, RecordSpec,
};
use strowger_guest::{CallGuest, Program};
use strowger_model::{Address, CallId, CallRecord, Cause, LegId, Party, RecordingId, Timestamp};
use strowger_sip::{Codec, DialogKey};
use strowger_store::{OpenCall, RecordingState, Refused};
use tokio::sync::mpsc;

/// Media events waiting for one call; the engine keeps more on its side.
const MEDIA_INBOX: usize = 64;

/// How long the recording writer may take to complete a file after the call.
const RECORDING_PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// A call and everything that carries its effects out.
pub struct CallTask {
    node: Arc<Node>,
    tenant: Arc<Tenant>,
    handle: CallHandle,
    core: Call,
    flow: String,
    program: Option<Program>,
    guest: CallGuest,
    legs: Legs,
    sound: Sound,
    /// Its place in the database, until it is over.
    open: Option<OpenCall>,
    /// Recordings under way: at which leg, and since when.
    recordings: HashMap<RecordingId, (LegId, Timestamp)>,
    /// The flow that a transfer leads to, until it takes the seat.
    found: Option<(String, Option<Program>)>,
}

impl std::fmt::Debug for CallTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallTask").field("call", &self.handle.call).finish_non_exhaustive()
    }
}

/// What the task hears.
enum Heard {
    Message(CallMessage),
    Media(MediaEvent),
    Time,
    Overrun,
}

/// Starts the task of a call that came in. It lives until the call is over.
pub fn start(
    node: &Arc<Node>,
    tenant: &Arc<Tenant>,
    setup: CallSetup,
    program: Option<Program>,
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
    let task = Box::new(CallTask {
        sound: Sound::new(node.clone(), tenant.clone(), handle.clone()),
        node: node.clone(),
        tenant: tenant.clone(),
        handle,
        core,
        flow,
        program,
        legs,
        guest: CallGuest::default(),
        open: Some(open),
        recordings: HashMap::new(),
        found: None,
    });
    node.guests.spawn(task.run(messages, media, overrun));
    Ok(())
}

impl CallTask {
    async fn run(
        // Boxed: a future holds what it is given twice.
        mut self: Box<Self>,
        mut messages: mpsc::Receiver<Box<CallMessage>>,
        mut media: mpsc::Receiver<MediaEvent>,
        overrun: Arc<Overrun>,
    ) {
        let mut over = self.carry_out().await;
        while !over {
            let heard = tokio::select! {
                biased;
                () = overrun.happened() => Heard::Overrun,
                Some(message) = messages.recv() => Heard::Message(*message),
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
        // What was said of legs that another call has is said to that call.
        messages.close();
        while let Some(message) = messages.recv().await {
            if let CallMessage::Sip(dialog, event) = *message {
                self.legs.leg_of(dialog, event);
            }
        }
        self.guest.dismiss();
        self.node.calls.leave(self.handle.call);
        self.tenant.call_ended();
        self.complete_recordings(&mut media).await;
    }

    /// Waits until the writer has completed what was being recorded.
    async fn complete_recordings(&mut self, media: &mut mpsc::Receiver<MediaEvent>) {
        let deadline = tokio::time::Instant::now() + RECORDING_PATIENCE;
        while !self.recordings.is_empty() {
            match tokio::time::timeout_at(deadline, media.recv()).await {
                Ok(Some(event)) => self.hear_media(event),
                Ok(None) => break,
                Err(_) => {
                    tracing::error!(call = %self.handle.call, "a recording was not completed");
                    break;
                }
            }
        }
        let left: Vec<RecordingId> = self.recordings.keys().copied().collect();
        for recording in left {
            self.recorded(recording, RecordingState::Failed, 0, 0);
        }
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Message(CallMessage::Core(input)) => {
                if let Input::Queue(QueueInput::Waiting { position, expected_wait_ms }) = &input {
                    self.sound.note_standing(Standing {
                        position: *position,
                        expected_wait_ms: *expected_wait_ms,
                    });
                }
                self.input(input);
            }
            Heard::Message(CallMessage::Sip(dialog, event)) => {
                if let Some((leg, event)) = self.legs.leg_of(dialog, event)
                    && let Some(news) = self.legs.hear(leg, event)
                {
                    self.input(Input::Leg(leg, news));
                }
            }
            Heard::Message(CallMessage::Between(from, what)) => {
                self.input(Input::Between { from, what });
            }
            Heard::Message(CallMessage::Given(from, facts, parcel)) => {
                self.legs.arrived(parcel);
                self.input(Input::Between { from, what: Between::Given(facts) });
            }
            Heard::Message(CallMessage::PickUp(leg, by, parcel)) => {
                self.legs.arrived(parcel);
                self.input(Input::PickUp { leg, by });
            }
            Heard::Message(CallMessage::Clips { play, clips }) => {
                let legs = &self.legs;
                if let Some(input) = self.sound.ready(play, clips, |leg| legs.media(leg).cloned()) {
                    self.input(input);
                }
            }
            Heard::Message(CallMessage::Show(answer)) => {
                // Whoever asked may have gone.
                let _ = answer.send(self.show());
            }
            Heard::Media(event) => self.hear_media(event),
            Heard::Time => self.core.handle_timeout(clock::now()),
            Heard::Overrun => {}
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
                Some(Input::Media(MediaInput::Tone { name: tone.name() }))
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
                    if let Some(input) = self.legs.carry_out(leg, effect).await {
                        self.input(input);
                    }
                }
                Effect::Media(MediaEffect::ConferenceJoin { leg, conference, muted }) => {
                    if let Err(reason) = self.legs.join_conference(leg, &conference, muted).await {
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
                    let data = json!({"fault": fault.to_string(), "blame": blame});
                    self.node.events.call(&self.handle, "guest.fault", data);
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
                        self.guest.dismiss();
                        self.flow = flow;
                        self.program = program;
                    }
                }
                Effect::Journal(entry) => {
                    // A refusal is counted by the writer and shows as a gap.
                    if let Some(Err(refused)) = self.open.as_ref().map(|open| open.journal(entry)) {
                        tracing::warn!(call = %self.handle.call, %refused, "journal entry lost");
                    }
                }
                Effect::Event { name, data } => {
                    self.node.metrics.count_event(name);
                    if name == "alarm" {
                        self.node.raise_alarm(&data);
                    }
                    self.node.events.call(&self.handle, name, data);
                }
                Effect::Finished(mut record) => {
                    self.legs.complete(&mut record).await;
                    let data = serde_json::to_value(&record).unwrap_or_default();
                    self.node.events.call(&self.handle, "call.record", data);
                    accounts::call_over(&self.node, &self.tenant, &self.flow, &record).await;
                    self.close(*record);
                    return true;
                }
            }
        }
        false
    }

    fn run_guest(&mut self, event: GuestEvent, moment: Moment, view: TurnView) {
        let Some(program) = self.program.clone() else {
            let fault = Fault::new(
                FaultKind::Instantiation,
                "the number has no flow, or its version could not be loaded",
            );
            self.input(Input::Turn(view.finish(Some(fault), 0, 0)));
            return;
        };
        let budget = self.tenant.config().budget;
        let turn = self.guest.handle(&program, &budget, moment, &event, view);
        for line in turn.logs {
            let data = json!({"level": line.level, "message": line.message});
            self.node.events.call(&self.handle, "guest.log", data);
        }
        self.report_turn(&turn.result);
        self.input(Input::Turn(turn.result));
    }

    fn report_turn(&self, result: &TurnResult) {
        self.node.metrics.turn(result);
        // Most turns are made with nobody watching.
        if !self.node.events.is_heard(self.handle.tenant) {
            return;
        }
        let data = match &result.outcome {
            Ok(actions) => json!({
                "turn": result.turn,
                "busy_us": result.busy_us,
                "fuel": result.fuel,
                "actions": actions.iter().map(|(_, action)| name_of(action)).collect::<Vec<_>>(),
            }),
            Err(fault) => json!({
                "turn": result.turn,
                "busy_us": result.busy_us,
                "fuel": result.fuel,
                "fault": fault.to_string(),
            }),
        };
        self.node.events.call(&self.handle, "guest.turn", data);
    }

    fn take_fallback(&mut self) -> Input {
        // The failed instance is gone; the next turn makes one of the fallback.
        self.guest.dismiss();
        match self.tenant.config().fallback_flow() {
            Some(flow) => {
                let version = flow.version;
                self.program = flow.program.clone();
                Input::FallbackReady { version }
            }
            None => Input::FallbackFailed {
                reason: "the tenant's fallback flow has no version; upload and promote one".into(),
            },
        }
    }

    /// A live call of the same tenant.
    fn other_call(&self, call: CallId) -> Option<CallHandle> {
        self.node.calls.call(call).filter(|other| other.tenant == self.handle.tenant)
    }

    /// Sends a leg to another call. If that is gone, the leg is hung up.
    fn give(&mut self, leg: LegId, to: CallId, facts: LegFacts) {
        let Some(to) = self.other_call(to) else {
            // Packed for nobody.
            drop(self.legs.give(leg, &self.handle.clone()));
            return;
        };
        if let Some((dialog, parcel)) = self.legs.give(leg, &to) {
            // Before the registry: what is heard of the leg comes after the leg.
            to.tell(CallMessage::Given(self.handle.call, facts, parcel));
            self.node.calls.enter_leg(dialog, &to, ON_ITS_WAY);
        }
    }

    fn find_call(&self, from: &PickUpFrom) -> Option<(CallId, Option<LegId>)> {
        match from {
            PickUpFrom::Slot(slot) => Some((self.tenant.meeting.parked(slot)?, None)),
            PickUpFrom::Extension(number) => {
                let agent = self.tenant.config().agent_with_extension(number.as_str())?;
                let (call, leg) = self.tenant.meeting.ringing(agent)?;
                Some((call, Some(leg)))
            }
        }
    }

    fn find_number(&mut self, number: &Address) -> Input {
        let config = self.tenant.config();
        match config.destination(number.as_str()) {
            Some(Destination::Flow(flow)) if flow.program.is_some() => {
                self.found = Some((flow.name.clone(), flow.program.clone()));
                Input::NumberReady { flow: flow.name.clone(), version: flow.version }
            }
            _ => Input::NumberFailed {
                reason: format!("{number} has no flow with a version that could be loaded"),
            },
        }
    }

    fn media(&mut self, effect: MediaEffect) {
        let outcome = match effect {
            MediaEffect::Play { leg, play, sources, times } => {
                self.sound.play(leg, play, sources, times);
                Ok(())
            }
            MediaEffect::StopPlay { leg, play } => {
                self.sound.stop(play);
                self.legs.media(leg).map_or(Ok(()), |media| media.stop_play(play.0))
            }
            MediaEffect::Bridge { a, b } => match (self.legs.media(a), self.legs.media(b)) {
                (Some(a), Some(b)) => a.bridge(b),
                _ => Ok(()),
            },
            MediaEffect::Unbridge { a, .. } => {
                self.legs.media(a).map_or(Ok(()), |media| media.unbridge())
            }
            MediaEffect::Mute { leg, on } => {
                self.legs.media(leg).map_or(Ok(()), |media| media.mute(on))
            }
            MediaEffect::Detect { leg, options } => {
                let detect = Detect {
                    speech_hangover_ms: options.speech_pause_ms,
                    silence_ms: options.silence_ms,
                    tones: options.tones,
                    ..Detect::default()
                };
                self.legs.media(leg).map_or(Ok(()), |media| media.detect(detect))
            }
            // Waited for where effects are carried out.
            MediaEffect::ConferenceJoin { .. } | MediaEffect::ConferenceLeave { .. } => Ok(()),
            MediaEffect::RecordStart { leg, recording, silence_ms } => {
                self.record(leg, recording, silence_ms);
                Ok(())
            }
            MediaEffect::RecordPause { recording } => {
                self.with_recorded(recording, LegHandle::record_pause)
            }
            MediaEffect::RecordResume { recording } => {
                self.with_recorded(recording, LegHandle::record_resume)
            }
            MediaEffect::RecordStop { recording } => {
                self.with_recorded(recording, LegHandle::record_stop)
            }
        };
        if let Err(error) = outcome {
            tracing::warn!(call = %self.handle.call, %error, "media command lost");
            self.input(Input::HangUp { cause: Cause::Internal, by: Party::Host });
        }
    }

    /// A recording is made at one leg: left that party, right what it hears.
    fn with_recorded(
        &self,
        recording: RecordingId,
        act: impl FnOnce(&LegHandle) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        let leg = self.recordings.get(&recording).and_then(|(leg, _)| self.legs.media(*leg));
        leg.map_or(Ok(()), act)
    }

    fn record(&mut self, leg: LegId, recording: RecordingId, silence_ms: u64) {
        let (tenant, call) = (self.handle.tenant, self.handle.call);
        let spec = RecordSpec {
            recording,
            path: self.node.ledger.recording_path(tenant, recording),
            silence_ms: u32::try_from(silence_ms).unwrap_or(u32::MAX),
        };
        let started = match self.legs.media(leg) {
            Some(media) => media.record_start(spec).map_err(|error| error.to_string()),
            None => Err("the caller has no media yet".to_owned()),
        };
        match started {
            Ok(()) => {
                self.recordings.insert(recording, (leg, clock::now()));
                self.node.ledger.recording_begun(tenant, call, recording);
            }
            Err(reason) => {
                self.input(Input::Media(MediaInput::RecordingFailed { recording, reason }));
            }
        }
    }

    fn recorded(&mut self, id: RecordingId, state: RecordingState, ms: u64, bytes: u64) {
        if let Some((_, started_at)) = self.recordings.remove(&id) {
            let (tenant, call) = (self.handle.tenant, self.handle.call);
            self.node.ledger.recording(tenant, call, id, state, started_at, ms, bytes);
        }
    }

    fn close(&mut self, record: CallRecord) {
        if let Some(open) = self.open.take()
            && let Err(error) = open.close(record)
        {
            tracing::error!(call = %self.handle.call, %error, "closing record not written");
        }
    }

    fn queue(&mut self, effect: QueueEffect) {
        let call = self.handle.call;
        let input = match effect {
            QueueEffect::Enqueue { queue, needs, priority, attributes, max_wait_ms } => {
                self.sound.forget_standing();
                let record = self.core.record();
                AcdInput::Enqueue(Enqueue {
                    call,
                    queue,
                    needs,
                    priority,
                    attributes,
                    from: record.from.clone(),
                    to: record.to.clone(),
                    max_wait_ms,
                })
            }
            QueueEffect::Leave => AcdInput::Leave { call },
            QueueEffect::CallerGone => AcdInput::CallerGone { call },
            QueueEffect::OfferRinging { offer } => AcdInput::OfferRinging { offer },
            QueueEffect::OfferAnswered { offer } => AcdInput::OfferAnswered { offer },
            QueueEffect::OfferFailed { offer, cause } => AcdInput::OfferFailed { offer, cause },
            QueueEffect::TalkEnded { agent, talk_ms } => {
                AcdInput::TalkEnded { agent, call, talk_ms }
            }
            QueueEffect::Hold { agent } => AcdInput::Hold { agent, call },
            QueueEffect::Resume { agent } => AcdInput::Resume { agent, call },
        };
        if !self.tenant.distribution.tell(input) {
            tracing::error!(%call, "the tenant's distribution is gone or overrun");
            self.input(Input::HangUp { cause: Cause::Internal, by: Party::Host });
        }
    }

    fn kv(&self, command: strowger_call::CommandId, op: KvOp) {
        let (node, handle) = (self.node.clone(), self.handle.clone());
        self.node.services.spawn(async move {
            let (outcome, value) = node.ledger.kv(handle.tenant, op).await;
            let outcome = outcome.to_owned();
            handle.tell(CallMessage::Core(Input::Kv { command, outcome, value }));
        });
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

/// An action without what it is about: sources, digits and numbers stay out of
/// the event stream.
fn name_of(action: &Action) -> String {
    match serde_json::to_value(action) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(fields)) => fields.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}
