//! The legs of one call: a SIP dialog and an RTP leg each.
//!
//! Translates between the core's leg effects and signalling and media; decides
//! nothing.

mod handover;
mod media;
mod take_up;

use super::conference::Place;
use super::parcel::Parcel;
use super::referral::referral;
use super::registry::CallHandle;
use super::speech::End;
use crate::node::Node;
use crate::tenants::Tenant;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use strowger_call::{Input, LegEffect, LegInput, Target};
use strowger_engine::media::{LegHandle, MediaEvent};
use strowger_engine::signalling::Stopped;
use strowger_model::{AgentId, CallId, Cause, LegId, TrunkId};
use strowger_sip::{
    Caller, Codec, DialogKey, InviteOptions, InviteRequest, InviteTarget, SipEvent,
};
use tokio::sync::mpsc;

/// How long a leg that comes from another call may take to reach our media
/// thread; it takes milliseconds unless that thread is starved.
const MOVE: Duration = Duration::from_secs(1);
/// How long a phone whose transfer has succeeded has to hang up by itself: its
/// last NOTIFY travels meanwhile.
const LET_GO: Duration = Duration::from_secs(1);

/// Why a leg cannot be had; becomes the leg's failure.
struct NoLeg {
    cause: Cause,
    reason: String,
}

/// One leg.
#[derive(Debug)]
struct Leg {
    dialog: DialogKey,
    media: Option<LegHandle>,
    /// Who is at its other end.
    end: End,
    /// What its other end could speak, or does: most wanted first.
    speaks: Vec<Codec>,
    /// Whether that is decided.
    decided: bool,
    /// The agent whose phone it rings at.
    rings_at: Option<AgentId>,
    /// What signalling needs to go on with it after a crash.
    kept: Option<Box<str>>,
}

/// All legs of one call.
#[derive(Debug)]
pub struct Legs {
    node: Arc<Node>,
    tenant: Arc<Tenant>,
    handle: CallHandle,
    call: CallId,
    /// What was dialled: shown as the caller where a flow names nobody else.
    own_number: String,
    events: mpsc::Sender<MediaEvent>,
    legs: HashMap<LegId, Leg>,
    by_dialog: HashMap<DialogKey, LegId>,
    /// Dialogs that other calls have now, for what is still told to us.
    given: HashMap<DialogKey, CallHandle>,
    /// A leg that came with what is being handled.
    parcel: Option<Parcel>,
    /// The conference that the caller takes part in.
    place: Option<Place>,
    /// Which trunk carried which leg.
    trunks: HashMap<LegId, TrunkId>,
    /// RTP legs that were closed, for their last figures.
    closed: Vec<(LegId, LegHandle)>,
}

impl Legs {
    /// No legs yet. `events` is where the RTP legs report, tagged with the leg's id.
    pub fn new(
        node: Arc<Node>,
        tenant: Arc<Tenant>,
        handle: CallHandle,
        own_number: String,
        events: mpsc::Sender<MediaEvent>,
    ) -> Self {
        let call = handle.call;
        Self {
            node,
            tenant,
            handle,
            call,
            own_number,
            events,
            legs: HashMap::new(),
            by_dialog: HashMap::new(),
            given: HashMap::new(),
            parcel: None,
            place: None,
            trunks: HashMap::new(),
            closed: Vec::new(),
        }
    }

    /// Adds the leg that the call came in with.
    pub fn add_incoming(&mut self, leg: LegId, dialog: DialogKey, offered: Vec<Codec>) {
        let end = self.handle.trunk.map_or(End::Phone, End::Trunk);
        let (media, rings_at, speaks, decided, kept) = (None, None, offered, false, None);
        self.add(leg, Leg { dialog, media, end, speaks, decided, rings_at, kept });
    }

    pub(super) fn node(&self) -> &Node {
        &self.node
    }

    pub(super) fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    pub(super) fn set_place(&mut self, place: Option<Place>) -> Option<Place> {
        std::mem::replace(&mut self.place, place)
    }

    fn add(&mut self, leg: LegId, entry: Leg) {
        self.node.calls.enter_leg(entry.dialog, &self.handle, leg);
        self.by_dialog.insert(entry.dialog, leg);
        self.legs.insert(leg, entry);
    }

    /// The leg does not ring any more, if it did.
    fn rings_no_more(&mut self, leg: LegId) {
        let agent = self.legs.get_mut(&leg).and_then(|entry| entry.rings_at.take());
        if let Some(agent) = agent {
            self.tenant.meeting.rings_no_more(agent, self.call, leg);
        }
    }

