//! G.722 at 64 kbit/s (ITU-T G.722), written from the recommendation: two
//! sub-bands of adaptive differential PCM behind a quadrature mirror filter.
//!
//! At 8 kHz only the lower sub-band is coded and the mirror filter is left out,
//! which halves the cost of a call between G.722 and G.711.
//!
//! Block numbers in comments are those of the recommendation's clause 6.

mod band;
mod decode;
mod encode;
mod mirror;
mod tables;

pub(super) use decode::G722Decoder;
pub(super) use encode::G722Encoder;
