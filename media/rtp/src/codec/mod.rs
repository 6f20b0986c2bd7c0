//! The codecs of telephone audio: what SDP and RTP call them, and encoders,
//! decoders and transcoders that are made once per leg and allocate nothing per
//! packet.
//!
//! Linear audio is 16-bit at 8 or 16 kHz, whatever the codec's clock on the wire.

mod clock;
mod decoder;
mod encoder;
mod g722;
mod opus;
mod resample;
mod transcoder;

pub use clock::ClockScaler;
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use opus::OpusSettings;
pub use resample::{Downsampler, Upsampler};
pub use transcoder::Transcoder;

use crate::Law;

/// Longest audio in one packet: 120 ms, what Opus allows (RFC 6716 §2) and more
/// than any other codec's packets in use.
pub const MAX_PACKET_MS: u32 = 120;
/// The same in samples at the highest rate of linear audio.
pub const MAX_PACKET_SAMPLES: usize = Rate::Wide.samples(MAX_PACKET_MS);
/// Longest payload of one 20 ms frame of any codec: RFC 6716 §3.2.1 for Opus.
pub const MAX_FRAME_BYTES: usize = 1_275;

/// How many samples of linear audio make a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rate {
    /// 8 kHz: telephone band.
    Narrow,
    /// 16 kHz: wide band.
    Wide,
}

impl Rate {
    /// Samples per second.
    pub const fn hz(self) -> u32 {
        match self {
            Self::Narrow => 8_000,
            Self::Wide => 16_000,
        }
    }

    /// Samples in `ms`.
    pub const fn samples(self, ms: u32) -> usize {
        (self.hz() / 1_000 * ms) as usize
    }

    /// Samples in one frame of 20 ms.
    pub const fn frame_samples(self) -> usize {
        self.samples(crate::FRAME_MS)
    }
}

/// A codec of telephone audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Codec {
    /// G.711 µ-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722 at 64 kbit/s (RFC 3551 §4.5.2).
    G722,
    /// Opus (RFC 6716, RFC 7587).
    Opus,
    /// G.729: passed on, never encoded or decoded here. The crates that do it
    /// descend from a GPL library.
    G729,
}

impl Codec {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Pcmu, Self::Pcma, Self::G722, Self::Opus, Self::G729];

    /// The encoding name of `a=rtpmap` (RFC 3551 §6, RFC 7587 §7).
    pub const fn sdp_name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
            Self::G729 => "G729",
        }
    }

    /// The codec that `a=rtpmap` names, in any case.
    pub fn from_sdp(name: &str, clock_hz: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.sdp_name().eq_ignore_ascii_case(name))
            .filter(|codec| codec.clock_hz() == clock_hz)
    }

    /// The clock of RTP timestamps. G.722 counts at 8 kHz although its audio
    /// has 16 kHz (RFC 3551 §4.5.2), Opus always at 48 kHz (RFC 7587 §4.1).
    pub const fn clock_hz(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            _ => 8_000,
        }
    }

    /// Channels that `a=rtpmap` must state (RFC 7587 §7: always two for Opus,
    /// which is mono all the same).
    pub const fn sdp_channels(self) -> u8 {
        match self {
            Self::Opus => 2,
            _ => 1,
        }
    }

    /// The payload type to offer: the static one (RFC 3551 table 4), or the
    /// dynamic number most phones and browsers use.
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => crate::packet::PT_PCMU,
            Self::Pcma => crate::packet::PT_PCMA,
            Self::G722 => 9,
            Self::G729 => 18,
            Self::Opus => 111,
        }
    }

    /// Whether the payload type means this codec without `a=rtpmap`.
    pub const fn has_static_payload_type(self) -> bool {
        !matches!(self, Self::Opus)
    }

    /// The codec with this static payload type.
    pub fn from_static_payload_type(payload_type: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.has_static_payload_type() && codec.payload_type() == payload_type)
    }

    /// The rate at which nothing of the codec's audio is lost.
    pub const fn rate(self) -> Rate {
        match self {
            Self::G722 | Self::Opus => Rate::Wide,
            Self::Pcmu | Self::Pcma | Self::G729 => Rate::Narrow,
        }
    }

    /// Samples of audio in a frame of 20 ms at [`Self::rate`].
    pub const fn frame_samples(self) -> usize {
        self.rate().frame_samples()
    }

    /// By how much the timestamp moves in a frame of 20 ms.
    pub const fn frame_timestamps(self) -> u32 {
        self.clock_hz() / 1_000 * crate::FRAME_MS
    }

    /// Moves a count of our 8 kHz clock to the codec's.
    pub const fn timestamp(self, samples: u64) -> u32 {
        samples.wrapping_mul((self.clock_hz() / crate::SAMPLE_RATE) as u64) as u32
    }

    /// Whether audio can be taken from it and given to it here.
    pub const fn is_transcodable(self) -> bool {
        !matches!(self, Self::G729)
    }

    /// The G.711 law, if it is one.
    pub const fn law(self) -> Option<Law> {
        match self {
            Self::Pcmu => Some(Law::Pcmu),
            Self::Pcma => Some(Law::Pcma),
            _ => None,
        }
    }

    /// How much audio a payload holds, in microseconds; `None` if it cannot be
    /// this codec's.
    pub fn payload_us(self, payload: &[u8]) -> Option<u32> {
        let bytes = u32::try_from(payload.len()).ok()?;
        let us = match self {
            Self::Opus => return opus::payload_us(payload),
            // Frames of 10 bytes for 10 ms; two bytes of comfort noise may follow.
            Self::G729 => bytes / 10 * 10_000,
            _ => bytes.checked_mul(125)?,
        };
        (us > 0 && us <= MAX_PACKET_MS * 1_000).then_some(us)
    }
}

impl From<Law> for Codec {
    fn from(law: Law) -> Self {
        match law {
            Law::Pcmu => Self::Pcmu,
            Law::Pcma => Self::Pcma,
        }
    }
}

/// Why audio cannot be encoded or decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// G.729.
    #[error("{} is only passed on; offer the other side the same codec", .0.sdp_name())]
    PassThroughOnly(Codec),
    /// The payload is empty, too long, or not what the codec writes.
    #[error("the payload is not valid {}", .0.sdp_name())]
    Payload(Codec),
    /// The caller's buffer is too small, or holds no whole frame.
    #[error("the buffer does not fit a frame of {}", .0.sdp_name())]
    Buffer(Codec),
    /// The codec could not be set up.
    #[error("{} could not be set up", .0.sdp_name())]
    SetUp(Codec),
}
