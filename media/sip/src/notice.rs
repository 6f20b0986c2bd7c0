//! What an operator is told: nothing here is needed for a call to go on, and
//! whoever hands notices on may drop them when nobody keeps up.

use crate::admission::Ban;
use crate::trace::{Trace, TraceEntry};
use crate::trunk::{TrunkReason, TrunkState};
use strowger_model::TrunkId;

/// What an operator is told.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A source is not answered any more for a while.
    Banned(Ban),
    /// A leg is over: what was said on it.
    Trace(Box<Trace>),
    /// A message came or went, for whoever collects them.
    Message(Box<TraceEntry>),
    /// A trunk is doing better or worse.
    Trunk {
        /// Which.
        trunk: TrunkId,
        /// Whether it is given calls now.
        state: TrunkState,
        /// Why.
        reason: TrunkReason,
    },
}
