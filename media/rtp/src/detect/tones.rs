//! Call-progress tones (ITU-T E.180), special information tones (E.180 §8) and
//! fax tones (T.30), by frequency and cadence.

use super::spectrum::{Probe, window};
use crate::FRAME_MS;
use std::sync::LazyLock;

/// Samples of a block: 20 ms, bins of 50 Hz.
const BLOCK: usize = crate::FRAME_SAMPLES;
const BIN_HZ: f64 = 50.0;
/// Share of the power that must lie in one band.
const LEAST_SHARE: f32 = 0.9;
/// Quietest tone: about -40 dBm0 as mean square.
const LEAST_POWER: f32 = 25_000.0;
/// A gap this short within a tone is the network's.
const GAP_MS: u32 = 40;
/// A tone this long without a break is a dial tone.
const DIAL_MS: u32 = 3_000;
/// Each of the three special tones (330 ms, and some of the networks').
const SPECIAL_MS: std::ops::RangeInclusive<u32> = 200..=460;
/// So long a fax tone must last.
const FAX_MS: u32 = 400;
/// Periods of busy and congestion that must agree.
const PERIODS: u8 = 2;

/// A tone that was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeardTone {
    /// The other side rings. Told once per period.
    Ringback,
    /// The other side is busy.
    Busy,
    /// The network is busy.
    Congestion,
    /// Dial now.
    Dial,
    /// The three rising tones before "the number you have dialled …".
    SpecialInformation,
    /// 1,100 Hz: a fax calls.
    FaxCalling,
    /// 2,100 Hz: a fax or modem answers.
    FaxAnswering,
}

impl HeardTone {
    /// Its name for flows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ringback => "ringback",
            Self::Busy => "busy",
            Self::Congestion => "congestion",
            Self::Dial => "dial",
            Self::SpecialInformation => "special-information",
            Self::FaxCalling => "fax-calling",
            Self::FaxAnswering => "fax-answering",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Band {
    Progress,
    /// One of the three special tones.
    Special(u8),
    Calling,
    Answering,
}

struct Probes {
    window: [f32; BLOCK],
    bands: [(Band, Vec<Probe<BLOCK>>); 6],
}

static PROBES: LazyLock<Probes> = LazyLock::new(|| {
    let bins = |range: std::ops::RangeInclusive<u32>| {
        range.map(|bin| Probe::new(f64::from(bin) * BIN_HZ)).collect()
    };
    Probes {
        window: window(),
        bands: [
            (Band::Progress, bins(6..=13)),
            (Band::Special(0), bins(18..=20)),
            (Band::Special(1), bins(27..=29)),
            (Band::Special(2), bins(35..=37)),
            (Band::Calling, bins(21..=23)),
            (Band::Answering, bins(41..=43)),
        ],
    }
});

/// Follows one source of 8 kHz audio.
#[derive(Clone, Debug)]
pub struct ToneDetector {
    block: [f32; BLOCK],
    filled: usize,
    band: Option<Band>,
    on_ms: u32,
    off_ms: u32,
    /// The last whole tone and pause of the progress band.
    last: Option<(u32, u32)>,
    alike: u8,
    special: u8,
}

impl Default for ToneDetector {
    fn default() -> Self {
        // Made now, not on the media thread with the first packet.
        LazyLock::force(&PROBES);
        Self {
            block: [0.0; BLOCK],
            filled: 0,
            band: None,
            on_ms: 0,
            off_ms: 0,
            last: None,
            alike: 0,
            special: 0,
        }
    }
}

impl ToneDetector {
    /// Takes audio of any length and tells what was found.
    pub fn hear(&mut self, audio: &[i16], mut found: impl FnMut(HeardTone)) {
        for sample in audio {
            self.block[self.filled] = f32::from(*sample);
            self.filled += 1;
            if self.filled == BLOCK {
                self.filled = 0;
                if let Some(tone) = self.follow(self.examine()) {
                    found(tone);
                }
            }
        }
    }

