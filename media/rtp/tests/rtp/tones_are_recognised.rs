use crate::audio::{sine, voice};
use strowger_rtp::detect::{HeardTone, ToneDetector};
use strowger_rtp::tones::{Segment, Tone, render, spec};

fn heard(audio: &[i16]) -> Vec<HeardTone> {
    let mut detector = ToneDetector::default();
    let mut out = Vec::new();
    for frame in audio.chunks(160) {
        detector.hear(frame, |tone| out.push(tone));
    }
    out
}

fn periods(segments: &[Segment], count: usize) -> Vec<i16> {
    let period = render(segments);
    let mut out = vec![0; 1_234];
    for _ in 0..count {
        out.extend_from_slice(&period);
    }
    out
}

#[test]
fn busy_and_ringback_are_told_in_every_country() {
    for country in ["us", "gb", "cn", "de", "fr", "jp", "au", ""] {
        let busy = heard(&periods(spec(country, Tone::Busy).segments, 5));
        assert_eq!(busy, [HeardTone::Busy], "{country}");
        let ringback = heard(&periods(spec(country, Tone::Ringback).segments, 3));
        assert_eq!(ringback, [HeardTone::Ringback; 2], "{country}");
    }
}

#[test]
fn congestion_is_told_where_its_cadence_is_its_own() {
    for country in ["us", "cn", "de", "fr", ""] {
        let found = heard(&periods(spec(country, Tone::Congestion).segments, 5));
        assert_eq!(found, [HeardTone::Congestion], "{country}");
    }
}

#[test]
fn a_dial_tone_is_one_that_does_not_stop() {
    for country in ["us", "de"] {
        let found = heard(&periods(spec(country, Tone::Dial).segments, 5));
        assert_eq!(found, [HeardTone::Dial], "{country}");
    }
}

#[test]
fn three_rising_tones_are_special_information() {
    let tones = |hz: [f64; 3]| {
        let mut out = vec![0; 500];
        for hz in hz {
            out.extend(sine(hz, 6_000.0, 8_000.0, 2_640));
        }
        out.extend([0; 8_000]);
        out
    };
    assert_eq!(heard(&tones([950.0, 1_400.0, 1_800.0])), [HeardTone::SpecialInformation]);
    assert_eq!(heard(&tones([914.0, 1_371.0, 1_777.0])), [HeardTone::SpecialInformation]);
    assert_eq!(heard(&tones([1_800.0, 1_400.0, 950.0])), []);
}

#[test]
fn faxes_are_told_by_their_tone() {
    assert_eq!(heard(&sine(1_100.0, 5_000.0, 8_000.0, 8_000)), [HeardTone::FaxCalling]);
    assert_eq!(heard(&sine(2_100.0, 5_000.0, 8_000.0, 16_000)), [HeardTone::FaxAnswering]);
    assert_eq!(heard(&sine(2_100.0, 5_000.0, 8_000.0, 1_600)), []);
}

#[test]
fn ten_minutes_of_voices_are_no_tone() {
    for seed in 1..=20 {
        let found = heard(&voice(seed, 25_000.0, 8_000.0, 8_000 * 30));
        assert_eq!(found, [], "seed {seed}");
    }
}
