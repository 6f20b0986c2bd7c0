//! Digits as named telephone events (RFC 4733).

mod receive;
mod send;

pub use receive::{Digit, DigitReceiver};
pub use send::{DigitSender, EventFrame};

/// Bytes of an event payload.
pub const EVENT_LEN: usize = 4;

/// The payload of a telephone-event packet (RFC 4733 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// 0 to 15 are digits.
    pub code: u8,
    /// The key is up again.
    pub end: bool,
    /// Power in -dBm0, 0 to 63.
    pub volume: u8,
    /// Samples since the key went down, in this segment.
    pub duration: u16,
}

impl Event {
    /// Reads a payload; trailing bytes are further events' and not used by phones.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let bytes = payload.first_chunk::<EVENT_LEN>()?;
        Some(Self {
            code: bytes[0],
            end: bytes[1] & 0x80 != 0,
            volume: bytes[1] & 0x3f,
            duration: u16::from_be_bytes([bytes[2], bytes[3]]),
        })
    }

    /// The payload as it goes onto the wire.
    pub fn to_bytes(self) -> [u8; EVENT_LEN] {
        let duration = self.duration.to_be_bytes();
        [self.code, (u8::from(self.end) << 7) | (self.volume & 0x3f), duration[0], duration[1]]
    }
}

const DIGITS: [char; 16] =
    ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D'];

/// The digit of an event code (RFC 4733 table 3); `None` for flash and others.
pub fn digit_of(code: u8) -> Option<char> {
    DIGITS.get(usize::from(code)).copied()
}

/// The event code of a digit.
pub fn code_of(digit: char) -> Option<u8> {
    let digit = digit.to_ascii_uppercase();
    DIGITS.iter().position(|known| *known == digit).and_then(|at| u8::try_from(at).ok())
}
