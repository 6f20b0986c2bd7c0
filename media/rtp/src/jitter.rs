//! Puts packets back onto a time line where audio is decoded or recorded.
//!
//! Bridges do not use this: they pass packets on as they come.

use crate::sequence::timestamp_distance;

/// How many samples the ring holds: 1.02 s, so that a second of network trouble
/// fits. A power of two.
const RING_SAMPLES: usize = 8_192;
/// How far ahead of its arrival a packet may be placed: more means that the
/// first packet came very late or the sender's clock runs fast.
const AHEAD_SAMPLES: i64 = 1_600;
/// This many packets too late in a row are a sender that counts anew, not jitter.
const LATE_IN_A_ROW: u8 = 5;

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// At the place its timestamp names.
    InTime,
    /// Its place has been read already; it is lost.
    TooLate,
    /// Timestamps no longer fit the clock; placed at its arrival, and later ones after it.
    Anew,
}

/// A ring of G.711 bytes on a time line of 8 kHz samples. It is read a fixed
/// delay behind the clock; what has not come by then is silence.
#[derive(Debug)]
pub struct JitterRing {
    ring: Box<[u8; RING_SAMPLES]>,
    silence: u8,
    read: u64,
    /// End of the latest packet placed.
    end: u64,
    /// A timestamp and its place.
    anchor: Option<(u32, u64)>,
    late: u8,
}

impl JitterRing {
    /// An empty time line that is read from sample `start` on.
    pub fn new(silence: u8, start: u64) -> Self {
        Self {
            ring: Box::new([silence; RING_SAMPLES]),
            silence,
            read: start,
            end: start,
            anchor: None,
            late: 0,
        }
    }

    /// Empties the time line and reads it from sample `start` on.
    pub fn restart(&mut self, silence: u8, start: u64) {
        self.ring.fill(silence);
        self.silence = silence;
        self.read = start;
        self.end = start;
        self.anchor = None;
        self.late = 0;
    }

    /// Forgets how timestamps relate to the clock: another source follows.
    pub fn change_source(&mut self) {
        self.anchor = None;
    }

    /// Places a packet that came at sample `clock`. Each byte goes through
    /// `convert` if the packet is of the other law.
    pub fn insert(
        &mut self,
        clock: u64,
        timestamp: u32,
        payload: &[u8],
        convert: Option<&[u8; 256]>,
    ) -> Placed {
        let arrival = clock.max(self.read);
        let named = self.anchor.and_then(|(at_timestamp, at)| {
            at.checked_add_signed(i64::from(timestamp_distance(timestamp, at_timestamp)))
        });
        let (at, placed) = match named {
            Some(at) if at < self.read => {
                self.late += 1;
                if self.late < LATE_IN_A_ROW {
                    return Placed::TooLate;
                }
                (arrival, Placed::Anew)
            }
            Some(at) if at <= arrival.saturating_add_signed(AHEAD_SAMPLES) => (at, Placed::InTime),
            None if self.anchor.is_none() => (arrival, Placed::InTime),
            _ => (arrival, Placed::Anew),
        };
        self.late = 0;
        self.anchor = Some((timestamp, at));
        let room = (self.read + RING_SAMPLES as u64).saturating_sub(at);
        let fits = payload.len().min(usize::try_from(room).unwrap_or(0));
        for (place, byte) in (at..).zip(&payload[..fits]) {
            let byte = convert.map_or(*byte, |table| table[usize::from(*byte)]);
            self.ring[index(place)] = byte;
        }
        self.end = self.end.max(at + fits as u64);
        placed
    }

    /// Where the latest packet that was placed ends; what lies between the
    /// reader and there has been heard and not been read.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Reads the next samples into `out` and leaves silence behind.
    pub fn take(&mut self, out: &mut [u8]) {
        for byte in out {
            let place = &mut self.ring[index(self.read)];
            *byte = std::mem::replace(place, self.silence);
            self.read += 1;
        }
    }
}

fn index(place: u64) -> usize {
    (place as usize) & (RING_SAMPLES - 1)
}
