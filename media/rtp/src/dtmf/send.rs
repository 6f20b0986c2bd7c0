//! From a digit to its telephone-event packets: one each 20 ms while the key is
//! down, then the end three times (RFC 4733 §2.5.1).

use super::{Event, code_of};
use crate::{FRAME_MS, FRAME_SAMPLES};

/// Shorter presses are missed by some receivers (ITU-T Q.24 asks for 40 ms).
const SHORTEST_MS: u32 = 40;
/// Longer ones would need a second segment; no menu asks for them.
const LONGEST_MS: u32 = 6_000;
/// The last packet's copies: RFC 4733 §2.5.1.4.
const END_PACKETS: u8 = 3;
/// What phones send.
const VOLUME: u8 = 10;

/// One packet of a digit. All of a digit's packets carry the timestamp of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventFrame {
    /// The first packet: marker set, timestamp of now.
    pub first: bool,
    /// Its payload.
    pub event: Event,
}

/// The packets of one digit, one each 20 ms.
#[derive(Clone, Copy, Debug)]
pub struct DigitSender {
    code: u8,
    sent_frames: u16,
    frames: u16,
    ends_left: u8,
}

impl DigitSender {
    /// `None` if `digit` is none. `held_ms` is brought into 40 to 6,000.
    pub fn new(digit: char, held_ms: u32) -> Option<Self> {
        let frames = held_ms.clamp(SHORTEST_MS, LONGEST_MS).div_ceil(FRAME_MS);
        Some(Self {
            code: code_of(digit)?,
            sent_frames: 0,
            frames: u16::try_from(frames).ok()?,
            ends_left: END_PACKETS,
        })
    }

    /// The next packet; `None` when the digit is done.
    pub fn next_frame(&mut self) -> Option<EventFrame> {
        let first = self.sent_frames == 0;
        if self.sent_frames < self.frames {
            self.sent_frames += 1;
            return Some(EventFrame { first, event: self.event(false) });
        }
        self.ends_left = self.ends_left.checked_sub(1)?;
        Some(EventFrame { first: false, event: self.event(true) })
    }

    fn event(&self, end: bool) -> Event {
        let duration = self.sent_frames.saturating_mul(FRAME_SAMPLES as u16);
        Event { code: self.code, end, volume: VOLUME, duration }
    }
}
