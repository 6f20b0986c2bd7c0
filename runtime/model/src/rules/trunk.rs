//! What goes for one trunk.

use super::number::TrunkNumbers;
use super::tenant::CallLimits;
use crate::Address;
use serde::{Deserialize, Serialize};

/// Who is shown to the called party.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "show", rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CallerRule {
    /// Whatever the call says.
    #[default]
    Pass,
    /// Always the same.
    Fixed {
        /// The number.
        number: Address,
        /// The name, if any.
        #[serde(default)]
        name: Option<String>,
    },
    /// Only numbers that are ours; any other is replaced.
    Own {
        /// Numbers that may be shown.
        numbers: Vec<Address>,
        /// The one that is shown instead of any other.
        otherwise: Address,
    },
    /// Nobody (RFC 3323). A carrier that is told who calls is told so that it
    /// does not pass it on.
    Anonymous,
}

/// How the carrier is told who calls, besides From (RFC 3325).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum IdentityAssertion {
    /// Not at all.
    #[default]
    None,
    /// By P-Asserted-Identity: the carrier trusts us.
    Asserted,
    /// By P-Preferred-Identity: the carrier checks it.
    Preferred,
}

/// Identity of callers, both ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IdentityRule {
    /// Whether the carrier's P-Asserted-Identity is believed.
    pub trusted: bool,
    /// How the carrier is told who calls.
    pub assertion: IdentityAssertion,
}

impl Default for IdentityRule {
    fn default() -> Self {
        Self { trusted: true, assertion: IdentityAssertion::None }
    }
}

/// Session timers (RFC 4028).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionTimerRule {
    /// The interval that we ask for, and the longest that we grant.
    pub interval_s: u32,
    /// The shortest that we grant; at least 90.
    pub min_s: u32,
}

impl Default for SessionTimerRule {
    fn default() -> Self {
        Self { interval_s: 1_800, min_s: 90 }
    }
}

/// When provisional responses are sent reliably (RFC 3262).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ReliableProvisional {
    /// Never; callers that require it are refused.
    Never,
    /// For callers that require it.
    #[default]
    WhenRequired,
    /// For callers that can do it.
    WhenSupported,
}

/// A codec by its name in SDP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum CodecName {
    /// Opus (RFC 6716).
    Opus,
    /// G.722.
    G722,
    /// G.711 A-law.
    Pcma,
    /// G.711 µ-law.
    Pcmu,
    /// G.729, only passed on between two legs that speak it: nothing can be
    /// played on it or recorded of it.
    G729,
}

/// Whether media is encrypted (SRTP with keys in SDP, RFC 4568).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum SrtpRule {
    /// Never.
    #[default]
    Off,
    /// If the other side can do it.
    Offer,
    /// Encrypted or not at all.
    Require,
}

/// What goes for one trunk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrunkRules {
    /// Share of the outgoing calls among trunks of the same preference; 0: only
    /// if the others do not take them.
    pub weight: u16,
    /// How numbers are written.
    pub numbers: TrunkNumbers,
    /// Who is shown as the caller.
    pub caller: CallerRule,
    /// How the carrier is told who calls.
    pub identity: IdentityRule,
    /// How much and whereto; besides, `max_calls` of the trunk holds each way.
    pub limits: CallLimits,
    /// Session timers; none: neither asked for nor granted.
    pub session_timer: Option<SessionTimerRule>,
    /// When provisional responses are sent reliably.
    pub reliable: ReliableProvisional,
    /// Headers besides `X-…` that pass between calls and the carrier.
    pub pass_headers: Vec<String>,
    /// Codecs in the order of preference; empty: the server's own.
    pub codecs: Vec<CodecName>,
    /// Whether media is encrypted.
    pub srtp: SrtpRule,
}

impl Default for TrunkRules {
    fn default() -> Self {
        Self {
            weight: 1,
            numbers: TrunkNumbers::default(),
            caller: CallerRule::default(),
            identity: IdentityRule::default(),
            limits: CallLimits::default(),
            session_timer: Some(SessionTimerRule::default()),
            reliable: ReliableProvisional::default(),
            pass_headers: Vec::new(),
            codecs: Vec::new(),
            srtp: SrtpRule::default(),
        }
    }
}
