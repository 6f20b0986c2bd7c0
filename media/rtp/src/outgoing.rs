//! One leg's outgoing stream: a single SSRC whose numbers run on without a
//! break while its content changes between prompts and other parties' packets.

use crate::codec::Codec;
use crate::packet::Header;
use crate::sequence::{sequence_distance, timestamp_distance};

/// A larger jump in a relayed stream is a restarted sender (RFC 3550 A.1).
const MAX_DROPOUT: i16 = 3_000;
/// A relayed packet further behind is a restarted sender (RFC 3550 A.1).
const MAX_MISORDER: i16 = 100;
/// Timestamps that move by more frames than this are a sender that changed its
/// offset; ten seconds, longer than any telephone event.
const MAX_JUMP_FRAMES: u32 = 500;

#[derive(Clone, Copy, Debug)]
enum Source {
    Nothing,
    /// Our own audio: the timestamp is the clock plus an offset.
    Generated {
        offset: u32,
    },
    /// Another party's packets with both numbers shifted.
    Relayed {
        ssrc: u32,
        first: u16,
        newest: u16,
        newest_timestamp: u32,
        sequence: u16,
        timestamp: u32,
    },
}

/// Numbers the packets of one outgoing stream.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    /// Our clock when `timestamp` was sent; `None` before the first packet.
    sent_at: Option<u32>,
    source: Source,
    packets: u32,
    octets: u32,
    /// By how much the timestamp moves in 20 ms.
    frame: u32,
}

impl Outgoing {
    /// Begins with numbers that the caller drew at random (RFC 3550 §5.1).
    pub fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        Self {
            ssrc,
            sequence,
            timestamp,
            sent_at: None,
            source: Source::Nothing,
            packets: 0,
            octets: 0,
            frame: crate::FRAME_SAMPLES as u32,
        }
    }

    /// From now on timestamps, and the `clock` of all methods, count as this codec
    /// does ([`Codec::timestamp`]). Streams begin with 8 kHz.
    pub fn set_codec(&mut self, codec: Codec) {
        if codec.frame_timestamps() != self.frame {
            self.frame = codec.frame_timestamps();
            // What the clock was when is no longer known on this one.
            if self.sent_at.take().is_some() {
                self.timestamp = self.timestamp.wrapping_add(self.frame);
            }
            self.source = Source::Nothing;
        }
    }

    /// Numbers a packet of our own audio. `clock` counts samples and moves by
    /// exactly one frame between neighbouring packets.
    pub fn generated(&mut self, clock: u32, payload_type: u8) -> Header {
        let (offset, marker) = match self.source {
            Source::Generated { offset } => (offset, false),
            _ => (self.next_timestamp(clock).wrapping_sub(clock), true),
        };
        self.source = Source::Generated { offset };
        self.newest(self.sequence.wrapping_add(1), clock.wrapping_add(offset), clock);
        self.header(marker, payload_type)
    }

    /// Numbers a telephone-event packet of our own: those of one event share
    /// the timestamp of the first.
    pub fn event(&mut self, clock: u32, payload_type: u8, first: bool) -> Header {
        if first || !matches!(self.source, Source::Generated { .. }) {
            let mut header = self.generated(clock, payload_type);
            header.marker = true;
            return header;
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.header(false, payload_type)
    }

    /// Renumbers another party's packet, keeping its gaps. `None` if it is older
    /// than the switch to this party and must not be sent.
    pub fn relayed(&mut self, clock: u32, incoming: &Header, payload_type: u8) -> Option<Header> {
        let mut marker = incoming.marker;
        if !self.goes_on(incoming) {
            marker = true;
            let sequence = self.sequence.wrapping_add(1).wrapping_sub(incoming.sequence);
            let timestamp = self.next_timestamp(clock).wrapping_sub(incoming.timestamp);
            self.source = Source::Relayed {
                ssrc: incoming.ssrc,
                first: incoming.sequence,
                newest: incoming.sequence,
                newest_timestamp: incoming.timestamp,
                sequence,
                timestamp,
            };
        }
        let Source::Relayed { first, newest, newest_timestamp, sequence, timestamp, .. } =
            &mut self.source
        else {
            return None;
        };
        let is_newest = sequence_distance(incoming.sequence, *newest) >= 0;
        if is_newest {
            *newest = incoming.sequence;
            *newest_timestamp = incoming.timestamp;
            // `first` guards the first few packets after a switch only; it must
            // not look like "later" again when numbers have wrapped halfway.
            if sequence_distance(incoming.sequence, *first) > MAX_MISORDER {
                *first = incoming.sequence.wrapping_sub(MAX_MISORDER as u16);
            }
        } else if sequence_distance(incoming.sequence, *first) < 0 {
            return None;
        }
        let header = Header {
            marker,
            payload_type,
            sequence: incoming.sequence.wrapping_add(*sequence),
            timestamp: incoming.timestamp.wrapping_add(*timestamp),
            ssrc: self.ssrc,
        };
        if is_newest {
            self.newest(header.sequence, header.timestamp, clock);
        }
        Some(header)
    }

    /// Takes note of a packet that went out.
    pub fn count(&mut self, payload_bytes: usize) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(u32::try_from(payload_bytes).unwrap_or(0));
    }

    /// The next packet comes from another source, even if it looks the same.
    pub fn switch(&mut self) {
        self.source = Source::Nothing;
    }

    /// This stream's SSRC.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Packets sent.
    pub fn packets(&self) -> u32 {
        self.packets
    }

    /// Payload bytes sent.
    pub fn octets(&self) -> u32 {
        self.octets
    }

    /// The timestamp that belongs to `clock`, for sender reports.
    pub fn timestamp_at(&self, clock: u32) -> u32 {
        let since = self.sent_at.map_or(0, |at| clock.wrapping_sub(at));
        self.timestamp.wrapping_add(since)
    }

    fn goes_on(&self, incoming: &Header) -> bool {
        let Source::Relayed { ssrc, newest, newest_timestamp, .. } = self.source else {
            return false;
        };
        let moved = timestamp_distance(incoming.timestamp, newest_timestamp);
        ssrc == incoming.ssrc
            && (-MAX_MISORDER..MAX_DROPOUT).contains(&sequence_distance(incoming.sequence, newest))
            && moved.unsigned_abs() < MAX_JUMP_FRAMES * self.frame
    }

    /// Where a new source's first packet belongs: as much later as the clock
    /// went on, and at least one frame.
    fn next_timestamp(&self, clock: u32) -> u32 {
        match self.sent_at {
            None => self.timestamp,
            Some(at) => {
                let passed = timestamp_distance(clock, at).max(0).cast_unsigned();
                self.timestamp.wrapping_add(passed.max(self.frame))
            }
        }
    }

    fn newest(&mut self, sequence: u16, timestamp: u32, clock: u32) {
        self.sequence = sequence;
        self.timestamp = timestamp;
        self.sent_at = Some(clock);
    }

    fn header(&self, marker: bool, payload_type: u8) -> Header {
        Header {
            marker,
            payload_type,
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: self.ssrc,
        }
    }
}
