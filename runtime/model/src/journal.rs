//! One line of a call's journal: what its guest was told and what it did.

use crate::{CallId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

/// What a journal entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum JournalKind {
    /// The call was set up: tenant, number, version, limits, seed.
    Setup,
    /// An event given to the guest, with its moment and seed.
    Event,
    /// What the guest did with the last event: actions, fuel, fault.
    Turn,
    /// Something that happened to the call outside its guest.
    Note,
    /// Something the call was told: fed again, they make the same call.
    Input,
    /// What signalling needs to go on with a leg.
    Leg,
    /// The call is over.
    End,
}

impl JournalKind {
    /// Every kind there is.
    pub const ALL: [Self; 7] =
        [Self::Setup, Self::Event, Self::Turn, Self::Note, Self::Input, Self::Leg, Self::End];

    /// Name as it stands in SQL and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Event => "event",
            Self::Turn => "turn",
            Self::Note => "note",
            Self::Input => "input",
            Self::Leg => "leg",
            Self::End => "end",
        }
    }
}

/// One entry; `seq` counts from 0 within the call without gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JournalEntry {
    /// Whose call.
    pub tenant: TenantId,
    /// Which call.
    pub call: CallId,
    /// Position within the call.
    pub seq: u32,
    /// When.
    pub at: Timestamp,
    /// What kind.
    pub kind: JournalKind,
    /// The content as JSON, of the shape that `kind` says.
    pub body: String,
}