    /// The band that has nearly all the power.
    fn examine(&self) -> Option<Band> {
        let probes = &*PROBES;
        let total: f32 = self
            .block
            .iter()
            .zip(&probes.window)
            .map(|(sample, weight)| (sample * weight).powi(2))
            .sum();
        if total < LEAST_POWER * BLOCK as f32 * 3.0 / 8.0 {
            return None;
        }
        // Parseval: the bins of both signs share the windowed block's power.
        let share = |probes: &[Probe<BLOCK>]| -> f32 {
            let power: f32 = probes.iter().map(|probe| probe.power(&self.block)).sum();
            2.0 * power / (BLOCK as f32 * total)
        };
        probes.bands.iter().find(|(_, bins)| share(bins) > LEAST_SHARE).map(|(band, _)| *band)
    }

    fn follow(&mut self, heard: Option<Band>) -> Option<HeardTone> {
        if heard.is_some() && heard == self.band {
            // A short gap belongs to the tone.
            self.on_ms += FRAME_MS + if self.off_ms <= GAP_MS { self.off_ms } else { 0 };
            if self.off_ms > GAP_MS {
                return self.begin(heard);
            }
            self.off_ms = 0;
            return self.lasting();
        }
        if heard.is_none() {
            self.off_ms = self.off_ms.saturating_add(FRAME_MS);
            return None;
        }
        self.begin(heard)
    }

    /// Told while a tone lasts, in the frame in which it has lasted long enough.
    fn lasting(&self) -> Option<HeardTone> {
        let now = |ms: u32| (ms..ms + FRAME_MS).contains(&self.on_ms);
        match self.band? {
            Band::Progress if now(DIAL_MS) => Some(HeardTone::Dial),
            Band::Calling if now(FAX_MS) => Some(HeardTone::FaxCalling),
            Band::Answering if now(FAX_MS) => Some(HeardTone::FaxAnswering),
            Band::Special(2) if self.special == 2 && now(*SPECIAL_MS.start()) => {
                Some(HeardTone::SpecialInformation)
            }
            _ => None,
        }
    }

    /// Another tone begins, or the same one after a pause.
    fn begin(&mut self, heard: Option<Band>) -> Option<HeardTone> {
        let ended = self.band.zip(Some((self.on_ms, self.off_ms)));
        self.band = heard;
        self.on_ms = FRAME_MS;
        self.off_ms = 0;
        if let Some(Band::Special(which)) = heard {
            let follows = match ended {
                Some((Band::Special(before), (on, off))) => {
                    before + 1 == which && SPECIAL_MS.contains(&on) && off <= 2 * GAP_MS
                }
                _ => false,
            };
            self.special = if follows && self.special == which - 1 { which } else { 0 };
        }
        match ended {
            Some((Band::Progress, cadence)) if heard == Some(Band::Progress) => self.judge(cadence),
            _ => {
                self.last = None;
                self.alike = 0;
                None
            }
        }
    }

    /// What a tone and the pause behind it mean.
    fn judge(&mut self, (on, off): (u32, u32)) -> Option<HeardTone> {
        let alike = |a: u32, b: u32| a.abs_diff(b) <= 40;
        let repeats =
            self.last.is_some_and(|(last_on, last_off)| alike(on, last_on) && alike(off, last_off));
        self.alike = if repeats { self.alike.saturating_add(1) } else { 1 };
        self.last = Some((on, off));
        if (340..=2_600).contains(&on) && (1_800..=5_200).contains(&off) {
            return Some(HeardTone::Ringback);
        }
        if self.alike != PERIODS || on.abs_diff(off) > 80 {
            return None;
        }
        match on {
            180..=300 => Some(HeardTone::Congestion),
            301..=580 => Some(HeardTone::Busy),
            // China's.
            620..=780 => Some(HeardTone::Congestion),
            _ => None,
        }
    }
}
