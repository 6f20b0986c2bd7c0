//! Keeps a sum within 16 bits by turning it down, not by cutting its tops.

/// The loudest sample that leaves: 1 dB below full scale.
const CEILING: f32 = 29_200.0;
/// Over so many samples the gain falls: 2 ms at 8 kHz.
const ATTACK: usize = 16;
/// By what share of the way back the gain rises per frame: most of it in 200 ms.
const RELEASE: f32 = 0.2;

/// The gain of one listener's mix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limiter {
    gain: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Limiter {
    /// Writes `sum` to `out`.
    pub(super) fn apply(&mut self, sum: &[i32], out: &mut [i16]) {
        let peak = sum.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0) as f32;
        let most = if peak > CEILING { CEILING / peak } else { 1.0 };
        let from = self.gain;
        let to = most.min(from + (1.0 - from) * RELEASE);
        self.gain = if to > 0.999 { 1.0 } else { to };
        #[expect(clippy::float_cmp, reason = "exactly 1 is what it is set to")]
        if from == 1.0 && self.gain == 1.0 {
            for (out, sample) in out.iter_mut().zip(sum) {
                *out = clipped(*sample);
            }
            return;
        }
        let over = if to < from { ATTACK } else { sum.len() }.max(1);
        for (at, (out, sample)) in out.iter_mut().zip(sum).enumerate() {
            let way = (at as f32 / over as f32).min(1.0);
            let gain = from + (to - from) * way;
            *out = clipped((*sample as f32 * gain) as i32);
        }
    }
}

fn clipped(sample: i32) -> i16 {
    sample.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}
