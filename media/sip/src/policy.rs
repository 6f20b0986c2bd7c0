//! How SIP is spoken on a leg: extensions, codecs and encryption, whether and how
//! the caller's identity is believed and asserted, what passes through.
//!
//! Which number is shown and how numbers are written is not here: like limits,
//! health and routes it belongs to trunks alone ([`crate::TrunkPolicy`]).
//!
//! The table is swapped as a whole, like the directory. It owns no state and
//! decides nothing by itself.

use crate::sdp::{Codec, Security};
use std::collections::HashMap;
use strowger_model::{TenantId, TrunkId};

/// Session timers of a leg (RFC 4028).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimer {
    /// The interval that we ask for, and the longest that we grant.
    pub interval_s: u32,
    /// The shortest that we grant; never below the RFC's own floor of 90.
    pub min_s: u32,
}

impl Default for SessionTimer {
    fn default() -> Self {
        // RFC 4028 §4 names half an hour; a dead leg is noticed within it.
        Self { interval_s: 1_800, min_s: MIN_SESSION_S }
    }
}

/// The floor under any session interval (RFC 4028 §9): shorter ones would let a
/// peer make us send requests as fast as it likes.
pub(crate) const MIN_SESSION_S: u32 = 90;

impl SessionTimer {
    /// The shortest interval granted, whatever was configured.
    pub(crate) fn floor_s(&self) -> u32 {
        self.min_s.max(MIN_SESSION_S)
    }

    pub(crate) fn wanted_s(&self) -> u32 {
        self.interval_s.max(self.floor_s())
    }
}

/// When provisional responses of ours are sent reliably (RFC 3262).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reliability {
    /// Never; callers that require it are refused (420).
    Never,
    /// For callers that require it.
    #[default]
    WhenRequired,
    /// For callers that can do it.
    WhenSupported,
}

/// How a carrier is told who calls (RFC 3325).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Assertion {
    /// Only by From.
    #[default]
    None,
    /// P-Asserted-Identity: the carrier trusts us, also with identities that
    /// the called party must not see.
    Asserted,
    /// P-Preferred-Identity: the carrier checks it and asserts what it finds.
    Preferred,
}

/// Identity of callers, both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityPolicy {
    /// Whether P-Asserted-Identity of theirs is believed; if not, it is as if
    /// it were not there (RFC 3325 §5).
    pub trusted: bool,
    /// What we say besides From.
    pub assertion: Assertion,
}

impl Default for IdentityPolicy {
    fn default() -> Self {
        // A trunk is somebody's decision: who made it believes the carrier.
        Self { trusted: true, assertion: Assertion::None }
    }
}

/// How SIP is spoken on one leg. For a trunk [`crate::TrunkPolicy`] says what goes
/// over it and how numbers are written; what is said here of its callers is said
/// of the number that it chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegPolicy {
    /// Session timers; `None`: neither asked for nor granted.
    pub session_timer: Option<SessionTimer>,
    /// Reliable provisional responses; theirs are acknowledged unless this is `Never`.
    pub reliable: Reliability,
    /// Identity of callers.
    pub identity: IdentityPolicy,
    /// Headers besides `X-…` that pass: told of incoming calls, sent with
    /// outgoing ones. Names that SIP itself uses never pass.
    pub pass_headers: Vec<String>,
    /// What an offer of theirs must name one of, or it is refused at once (488).
    pub codecs: Vec<Codec>,
    /// What is spoken of what the leg can speak, in this order, which goes before
    /// theirs; empty: all that the leg can, in its own order.
    pub preferred: Vec<Codec>,
    /// Whether media may or must be encrypted.
    pub security: Security,
}

impl Default for LegPolicy {
    fn default() -> Self {
        Self {
            session_timer: Some(SessionTimer::default()),
            reliable: Reliability::default(),
            identity: IdentityPolicy::default(),
            pass_headers: Vec::new(),
            codecs: Codec::ALL.to_vec(),
            preferred: Vec::new(),
            security: Security::default(),
        }
    }
}

/// How SIP is spoken, by leg; [`crate::Trunking`] holds what else is configured of
/// trunks.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// Trunks that are special.
    pub trunks: HashMap<TrunkId, LegPolicy>,
    /// Every other trunk.
    pub other_trunks: LegPolicy,
    /// Tenants whose phones are special.
    pub phones_of: HashMap<TenantId, LegPolicy>,
    /// Every other phone.
    pub phones: LegPolicy,
}

impl Policies {
    pub(crate) fn of(&self, source: &crate::event::Source) -> &LegPolicy {
        match source {
            crate::event::Source::Trunk { trunk, .. } => {
                self.trunks.get(trunk).unwrap_or(&self.other_trunks)
            }
            crate::event::Source::Extension { tenant, .. } => {
                self.phones_of.get(tenant).unwrap_or(&self.phones)
            }
        }
    }
}
