//! What the endpoint tells the server.
//!
//! Every dialog that was announced ([`SipEvent::Incoming`]) or asked for
//! ([`crate::Endpoint::invite`]) gets **exactly one** last event: `Failed`,
//! `HungUp` or `Cancelled`, also when the server itself ended it. After it
//! nothing more is said about the dialog.

use crate::call::DialogRecord;
use crate::registrar::ContactRecord;
use crate::sdp::{Negotiated, RemoteMedia};
use serde::{Deserialize, Serialize};
use strowger_model::{AgentId, Cause, TenantId, TrunkId};

/// One leg as the server knows it. Even numbers are calls that came in, odd
/// ones calls that were placed; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DialogKey(pub u64);

impl DialogKey {
    /// The key of the `number`th call placed; the caller counts.
    pub fn outbound(number: u64) -> Self {
        Self(number << 1 | 1)
    }

    pub(crate) fn inbound(number: u64) -> Self {
        Self(number << 1)
    }

    /// Which call that came in this is.
    pub(crate) fn inbound_number(self) -> Option<u64> {
        (self.0 & 1 == 0).then_some(self.0 >> 1)
    }

    /// Which call placed this is; not for one that came in.
    pub fn outbound_number(self) -> Option<u64> {
        (self.0 & 1 == 1).then_some(self.0 >> 1)
    }
}

/// Who placed a call, as far as it was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A trunk, by its address or its digest.
    Trunk {
        /// Which.
        trunk: TrunkId,
        /// Whose.
        tenant: TenantId,
    },
    /// A phone that proved to be this agent's extension.
    Extension {
        /// Which.
        agent: AgentId,
        /// Whose.
        tenant: TenantId,
    },
}

impl Source {
    /// The trunk, if it is one.
    pub fn trunk(&self) -> Option<TrunkId> {
        match *self {
            Self::Trunk { trunk, .. } => Some(trunk),
            Self::Extension { .. } => None,
        }
    }

    /// Whose call this is.
    pub fn tenant(&self) -> TenantId {
        match *self {
            Self::Trunk { tenant, .. } | Self::Extension { tenant, .. } => tenant,
        }
    }
}

/// A new incoming call. Nothing was sent; 100 Trying follows if nothing else is
/// said within 200 ms.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Its leg from now on.
    pub dialog: DialogKey,
    /// Who it is from, proven.
    pub source: Source,
    /// User part of the caller: the P-Asserted-Identity or From of a trunk
    /// (RFC 3325; only From if privacy is asked for), the proven extension's
    /// name of a phone; `anonymous` if there is none.
    pub from: String,
    /// What the caller calls itself.
    pub display_name: Option<String>,
    /// User part of the Request-URI: what was dialled.
    pub to: String,
    /// User part of the To header: carriers that route by registration put
    /// the dialled number only here.
    pub to_header: String,
    /// The whole Request-URI.
    pub request_uri: String,
    /// The caller's media; `None` if it wants our offer (late offer).
    pub offer: Option<RemoteMedia>,
    /// The call that it wants to take the place of (RFC 3891), checked: answer
    /// this one, then hang that one up.
    pub replaces: Option<DialogKey>,
    /// On whose behalf it was placed (RFC 3892), as the caller says.
    pub referred_by: Option<String>,
    /// The caller asks that the called party does not see who it is (RFC 3323).
    pub withheld: bool,
    /// Headers that the trunk's policy lets pass.
    pub headers: Vec<(String, String)>,
    /// Call-ID, to find the call in a packet trace.
    pub call_id: String,
}

/// Where a peer wants to be transferred to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refer {
    /// User part of the target: a number or name, written as ours are.
    pub target: String,
    /// The whole address, without the dialog to replace.
    pub uri: String,
    /// The host in it if that is neither us nor whoever asks: what stands
    /// before it is no number of ours.
    pub elsewhere: Option<String>,
    /// The dialog at the target that the new call shall replace: an attended
    /// transfer. For [`crate::InviteOptions`].
    pub replaces: Option<crate::call::Replaces>,
    /// That dialog, if its other end is us: join the two legs, call nobody.
    pub replaces_dialog: Option<DialogKey>,
    /// On whose behalf (RFC 3892), as the peer says.
    pub referred_by: Option<String>,
}

/// Who ended a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The server asked for it.
    Us,
    /// The other end.
    Them,
    /// Nobody: a limit or a time-out.
    Neither,
}

