//! What comes back from one run of the guest.

use crate::action::{Action, CommandId};
use crate::fault::Fault;
use serde::{Deserialize, Serialize};

/// The answer to one [`crate::Effect::RunGuest`], made by [`crate::TurnView::finish`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnResult {
    /// Which turn this answers; an answer to an older one is ignored.
    pub turn: u32,
    /// The admitted actions in order, or what went wrong.
    pub outcome: Result<Vec<(CommandId, Action)>, Fault>,
    /// Attributes set in this turn; void if it failed.
    pub attributes: Vec<(String, String)>,
    /// Fuel used.
    pub fuel: u64,
    /// Time spent in the guest.
    pub busy_us: u64,
}
