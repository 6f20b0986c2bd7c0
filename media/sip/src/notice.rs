//! What an operator is told: nothing here is needed for a call to go on, and
//! whoever hands notices on may drop them when nobody keeps up.

use crate::admission::Ban;
use crate::trunk::{TrunkReason, TrunkState};
use strowger_model::TrunkId;

/// What an operator is told.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A source is not answered any more for a while.
    Banned(Ban),
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
