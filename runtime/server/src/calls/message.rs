//! What a call's task is told by the others.

use std::time::Instant;
use strowger_api::LiveCall;
use strowger_call::{Between, Input, LegFacts, PlayId};
use strowger_engine::media::Clip;
use strowger_guest::{CallGuest, FlowTurn};
use strowger_model::{CallId, LegId};
use strowger_sip::{DialogKey, SipEvent};
use tokio::sync::oneshot;

use super::parcel::Parcel;

/// A message and when it was sent.
#[derive(Debug)]
pub struct Told {
    /// When it came; a decision that follows from it is late by what has passed since.
    pub at: Instant,
    /// What it says.
    pub message: CallMessage,
}

/// A message to a call's task.
#[derive(Debug)]
pub enum CallMessage {
    /// Straight for the core.
    Core(Input),
    /// Signalling of one of its legs, or of one that it has given away.
    Sip(DialogKey, SipEvent),
    /// Another call of the tenant says something.
    Between(CallId, Between),
    /// Another call gives a leg.
    Given(CallId, LegFacts, Parcel),
    /// A phone wants to take a leg's place.
    PickUp(LegId, LegFacts, Parcel),
    /// What was to be played is ready to be.
    Clips {
        /// For which sound.
        play: PlayId,
        /// The sound, or why there is none.
        clips: Result<Vec<Clip>, String>,
    },
    /// The guest is back from the background threads.
    Turned(Box<(CallGuest, FlowTurn)>),
    /// Somebody wants to know how the call stands.
    Show(oneshot::Sender<LiveCall>),
}
