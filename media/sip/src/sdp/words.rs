//! The words of a media negotiation, without its text.

use std::net::SocketAddr;

/// A codec that we speak on SIP legs. Both use their static payload type
/// (RFC 3551 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law, payload type 0.
    Pcmu,
    /// G.711 A-law, payload type 8.
    Pcma,
}

impl Codec {
    /// Every codec, in our own order of preference.
    pub const ALL: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];

    /// Encoding name (`PCMU`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// RTP payload type.
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    pub(super) fn from_format(format: &str) -> Option<Self> {
        match format {
            "0" => Some(Self::Pcmu),
            "8" => Some(Self::Pcma),
            _ => None,
        }
    }
}

/// Which way media flows, seen from our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// We send only.
    SendOnly,
    /// We receive only: the other side holds us.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    /// Whether we may send.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether we are sent to.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    pub(super) fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// What the other side sees.
    pub fn mirrored(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    /// What is left when both must agree.
    pub fn and(self, other: Self) -> Self {
        Self::new(self.sends() && other.sends(), self.receives() && other.receives())
    }

    pub(super) fn text(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }
}

impl From<sipx_sdp::Direction> for Direction {
    fn from(direction: sipx_sdp::Direction) -> Self {
        Self::new(direction.sends(), direction.receives())
    }
}

/// Our end of a leg's media.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalMedia {
    /// Where we receive RTP, as the other side must address it.
    pub address: SocketAddr,
    /// What we speak, most wanted first.
    pub codecs: Vec<Codec>,
    /// Whether we take and send digits as RFC 4733 events.
    pub telephone_event: bool,
}

/// The other end of a leg's media, as it was offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteMedia {
    /// Where RTP is wanted.
    pub address: SocketAddr,
    /// The codecs that we know of those offered, in the order offered; never empty.
    pub codecs: Vec<Codec>,
    /// Payload type of its RFC 4733 events.
    pub dtmf_payload: Option<u8>,
    /// Which way media may flow, seen from our side.
    pub direction: Direction,
    /// Packet time it wants, 20 if it does not say.
    pub ptime_ms: u16,
    /// Whether it can take RTCP on the RTP port (RFC 5761).
    pub rtcp_mux: bool,
}

/// What both sides agreed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// Where to send RTP; meaningless unless `direction` sends.
    pub remote: SocketAddr,
    /// What to send. Every codec of our [`LocalMedia`] may arrive, told apart
    /// by its payload type, if we made the offer.
    pub codec: Codec,
    /// Payload type to send digits with; `None`: send them as INFO.
    pub dtmf_payload: Option<u8>,
    /// Payload type under which digits arrive. Differs from `dtmf_payload`
    /// only if our offer was answered with another number (RFC 3264 §6.1).
    pub dtmf_payload_in: Option<u8>,
    /// Which way media flows, seen from our side.
    pub direction: Direction,
    /// Packet time the other side wants.
    pub ptime_ms: u16,
    /// Whether RTCP shares the RTP port.
    pub rtcp_mux: bool,
}
