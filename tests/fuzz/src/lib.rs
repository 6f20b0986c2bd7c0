//! What strangers can send, thrown at the code that reads it: one function per
//! kind of input, for this crate's own tests and for libFuzzer alike.
//!
//! A target takes any bytes and checks what must hold whatever they are: no
//! panic, bounded answers and memory, nothing for strangers, and what we write
//! can be read again. It reads no clock and draws no randomness: the same bytes
//! always do the same.

#[cfg(feature = "network")]
mod codecs;
#[cfg(feature = "network")]
mod digest;
#[cfg(feature = "network")]
mod house;
mod journal;
pub mod mutate;
#[cfg(feature = "network")]
mod prompt;
#[cfg(feature = "network")]
mod rtcp;
#[cfg(feature = "network")]
mod rtp;
#[cfg(feature = "network")]
mod sdp;
#[cfg(feature = "network")]
mod sip;
#[cfg(feature = "network")]
mod srtp;
#[cfg(feature = "guest")]
mod upload;
#[cfg(feature = "network")]
mod wire;

#[cfg(feature = "network")]
pub use codecs::codecs;
#[cfg(feature = "network")]
pub use digest::digest;
pub use journal::journal;
#[cfg(feature = "network")]
pub use prompt::prompt;
#[cfg(feature = "network")]
pub use rtcp::rtcp;
#[cfg(feature = "network")]
pub use rtp::rtp;
#[cfg(feature = "network")]
pub use sdp::sdp;
#[cfg(feature = "network")]
pub use sip::{sip, sip_stream};
#[cfg(feature = "network")]
pub use srtp::srtp;
#[cfg(feature = "guest")]
pub use upload::upload;

/// One kind of input.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and its corpus folder's.
    pub name: &'static str,
    /// Panics if something that must hold does not.
    pub run: fn(&[u8]),
    /// Words that mean something to the reader, for mutations.
    pub words: &'static [&'static str],
    /// Mutations that the tests try: a few seconds' worth.
    pub mutations: u32,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    #[cfg(feature = "network")]
    Target { name: "sip", run: sip, words: sip::WORDS, mutations: 3_000 },
    #[cfg(feature = "network")]
    Target { name: "sip_stream", run: sip_stream, words: sip::WORDS, mutations: 10_000 },
    #[cfg(feature = "network")]
    Target { name: "sdp", run: sdp, words: sdp::WORDS, mutations: 5_000 },
    #[cfg(feature = "network")]
    Target { name: "rtp", run: rtp, words: &[], mutations: 1_500 },
    #[cfg(feature = "network")]
    Target { name: "rtcp", run: rtcp, words: &[], mutations: 200_000 },
    #[cfg(feature = "network")]
    Target { name: "srtp", run: srtp, words: srtp::WORDS, mutations: 20_000 },
    #[cfg(feature = "network")]
    Target { name: "codecs", run: codecs, words: &[], mutations: 1_000 },
    #[cfg(feature = "network")]
    Target { name: "prompt", run: prompt, words: prompt::WORDS, mutations: 10_000 },
    #[cfg(feature = "guest")]
    Target { name: "upload", run: upload, words: &[], mutations: 10_000 },
    #[cfg(feature = "network")]
    Target { name: "digest", run: digest, words: digest::WORDS, mutations: 2_000 },
    Target { name: "journal", run: journal, words: journal::WORDS, mutations: 50_000 },
];

/// A number that depends on every byte, to seed what must look random to whoever
/// wrote them (FNV-1a).
#[cfg(feature = "network")]
fn seed_of(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
