//! Music on hold, composed and synthesized here: free of anybody's rights.
//!
//! Twelve bars of plucked chords over a soft bass with a sparse melody, about
//! 30 s, that join to their own beginning.

use super::Prompt;
use std::f32::consts::TAU;
use std::sync::{Arc, LazyLock};
use strowger_rtp::SAMPLE_RATE;

static LOOP: LazyLock<Arc<Prompt>> = LazyLock::new(|| Prompt::shared(&compose()));

/// The music, made at the first call (some 100 ms) and kept.
pub fn music_on_hold() -> Arc<Prompt> {
    Arc::clone(&LOOP)
}

/// A beat lasts 620 ms: calm, and whole frames in a bar.
const BEAT: usize = SAMPLE_RATE as usize * 620 / 1_000;
const BEATS_PER_BAR: usize = 4;

/// Semitones above A2 (110 Hz): root, third, fifth, seventh.
type Chord = [i32; 4];
const C: Chord = [3, 7, 10, 14];
const AM: Chord = [0, 3, 7, 10];
const F: Chord = [8, 12, 15, 19];
const G: Chord = [10, 14, 17, 20];
const EM: Chord = [7, 10, 14, 17];
const DM: Chord = [5, 8, 12, 15];
const BARS: [Chord; 12] = [C, AM, F, G, C, EM, F, G, AM, EM, DM, G];
/// One note a bar and an answer, in semitones above A2.
const MELODY: [(i32, i32); 12] = [
    (31, 34),
    (36, 34),
    (32, 36),
    (34, 29),
    (31, 27),
    (31, 34),
    (36, 32),
    (34, 38),
    (36, 39),
    (38, 34),
    (32, 29),
    (34, 26),
];

fn compose() -> Vec<i16> {
    let length = BARS.len() * BEATS_PER_BAR * BEAT;
    let mut mix = vec![0.0; length];
    for (bar, chord) in BARS.iter().enumerate() {
        let start = bar * BEATS_PER_BAR * BEAT;
        pluck(&mut mix, start, chord[0], 0.30, 1.8);
        pluck(&mut mix, start + 2 * BEAT, chord[2] - 12, 0.22, 1.4);
        // Broken chords in eighths: up and down again.
        for (eighth, voice) in [0, 1, 2, 3, 2, 1, 2, 1].into_iter().enumerate() {
            pluck(&mut mix, start + eighth * BEAT / 2, chord[voice] + 12, 0.13, 0.9);
        }
        let (call, answer) = MELODY[bar];
        pluck(&mut mix, start + BEAT, call, 0.16, 1.6);
        pluck(&mut mix, start + 3 * BEAT, answer, 0.12, 1.2);
    }
    mix.into_iter().map(|value: f32| (value.tanh() * 14_000.0) as i16).collect()
}

/// Adds one plucked note; what rings beyond the end rings into the beginning.
fn pluck(mix: &mut [f32], start: usize, semitones: i32, gain: f32, seconds: f32) {
    let hz = 110.0 * (semitones as f32 / 12.0).exp2();
    let rate = SAMPLE_RATE as f32;
    let count = (seconds * 2.0 * rate) as usize;
    for at in 0..count {
        let time = at as f32 / rate;
        let attack = (time / 0.008).min(1.0);
        let decay = (-3.0 * time / seconds).exp();
        let release = ((count - at) as f32 / 400.0).min(1.0);
        // Higher partials die away sooner, as on a string.
        let tone: f32 = (1_u8..=4)
            .map(f32::from)
            .filter(|partial| hz * partial < 3_400.0)
            .map(|partial| {
                (TAU * hz * partial * time).sin() * (-time * partial).exp() / (partial * partial)
            })
            .sum();
        let place = (start + at) % mix.len();
        mix[place] += gain * attack * decay * release * tone;
    }
}
