//! From any sample rate to the telephone's 8 kHz.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};
use strowger_rtp::SAMPLE_RATE;

/// Rates recorders and synthesizers use.
pub(crate) const RATES: std::ops::RangeInclusive<u32> = 4_000..=192_000;
/// Samples taken at once.
const CHUNK: usize = 1_024;

/// The rate cannot be converted.
#[derive(Debug)]
pub(crate) struct BadRate(pub(crate) u32);

/// Loudest sample let in: files of floats may hold anything, also what is no
/// number, and the filter fails on what overflows it.
const LOUDEST: f32 = 16.0;

/// Makes a sample of a file one that can be filtered.
pub(crate) fn sound(sample: f32) -> f32 {
    if sample.is_nan() { 0.0 } else { sample.clamp(-LOUDEST, LOUDEST) }
}

/// Converts mono audio of -1 to 1 to 16-bit samples at 8 kHz; frequencies above
/// 4 kHz are taken out.
pub(crate) fn to_telephone_rate(mono: &[f32], rate: u32) -> Result<Vec<i16>, BadRate> {
    if !RATES.contains(&rate) {
        return Err(BadRate(rate));
    }
    if rate == SAMPLE_RATE || mono.is_empty() {
        return Ok(mono.iter().copied().map(to_sample).collect());
    }
    let bad = |_| BadRate(rate);
    let mut resampler =
        Fft::<f32>::new(rate as usize, SAMPLE_RATE as usize, CHUNK, 1, FixedSync::Input)
            .map_err(|_| BadRate(rate))?;
    let input = InterleavedSlice::new(mono, 1, mono.len()).map_err(|_| BadRate(rate))?;
    let output = resampler.process_all(&input, mono.len(), None).map_err(bad)?;
    Ok(output.take_data().into_iter().map(to_sample).collect())
}

fn to_sample(value: f32) -> i16 {
    // `as` saturates, which clips what is louder than full scale.
    (value * 32_767.0).round() as i16
}
