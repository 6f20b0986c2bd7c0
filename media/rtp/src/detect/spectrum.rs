//! Correlating windowed audio with chosen frequencies.

use std::f64::consts::TAU;

/// The windowed cosine and sine of one frequency.
#[derive(Clone, Debug)]
pub(super) struct Probe<const N: usize> {
    cosine: [f32; N],
    sine: [f32; N],
}

/// A Hann window: what lies two bins away hardly matters.
pub(super) fn window<const N: usize>() -> [f32; N] {
    std::array::from_fn(|at| (0.5 - 0.5 * (TAU * (at as f64 + 0.5) / N as f64).cos()) as f32)
}

impl<const N: usize> Probe<N> {
    pub(super) fn new(hz: f64) -> Self {
        let window = window::<N>();
        let phase = |at: usize| TAU * hz * at as f64 / f64::from(crate::SAMPLE_RATE);
        Self {
            cosine: std::array::from_fn(|at| window[at] * phase(at).cos() as f32),
            sine: std::array::from_fn(|at| window[at] * phase(at).sin() as f32),
        }
    }

    /// Real and imaginary part.
    pub(super) fn correlate(&self, audio: &[f32; N]) -> (f32, f32) {
        (dot(audio, &self.cosine), -dot(audio, &self.sine))
    }

    pub(super) fn power(&self, audio: &[f32; N]) -> f32 {
        let (re, im) = self.correlate(audio);
        re * re + im * im
    }
}

/// Eight sums side by side, so that the compiler can use the processor's vectors.
fn dot<const N: usize>(a: &[f32; N], b: &[f32; N]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}
