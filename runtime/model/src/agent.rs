//! What an agent is doing.

use serde::{Deserialize, Serialize};

/// The state of an agent. Exactly one at a time; only the tenant's
/// distribution changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "reason")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum AgentState {
    /// Not at work.
    SignedOut,
    /// May be given a contact.
    Ready,
    /// At work but not to be given contacts, for a named reason.
    NotReady(String),
    /// Chosen for a contact; the offer is on its way.
    Reserved,
    /// The agent's phone rings.
    Ringing,
    /// In conversation.
    Talking,
    /// The agent has put the caller on hold.
    Hold,
    /// After the conversation, before the next one.
    WrapUp,
}

impl AgentState {
    /// The state's name without its reason, as it stands in SQL, JSON and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::Ready => "ready",
            Self::NotReady(_) => "not_ready",
            Self::Reserved => "reserved",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::Hold => "hold",
            Self::WrapUp => "wrap_up",
        }
    }
}