    fn let_go(&mut self, leg: LegId) {
        self.close_media(leg);
        let Some(dialog) = self.dialog(leg) else { return };
        let node = self.node.clone();
        self.node.services.spawn(async move {
            tokio::time::sleep(LET_GO).await;
            // It has mostly gone by now, and then nothing happens.
            let _ = node.sip.hang_up(dialog, Cause::Normal).await;
        });
    }

    /// Carries out an effect. What could not be done comes back as an input.
    pub async fn carry_out(&mut self, leg: LegId, effect: LegEffect) -> Option<Input> {
        let done = match effect {
            LegEffect::Originate { target, caller_id, timeout_ms, agent } => {
                self.originate(leg, &target, &caller_id, timeout_ms, agent).await
            }
            LegEffect::EarlyMedia => match self.local_media(leg).await {
                Ok((dialog, local)) => stopped(self.node.sip.early_media(dialog, local).await),
                Err(no) => Err(no),
            },
            LegEffect::Answer => match self.local_media(leg).await {
                Ok((dialog, local)) => stopped(self.node.sip.answer(dialog, local).await),
                Err(no) => Err(no),
            },
            LegEffect::Ring => match self.dialog(leg) {
                Some(dialog) => stopped(self.node.sip.ring(dialog).await),
                None => Ok(()),
            },
            LegEffect::Reject { status, reason } => {
                self.close_media(leg);
                let reason = Some(reason).filter(|reason| !reason.is_empty());
                match self.dialog(leg) {
                    Some(dialog) => stopped(self.node.sip.reject(dialog, status, reason).await),
                    None => Ok(()),
                }
            }
            LegEffect::AcceptRefer => match self.dialog(leg) {
                Some(dialog) => stopped(self.node.sip.accept_refer(dialog).await),
                None => Ok(()),
            },
            LegEffect::RejectRefer { status } => match self.dialog(leg) {
                Some(dialog) => stopped(self.node.sip.reject_refer(dialog, status).await),
                None => Ok(()),
            },
            LegEffect::ReferProgress { status } => match self.dialog(leg) {
                Some(dialog) => stopped(self.node.sip.refer_progress(dialog, status).await),
                None => Ok(()),
            },
            LegEffect::LetGo => {
                self.let_go(leg);
                Ok(())
            }
            LegEffect::Take => self.take(leg).await,
            LegEffect::HangUp { cause } => self.hang_up(leg, cause).await,
            LegEffect::Cancel => self.hang_up(leg, Cause::Cancelled).await,
        };
        match done {
            Ok(()) => None,
            Err(no) => Some(self.failed(leg, no).await),
        }
    }

    /// What signalling says, in the core's words.
    pub fn hear(&mut self, leg: LegId, event: SipEvent) -> Option<LegInput> {
        match event {
            SipEvent::Ringing { early, trunk, .. } => {
                self.carried_by(leg, trunk);
                if let Some(negotiated) = &early {
                    self.connect(leg, negotiated);
                }
                Some(LegInput::Ringing { early_media: early.is_some() })
            }
            SipEvent::Answered { media, trunk, .. } => {
                self.carried_by(leg, trunk);
                self.rings_no_more(leg);
                self.connect(leg, &media);
                Some(LegInput::Answered { codec: media.codec.name().to_owned() })
            }
            SipEvent::Failed { cause, status, trunk, .. } => {
                self.carried_by(leg, trunk);
                self.close_media(leg);
                Some(LegInput::Failed { cause, sip_status: status })
            }
            SipEvent::HungUp { cause, .. } => {
                self.close_media(leg);
                Some(LegInput::HungUp { cause })
            }
            SipEvent::Cancelled { .. } => {
                self.close_media(leg);
                Some(LegInput::HungUp { cause: Cause::Cancelled })
            }
            SipEvent::Held { media, .. } => {
                self.connect(leg, &media);
                Some(LegInput::Held)
            }
            SipEvent::Resumed { media, .. } => {
                self.connect(leg, &media);
                Some(LegInput::Resumed)
            }
            SipEvent::MediaChanged { media, .. }
            | SipEvent::Reinvited { media, .. }
            | SipEvent::TakenUp { media, .. } => {
                self.connect(leg, &media);
                None
            }
            SipEvent::Digit { digit, held_ms, .. } => Some(LegInput::Digit { digit, held_ms }),
            SipEvent::Referred { refer, .. } => {
                let over_trunk = self.legs.get(&leg).is_none_or(|entry| entry.end != End::Phone);
                Some(referral(&self.node, &self.tenant, over_trunk, &refer))
            }
            SipEvent::Incoming(_)
            | SipEvent::ReinviteFailed { .. }
            | SipEvent::ReferProgress { .. }
            | SipEvent::Keep { .. }
            | SipEvent::KeepContacts { .. }
            | SipEvent::Registered { .. }
            | SipEvent::Unregistered { .. }
            | SipEvent::TrunkRegistered { .. } => None,
        }
    }

