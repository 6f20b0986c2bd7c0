//! From one source's packets, as they come, to a frame every 20 ms, where audio
//! is decoded: in mixing, transcoding and analysis.
//!
//! It waits as long as the network makes it, hides what is lost, and follows the
//! sender's clock. Bridges that pass packets on do not use it, nor does the
//! recording of G.711, which has time ([`crate::jitter`]).

mod conceal;
mod depth;
mod packets;
mod stretch;

pub use conceal::Concealer;
pub use depth::DepthLimits;

use crate::codec::{Codec, CodecError, Decoder, MAX_PACKET_SAMPLES, Rate};
use crate::packet::Header;
use crate::sequence::timestamp_distance;
use depth::Depth;
use packets::Packets;

/// Decoded and not yet played: a frame, what stretching needs, and one packet.
const FIFO_SAMPLES: usize = 2 * Rate::Wide.frame_samples() + 2 * MAX_PACKET_SAMPLES;
/// A packet this far from where we play is a sender that counts anew.
const RESTART_MS: i64 = 2_000;
/// So many packets too late in a row are a sender that counts anew, not jitter.
const LATE_IN_A_ROW: u8 = 8;
/// The depth is left alone while it is less than this too shallow …
const TOO_SHALLOW_US: i64 = 5_000;
/// … or too deep: delay is a smaller evil than loss.
const TOO_DEEP_US: i64 = 15_000;

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It will be played.
    Held,
    /// Its place has been played or concealed.
    Late,
    /// It is here already.
    Duplicate,
    /// Not this codec's, or no room.
    Refused,
}

/// What a frame is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The source's audio, at least in part.
    Audio,
    /// Only replacement for what was lost.
    Concealed,
    /// Silence: the source has not begun, or sends nothing.
    Silence,
}

/// What happened so far, in packets and periods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayoutCounts {
    /// Came too late to be played.
    pub late: u32,
    /// Came twice.
    pub duplicates: u32,
    /// Frames of replacement.
    pub concealed: u32,
    /// Pitch periods removed to become quicker.
    pub shortened: u32,
    /// Pitch periods repeated to wait longer.
    pub lengthened: u32,
    /// Times that the sender counted anew.
    pub restarts: u32,
}

#[derive(Clone, Copy, Debug)]
struct Source {
    ssrc: u32,
    /// A timestamp and what it is unwrapped.
    newest: (u32, i64),
    /// Unwrapped timestamp of what is decoded next; `None` while waiting.
    next: Option<i64>,
    /// Sequence number of the packet decoded last.
    played: Option<u16>,
}

/// One source's buffer, decoder and concealment. Everything is allocated by
/// [`Self::new`].
#[derive(Debug)]
pub struct Playout {
    decoder: Decoder,
    concealer: Concealer,
    packets: Packets,
    depth: Depth,
    source: Option<Source>,
    fifo: Box<[i16; FIFO_SAMPLES]>,
    filled: usize,
    late_in_a_row: u8,
    counts: PlayoutCounts,
}

impl Playout {
    /// For packets of `codec`, played at `rate`.
    ///
    /// # Errors
    /// [`CodecError::PassThroughOnly`] for G.729.
    pub fn new(codec: Codec, rate: Rate, limits: DepthLimits) -> Result<Self, CodecError> {
        Ok(Self {
            decoder: Decoder::new(codec, rate)?,
            concealer: Concealer::new(rate),
            packets: Packets::new(),
            depth: Depth::new(limits),
            source: None,
            fifo: Box::new([0; FIFO_SAMPLES]),
            filled: 0,
            late_in_a_row: 0,
            counts: PlayoutCounts::default(),
        })
    }

