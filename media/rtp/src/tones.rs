//! Call-progress tones (ITU-T E.180 and its supplement 2) and in-band digits,
//! rendered as samples.

use crate::SAMPLE_RATE;
use std::f64::consts::TAU;

/// What a tone says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// The other side rings.
    Ringback,
    /// The other side is busy.
    Busy,
    /// The network is busy.
    Congestion,
    /// Dial now.
    Dial,
    /// Speak after it.
    Beep,
}

impl Tone {
    /// The tone with this name in a source string such as `tone:busy`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "ringback" | "ring" => Self::Ringback,
            "busy" => Self::Busy,
            "congestion" => Self::Congestion,
            "dial" => Self::Dial,
            "beep" => Self::Beep,
            _ => return None,
        })
    }
}

/// A stretch of sound or, without frequencies, of silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    /// Up to two frequencies in Hz; 0 is none.
    pub hz: [u16; 2],
    /// How long.
    pub ms: u32,
}

/// A tone as one country hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToneSpec {
    /// One period.
    pub segments: &'static [Segment],
    /// Whether the period repeats until it is stopped.
    pub repeats: bool,
}

const fn on(first: u16, second: u16, ms: u32) -> Segment {
    Segment { hz: [first, second], ms }
}

const fn off(ms: u32) -> Segment {
    Segment { hz: [0, 0], ms }
}

const fn repeating(segments: &'static [Segment]) -> ToneSpec {
    ToneSpec { segments, repeats: true }
}

struct Country {
    code: &'static str,
    ringback: &'static [Segment],
    busy: &'static [Segment],
    congestion: &'static [Segment],
    dial: &'static [Segment],
}

/// Used for countries that are not in the table: ITU-T E.180's recommendation.
static DEFAULT: Country = Country {
    code: "",
    ringback: &[on(425, 0, 1_000), off(4_000)],
    busy: &[on(425, 0, 500), off(500)],
    congestion: &[on(425, 0, 250), off(250)],
    dial: &[on(425, 0, 1_000)],
};

static COUNTRIES: [Country; 7] = [
    Country {
        code: "us",
        ringback: &[on(440, 480, 2_000), off(4_000)],
        busy: &[on(480, 620, 500), off(500)],
        congestion: &[on(480, 620, 250), off(250)],
        dial: &[on(350, 440, 1_000)],
    },
    Country {
        code: "gb",
        ringback: &[on(400, 450, 400), off(200), on(400, 450, 400), off(2_000)],
        busy: &[on(400, 0, 375), off(375)],
        congestion: &[on(400, 0, 400), off(350), on(400, 0, 225), off(525)],
        dial: &[on(350, 440, 1_000)],
    },
    Country {
        code: "cn",
        ringback: &[on(450, 0, 1_000), off(4_000)],
        busy: &[on(450, 0, 350), off(350)],
        congestion: &[on(450, 0, 700), off(700)],
        dial: &[on(450, 0, 1_000)],
    },
    Country {
        code: "de",
        ringback: &[on(425, 0, 1_000), off(4_000)],
        busy: &[on(425, 0, 480), off(480)],
        congestion: &[on(425, 0, 240), off(240)],
        dial: &[on(425, 0, 1_000)],
    },
    Country {
        code: "fr",
        ringback: &[on(440, 0, 1_500), off(3_500)],
        busy: &[on(440, 0, 500), off(500)],
        congestion: &[on(440, 0, 250), off(250)],
        dial: &[on(440, 0, 1_000)],
    },
    Country {
        code: "jp",
        ringback: &[on(400, 0, 1_000), off(2_000)],
        busy: &[on(400, 0, 500), off(500)],
        congestion: &[on(400, 0, 500), off(500)],
        dial: &[on(400, 0, 1_000)],
    },
    Country {
        code: "au",
        ringback: &[on(425, 0, 400), off(200), on(425, 0, 400), off(2_000)],
        busy: &[on(425, 0, 375), off(375)],
        congestion: &[on(425, 0, 375), off(375)],
        dial: &[on(425, 0, 1_000)],
    },
];

static BEEP: [Segment; 1] = [on(1_000, 0, 400)];

/// The tone as the country with this two-letter code (ISO 3166, any case) hears it.
pub fn spec(country: &str, tone: Tone) -> ToneSpec {
    let known = COUNTRIES.iter().find(|known| known.code.eq_ignore_ascii_case(country));
    let country = known.unwrap_or(&DEFAULT);
    match tone {
        Tone::Ringback => repeating(country.ringback),
        Tone::Busy => repeating(country.busy),
        Tone::Congestion => repeating(country.congestion),
        Tone::Dial => repeating(country.dial),
        Tone::Beep => ToneSpec { segments: &BEEP, repeats: false },
    }
}

/// The two frequencies of a digit in Hz (ITU-T Q.23).
pub fn digit_hz(digit: char) -> Option<[u16; 2]> {
    const ROWS: [u16; 4] = [697, 770, 852, 941];
    const COLUMNS: [u16; 4] = [1_209, 1_336, 1_477, 1_633];
    let at = "123A456B789C*0#D".find(digit.to_ascii_uppercase())?;
    Some([ROWS[at / 4], COLUMNS[at % 4]])
}

/// Peak of each frequency: two together stay at about -9 dBm0, what networks send.
const PEAK: f64 = 6_000.0;
/// Fade at both ends of a stretch of sound, against clicks.
const FADE_SAMPLES: usize = 16;

/// One period as samples. A stretch that is a period of its own has no fades:
/// it joins to its own beginning.
pub fn render(segments: &[Segment]) -> Vec<i16> {
    let mut out = Vec::new();
    for segment in segments {
        let count = (segment.ms * SAMPLE_RATE / 1_000) as usize;
        for at in 0..count {
            let from_end = (count - 1 - at).min(at);
            let fade = if segments.len() == 1 {
                1.0
            } else {
                (from_end as f64 / FADE_SAMPLES as f64).min(1.0)
            };
            out.push((fade * sine(segment.hz, at)) as i16);
        }
    }
    out
}

/// Sample number `at` of up to two frequencies together.
pub fn sine(hz: [u16; 2], at: usize) -> f64 {
    hz.iter()
        .filter(|hz| **hz > 0)
        .map(|hz| PEAK * (TAU * f64::from(*hz) * at as f64 / f64::from(SAMPLE_RATE)).sin())
        .sum()
}
