//! Listening to prompts.

use strowger_engine::prompt::Prompt;
use strowger_rtp::Law;

pub fn samples(prompt: &Prompt, law: Law) -> Vec<i16> {
    let frames = (0..prompt.frames()).map(|at| prompt.frame(law, at).unwrap());
    frames.flatten().map(|byte| law.decode(*byte)).collect()
}

/// Power at a frequency, as a share of the whole (Goertzel).
pub fn share(samples: &[i16], hz: f64) -> f64 {
    let (mut re, mut im, mut whole) = (0.0, 0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let value = f64::from(*sample);
        let phase = std::f64::consts::TAU * hz * at as f64 / 8_000.0;
        re += value * phase.cos();
        im += value * phase.sin();
        whole += value * value;
    }
    2.0 * (re * re + im * im) / (samples.len() as f64 * whole)
}

/// Root of the mean square.
pub fn loudness(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (sum / samples.len() as f64).sqrt()
}
