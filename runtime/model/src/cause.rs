//! Why things end, and whose doing it was.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a leg or a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Cause {
    /// Someone hung up after an answer.
    Normal,
    /// The called party is busy.
    Busy,
    /// It rang and nobody answered.
    NoAnswer,
    /// The called party or the flow refused.
    Rejected,
    /// The calling party gave up before an answer.
    Cancelled,
    /// No such number or extension.
    NotFound,
    /// The phone or the carrier cannot be reached.
    Unreachable,
    /// Too many calls here or at the carrier.
    Congestion,
    /// Not allowed.
    Forbidden,
    /// The two sides share no codec.
    NoCommonCodec,
    /// No media arrived for too long.
    MediaTimeout,
    /// The flow failed and no fallback could take the call.
    FlowFault,
    /// The server stopped or was restarted.
    ServerRestart,
    /// Something broke on our side.
    Internal,
}

impl Cause {
    /// Name as it stands in SQL, JSON and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Busy => "busy",
            Self::NoAnswer => "no_answer",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::NotFound => "not_found",
            Self::Unreachable => "unreachable",
            Self::Congestion => "congestion",
            Self::Forbidden => "forbidden",
            Self::NoCommonCodec => "no_common_codec",
            Self::MediaTimeout => "media_timeout",
            Self::FlowFault => "flow_fault",
            Self::ServerRestart => "server_restart",
            Self::Internal => "internal",
        }
    }

    /// The SIP response that tells a caller so (RFC 3261 §21).
    pub fn sip_status(self) -> u16 {
        match self {
            Self::Normal => 200,
            Self::Busy => 486,
            Self::NoAnswer => 480,
            Self::Rejected => 603,
            Self::Cancelled => 487,
            Self::NotFound => 404,
            Self::Unreachable => 480,
            Self::Congestion => 503,
            Self::Forbidden => 403,
            Self::NoCommonCodec => 488,
            Self::MediaTimeout => 408,
            Self::FlowFault => 500,
            Self::ServerRestart => 503,
            Self::Internal => 500,
        }
    }

    /// The Q.850 cause value for Reason headers (RFC 3326, ITU-T Q.850 table 1).
    pub fn q850(self) -> u8 {
        match self {
            Self::Normal => 16,
            Self::Busy => 17,
            Self::NoAnswer => 19,
            Self::Rejected | Self::Forbidden => 21,
            Self::Cancelled => 16,
            Self::NotFound => 1,
            Self::Unreachable => 20,
            Self::Congestion => 42,
            Self::NoCommonCodec => 88,
            Self::MediaTimeout => 102,
            Self::FlowFault | Self::Internal | Self::ServerRestart => 41,
        }
    }

    /// What a final SIP failure response says about the leg that got it.
    pub fn from_sip_status(status: u16) -> Cause {
        match status {
            486 | 600 => Self::Busy,
            404 | 484 | 485 | 604 => Self::NotFound,
            408 | 480 => Self::NoAnswer,
            487 => Self::Cancelled,
            401 | 403 | 407 => Self::Forbidden,
            488 | 606 => Self::NoCommonCodec,
            503 => Self::Congestion,
            400..=499 | 603 => Self::Rejected,
            _ => Self::Unreachable,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A party to a conversation, to say who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Party {
    /// The calling side of the call's first leg.
    Caller,
    /// The agent or dialled party.
    Callee,
    /// The flow.
    Flow,
    /// The host: a limit, a fault, an operator's command.
    Host,
}

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Blame {
    /// The tenant's Wasm.
    Guest,
    /// The caller or the carrier.
    Carrier,
    /// Configuration, disk, network of the operator.
    Operator,
    /// A bug of ours.
    Host,
}

/// How a contact's wait in a queue ended. Every contact gets exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ContactOutcome {
    /// An agent talked to the caller.
    Served,
    /// The caller hung up while waiting.
    Abandoned,
    /// The longest wait allowed was reached.
    TimedOut,
    /// The flow took the caller out.
    Left,
    /// The queue was full.
    Overflowed,
    /// The call or the queue failed on our side.
    Failed,
}

impl ContactOutcome {
    /// Name as it stands in SQL, JSON, metrics and in what a flow is told.
    pub fn name(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::Abandoned => "abandoned",
            Self::TimedOut => "timed_out",
            Self::Left => "left",
            Self::Overflowed => "overflowed",
            Self::Failed => "failed",
        }
    }
}
