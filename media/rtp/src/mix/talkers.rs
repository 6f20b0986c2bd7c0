//! Who is loud enough to be heard.

use super::MAX_TALKERS;

/// Mean square below which nobody is mixed: about -50 dBm0. The noise of many
/// quiet lines would add up.
const LEAST: f32 = 2_600.0;
/// A voice keeps this share of its loudness from frame to frame while it pauses:
/// it stays chosen for most of a second.
const DECAY: f32 = 0.9;
/// By how much louder somebody must be to take a talker's place.
const ADVANTAGE: f32 = 2.0;

/// How loud a party has been lately.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loudness {
    mean_square: f32,
}

impl Loudness {
    pub(super) fn follow(&mut self, audio: &[i16]) {
        let sum: u64 = audio.iter().map(|sample| u64::from(sample.unsigned_abs()).pow(2)).sum();
        let now = sum as f32 / audio.len().max(1) as f32;
        self.mean_square = now.max(self.mean_square * DECAY);
    }

    pub(super) fn is_audible(&self) -> bool {
        self.mean_square >= LEAST
    }

    /// For choosing: a talker is favoured, so that equals do not take turns.
    pub(super) fn rank(&self, talked: bool) -> f32 {
        self.mean_square * if talked { ADVANTAGE } else { 1.0 }
    }
}

/// Puts a party among the loudest, if it is one of them.
pub(super) fn insert(chosen: &mut [Option<(f32, usize)>; MAX_TALKERS], party: (f32, usize)) {
    let mut party = Some(party);
    for place in chosen {
        let goes_before = match (&party, &place) {
            (Some((rank, _)), Some((other, _))) => rank > other,
            (Some(_), None) => true,
            _ => false,
        };
        if goes_before {
            std::mem::swap(place, &mut party);
        }
    }
}
