use crate::audio::{Seeded, voice};
use std::f64::consts::TAU;
use strowger_rtp::detect::{InbandDigit, InbandDigits};
use strowger_rtp::tones::digit_hz;

const DIGITS: &str = "1234567890*#ABCD";
/// Peak of a sine at 0 dBm0.
const ZERO_DBM0: f64 = 22_830.0;

/// How a digit is sent.
#[derive(Clone, Copy)]
struct Sent {
    /// Of both tones together.
    dbm0: f64,
    /// Column over row.
    twist_db: f64,
    offset: f64,
    on_ms: usize,
    off_ms: usize,
    /// Noise below the tones; infinite: none.
    snr_db: f64,
}

const PLAIN: Sent =
    Sent { dbm0: -10.0, twist_db: 0.0, offset: 0.0, on_ms: 60, off_ms: 60, snr_db: f64::INFINITY };

fn render(digits: &str, sent: Sent, start: usize) -> Vec<i16> {
    let mut random = Seeded(start as u64 + 1);
    let ratio = 10_f64.powf(sent.twist_db / 20.0);
    let whole = ZERO_DBM0 * 10_f64.powf(sent.dbm0 / 20.0);
    let row_peak = whole / (1.0 + ratio * ratio).sqrt();
    let noise = whole / 2_f64.sqrt() / 10_f64.powf(sent.snr_db / 20.0);
    let mut out = vec![0; start];
    for digit in digits.chars() {
        let [row, column] = digit_hz(digit).unwrap().map(|hz| f64::from(hz) * (1.0 + sent.offset));
        for at in 0..8 * (sent.on_ms + sent.off_ms) {
            let seconds = at as f64 / 8_000.0;
            let tones = if at < 8 * sent.on_ms {
                row_peak * (TAU * row * seconds).sin()
                    + row_peak * ratio * (TAU * column * seconds + 1.0).sin()
            } else {
                0.0
            };
            out.push((tones + noise * random.normal()).clamp(-32_768.0, 32_767.0) as i16);
        }
    }
    out.extend([0; 800]);
    out
}

fn heard(audio: &[i16]) -> String {
    let mut detector = InbandDigits::default();
    let mut out = String::new();
    for frame in audio.chunks(160) {
        detector.hear(frame, |event| {
            if let InbandDigit::Up { digit, .. } = event {
                out.push(digit);
            }
        });
    }
    out
}

/// Both for some alignments of digits and blocks.
fn expect(sent: Sent, accepted: bool) {
    for start in [0, 13, 29, 47, 71] {
        let found = heard(&render(DIGITS, sent, start));
        let what = format!(
            "{} dBm0, twist {}, offset {}, {} ms, snr {}, start {start}",
            sent.dbm0, sent.twist_db, sent.offset, sent.on_ms, sent.snr_db
        );
        if accepted {
            assert_eq!(found, DIGITS, "{what}");
        } else {
            assert_eq!(found, "", "{what}");
        }
    }
}

#[test]
fn all_digits_at_all_levels() {
    for dbm0 in [-35.0, -30.0, -20.0, -10.0, -3.0, 0.0] {
        expect(Sent { dbm0, ..PLAIN }, true);
    }
    expect(Sent { dbm0: -50.0, ..PLAIN }, false);
}

#[test]
fn frequencies_may_be_off_by_one_and_a_half_percent() {
    for offset in [-0.015, 0.015] {
        expect(Sent { offset, ..PLAIN }, true);
    }
    for offset in [-0.035, 0.035] {
        expect(Sent { offset, ..PLAIN }, false);
    }
}

#[test]
fn twist_is_borne_within_its_limits() {
    for twist_db in [-8.0, 4.0] {
        expect(Sent { twist_db, ..PLAIN }, true);
    }
    for twist_db in [-10.5, 6.5] {
        expect(Sent { twist_db, ..PLAIN }, false);
    }
}

#[test]
fn digits_of_40_ms_with_pauses_of_40_ms_are_told_apart() {
    expect(Sent { on_ms: 40, off_ms: 40, ..PLAIN }, true);
    expect(Sent { on_ms: 15, off_ms: 100, ..PLAIN }, false);
    for start in [0, 13, 29, 47] {
        let twice = render("55500", Sent { on_ms: 40, off_ms: 40, ..PLAIN }, start);
        assert_eq!(heard(&twice), "55500");
    }
}

#[test]
fn a_short_drop_out_does_not_make_two_of_one() {
    let mut audio = render("7", Sent { on_ms: 200, ..PLAIN }, 0);
    audio[800..880].fill(0);
    assert_eq!(heard(&audio), "7");
}

#[test]
fn noise_at_15_db_does_not_hide_digits() {
    for dbm0 in [-10.0, -25.0] {
        expect(Sent { snr_db: 15.0, dbm0, ..PLAIN }, true);
    }
}

#[test]
fn a_key_is_told_while_it_is_down_and_its_length_after() {
    let mut events = Vec::new();
    let mut detector = InbandDigits::default();
    for frame in render("4", Sent { on_ms: 500, ..PLAIN }, 0).chunks(160) {
        detector.hear(frame, |event| events.push(event));
    }
    assert_eq!(events.len(), 2);
    assert_eq!(events[0], InbandDigit::Down('4'));
    let InbandDigit::Up { digit: '4', held_ms } = events[1] else { panic!("{events:?}") };
    assert!((480..=520).contains(&held_ms), "{held_ms}");
}

#[test]
fn ten_minutes_of_voices_hold_no_digit() {
    for seed in 1..=20 {
        let audio = voice(seed, 25_000.0, 8_000.0, 8_000 * 30);
        assert_eq!(heard(&audio), "", "seed {seed}");
    }
}
