//! Digits in the audio (ITU-T Q.23, Q.24), for senders without telephone events.
//!
//! Blocks of 12.75 ms overlap by half. In each, the strongest row and column
//! must make up almost all of the power, be about equally loud, and have the
//! right frequency by the phase they moved since the block before; voices
//! hardly ever do all of that for 30 ms.

use super::spectrum::{Probe, window};
use std::f32::consts::{PI, TAU};
use std::sync::LazyLock;

/// Samples of a block.
const BLOCK: usize = 102;
/// Samples from one block to the next: the phase tells frequencies apart that
/// are less than 78 Hz off, which is more than 3.5 % of 1,633 Hz.
const HOP: usize = 51;
const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
const KEYS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
/// Between what must be accepted (1.5 %) and refused (3.5 %).
const MAX_OFFSET: f32 = 0.024;
/// Blocks in a row that make a digit: 32 ms of 40.
const ON_BLOCKS: u8 = 3;
/// Blocks without it that end a digit: longer than a drop-out of 10 ms, shorter
/// than a pause of 40 ms.
const OFF_BLOCKS: u8 = 5;
/// Quietest tone: -38 dBm0 each as mean square; what is asked for is -35 together
/// with its partner.
const LEAST_POWER: f32 = 30_000.0;
/// Share of the power that both tones must have.
const LEAST_SHARE: f32 = 0.76;
/// Column over row: +4 dB must be accepted, +6 refused.
const MAX_TWIST: f32 = 3.16;
/// Row over column: 8 dB must be accepted, 10 refused.
const MAX_REVERSE_TWIST: f32 = 7.94;
/// Power of a second harmonic against its tone: voices have them.
const MAX_HARMONIC: f32 = 0.02;
/// Two bins of the window: what is nearer cannot be told from the column.
const HARMONIC_APART_HZ: f64 = 160.0;

struct Probes {
    window: [f32; BLOCK],
    rows: [Probe<BLOCK>; 4],
    columns: [Probe<BLOCK>; 4],
    row_harmonics: [Probe<BLOCK>; 4],
    column_harmonics: [Probe<BLOCK>; 4],
}

static PROBES: LazyLock<Probes> = LazyLock::new(|| Probes {
    window: window(),
    rows: ROWS.map(Probe::new),
    columns: COLUMNS.map(Probe::new),
    row_harmonics: ROWS.map(|hz| Probe::new(2.0 * hz)),
    column_harmonics: COLUMNS.map(|hz| Probe::new(2.0 * hz)),
});

/// A key heard in the audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InbandDigit {
    /// It has been heard long enough to be one.
    Down(char),
    /// It is over.
    Up {
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
        /// About how long it was heard.
        held_ms: u32,
    },
}

/// Follows one source of 8 kHz audio.
#[derive(Clone, Debug)]
pub struct InbandDigits {
    block: [f32; BLOCK],
    filled: usize,
    /// Of each frequency in the block before; rows first.
    phases: [f32; 8],
    candidate: Option<char>,
    candidate_blocks: u8,
    digit: Option<char>,
    missing: u8,
    held_blocks: u32,
}

impl Default for InbandDigits {
    fn default() -> Self {
        // Made now, not on the media thread with the first packet.
        LazyLock::force(&PROBES);
        Self {
            block: [0.0; BLOCK],
            filled: 0,
            phases: [0.0; 8],
            candidate: None,
            candidate_blocks: 0,
            digit: None,
            missing: 0,
            held_blocks: 0,
        }
    }
}

/// The strongest of four tones.
struct Strongest {
    at: usize,
    power: f32,
    offset: f32,
}

impl InbandDigits {
    /// Takes audio of any length and tells what was found.
    pub fn hear(&mut self, audio: &[i16], mut found: impl FnMut(InbandDigit)) {
        for sample in audio {
            self.block[self.filled] = f32::from(*sample);
            self.filled += 1;
            if self.filled == BLOCK {
                let heard = self.examine();
                self.follow(heard, &mut found);
                self.block.copy_within(HOP.., 0);
                self.filled = BLOCK - HOP;
            }
        }
    }

