//! What calls and phones say to each other when a part in a conversation is
//! given to somebody else.

use serde::{Deserialize, Serialize};
use strowger_model::{Address, AgentId, CallId, Direction, LegId, Timestamp, TrunkId};

/// Where a phone wants its part in a conversation to go. Whether it may go there
/// was decided by whoever knows the tenant; whether the call is in a state for
/// it decides the call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferTo {
    /// To somebody who is called, written as in `dial`.
    Target(String),
    /// To the flow of a number of the tenant.
    Number,
    /// To whom a leg of another call talks with.
    Leg {
        /// Which call.
        call: CallId,
        /// The phone's leg there.
        leg: LegId,
    },
    /// To a number of another host: no call is placed to strangers' servers. The
    /// phone's wish is taken and comes to nothing, so that it hears why.
    Elsewhere {
        /// That host.
        host: String,
    },
    /// Nowhere, and the phone is told so.
    Nowhere {
        /// SIP status.
        sip_status: u16,
    },
}

/// What one call says to another of the same tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Between {
    /// A phone that is in both of us wants those joined that it talks with.
    Ask {
        /// Its leg in the call that is asked.
        leg: LegId,
        /// Whether the asking call would rather not give its party away: the
        /// distribution has it down as talking there.
        keeps: bool,
    },
    /// Whoever is mine would like to take a call of yours up.
    PickUp {
        /// Your leg that rings where it wants to; none: it waits at a slot.
        leg: Option<LegId>,
    },
    /// Agreed; give your party.
    Want,
    /// No, or no longer.
    No {
        /// As a SIP status.
        sip_status: u16,
    },
    /// Here is my party. The leg itself comes beside this, and belongs to
    /// whoever holds it: one that is not taken is hung up.
    Given(LegFacts),
}

/// What is known of a leg that comes from elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegFacts {
    /// The other end's address.
    pub address: Address,
    /// Which way it was set up.
    pub direction: Direction,
    /// The agent at the other end.
    pub agent: Option<AgentId>,
    /// The trunk it came or went over.
    pub trunk: Option<TrunkId>,
    /// When it was answered; none: not yet.
    pub answered_at: Option<Timestamp>,
    /// Codec agreed.
    pub codec: Option<String>,
    /// Its other end holds us.
    pub held: bool,
}
