//! What arrives over the network, or is decoded by media.

mod codecs;
mod digest;
mod house;
mod prompt;
mod rtcp;
mod rtp;
mod sdp;
mod sip;
mod srtp;
mod wire;

pub use codecs::codecs;
pub use digest::digest;
pub use prompt::prompt;
pub use rtcp::rtcp;
pub use rtp::rtp;
pub use sdp::sdp;
pub use sip::{sip, sip_stream};
pub use srtp::srtp;

use crate::Target;

/// The targets in here.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "sip", run: sip, words: sip::WORDS, mutations: 3_000 },
    Target { name: "sip_stream", run: sip_stream, words: sip::WORDS, mutations: 10_000 },
    Target { name: "sdp", run: sdp, words: sdp::WORDS, mutations: 5_000 },
    Target { name: "rtp", run: rtp, words: &[], mutations: 1_500 },
    Target { name: "rtcp", run: rtcp, words: &[], mutations: 200_000 },
    Target { name: "srtp", run: srtp, words: srtp::WORDS, mutations: 20_000 },
    Target { name: "codecs", run: codecs, words: &[], mutations: 1_000 },
    Target { name: "prompt", run: prompt, words: prompt::WORDS, mutations: 10_000 },
    Target { name: "digest", run: digest, words: digest::WORDS, mutations: 2_000 },
];

/// A number that depends on every byte, to seed what must look random to whoever
/// wrote them (FNV-1a).
fn seed_of(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
