//! The quadrature mirror filter between 16 kHz and the two sub-bands.

use super::tables::MIRROR;

const TAPS: usize = 12;
/// Sample pairs between two moves of the delay line to its beginning, so that
/// it is not moved for every pair.
const RUN: usize = 52;

/// The last samples of the filter's two arms, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    first: [i32; TAPS + RUN],
    second: [i32; TAPS + RUN],
    /// Where the next pair goes.
    at: usize,
}

impl Mirror {
    pub(super) fn new() -> Self {
        Self { first: [0; TAPS + RUN], second: [0; TAPS + RUN], at: TAPS }
    }

    /// Takes a pair and gives the sums of both arms: the first one filtered with
    /// the coefficients as they stand, the second one with them backwards.
    pub(super) fn sums(&mut self, first: i32, second: i32) -> (i32, i32) {
        if self.at == TAPS + RUN {
            self.first.copy_within(RUN + 1.., 0);
            self.second.copy_within(RUN + 1.., 0);
            self.at = TAPS - 1;
        }
        self.first[self.at] = first;
        self.second[self.at] = second;
        self.at += 1;
        let newest = self.at - TAPS..self.at;
        let (mut forward, mut backward) = (0, 0);
        for (sample, tap) in self.first[newest.clone()].iter().zip(&MIRROR) {
            forward += sample * tap;
        }
        for (sample, tap) in self.second[newest].iter().zip(MIRROR.iter().rev()) {
            backward += sample * tap;
        }
        (forward, backward)
    }
}
