//! Comfort noise (RFC 3389): the level, and perhaps the colour, of the silence
//! on the other side.

use crate::codec::Rate;

/// Reflection coefficients used; RFC 3389 §3.1 allows any number, ten describe
/// telephone noise.
const MAX_ORDER: usize = 10;
/// The quietest level that can be told.
const QUIETEST: u8 = 127;

/// The level of audio in dB below a square wave that fills the scale (dBov),
/// 0 to 127.
pub fn level_below_overload(audio: &[i16]) -> u8 {
    if audio.is_empty() {
        return QUIETEST;
    }
    let sum: u64 = audio.iter().map(|sample| u64::from(sample.unsigned_abs()).pow(2)).sum();
    let mean = sum as f32 / audio.len() as f32;
    let below = 10.0 * (32_768.0_f32.powi(2) / mean.max(1e-6)).log10();
    below.round().clamp(0.0, f32::from(QUIETEST)) as u8
}

/// What a comfort-noise packet says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComfortNoise {
    level: u8,
    reflections: [f32; MAX_ORDER],
}

impl ComfortNoise {
    /// White noise of a level in -dBov.
    pub fn white(level: u8) -> Self {
        Self { level: level.min(QUIETEST), reflections: [0.0; MAX_ORDER] }
    }

    /// Reads a payload; coefficients beyond the tenth are left away.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let (level, rest) = payload.split_first()?;
        let mut noise = Self::white(level & 0x7f);
        for (to, byte) in noise.reflections.iter_mut().zip(rest) {
            // RFC 3389 §3.1: 127 is zero, and 255 would be the edge of stability.
            *to = ((f32::from(*byte) - 127.0) / 128.0).clamp(-0.98, 0.98);
        }
        Some(noise)
    }

    /// The payload of a packet: the level alone, which every receiver understands.
    pub fn to_byte(self) -> u8 {
        self.level
    }

    /// The level in -dBov.
    pub fn level(&self) -> u8 {
        self.level
    }
}

/// Plays comfort noise.
#[derive(Clone, Debug)]
pub struct NoiseSource {
    random: u32,
    noise: ComfortNoise,
    /// Level that is heard now; changes are smoothed.
    gain: f32,
    backward: [f32; MAX_ORDER + 1],
}

impl NoiseSource {
    /// `seed` makes sources differ; it need not be secret.
    pub fn new(seed: u32) -> Self {
        let noise = ComfortNoise::white(QUIETEST);
        Self { random: seed | 1, noise, gain: 0.0, backward: [0.0; MAX_ORDER + 1] }
    }

    /// Sounds like this from now on.
    pub fn set(&mut self, noise: ComfortNoise) {
        self.noise = noise;
    }

    /// Fills `out` with the next noise.
    pub fn fill(&mut self, rate: Rate, out: &mut [i16]) {
        let rms = 32_768.0 * 10_f32.powf(-f32::from(self.noise.level) / 20.0);
        // The filter raises the level by what its coefficients take.
        let colour: f32 = self.noise.reflections.iter().map(|k| 1.0 - k * k).product();
        // Uniform noise of peak 1 has a deviation of 1/sqrt(3).
        let target = rms * colour.sqrt() * 3_f32.sqrt();
        // A new level is reached in about 20 ms.
        let step = 1.0 / rate.frame_samples() as f32;
        for sample in out {
            self.gain += (target - self.gain) * step * 4.0;
            self.random ^= self.random << 13;
            self.random ^= self.random >> 17;
            self.random ^= self.random << 5;
            let white = self.random.cast_signed() as f32 / 2_147_483_648.0;
            let value = self.filtered(white * self.gain);
            *sample = value.clamp(-32_768.0, 32_767.0) as i16;
        }
    }

    /// The all-pole lattice of the reflection coefficients.
    fn filtered(&mut self, input: f32) -> f32 {
        let mut forward = input;
        for at in (0..MAX_ORDER).rev() {
            let k = self.noise.reflections[at];
            forward -= k * self.backward[at];
            self.backward[at + 1] = self.backward[at] + k * forward;
        }
        self.backward[0] = forward;
        forward
    }
}
