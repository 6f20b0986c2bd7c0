//! What strangers can send, thrown at the code that reads it: one function per
//! kind of input, for this crate's own tests and for libFuzzer alike.
//!
//! A target takes any bytes and checks what must hold whatever they are: no
//! panic, bounded answers and memory, nothing for strangers, and what we write
//! can be read again. It reads no clock and draws no randomness: the same bytes
//! always do the same.

mod journal;
pub mod mutate;
#[cfg(feature = "network")]
mod network;
#[cfg(feature = "guest")]
mod upload;

pub use journal::journal;
#[cfg(feature = "network")]
pub use network::{codecs, digest, prompt, rtcp, rtp, sdp, sip, sip_stream, srtp};
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

/// All of them, by what they need.
const TARGETS: &[&[Target]] = &[
    #[cfg(feature = "network")]
    network::TARGETS,
    #[cfg(feature = "guest")]
    &[Target { name: "upload", run: upload, words: &[], mutations: 10_000 }],
    &[Target { name: "journal", run: journal, words: journal::WORDS, mutations: 50_000 }],
];

/// Every target that this build has.
pub fn targets() -> impl Iterator<Item = &'static Target> {
    TARGETS.iter().copied().flatten()
}
