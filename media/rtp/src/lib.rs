//! Everything about telephone audio that can be decided without a socket and
//! without a clock: packets, sequence arithmetic, statistics, G.711, DTMF,
//! jitter, tones, mixing, recording files.
//!
//! Nothing here reads a clock, opens a file or a socket, or draws a random
//! number; time arrives as milliseconds or as samples of an 8 kHz clock, and
//! nothing on a packet's path allocates.

pub mod codec;
pub mod comfort;
pub mod detect;
pub mod dtmf;
pub mod g711;
pub mod jitter;
pub mod latch;
pub mod mix;
pub mod outgoing;
pub mod packet;
pub mod playout;
pub mod quality;
pub mod reception;
pub mod rtcp;
pub mod sequence;
pub mod silence;
pub mod srtp;
pub mod tones;
pub mod wav;

pub use codec::Codec;
pub use g711::Law;

/// Samples per second of every telephone leg.
pub const SAMPLE_RATE: u32 = 8_000;
/// How much audio one packet that we generate carries (RFC 3551 §4.2's default).
pub const FRAME_MS: u32 = 20;
/// The same in samples, which for G.711 is also bytes.
pub const FRAME_SAMPLES: usize = 160;

/// Samples of the 8 kHz clock in `ms` milliseconds.
pub const fn samples(ms: u64) -> u64 {
    ms * (SAMPLE_RATE as u64 / 1_000)
}
