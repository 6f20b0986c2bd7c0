//! Digits on their way out: queued, sent one after the other as telephone events
//! or, where the other side does not take those, as tones.

use super::cross::on_clock;
use std::collections::VecDeque;
use strowger_rtp::dtmf::{DigitSender, EVENT_LEN};
use strowger_rtp::tones::digit_hz;
use strowger_rtp::{FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE};

/// Digits waiting: longer than any number or account code. More are dropped.
const MAX_WAITING: usize = 64;
/// Pause between two digits in frames: 60 ms, ITU-T Q.24 asks for 40.
const GAP_FRAMES: u8 = 3;

#[derive(Debug)]
enum Key {
    Event(DigitSender),
    Tone { hz: [u16; 2], at: usize, frames: u32 },
}

/// What is due in this 20 ms.
pub(super) enum Tick {
    /// No digit.
    Idle,
    Event {
        payload_type: u8,
        first: bool,
        payload: [u8; EVENT_LEN],
    },
    /// Two frequencies, from this sample of them on.
    Tone {
        hz: [u16; 2],
        at: usize,
    },
}

#[derive(Debug)]
pub(super) struct DigitQueue {
    waiting: VecDeque<(char, u32)>,
    key: Option<Key>,
    gap: u8,
}

impl DigitQueue {
    pub(super) fn new() -> Self {
        Self { waiting: VecDeque::with_capacity(MAX_WAITING), key: None, gap: 0 }
    }

    pub(super) fn push(&mut self, digit: char, held_ms: u32) {
        if self.waiting.len() < MAX_WAITING {
            self.waiting.push_back((digit, held_ms));
        } else {
            tracing::warn!("digit dropped: more than {MAX_WAITING} are waiting to be sent");
        }
    }

    /// Whether a key is down: the other party's packets have to wait.
    pub(super) fn is_busy(&self) -> bool {
        self.key.is_some()
    }

    /// `events`: their payload type and clock, if the other side takes them.
    pub(super) fn tick(&mut self, events: Option<(u8, u32)>) -> Tick {
        if self.key.is_none() {
            if self.gap > 0 {
                self.gap -= 1;
                return Tick::Idle;
            }
            let Some((digit, held_ms)) = self.waiting.pop_front() else { return Tick::Idle };
            self.key = if events.is_some() {
                DigitSender::new(digit, held_ms).map(Key::Event)
            } else {
                let frames = held_ms.clamp(60, 6_000).div_ceil(FRAME_MS);
                digit_hz(digit).map(|hz| Key::Tone { hz, at: 0, frames })
            };
        }
        let due = match (&mut self.key, events) {
            (Some(Key::Event(sender)), Some((payload_type, clock_hz))) => {
                sender.next_frame().map(|frame| Tick::Event {
                    payload_type,
                    first: frame.first,
                    payload: on_clock(frame.event, SAMPLE_RATE, clock_hz).to_bytes(),
                })
            }
            (Some(Key::Tone { hz, at, frames }), _) if *frames > 0 => {
                *frames -= 1;
                let start = *at;
                *at += FRAME_SAMPLES;
                Some(Tick::Tone { hz: *hz, at: start })
            }
            _ => None,
        };
        due.unwrap_or_else(|| {
            self.key = None;
            self.gap = GAP_FRAMES;
            Tick::Idle
        })
    }
}
