//! Telephone events on their way across a bridge: into the listener's payload
//! type, clock and numbering, or into tones.

use super::{Leg, Now};
use strowger_rtp::dtmf::{Digit, Event};
use strowger_rtp::packet::Header;

/// Audio made here waits while a key is down on the other side, and this long
/// after its last packet, so that it does not cut into the event.
const QUIET_MS: u64 = 60;

/// A telephone event as it was heard.
#[derive(Clone, Copy, Debug)]
pub(in crate::media) struct HeardEvent {
    pub(super) event: Event,
    /// The clock of its duration.
    pub(super) clock_hz: u32,
    /// Presses that ended with it.
    pub(super) ended: [Option<Digit>; 2],
}

/// The event that crosses into a stream of our own making.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Crossing {
    /// Its source and timestamp there, and its timestamp here.
    event: Option<(u32, u32, u32)>,
    heard_ms: u64,
}

impl Crossing {
    pub(super) fn is_busy(&self, now_ms: u64) -> bool {
        self.event.is_some() && now_ms.saturating_sub(self.heard_ms) < QUIET_MS
    }
}

impl Leg {
    /// Passes on an event of the bridged leg.
    pub(super) fn relay_event(&mut self, now: Now, header: &Header, heard: HeardEvent) {
        let Some(remote) = self.remote else { return };
        let Some(payload_type) = remote.dtmf_payload else {
            for digit in heard.ended.into_iter().flatten() {
                self.digits.push(digit.digit, digit.held_ms);
            }
            return;
        };
        let payload = on_clock(heard.event, heard.clock_hz, remote.dtmf_clock_hz).to_bytes();
        let clock = now.clock(remote.codec);
        let numbered = if self.hears_made {
            Some(self.number_crossing(now, header, payload_type))
        } else {
            self.outgoing.relayed(clock, header, payload_type)
        };
        if let Some(numbered) = numbered {
            self.send(now, numbered, &payload);
        }
    }

    /// All packets of an event carry the timestamp of its first, also those
    /// that come when audio has gone on.
    fn number_crossing(&mut self, now: Now, header: &Header, payload_type: u8) -> Header {
        let clock = now.clock(self.codec());
        self.crossing.heard_ms = now.ms;
        match self.crossing.event {
            Some((ssrc, theirs, ours)) if (ssrc, theirs) == (header.ssrc, header.timestamp) => {
                let numbered = self.outgoing.event(clock, payload_type, false);
                Header { timestamp: ours, ..numbered }
            }
            _ => {
                let numbered = self.outgoing.event(clock, payload_type, true);
                self.crossing.event = Some((header.ssrc, header.timestamp, numbered.timestamp));
                numbered
            }
        }
    }
}

/// An event's duration on another clock; longer than the field holds stays at
/// its greatest value.
pub(super) fn on_clock(event: Event, from_hz: u32, to_hz: u32) -> Event {
    if from_hz == to_hz || from_hz == 0 {
        return event;
    }
    let duration = u64::from(event.duration) * u64::from(to_hz) / u64::from(from_hz);
    Event { duration: u16::try_from(duration).unwrap_or(u16::MAX), ..event }
}
