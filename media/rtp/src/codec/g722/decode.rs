//! From G.722 bytes to audio.

use super::band::{Band, LOWER, UPPER};
use super::mirror::Mirror;
use super::tables::{QM2, QM4, QM6, WH, WL};
use crate::codec::Rate;

/// One stream's decoder.
#[derive(Clone, Debug)]
pub(in crate::codec) struct G722Decoder {
    lower: Band,
    upper: Band,
    mirror: Mirror,
    rate: Rate,
}

impl G722Decoder {
    pub(in crate::codec) fn new(rate: Rate) -> Self {
        Self { lower: Band::new(LOWER), upper: Band::new(UPPER), mirror: Mirror::new(), rate }
    }

    /// Decodes as many bytes as `out` has room for and says how many samples
    /// they were.
    pub(in crate::codec) fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> usize {
        match self.rate {
            Rate::Narrow => {
                for (sample, byte) in out.iter_mut().zip(payload) {
                    *sample = clipped(self.decode_lower(*byte) << 1);
                }
                out.len().min(payload.len())
            }
            Rate::Wide => {
                let (pairs, _) = out.as_chunks_mut::<2>();
                for ([early, late], byte) in pairs.iter_mut().zip(payload) {
                    let lower = self.decode_lower(*byte);
                    let upper = self.decode_upper(*byte);
                    let (second, first) = self.mirror.sums(lower + upper, lower - upper);
                    *early = clipped(first >> 11);
                    *late = clipped(second >> 11);
                }
                2 * pairs.len().min(payload.len())
            }
        }
    }

    fn decode_lower(&mut self, byte: u8) -> i32 {
        let scale = self.lower.scale;
        let fine = usize::from(byte & 0x3f);
        // INVQBL, RECONS and LIMIT for the ear, INVQAL for the predictor.
        let heard = (self.lower.predicted + ((scale * QM6[fine]) >> 15)).clamp(-16_384, 16_383);
        let difference = (scale * QM4[fine >> 2]) >> 15;
        self.lower.rescale(WL[fine >> 2]);
        self.lower.adapt(difference);
        heard
    }

    fn decode_upper(&mut self, byte: u8) -> i32 {
        let code = usize::from(byte >> 6);
        let difference = (self.upper.scale * QM2[code]) >> 15;
        let heard = (self.upper.predicted + difference).clamp(-16_384, 16_383);
        self.upper.rescale(WH[code]);
        self.upper.adapt(difference);
        heard
    }
}

fn clipped(sample: i32) -> i16 {
    sample.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}