    /// A trunk took a leg, or the next one after it.
    fn carried_by(&mut self, leg: LegId, trunk: Option<TrunkId>) {
        let Some(trunk) = trunk else { return };
        self.trunks.insert(leg, trunk);
        if let Some(entry) = self.legs.get_mut(&leg) {
            entry.end = End::Trunk(trunk);
        }
    }

    /// Ends whatever is left, for a call whose core did not get to it.
    pub async fn abandon(&mut self) {
        let rung: Vec<LegId> = self.legs.keys().copied().collect();
        for leg in rung {
            self.rings_no_more(leg);
        }
        for leg in self.legs.values_mut() {
            leg.media = None;
            // Without signalling there is nobody to tell.
            let _ = self.node.sip.hang_up(leg.dialog, Cause::Internal).await;
        }
    }

    async fn originate(
        &mut self,
        leg: LegId,
        target: &str,
        caller_id: &str,
        timeout_ms: u64,
        agent: Option<AgentId>,
    ) -> Result<(), NoLeg> {
        let target = self.resolve(target, agent)?;
        let dialog = self.node.sip.next_key();
        let media = self.open(leg)?;
        let end = match target {
            InviteTarget::Extension(_) => End::Phone,
            InviteTarget::Trunk { trunk, .. } => End::Trunk(trunk),
            InviteTarget::Route { .. } => End::Route,
        };
        let (local, options) = self.describe(leg, &media, end);
        let rings_at = match target {
            InviteTarget::Extension(agent) => Some(agent),
            _ => None,
        };
        if let Some(agent) = rings_at {
            self.tenant.meeting.rings(agent, self.call, leg);
        }
        let (media, speaks, decided) = (Some(media), Vec::new(), false);
        self.add(leg, Leg { dialog, media, end, speaks, decided, rings_at, kept: None });
        let from = if caller_id.is_empty() { self.own_number.as_str() } else { caller_id };
        let request = InviteRequest {
            target,
            caller: Caller { number: from.to_owned(), name: None },
            media: local,
            ring_timeout_ms: u32::try_from(timeout_ms).unwrap_or(u32::MAX),
            headers: Vec::new(),
        };
        let options = InviteOptions { media: options, ..InviteOptions::default() };
        stopped(self.node.sip.invite_with(dialog, request, options).await)
    }

    async fn hang_up(&mut self, leg: LegId, cause: Cause) -> Result<(), NoLeg> {
        self.close_media(leg);
        match self.dialog(leg) {
            Some(dialog) => stopped(self.node.sip.hang_up(dialog, cause).await),
            None => Ok(()),
        }
    }

    fn resolve(&self, target: &str, agent: Option<AgentId>) -> Result<InviteTarget, NoLeg> {
        if let Some(agent) = agent {
            return Ok(InviteTarget::Extension(agent));
        }
        let target: Target =
            target.parse().map_err(|reason| NoLeg { cause: Cause::NotFound, reason })?;
        match target {
            Target::Extension(address) | Target::Agent(address) => self
                .tenant
                .config()
                .agent_with_extension(address.as_str())
                .map(InviteTarget::Extension)
                .ok_or_else(|| NoLeg {
                    cause: Cause::NotFound,
                    reason: format!("there is no extension {address}"),
                }),
            // Which trunk, signalling decides: the next one if the first does not take it.
            Target::Number(number) => self
                .tenant
                .config()
                .outbound_trunk()
                .map(|_| InviteTarget::Route { tenant: self.tenant.id, number: number.to_string() })
                .ok_or_else(|| NoLeg {
                    cause: Cause::Unreachable,
                    reason: "the tenant has no trunk for outgoing calls; add one".to_owned(),
                }),
        }
    }

    fn dialog(&self, leg: LegId) -> Option<DialogKey> {
        self.legs.get(&leg).map(|entry| entry.dialog)
    }

    async fn failed(&mut self, leg: LegId, no: NoLeg) -> Input {
        tracing::info!(call = %self.call, leg = leg.0, reason = no.reason, "leg not possible");
        // A leg that came in still waits for a final response; without signalling
        // there is nobody to tell.
        let _ = self.hang_up(leg, no.cause).await;
        Input::Leg(leg, LegInput::Failed { cause: no.cause, sip_status: None })
    }
}

fn stopped(sent: Result<(), Stopped>) -> Result<(), NoLeg> {
    sent.map_err(|error| NoLeg { cause: Cause::Internal, reason: error.to_string() })
}
