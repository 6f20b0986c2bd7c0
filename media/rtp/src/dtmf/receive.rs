//! From telephone-event packets to digits: each key press once, however many
//! packets were lost, repeated or swapped.

use super::{Event, digit_of};
use crate::sequence::timestamp_distance;

/// A key counts as released when its packets stop for this long: senders repeat
/// every 20 to 50 ms (RFC 4733 §2.5.1.3), so this is several lost in a row.
const RELEASE_AFTER_MS: u64 = 200;
/// An event this much older than the last one is not a straggler but a sender
/// that began to count anew. 8 s: the longest one segment lasts.
const STRAGGLER_SAMPLES: i32 = 65_536;

/// A key that was pressed and let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digit {
    /// `0`–`9`, `*`, `#`, `A`–`D`.
    pub digit: char,
    /// How long the key was down, as far as it was heard.
    pub held_ms: u32,
}

#[derive(Clone, Copy, Debug)]
struct Press {
    code: u8,
    /// Of the present segment.
    timestamp: u32,
    /// Samples of the segments before it (RFC 4733 §2.5.1.3, long events).
    earlier: u32,
    duration: u16,
    heard_ms: u64,
}

impl Press {
    fn digit(self) -> Option<Digit> {
        let samples = self.earlier.saturating_add(u32::from(self.duration));
        digit_of(self.code)
            .map(|digit| Digit { digit, held_ms: samples / (crate::SAMPLE_RATE / 1_000) })
    }
}

/// Follows the events of one source.
#[derive(Clone, Copy, Debug, Default)]
pub struct DigitReceiver {
    press: Option<Press>,
    /// Timestamp of the last press that is over.
    over: Option<u32>,
}

impl DigitReceiver {
    /// Takes an event packet. Up to two presses end with it: one whose end was
    /// lost, and the one it belongs to.
    pub fn receive(&mut self, now_ms: u64, timestamp: u32, event: Event) -> [Option<Digit>; 2] {
        if self.is_straggler(timestamp) {
            return [None, None];
        }
        let mut ended = [None, None];
        match &mut self.press {
            Some(press) if press.timestamp == timestamp && press.code == event.code => {
                press.duration = press.duration.max(event.duration);
                press.heard_ms = now_ms;
            }
            Some(press) if continues(press, timestamp, event) => {
                // Nobody holds a key for six days, but anybody can say so.
                let segment = timestamp.wrapping_sub(press.timestamp);
                press.earlier = press.earlier.saturating_add(segment);
                press.timestamp = timestamp;
                press.duration = event.duration;
                press.heard_ms = now_ms;
            }
            other => {
                if let Some(lost_end) = other.take() {
                    self.over = Some(lost_end.timestamp);
                    ended[0] = lost_end.digit();
                }
                *other = Some(Press {
                    code: event.code,
                    timestamp,
                    earlier: 0,
                    duration: event.duration,
                    heard_ms: now_ms,
                });
            }
        }
        if event.end {
            ended[1] = self.release();
        }
        ended
    }

    /// The press whose packets have stopped coming, if there is one.
    pub fn poll(&mut self, now_ms: u64) -> Option<Digit> {
        let press = self.press?;
        (now_ms.saturating_sub(press.heard_ms) >= RELEASE_AFTER_MS)
            .then(|| self.release())
            .flatten()
    }

    fn release(&mut self) -> Option<Digit> {
        let press = self.press.take()?;
        self.over = Some(press.timestamp);
        press.digit()
    }

    fn is_straggler(&self, timestamp: u32) -> bool {
        let latest = self.press.map(|press| press.timestamp);
        let behind = |earlier: u32, also_equal: bool| {
            let distance = timestamp_distance(timestamp, earlier);
            (-STRAGGLER_SAMPLES..0).contains(&distance) || (also_equal && distance == 0)
        };
        latest.is_some_and(|at| behind(at, false)) || self.over.is_some_and(|at| behind(at, true))
    }
}

/// Whether a packet begins the next segment of a key that is still down: the
/// same event, starting about where the full segment before it ended.
fn continues(press: &Press, timestamp: u32, event: Event) -> bool {
    const FULL_SEGMENT: i32 = 0xffff;
    // Senders cut at the last multiple of their packet interval.
    const SLACK: i32 = 800;
    let distance = timestamp_distance(timestamp, press.timestamp);
    press.code == event.code && (FULL_SEGMENT - SLACK..=FULL_SEGMENT + 1).contains(&distance)
}