/// What the endpoint tells the server.
#[derive(Clone, Debug)]
pub enum SipEvent {
    /// A call came in.
    Incoming(Box<Incoming>),
    /// A placed call rings, or (after `early_media`) a call that came in hears us.
    Ringing {
        /// Which leg.
        dialog: DialogKey,
        /// Media before the answer.
        early: Option<Negotiated>,
        /// The trunk that carries it.
        trunk: Option<TrunkId>,
    },
    /// The leg is up.
    Answered {
        /// Which leg.
        dialog: DialogKey,
        /// What was agreed.
        media: Negotiated,
        /// The trunk that carries it: of a route, the one that took the call.
        trunk: Option<TrunkId>,
    },
    /// A placed call came to nothing.
    Failed {
        /// Which leg.
        dialog: DialogKey,
        /// Why.
        cause: Cause,
        /// The final response, if one came.
        status: Option<u16>,
        /// The trunk that was tried last.
        trunk: Option<TrunkId>,
    },
    /// A leg ended: hung up by either side, refused by us, or lost.
    HungUp {
        /// Which leg.
        dialog: DialogKey,
        /// Why.
        cause: Cause,
        /// By whom.
        by: Side,
    },
    /// The caller gave up before our answer.
    Cancelled {
        /// Which leg.
        dialog: DialogKey,
    },
    /// The other side put us on hold.
    Held {
        /// Which leg.
        dialog: DialogKey,
        /// What holds now.
        media: Negotiated,
    },
    /// The other side took us back.
    Resumed {
        /// Which leg.
        dialog: DialogKey,
        /// What holds now.
        media: Negotiated,
    },
    /// The other side moved its media or changed codec, without hold.
    MediaChanged {
        /// Which leg.
        dialog: DialogKey,
        /// What holds now.
        media: Negotiated,
    },
    /// A re-INVITE of ours was accepted.
    Reinvited {
        /// Which leg.
        dialog: DialogKey,
        /// What holds now.
        media: Negotiated,
    },
    /// A re-INVITE of ours was refused; what held before still holds.
    ReinviteFailed {
        /// Which leg.
        dialog: DialogKey,
        /// The final response, if one came.
        status: Option<u16>,
    },
    /// A digit in an INFO request.
    Digit {
        /// Which leg.
        dialog: DialogKey,
        /// `0`-`9`, `*`, `#`, `A`-`D`.
        digit: char,
        /// How long it was held, if told; else 0.
        held_ms: u32,
    },
    /// The other side wants to transfer us (RFC 3515). Decide within 20 s with
    /// [`crate::Endpoint::accept_refer`] or [`crate::Endpoint::reject_refer`].
    Referred {
        /// Which leg.
        dialog: DialogKey,
        /// Where to.
        refer: Box<Refer>,
    },
    /// How a transfer of ours goes: the status of the new call.
    ReferProgress {
        /// Which leg was sent away.
        dialog: DialogKey,
        /// 202 once accepted, then as the other side says; 408 if it never does.
        status: u16,
        /// Nothing more will be said about this transfer.
        is_last: bool,
    },
    /// What [`crate::Endpoint::take_up`] needs to go on with this leg in another
    /// process; replaces what was kept of it before. Only said if
    /// [`crate::EndpointConfig::keep_dialogs`] is set.
    Keep {
        /// Which leg.
        dialog: DialogKey,
        /// To be kept until the leg's last event.
        record: Box<DialogRecord>,
    },
    /// A leg that was taken up is there still: the other side agreed to go on.
    TakenUp {
        /// Which leg.
        dialog: DialogKey,
        /// What holds now.
        media: Negotiated,
    },
    /// What [`crate::Endpoint::restore_registrations`] needs to call an
    /// extension's phones from another process; replaces what was kept of them
    /// before. Only said if [`crate::EndpointConfig::keep_dialogs`] is set.
    KeepContacts {
        /// Whose.
        agent: AgentId,
        /// Of which tenant.
        tenant: TenantId,
        /// Every contact that could be reached from there; perhaps none.
        contacts: Vec<ContactRecord>,
    },
    /// A phone registered a contact or refreshed it.
    Registered {
        /// Whose phone.
        agent: AgentId,
        /// Of which tenant.
        tenant: TenantId,
        /// The contact's URI.
        contact: String,
        /// For how long.
        expires_s: u32,
    },
    /// The last contact of an extension is gone.
    Unregistered {
        /// Whose.
        agent: AgentId,
        /// Of which tenant.
        tenant: TenantId,
    },
    /// The outcome of a registration of ours changed.
    TrunkRegistered {
        /// Which trunk.
        trunk: TrunkId,
        /// Whether it is registered now.
        ok: bool,
        /// The final response behind it, if one came.
        status: Option<u16>,
    },
}

impl SipEvent {
    /// The leg an event is about.
    pub fn dialog(&self) -> Option<DialogKey> {
        match self {
            Self::Incoming(incoming) => Some(incoming.dialog),
            Self::Ringing { dialog, .. }
            | Self::Answered { dialog, .. }
            | Self::Failed { dialog, .. }
            | Self::HungUp { dialog, .. }
            | Self::Cancelled { dialog }
            | Self::Held { dialog, .. }
            | Self::Resumed { dialog, .. }
            | Self::MediaChanged { dialog, .. }
            | Self::Reinvited { dialog, .. }
            | Self::ReinviteFailed { dialog, .. }
            | Self::Digit { dialog, .. }
            | Self::Referred { dialog, .. }
            | Self::ReferProgress { dialog, .. }
            | Self::Keep { dialog, .. }
            | Self::TakenUp { dialog, .. } => Some(*dialog),
            Self::KeepContacts { .. }
            | Self::Registered { .. }
            | Self::Unregistered { .. }
            | Self::TrunkRegistered { .. } => None,
        }
    }

    /// Whether nothing more will be said about the leg.
    pub fn is_last(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::HungUp { .. } | Self::Cancelled { .. })
    }
}
