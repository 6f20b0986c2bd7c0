//! Hides lost audio by repeating the last pitch period while it fades, as ITU-T
//! G.711 Appendix I describes; written from the description.

use crate::codec::Rate;

/// Pitch periods looked for, in milliseconds: 66 to 200 Hz, and its multiples.
const SHORTEST_MS: usize = 5;
const LONGEST_MS: usize = 15;
/// What is compared with its past to find the period.
const COMPARED_MS: usize = 20;
/// History: the longest period and what is compared, and a quarter period more.
const HISTORY_MS: usize = LONGEST_MS + COMPARED_MS + 4;
const MAX_HISTORY: usize = HISTORY_MS * 16;
/// At full level so long, then fading.
const FULL_MS: usize = 10;
/// Silent after so long: what is repeated longer sounds like a machine.
const GONE_MS: usize = 60;
/// Over so long the return of the voice is blended with its replacement.
const RETURN_MS: usize = 4;

/// What a stream's concealment remembers.
#[derive(Clone, Debug)]
pub struct Concealer {
    per_ms: usize,
    history: [i16; MAX_HISTORY],
    /// The period that is repeated, smoothed where it joins itself.
    period: [i16; LONGEST_MS * 16],
    lag: usize,
    /// Samples replaced since the last good one.
    replaced: usize,
}

impl Concealer {
    /// For audio at `rate`.
    pub fn new(rate: Rate) -> Self {
        Self {
            per_ms: rate.samples(1),
            history: [0; MAX_HISTORY],
            period: [0; LONGEST_MS * 16],
            lag: 0,
            replaced: 0,
        }
    }

    /// Takes good audio and, after a loss, blends its beginning.
    pub fn hear(&mut self, audio: &mut [i16]) {
        if self.replaced > 0 {
            let blend = (RETURN_MS * self.per_ms).min(audio.len());
            for (at, sample) in audio[..blend].iter_mut().enumerate() {
                let old = i32::from(self.next());
                let weight = (at + 1) as i32;
                let whole = blend as i32 + 1;
                let blended = (i32::from(*sample) * weight + old * (whole - weight)) / whole;
                *sample = blended as i16;
            }
            self.replaced = 0;
        }
        self.remember(audio);
    }

    /// Fills `out` in place of what was lost.
    pub fn conceal(&mut self, out: &mut [i16]) {
        if self.replaced == 0 {
            self.find_period();
        }
        for sample in out.iter_mut() {
            *sample = self.next();
        }
        self.remember(out);
    }

    /// Whether a further replacement would be silent.
    pub fn has_faded(&self) -> bool {
        self.replaced >= GONE_MS * self.per_ms
    }

    fn next(&mut self) -> i16 {
        let (full, gone) = (FULL_MS * self.per_ms, GONE_MS * self.per_ms);
        let Some(left) = gone.checked_sub(self.replaced).filter(|left| *left > 0) else {
            return 0;
        };
        let sample = self.period[self.replaced % self.lag.max(1)];
        self.replaced += 1;
        let share = left.min(gone - full) as i32;
        (i32::from(sample) * share / (gone - full) as i32) as i16
    }

    fn remember(&mut self, audio: &[i16]) {
        let len = HISTORY_MS * self.per_ms;
        let new = &audio[audio.len().saturating_sub(len)..];
        self.history.copy_within(new.len()..len, 0);
        self.history[len - new.len()..len].copy_from_slice(new);
    }

    /// The lag at which the last 20 ms are most like their past, by normalized
    /// cross-correlation, first over every other sample.
    fn find_period(&mut self) {
        let end = HISTORY_MS * self.per_ms;
        let lags = SHORTEST_MS * self.per_ms..=LONGEST_MS * self.per_ms;
        let compared = COMPARED_MS * self.per_ms;
        let likeness = |lag: usize, step: usize| {
            let recent = &self.history[end - compared..end];
            let past = &self.history[end - compared - lag..end - lag];
            let (mut product, mut power) = (0_i64, 1_i64);
            for (recent, past) in recent.iter().zip(past).step_by(step) {
                product += i64::from(*recent) * i64::from(*past);
                power += i64::from(*past) * i64::from(*past);
            }
            product as f32 / (power as f32).sqrt()
        };
        let coarse = self.per_ms / 4;
        let best = |candidates: &mut dyn Iterator<Item = usize>, step: usize| {
            let mut best = (f32::MIN, *lags.start());
            for lag in candidates {
                let like = likeness(lag, step);
                if like > best.0 {
                    best = (like, lag);
                }
            }
            best.1
        };
        let rough = best(&mut lags.clone().step_by(coarse), coarse);
        let near =
            rough.saturating_sub(coarse).max(*lags.start())..=(rough + coarse).min(*lags.end());
        self.lag = best(&mut near.clone(), 2);
        let from = end - self.lag;
        self.period[..self.lag].copy_from_slice(&self.history[from..end]);
        // The period's end is blended into what came before its beginning.
        let quarter = self.lag / 4;
        for at in 0..quarter {
            let tail = self.lag - quarter + at;
            let before = i32::from(self.history[from - quarter + at]);
            let weight = at as i32 + 1;
            let whole = quarter as i32 + 1;
            let blended = i32::from(self.period[tail]) * (whole - weight) + before * weight;
            self.period[tail] = (blended / whole) as i16;
        }
    }
}