    /// Takes a packet that came at sample `clock` of our 8 kHz clock.
    pub fn insert(&mut self, clock: u64, header: &Header, payload: &[u8]) -> Taken {
        if self.decoder.codec().payload_us(payload).is_none() {
            return Taken::Refused;
        }
        let at = match &self.source {
            Some(source) if source.ssrc == header.ssrc => {
                let (timestamp, unwrapped) = source.newest;
                let at = unwrapped + i64::from(timestamp_distance(header.timestamp, timestamp));
                let far = source.next.unwrap_or(unwrapped) - at;
                if far.abs() > self.timestamps(RESTART_MS * 1_000) {
                    self.begin(header)
                } else {
                    at
                }
            }
            _ => self.begin(header),
        };
        let Some(source) = &mut self.source else { return Taken::Refused };
        if at > source.newest.1 {
            source.newest = (header.timestamp, at);
        }
        let now_us = clock_us(clock);
        let late = source.next.is_some_and(|next| at < next);
        let delay_us = now_us - self.us(at);
        self.depth.note(now_us, delay_us);
        if late {
            self.counts.late = self.counts.late.wrapping_add(1);
            self.late_in_a_row += 1;
            if self.late_in_a_row < LATE_IN_A_ROW {
                return Taken::Late;
            }
            let at = self.begin(header);
            self.depth.note(now_us, now_us - self.us(at));
            self.packets.put(at, header.sequence, payload);
            return Taken::Held;
        }
        self.late_in_a_row = 0;
        if self.packets.holds(at) {
            self.counts.duplicates = self.counts.duplicates.wrapping_add(1);
            return Taken::Duplicate;
        }
        if self.packets.put(at, header.sequence, payload) { Taken::Held } else { Taken::Refused }
    }

    /// Fills `out`, one frame of 20 ms at the playout's rate, due at sample
    /// `clock`. To be called every 20 ms; a caller that was held up calls as
    /// often as frames were due.
    pub fn pull(&mut self, clock: u64, out: &mut [i16]) -> Heard {
        if !self.has_begun(clock) {
            out.fill(0);
            return Heard::Silence;
        }
        let frame = out.len();
        self.steer(clock);
        let mut heard = Heard::Silence;
        // Each turn adds a sample at least, or ends.
        while self.filled < frame {
            match self.decode_next() {
                Some(what) => heard = louder(heard, what),
                None => break,
            }
        }
        if self.filled >= frame && heard == Heard::Silence {
            heard = if self.concealer.has_faded() { Heard::Silence } else { Heard::Audio };
        }
        let count = frame.min(self.filled);
        out[..count].copy_from_slice(&self.fifo[..count]);
        out[count..].fill(0);
        self.fifo.copy_within(count..self.filled, 0);
        self.filled -= count;
        heard
    }

    /// How long the quickest packet waits, as it should be.
    pub fn depth_ms(&self) -> u32 {
        u32::try_from(self.depth.target_us() / 1_000).unwrap_or(0)
    }

    /// What happened so far.
    pub fn counts(&self) -> PlayoutCounts {
        self.counts
    }

    /// The rate of what it plays.
    pub fn rate(&self) -> Rate {
        self.decoder.rate()
    }

    /// Another source, or the same one counting anew; what waits is dropped.
    fn begin(&mut self, header: &Header) -> i64 {
        if self.source.is_some() {
            self.counts.restarts = self.counts.restarts.wrapping_add(1);
        }
        self.packets.clear();
        self.depth.change_source();
        self.late_in_a_row = 0;
        let at = i64::from(header.timestamp);
        self.source = Some(Source {
            ssrc: header.ssrc,
            newest: (header.timestamp, at),
            next: None,
            played: None,
        });
        at
    }

    /// Begins with the earliest packet when it has waited long enough.
    fn has_begun(&mut self, clock: u64) -> bool {
        let Some(source) = &self.source else { return false };
        if source.next.is_some() {
            return true;
        }
        let Some((at, ..)) = self.packets.earliest() else { return false };
        if clock_us(clock) - self.us(at) < self.depth.quickest_us() + self.depth.target_us() {
            return false;
        }
        if let Some(source) = &mut self.source {
            source.next = Some(at);
        }
        true
    }

