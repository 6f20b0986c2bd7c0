//! What a flow is told: the closed variant of `wit/flow.wit`.

use crate::action::CommandId;
use serde::{Deserialize, Serialize};
use strowger_model::{Cause, Timestamp};

/// One event for the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuestEvent {
    /// The call is there.
    Started,
    /// An action has ended.
    Completed {
        /// Which.
        command: CommandId,
        /// How; the words are listed in `wit/flow.wit` at each action.
        outcome: String,
        /// Its result, where it has one.
        value: String,
    },
    /// A digit that no `gather` was waiting for.
    Input {
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
        /// How long it was held; 0 if unknown.
        held_ms: u32,
    },
    /// The call is over.
    Ended {
        /// Why.
        cause: Cause,
    },
    /// Anything else.
    Signal {
        /// For example `queue.position`, `bridge.ended`, `hold`.
        name: String,
        /// Depends on the name.
        data: String,
    },
}

/// When an event happens, and randomness for it. A guest has no other clock
/// and no other randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// A number drawn anew for each event.
    pub seed: u64,
}
