//! Makes audio a little shorter or longer where it is most like itself, so that
//! the depth of the buffer can change while somebody speaks.

use crate::codec::Rate;

/// Shortest change: a short pitch period.
const SHORTEST_US: usize = 2_500;
/// Longest change: a long pitch period.
const LONGEST_US: usize = 12_500;
/// Over so long the old and the moved audio are blended.
const BLEND_US: usize = 5_000;

/// Samples that must lie ahead for any change.
pub(super) fn needed(rate: Rate) -> usize {
    (LONGEST_US + BLEND_US) * rate.hz() as usize / 1_000_000
}

/// The distance at which the audio's beginning is most like itself; `None` if
/// there is too little.
fn best_lag(audio: &[i16], rate: Rate) -> Option<(usize, usize)> {
    let per = |us: usize| us * rate.hz() as usize / 1_000_000;
    let (shortest, longest, blend) = (per(SHORTEST_US), per(LONGEST_US), per(BLEND_US));
    let (audio, _) = audio.split_at_checked(longest + blend)?;
    let (mut best, mut best_like) = (shortest, f32::MIN);
    for lag in shortest..=longest {
        let (mut product, mut power) = (0_i64, 1_i64);
        for (here, there) in audio[..blend].iter().zip(&audio[lag..]).step_by(2) {
            product += i64::from(*here) * i64::from(*there);
            power += i64::from(*there) * i64::from(*there);
        }
        let like = product as f32 / (power as f32).sqrt();
        if like > best_like {
            (best, best_like) = (lag, like);
        }
    }
    Some((best, blend))
}

fn blend(from: i16, to: i16, at: usize, len: usize) -> i16 {
    let (weight, whole) = (at as i32 + 1, len as i32 + 1);
    ((i32::from(from) * (whole - weight) + i32::from(to) * weight) / whole) as i16
}

/// Removes one period at the beginning of the first `filled` samples and says
/// how many are left.
pub(super) fn shorten(audio: &mut [i16], filled: usize, rate: Rate) -> usize {
    let Some((lag, len)) = best_lag(&audio[..filled], rate) else { return filled };
    for at in 0..len {
        audio[at] = blend(audio[at], audio[at + lag], at, len);
    }
    audio.copy_within(lag + len..filled, len);
    filled - lag
}

/// Repeats one period at the beginning of the first `filled` samples and says
/// how many there are then; as before if there is no room.
pub(super) fn lengthen(audio: &mut [i16], filled: usize, rate: Rate) -> usize {
    let Some((lag, len)) = best_lag(&audio[..filled], rate) else { return filled };
    if filled + lag > audio.len() {
        return filled;
    }
    audio.copy_within(..filled, lag);
    // Now `audio[lag..]` is the whole; the first period stands before it, and
    // goes over from its own continuation into the beginning again.
    for at in 0..len {
        let continuation = audio[(2 * lag + at).min(filled + lag - 1)];
        audio[lag + at] = blend(continuation, audio[lag + at], at, len);
    }
    filled + lag
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// A vowel of 125 Hz, 64 samples a period.
    fn vowel(at: usize) -> i16 {
        let phase = TAU * at as f64 / 64.0;
        (6_000.0 * phase.sin() + 3_000.0 * (3.0 * phase + 1.0).sin()) as i16
    }

    #[test]
    fn a_vowel_loses_or_gains_whole_periods_without_a_click() {
        let mut audio: [i16; 800] = std::array::from_fn(vowel);
        let shorter = shorten(&mut audio, 500, Rate::Narrow);
        assert_eq!(500 - shorter, 64);
        for (at, sample) in audio[..shorter].iter().enumerate() {
            assert!(sample.abs_diff(vowel(at)) <= 2, "{at}");
        }
        let longer = lengthen(&mut audio, shorter, Rate::Narrow);
        assert_eq!(longer - shorter, 64);
        for (at, sample) in audio[..longer].iter().enumerate() {
            assert!(sample.abs_diff(vowel(at)) <= 2, "{at}");
        }
    }

    #[test]
    fn too_little_audio_or_room_is_left_alone() {
        let mut audio: [i16; 150] = std::array::from_fn(vowel);
        let before = audio;
        assert_eq!(shorten(&mut audio, 100, Rate::Narrow), 100);
        assert_eq!(lengthen(&mut audio, 150, Rate::Narrow), 150);
        assert_eq!(audio, before);
    }
}
