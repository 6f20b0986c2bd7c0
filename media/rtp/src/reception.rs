//! What a receiver counts about one source (RFC 3550 §6.4.1, A.1, A.3, A.8).

use crate::sequence::{sequence_distance, timestamp_distance};

/// A larger jump forward is a restarted sender, not loss (RFC 3550 A.1).
const MAX_DROPOUT: i16 = 3_000;
/// A packet further behind is a restarted sender, not reordering (RFC 3550 A.1).
const MAX_MISORDER: i16 = 100;

/// How a packet fits into the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The next one, or one after a gap.
    InOrder,
    /// An older one, late or repeated.
    Late,
    /// Far off; held back until a second one confirms that the sender restarted.
    Suspect,
    /// The sender restarted its numbering; statistics begin anew.
    Restarted,
}

/// Statistics of one source.
#[derive(Clone, Copy, Debug)]
pub struct Reception {
    base: u32,
    highest: u16,
    cycles: u32,
    suspect: Option<u16>,
    received: u32,
    expected_before: u32,
    received_before: u32,
    transit: Option<u32>,
    jitter_x16: u32,
}

/// The figures of one report block (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Share lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Lost since the start; negative with duplicates.
    pub cumulative_lost: i32,
    /// Highest sequence number received, with its wraps above.
    pub highest_sequence: u32,
    /// Interarrival jitter in timestamp units.
    pub jitter: u32,
}

impl Reception {
    /// Begins with the first packet of a source.
    pub fn new(first_sequence: u16) -> Self {
        Self {
            base: u32::from(first_sequence),
            highest: first_sequence,
            cycles: 0,
            suspect: None,
            received: 0,
            expected_before: 0,
            received_before: 0,
            transit: None,
            jitter_x16: 0,
        }
    }

    /// Takes note of a packet. `arrival` is when it came, on the clock that its
    /// timestamps count ([`crate::Codec::timestamp`]).
    pub fn receive(&mut self, sequence: u16, timestamp: u32, arrival: u32) -> Arrival {
        let ahead = sequence_distance(sequence, self.highest);
        let arrived = match ahead {
            0..=MAX_DROPOUT => {
                if sequence < self.highest {
                    self.cycles = self.cycles.wrapping_add(1 << 16);
                }
                self.highest = sequence;
                if ahead == 0 && self.received > 0 { Arrival::Late } else { Arrival::InOrder }
            }
            behind if (-MAX_MISORDER..0).contains(&behind) => Arrival::Late,
            _ if self.suspect == Some(sequence) => {
                *self = Self::new(sequence);
                Arrival::Restarted
            }
            _ => {
                self.suspect = Some(sequence.wrapping_add(1));
                return Arrival::Suspect;
            }
        };
        self.suspect = None;
        self.received = self.received.wrapping_add(1);
        self.note_jitter(timestamp, arrival);
        arrived
    }

    fn note_jitter(&mut self, timestamp: u32, arrival: u32) {
        let transit = arrival.wrapping_sub(timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let moved = timestamp_distance(transit, before).unsigned_abs();
            // A sender that paused or moved its timestamps is no jitter: a second at
            // 8 kHz, and still more than any jitter at 48.
            if moved < crate::SAMPLE_RATE {
                self.jitter_x16 = self.jitter_x16 + moved - ((self.jitter_x16 + 8) >> 4);
            }
        }
    }

    /// Packets that should have come.
    pub fn expected(&self) -> u32 {
        self.extended_highest().wrapping_sub(self.base).wrapping_add(1)
    }

    /// Packets that came, late and repeated ones included.
    pub fn received(&self) -> u32 {
        self.received
    }

    /// Packets that did not come.
    pub fn lost(&self) -> i32 {
        self.expected().wrapping_sub(self.received).cast_signed()
    }

    /// Interarrival jitter in timestamp units.
    pub fn jitter(&self) -> u32 {
        self.jitter_x16 >> 4
    }

    fn extended_highest(&self) -> u32 {
        self.cycles.wrapping_add(u32::from(self.highest))
    }

    /// The figures for a report block; the next one counts from here (RFC 3550 A.3).
    pub fn report(&mut self) -> Report {
        let expected = self.expected().wrapping_sub(self.expected_before);
        let received = self.received.wrapping_sub(self.received_before);
        self.expected_before = self.expected();
        self.received_before = self.received;
        let lost = i64::from(expected) - i64::from(received);
        let fraction_lost = if expected == 0 || lost <= 0 {
            0
        } else {
            u8::try_from((lost << 8) / i64::from(expected)).unwrap_or(u8::MAX)
        };
        Report {
            fraction_lost,
            // The field has 24 bits.
            cumulative_lost: self.lost().clamp(-0x80_0000, 0x7f_ffff),
            highest_sequence: self.extended_highest(),
            jitter: self.jitter(),
        }
    }
}
