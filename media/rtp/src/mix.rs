//! Adding voices.

/// Adds `other` to `into`, sample by sample; what is too loud is clipped, never
/// wrapped. The shorter one counts as silent behind its end.
pub fn mix_into(into: &mut [i16], other: &[i16]) {
    for (sample, more) in into.iter_mut().zip(other) {
        *sample = sample.saturating_add(*more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voices_add_up_and_clip() {
        let mut voice = [100, 30_000, -30_000, 7];
        mix_into(&mut voice, &[-40, 30_000, -30_000]);
        assert_eq!(voice, [60, i16::MAX, i16::MIN, 7]);
    }
}
