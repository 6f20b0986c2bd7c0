use std::f64::consts::TAU;
use strowger_rtp::tones::{Tone, digit_hz, render, sine, spec};

/// Power at a frequency, as a share of the whole (Goertzel).
fn share(samples: &[i16], hz: u16) -> f64 {
    let (mut re, mut im, mut whole) = (0.0, 0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let (value, phase) = (f64::from(*sample), TAU * f64::from(hz) * at as f64 / 8_000.0);
        re += value * phase.cos();
        im += value * phase.sin();
        whole += value * value;
    }
    2.0 * (re * re + im * im) / (samples.len() as f64 * whole)
}

#[test]
fn american_ringback_is_two_frequencies_for_two_of_six_seconds() {
    let period = render(spec("US", Tone::Ringback).segments);
    assert_eq!(period.len(), 6 * 8_000);
    let (sound, rest) = period.split_at(2 * 8_000);
    assert!((share(sound, 440) - 0.5).abs() < 0.02 && (share(sound, 480) - 0.5).abs() < 0.02);
    assert!(rest.iter().all(|sample| *sample == 0));
}

#[test]
fn unknown_countries_hear_the_recommendation() {
    assert_eq!(spec("xx", Tone::Busy), spec("", Tone::Busy));
    let busy = render(spec("", Tone::Busy).segments);
    assert!(share(&busy[..4_000], 425) > 0.98);
    assert_ne!(spec("cn", Tone::Busy), spec("", Tone::Busy));
}

#[test]
fn a_dial_tone_joins_to_its_own_beginning() {
    let period = render(spec("gb", Tone::Dial).segments);
    let step = (i32::from(period[0]) - i32::from(period[period.len() - 1])).abs();
    let largest =
        period.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs()).max();
    assert!(step <= largest.unwrap(), "a click of {step}");
}

#[test]
fn digits_have_the_standards_two_frequencies() {
    assert_eq!(digit_hz('1'), Some([697, 1_209]));
    assert_eq!(digit_hz('#'), Some([941, 1_477]));
    assert_eq!(digit_hz('D'), Some([941, 1_633]));
    assert_eq!(digit_hz('x'), None);
    let five: Vec<i16> = (0..1_600).map(|at| sine([770, 1_336], at) as i16).collect();
    assert!(share(&five, 770) > 0.45 && share(&five, 1_336) > 0.45);
}
