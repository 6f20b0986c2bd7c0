//! One sub-band: the scale of its quantizer and its predictor of two poles and
//! six zeroes. Encoder and decoder run the same.

use super::tables::ILB;

/// Which sub-band: they differ in how fast and how far their scale moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Largest logarithmic scale.
    scale: i32,
    /// Shift from the logarithmic scale to the linear one.
    shift: i32,
    /// Scale to begin with.
    first: i32,
}

/// The lower sub-band's.
pub(super) const LOWER: Limits = Limits { scale: 18_432, shift: 8, first: 32 };
/// The upper sub-band's.
pub(super) const UPPER: Limits = Limits { scale: 22_528, shift: 10, first: 8 };

/// What a sub-band remembers.
#[derive(Clone, Debug)]
pub(super) struct Band {
    limits: Limits,
    /// Logarithmic scale of the quantizer.
    scale_log: i32,
    /// Linear scale of the quantizer.
    pub(super) scale: i32,
    /// Prediction of the next sample.
    pub(super) predicted: i32,
    /// The zeroes' part of the prediction.
    zero_part: i32,
    poles: [i32; 2],
    zeroes: [i32; 6],
    /// The last reconstructed samples, newest first.
    reconstructed: [i32; 2],
    /// The last sums without the poles' part, newest first.
    partial: [i32; 2],
    /// The last differences, newest first.
    differences: [i32; 6],
}

fn saturated(value: i32) -> i32 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX))
}

fn same_sign(a: i32, b: i32) -> bool {
    (a < 0) == (b < 0)
}

impl Band {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            scale_log: 0,
            scale: limits.first,
            predicted: 0,
            zero_part: 0,
            poles: [0; 2],
            zeroes: [0; 6],
            reconstructed: [0; 2],
            partial: [0; 2],
            differences: [0; 6],
        }
    }

    /// Blocks LOGSCL/LOGSCH and SCALEL/SCALEH: moves the scale by `step`.
    pub(super) fn rescale(&mut self, step: i32) {
        let log = (((self.scale_log * 127) >> 7) + step).clamp(0, self.limits.scale);
        self.scale_log = log;
        let fraction = ILB[((log >> 6) & 31) as usize];
        let shift = self.limits.shift - (log >> 11);
        let linear = if shift < 0 { fraction << -shift } else { fraction >> shift };
        self.scale = linear << 2;
    }

    /// Block 4: takes the quantized difference of this sample and predicts the next.
    pub(super) fn adapt(&mut self, difference: i32) {
        // RECONS and PARREC.
        let reconstructed = saturated(self.predicted + difference);
        let partial = saturated(self.zero_part + difference);
        let [before, earlier] = self.partial;
        // UPPOL2.
        let doubled = saturated(self.poles[0] << 2);
        let towards = if same_sign(partial, before) { -doubled } else { doubled };
        let lean = if same_sign(partial, earlier) { 128 } else { -128 };
        let second = (lean + (towards.min(32_767) >> 7) + ((self.poles[1] * 32_512) >> 15))
            .clamp(-12_288, 12_288);
        // UPPOL1.
        let lean = if same_sign(partial, before) { 192 } else { -192 };
        let bound = saturated(15_360 - second);
        let first = saturated(lean + ((self.poles[0] * 32_640) >> 15)).clamp(-bound, bound);
        // UPZERO, and FILTEZ with the delayed values.
        let lean = if difference == 0 { 0 } else { 128 };
        for (zero, old) in self.zeroes.iter_mut().zip(&self.differences) {
            let step = if same_sign(difference, *old) { lean } else { -lean };
            *zero = saturated(step + ((*zero * 32_640) >> 15));
        }
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        let mut zero_part = 0;
        for (zero, old) in self.zeroes.iter().zip(&self.differences) {
            zero_part += (zero * saturated(old * 2)) >> 15;
        }
        self.zero_part = saturated(zero_part);
        // FILTEP and PREDIC.
        self.poles = [first, second];
        self.partial = [partial, before];
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        let pole_part = ((first * saturated(self.reconstructed[0] * 2)) >> 15)
            + ((second * saturated(self.reconstructed[1] * 2)) >> 15);
        self.predicted = saturated(saturated(pole_part) + self.zero_part);
    }
}
