//! Tags, branches, Call-IDs and jitter from one seeded generator.
//!
//! The generator is a cryptographic one: a tag or branch that can be guessed
//! lets a stranger end other people's calls.

use rand::rngs::StdRng;
use rand::{Rng, RngCore, SeedableRng};
use std::fmt::Write;

pub(crate) struct Random(StdRng);

impl Random {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self(StdRng::from_seed(seed))
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    pub(crate) fn key(&mut self) -> [u8; 32] {
        let mut key = [0; 32];
        self.0.fill_bytes(&mut key);
        key
    }

    /// `from..=to` milliseconds.
    pub(crate) fn between_ms(&mut self, from: u64, to: u64) -> u64 {
        self.0.random_range(from..=to)
    }

    pub(crate) fn hex(&mut self) -> String {
        hex64(self.number())
    }
}

impl std::fmt::Debug for Random {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Random")
    }
}

/// 16 lower-case hexadecimal digits.
pub(crate) fn hex64(number: u64) -> String {
    let mut text = String::with_capacity(16);
    let _ = write!(text, "{number:016x}");
    text
}

/// The inverse of [`hex64`]; anything else is `None`.
pub(crate) fn parse_hex64(text: &[u8]) -> Option<u64> {
    if text.len() != 16 || !text.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(text).ok()?, 16).ok()
}
