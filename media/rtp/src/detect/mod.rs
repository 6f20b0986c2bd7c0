//! What can be heard in decoded audio: voice, digits, tones.
//!
//! Each detector is owned by one leg, is given its audio in order, and
//! allocates nothing.

mod digits;
mod spectrum;
mod tones;
mod voice;

pub use digits::{InbandDigit, InbandDigits};
pub use tones::{HeardTone, ToneDetector};
pub use voice::{VoiceDetector, VoiceEvent, VoiceSettings};