    /// Brings the depth nearer to what it should be, by one pitch period.
    fn steer(&mut self, clock: u64) {
        let Some(next) = self.source.and_then(|source| source.next) else { return };
        let rate = self.decoder.rate();
        // What is decoded already puts off the moment when the next packet must
        // have come, by whole frames.
        let frames = (self.filled / rate.frame_samples()) as i64;
        let due_us = clock_us(clock) + frames * i64::from(crate::FRAME_MS) * 1_000;
        let waits_us = due_us - self.us(next) - self.depth.quickest_us();
        let too_much_us = waits_us - self.depth.target_us();
        if (-TOO_SHALLOW_US..=TOO_DEEP_US).contains(&too_much_us) {
            return;
        }
        let needed = stretch::needed(rate) + rate.frame_samples();
        while self.filled < needed && self.packets.holds(next_of(&self.source)) {
            if self.decode_next().is_none() {
                break;
            }
        }
        if too_much_us > 0 && self.filled >= needed {
            self.filled = stretch::shorten(&mut self.fifo[..], self.filled, rate);
            self.counts.shortened = self.counts.shortened.wrapping_add(1);
        } else if too_much_us < 0 && self.filled >= stretch::needed(rate) {
            self.filled = stretch::lengthen(&mut self.fifo[..], self.filled, rate);
            self.counts.lengthened = self.counts.lengthened.wrapping_add(1);
        }
    }

    /// Decodes or replaces what comes next behind what is decoded.
    fn decode_next(&mut self) -> Option<Heard> {
        let source = self.source?;
        let next = source.next?;
        self.packets.drop_before(next);
        let room = &mut self.fifo[self.filled..];
        let frame = self.decoder.rate().frame_samples();
        let (samples, heard) = match self.packets.earliest() {
            Some((at, sequence, payload)) if at == next => {
                match self.decoder.decode(payload, room) {
                    Ok(samples) => {
                        self.concealer.hear(&mut room[..samples]);
                        self.source.as_mut()?.played = Some(sequence);
                        self.packets.free(at);
                        (samples, Heard::Audio)
                    }
                    Err(_) => {
                        self.packets.free(at);
                        self.concealer.conceal(room.get_mut(..frame)?);
                        (frame, Heard::Concealed)
                    }
                }
            }
            following => {
                // Up to the next packet, if it is nearer than a frame.
                let gap = following.map_or(i64::MAX, |(at, ..)| at - next);
                let per_sample = i64::from(self.decoder.codec().clock_hz())
                    / i64::from(self.decoder.rate().hz()).min(8_000);
                let missing = usize::try_from(gap / per_sample.max(1)).unwrap_or(usize::MAX);
                let scale = (self.decoder.rate().hz() / 8_000) as usize;
                let samples = missing.saturating_mul(scale).clamp(scale, frame);
                let out = room.get_mut(..samples)?;
                // Numbers without a gap over a gap of time: the sender was silent.
                let silent = following.is_some_and(|(_, sequence, _)| {
                    source.played.is_some_and(|played| sequence == played.wrapping_add(1))
                });
                let ahead = following.filter(|_| missing == samples / scale).map(|(.., next)| next);
                if silent {
                    out.fill(0);
                    self.concealer.hear(out);
                    (samples, Heard::Silence)
                } else if self.concealer.has_faded() {
                    out.fill(0);
                    (samples, Heard::Silence)
                } else {
                    if self.decoder.recover(ahead, out) {
                        self.concealer.hear(out);
                    } else {
                        self.concealer.conceal(out);
                    }
                    self.counts.concealed = self.counts.concealed.wrapping_add(1);
                    (samples, Heard::Concealed)
                }
            }
        };
        self.filled += samples;
        let moved = self.us_of_samples(samples);
        let moved = self.timestamps(moved);
        self.source.as_mut()?.next = Some(next + moved);
        Some(heard)
    }

    fn us_of_samples(&self, samples: usize) -> i64 {
        samples as i64 * 1_000_000 / i64::from(self.decoder.rate().hz())
    }

    fn timestamps(&self, us: i64) -> i64 {
        us * i64::from(self.decoder.codec().clock_hz() / 1_000) / 1_000
    }

    fn us(&self, timestamps: i64) -> i64 {
        timestamps * 1_000 / i64::from(self.decoder.codec().clock_hz() / 1_000)
    }
}

fn next_of(source: &Option<Source>) -> i64 {
    source.and_then(|source| source.next).unwrap_or(i64::MIN)
}

fn clock_us(clock: u64) -> i64 {
    i64::try_from(clock).unwrap_or(i64::MAX / 125) * 125
}

fn louder(a: Heard, b: Heard) -> Heard {
    match (a, b) {
        (Heard::Audio, _) | (_, Heard::Audio) => Heard::Audio,
        (Heard::Concealed, _) | (_, Heard::Concealed) => Heard::Concealed,
        _ => Heard::Silence,
    }
}
