//! What a call's journal says, entry by entry. Together the entries are enough
//! to give a guest the same events, views and answers again.

use crate::action::{Action, CommandId};
use crate::event::{GuestEvent, Moment};
use crate::fault::Fault;
use crate::view::ViewState;
use serde::{Deserialize, Serialize};
use strowger_model::{
    Address, CallId, Cause, JournalEntry, JournalKind, Party, TenantId, Timestamp, VersionId,
};

/// Body of [`JournalKind::Event`]: what the guest was told and what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventBody {
    /// When, and randomness.
    pub moment: Moment,
    /// The event.
    pub event: GuestEvent,
    /// More about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<(String, String)>,
    /// The changing part of the guest's view.
    pub state: ViewState,
    /// Secret digits stand as `*`: the turn cannot be replayed exactly.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub masked: bool,
}

/// Body of [`JournalKind::Turn`]: what the guest did with the last event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnBody {
    /// Admitted actions in order; none if the turn failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<(CommandId, Action)>,
    /// Attributes it set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<(String, String)>,
    /// Fuel used.
    pub fuel: u64,
    /// Time spent in the guest.
    pub busy_us: u64,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

/// Body of [`JournalKind::Note`]: something that happened outside the guest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoteBody {
    /// What, as on the event stream: `leg.answered`.
    pub note: String,
    /// More about it.
    pub data: serde_json::Value,
}

/// Body of the note `flow.fallback`: the guest was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FallbackBody {
    /// The version that took over.
    pub version: Option<VersionId>,
}

/// Name of the note whose data is a [`FallbackBody`].
pub const FALLBACK_NOTE: &str = "flow.fallback";

/// Body of the note `flow.taken_over`: a transfer led to a number of the tenant,
/// whose flow has taken the seat of the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenOverBody {
    /// Name of the flow.
    pub flow: String,
    /// Its version.
    pub version: Option<VersionId>,
    /// Who calls, for that flow.
    pub from: Address,
    /// The number.
    pub to: Address,
}

/// Name of the note whose data is a [`TakenOverBody`].
pub const TAKEN_OVER_NOTE: &str = "flow.taken_over";

/// Body of [`JournalKind::End`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndBody {
    /// Why the call ended.
    pub cause: Cause,
    /// Who ended it.
    pub by: Party,
}

/// Numbers the entries of one call.
#[derive(Debug)]
pub(crate) struct JournalWriter {
    tenant: TenantId,
    call: CallId,
    seq: u32,
}

impl JournalWriter {
    pub fn new(tenant: TenantId, call: CallId) -> Self {
        Self { tenant, call, seq: 0 }
    }

    pub fn entry(&mut self, at: Timestamp, kind: JournalKind, body: String) -> JournalEntry {
        let seq = self.seq;
        self.seq += 1;
        JournalEntry { tenant: self.tenant, call: self.call, seq, at, kind, body }
    }
}
