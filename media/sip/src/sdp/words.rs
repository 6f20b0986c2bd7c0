//! The words of a media negotiation, without its text.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;

/// A codec that can be agreed to on SIP legs. All but Opus use their static
/// payload type only (RFC 3551 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Codec {
    /// G.711 µ-law, payload type 0.
    Pcmu,
    /// G.711 A-law, payload type 8.
    Pcma,
    /// G.722, payload type 9; its RTP clock is 8000 although it samples at
    /// 16 kHz (RFC 3551 §4.5.2).
    G722,
    /// Opus, payload type by agreement, clock 48000 (RFC 7587).
    Opus,
    /// G.729 without annex B, payload type 18; passed through, never transcoded.
    G729,
}

impl Codec {
    /// What every leg of ours speaks, in our own order of preference.
    pub const ALL: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];
    /// Everything that can be named.
    pub(super) const KNOWN: [Codec; 5] =
        [Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus, Codec::G729];

    /// Encoding name (`PCMU`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
            Self::G729 => "G729",
        }
    }

    /// RTP payload type; of Opus the one that we offer, as most do.
    pub fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
            Self::G722 => 9,
            Self::Opus => 111,
            Self::G729 => 18,
        }
    }

    /// Clock of its RTP timestamps.
    pub fn clock_hz(self) -> u32 {
        if self == Self::Opus { 48_000 } else { 8_000 }
    }

    pub(super) fn channels(self) -> u32 {
        if self == Self::Opus { 2 } else { 1 }
    }

    /// The codec that a payload type stands for; `map` is its rtpmap.
    pub(super) fn from_format(payload: u8, map: Option<&str>) -> Option<Self> {
        let Some(map) = map else {
            let fixed = Self::KNOWN.into_iter().filter(|codec| *codec != Self::Opus);
            return fixed.into_iter().find(|codec| codec.payload_type() == payload);
        };
        let map = sipx_sdp::rtpmap::Rtpmap::parse(map).ok()?;
        Self::KNOWN.into_iter().find(|codec| {
            let number = match codec {
                Self::Opus => payload >= 35,
                // A static number may be mapped to what it already means, to nothing else.
                fixed => fixed.payload_type() == payload,
            };
            number
                && map.encoding().eq_ignore_ascii_case(codec.name())
                && map.clock_rate() == codec.clock_hz()
                && map.channels() == codec.channels()
        })
    }
}

/// Whose order of codecs decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodecOrder {
    /// The offer's (RFC 3264 §6.1 wishes so).
    #[default]
    Offerer,
    /// The answerer's.
    Answerer,
}

/// Whether media may or must be encrypted (RFC 4568).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// Plain RTP only.
    #[default]
    Plain,
    /// Encrypted if they offer it; our own offers are plain.
    Allowed,
    /// Encrypted if they can: our own offers have keys on a plain line, and
    /// keys on a plain line of theirs are taken (RFC 8643).
    Offered,
    /// Encrypted or not at all.
    Required,
}

/// One SRTP key of a `crypto` line; its text is not looked into.
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKey {
    /// Crypto suite (`AES_CM_128_HMAC_SHA1_80`).
    pub suite: String,
    /// Master key and salt, base64; kept out of logs.
    pub key: String,
}

impl std::fmt::Debug for SrtpKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SrtpKey").field("suite", &self.suite).finish_non_exhaustive()
    }
}

/// The two keys of an agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srtp {
    /// What we encrypt with.
    pub ours: SrtpKey,
    /// What they encrypt with.
    pub theirs: SrtpKey,
}

/// What a leg's media may differ in from plain G.711.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaOptions {
    /// Whose order of codecs decides in answers of ours.
    pub order: CodecOrder,
    /// Packet time that we want.
    pub ptime_ms: u16,
    /// Longest packet that we take, if there is a limit.
    pub maxptime_ms: Option<u16>,
    /// Whether our offers allow RTCP on the RTP port (RFC 5761).
    pub rtcp_mux: bool,
    /// Our RTCP port if it is not the one after RTP (RFC 3605).
    pub rtcp_port: Option<u16>,
    /// Whether we take comfort noise (RFC 3389, payload type 13).
    pub comfort_noise: bool,
    /// Keys of ours by suite, most wanted first; at most one is used.
    pub keys: Vec<SrtpKey>,
}

impl Default for MediaOptions {
    fn default() -> Self {
        Self {
            order: CodecOrder::Offerer,
            ptime_ms: 20,
            maxptime_ms: None,
            rtcp_mux: false,
            rtcp_port: None,
            comfort_noise: false,
            keys: Vec::new(),
        }
    }
}

/// Which way media flows, seen from our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// Payload type of Opus, if it is among them.
    pub opus_payload: Option<u8>,
    /// Parameters (fmtp) of each codec that has any.
    pub parameters: Vec<(Codec, String)>,
    /// Payload type of its RFC 4733 events.
    pub dtmf_payload: Option<u8>,
    /// The same with a 48 kHz clock, which goes with Opus.
    pub dtmf_payload_48k: Option<u8>,
    /// Whether it takes comfort noise (payload type 13).
    pub comfort_noise: bool,
    /// Longest packet it takes, if it says.
    pub maxptime_ms: Option<u16>,
    /// Where RTCP is wanted unless it shares the RTP port.
    pub rtcp: SocketAddr,
    /// `crypto` lines by tag; empty for plain RTP.
    pub crypto: Vec<(u32, SrtpKey)>,
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
    /// Payload type to send it under.
    pub payload_out: u8,
    /// Payload type under which it arrives.
    pub payload_in: u8,
    /// What they say of the codec (fmtp), if anything.
    pub parameters: Option<String>,
    /// Payload type to send digits with; `None`: send them as INFO.
    pub dtmf_payload: Option<u8>,
    /// Payload type under which digits arrive. Differs from `dtmf_payload`
    /// only if our offer was answered with another number (RFC 3264 §6.1).
    pub dtmf_payload_in: Option<u8>,
    /// Clock of digit events: the codec's, 8000 unless that is Opus.
    pub dtmf_clock_hz: u32,
    /// Whether both sides take comfort noise (payload type 13).
    pub comfort_noise: bool,
    /// Which way media flows, seen from our side.
    pub direction: Direction,
    /// Packet time to send: what the other side wants, within what it takes.
    pub ptime_ms: u16,
    /// Whether RTCP shares the RTP port.
    pub rtcp_mux: bool,
    /// Where to send RTCP.
    pub rtcp: SocketAddr,
    /// The keys, if media is encrypted.
    pub srtp: Option<Srtp>,
}
