//! Signals for tests and figures about them; all from formulas and seeds.

use std::f64::consts::TAU;

/// A small generator, so that tests need no other crate and print their seed.
#[derive(Clone)]
pub struct Seeded(pub u64);

impl Seeded {
    pub fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let x = self.0 ^ (self.0 >> 33);
        x.wrapping_mul(0xff51_afd7_ed55_8ccd) >> 11
    }

    /// 0 to 1.
    pub fn share(&mut self) -> f64 {
        self.next() as f64 / (1_u64 << 53) as f64
    }

    /// About normal, mean 0, deviation 1.
    pub fn normal(&mut self) -> f64 {
        3_f64.sqrt() * ((0..4).map(|_| self.share()).sum::<f64>() - 2.0)
    }
}

pub fn sine(hz: f64, peak: f64, rate_hz: f64, count: usize) -> Vec<i16> {
    (0..count).map(|at| (peak * (TAU * hz * at as f64 / rate_hz).sin()).round() as i16).collect()
}

pub fn rms(samples: &[i16]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    (sum / samples.len().max(1) as f64).sqrt()
}

/// Amplitude of one frequency.
pub fn amplitude(samples: &[i16], hz: f64, rate_hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let phase = TAU * hz * at as f64 / rate_hz;
        re += f64::from(*sample) * phase.cos();
        im += f64::from(*sample) * phase.sin();
    }
    2.0 * (re * re + im * im).sqrt() / samples.len() as f64
}

/// Best signal to noise ratio in dB of `heard` against `said`, over delays up to
/// `most_delay` and with the best gain.
pub fn snr_db(said: &[i16], heard: &[i16], most_delay: usize) -> f64 {
    let mut best = f64::MIN;
    for delay in 0..most_delay {
        let pairs = || {
            heard[delay..]
                .iter()
                .zip(said)
                .map(|(heard, said)| (f64::from(*heard), f64::from(*said)))
        };
        let product: f64 = pairs().map(|(heard, said)| heard * said).sum();
        let power: f64 = pairs().map(|(_, said)| said * said).sum();
        let gain = product / power.max(1.0);
        let noise: f64 = pairs().map(|(heard, said)| (heard - gain * said).powi(2)).sum();
        best = best.max(10.0 * (gain * gain * power / noise.max(1.0)).log10());
    }
    best
}

/// Something like speech: pulses of a moving pitch through three moving
/// resonances, in syllables with pauses between phrases. `seed` changes the voice.
pub fn voice(seed: u64, peak: f64, rate_hz: f64, count: usize) -> Vec<i16> {
    let mut random = Seeded(seed);
    let pitch = 90.0 + 130.0 * random.share();
    let tract = 0.85 + 0.3 * random.share();
    let tempo = 3.0 + 2.0 * random.share();
    let mut filters = [[0.0_f64; 2]; 3];
    let mut phase = 0.0;
    let (mut formants, mut voiced, mut loud, mut syllable_end) = ([0.0; 3], true, 0.0, 0);
    let mut envelope = 0.0;
    let mut out = Vec::with_capacity(count);
    for at in 0..count {
        if at >= syllable_end {
            syllable_end = at + (rate_hz / tempo * (0.5 + random.share())) as usize;
            formants = [
                tract * (250.0 + 600.0 * random.share()),
                tract * (900.0 + 1_300.0 * random.share()),
                tract * (2_200.0 + 900.0 * random.share()),
            ];
            voiced = random.share() < 0.8;
            loud = if random.share() < 0.25 { 0.0 } else { 0.4 + 0.6 * random.share() };
        }
        envelope += (loud - envelope) * 60.0 / rate_hz;
        let seconds = at as f64 / rate_hz;
        phase += pitch * (1.0 + 0.15 * (TAU * 0.7 * seconds).sin()) / rate_hz;
        let mut source = 0.02 * random.normal();
        if phase >= 1.0 {
            phase -= 1.0;
            source += if voiced { 1.0 } else { 0.0 };
        }
        if !voiced {
            source += 0.1 * random.normal();
        }
        let mut sample = 0.0;
        for (filter, hz) in filters.iter_mut().zip(formants) {
            let damping = (-TAU * 80.0 / 2.0 / rate_hz).exp();
            let next = source + 2.0 * damping * (TAU * hz / rate_hz).cos() * filter[0]
                - damping * damping * filter[1];
            *filter = [next, filter[0]];
            sample += next;
        }
        out.push((sample * envelope * peak / 4.0).clamp(-peak, peak) as i16);
    }
    out
}
