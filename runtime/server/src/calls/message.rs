//! What a call's task is told by the others.

use strowger_api::LiveCall;
use strowger_call::{Input, PlayId};
use strowger_engine::media::Clip;
use strowger_model::LegId;
use strowger_sip::SipEvent;
use tokio::sync::oneshot;

/// A message to a call's task.
#[derive(Debug)]
pub enum CallMessage {
    /// Straight for the core.
    Core(Input),
    /// Signalling of one of its legs.
    Sip(LegId, SipEvent),
    /// What was to be played is ready to be.
    Clips {
        /// For which sound.
        play: PlayId,
        /// The sound, or why there is none.
        clips: Result<Vec<Clip>, String>,
    },
    /// Somebody wants to know how the call stands.
    Show(oneshot::Sender<LiveCall>),
}
