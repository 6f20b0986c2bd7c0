//! From audio to G.722 bytes.

use super::band::{Band, LOWER, UPPER};
use super::mirror::Mirror;
use super::tables::{Q6, QM2, QM4, WH, WL};
use crate::codec::Rate;

/// Upper decision level of the upper sub-band, in 1/4096 of its scale.
const UPPER_DECISION: i32 = 564;
/// The upper sub-band's code that says nothing is in it and lets its scale fall.
const UPPER_SILENT: u8 = 3;

/// One stream's encoder.
#[derive(Clone, Debug)]
pub(in crate::codec) struct G722Encoder {
    lower: Band,
    upper: Band,
    mirror: Mirror,
    rate: Rate,
}

impl G722Encoder {
    pub(in crate::codec) fn new(rate: Rate) -> Self {
        Self { lower: Band::new(LOWER), upper: Band::new(UPPER), mirror: Mirror::new(), rate }
    }

    /// Fills `out` with as many bytes as both sides have room for; each is
    /// 125 µs. Says how many.
    pub(in crate::codec) fn encode(&mut self, audio: &[i16], out: &mut [u8]) -> usize {
        match self.rate {
            Rate::Narrow => {
                for (byte, sample) in out.iter_mut().zip(audio) {
                    *byte = (UPPER_SILENT << 6) | self.encode_lower(i32::from(*sample) >> 1);
                }
                out.len().min(audio.len())
            }
            Rate::Wide => {
                let (pairs, _) = audio.as_chunks::<2>();
                for (byte, [first, second]) in out.iter_mut().zip(pairs) {
                    let (odd, even) = self.mirror.sums(i32::from(*first), i32::from(*second));
                    let lower = self.encode_lower((even + odd) >> 14);
                    let upper = self.encode_upper((even - odd) >> 14);
                    *byte = (upper << 6) | lower;
                }
                out.len().min(pairs.len())
            }
        }
    }

    fn encode_lower(&mut self, sample: i32) -> u8 {
        // SUBTRA and QUANTL.
        let error = (sample - self.lower.predicted).clamp(i32::from(i16::MIN), i32::from(i16::MAX));
        let negative = error < 0;
        let magnitude = if negative { -(error + 1) } else { error };
        let scale = self.lower.scale;
        // The levels rise, so counting those below needs no branches.
        let above: u8 =
            Q6[1..].iter().map(|level| u8::from(magnitude >= (level * scale) >> 12)).sum();
        let code = match (negative, above) {
            (false, _) => 61 - above,
            (true, 0) => 63,
            (true, 1) => 62,
            (true, _) => 33 - above,
        };
        // INVQAL: the predictor hears what a receiver of 48 kbit/s would.
        let short = usize::from(code >> 2);
        let difference = (scale * QM4[short]) >> 15;
        self.lower.rescale(WL[short]);
        self.lower.adapt(difference);
        code
    }

    fn encode_upper(&mut self, sample: i32) -> u8 {
        let error = (sample - self.upper.predicted).clamp(i32::from(i16::MIN), i32::from(i16::MAX));
        let negative = error < 0;
        let magnitude = if negative { -(error + 1) } else { error };
        let scale = self.upper.scale;
        let loud = magnitude >= (UPPER_DECISION * scale) >> 12;
        let code: u8 = match (negative, loud) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        let difference = (scale * QM2[usize::from(code)]) >> 15;
        self.upper.rescale(WH[usize::from(code)]);
        self.upper.adapt(difference);
        code
    }
}