    fn follow(&mut self, heard: Option<char>, found: &mut impl FnMut(InbandDigit)) {
        self.candidate_blocks = match heard {
            Some(_) if heard == self.candidate => self.candidate_blocks.saturating_add(1),
            Some(_) => 1,
            None => 0,
        };
        self.candidate = heard;
        if let Some(digit) = self.digit {
            if heard == Some(digit) {
                self.held_blocks += u32::from(self.missing) + 1;
                self.missing = 0;
                return;
            }
            self.missing += 1;
            if self.missing < OFF_BLOCKS && self.candidate_blocks < ON_BLOCKS {
                return;
            }
            self.digit = None;
            // The first block needed one before it, and both are longer than a hop.
            let samples = (self.held_blocks + 2) * HOP as u32;
            found(InbandDigit::Up { digit, held_ms: samples * 1_000 / crate::SAMPLE_RATE });
        }
        if self.candidate_blocks >= ON_BLOCKS
            && let Some(digit) = heard
        {
            self.digit = Some(digit);
            self.held_blocks = u32::from(ON_BLOCKS);
            self.missing = 0;
            found(InbandDigit::Down(digit));
        }
    }

    /// The digit in the present block, if all is as it should be.
    fn examine(&mut self) -> Option<char> {
        let probes = &*PROBES;
        let (rows, columns) = self.phases.split_at_mut(4);
        let row = strongest(&probes.rows, &ROWS, &self.block, rows);
        let column = strongest(&probes.columns, &COLUMNS, &self.block, columns);
        let total: f32 = self
            .block
            .iter()
            .zip(&probes.window)
            .map(|(sample, weight)| (sample * weight).powi(2))
            .sum();
        // A sine of mean square p has p·N²/8 in its bin under this window, and
        // p·3N/8 in the windowed block.
        let bin = (BLOCK * BLOCK) as f32 / 8.0;
        let (row_power, column_power) = (row.power / bin, column.power / bin);
        let whole = total / (BLOCK as f32 * 3.0 / 8.0);
        if row_power < LEAST_POWER / 2.0
            || column_power < LEAST_POWER / 2.0
            || row_power + column_power < LEAST_SHARE * whole
            || column_power > MAX_TWIST * row_power
            || row_power > MAX_REVERSE_TWIST * column_power
            || row.offset.abs() > MAX_OFFSET
            || column.offset.abs() > MAX_OFFSET
        {
            return None;
        }
        // The second harmonic of a row may lie where its column is.
        let apart_hz = (2.0 * ROWS[row.at] - COLUMNS[column.at]).abs();
        let harmonics = (apart_hz > HARMONIC_APART_HZ
            && probes.row_harmonics[row.at].power(&self.block) > MAX_HARMONIC * row.power)
            || probes.column_harmonics[column.at].power(&self.block) > MAX_HARMONIC * column.power;
        (!harmonics).then(|| KEYS[row.at][column.at])
    }
}

/// The strongest tone, and how far off its frequency is as a share; remembers
/// all phases.
fn strongest(
    probes: &[Probe<BLOCK>; 4],
    hz: &[f64; 4],
    block: &[f32; BLOCK],
    phases: &mut [f32],
) -> Strongest {
    let mut best = Strongest { at: 0, power: 0.0, offset: 1.0 };
    for (at, ((probe, hz), before)) in probes.iter().zip(hz).zip(phases).enumerate() {
        let (re, im) = probe.correlate(block);
        let phase = im.atan2(re);
        let moved = phase - std::mem::replace(before, phase);
        let power = re * re + im * im;
        if power > best.power {
            let hop_s = HOP as f32 / crate::SAMPLE_RATE as f32;
            let hz = *hz as f32;
            let turned = (moved - TAU * hz * hop_s).rem_euclid(TAU);
            let turned = if turned > PI { turned - TAU } else { turned };
            best = Strongest { at, power, offset: turned / (TAU * hop_s) / hz };
        }
    }
    best
}
