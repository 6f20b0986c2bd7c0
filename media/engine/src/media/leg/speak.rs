//! What a leg sends: a play, digits, the other party's packets or voice, or now
//! and then a sign of life.

use super::digits::Tick;
use super::pack::frames_per_packet;
use super::receive::Sound;
use super::{Leg, Now, Relay};
use crate::media::os::DATAGRAM;
use crate::media::player::Heard;
use crate::media::silence::silent_frame;
use std::array;
use strowger_rtp::codec::{Encoder, MAX_FRAME_BYTES, Rate};
use strowger_rtp::packet::{HEADER_LEN, Header};
use strowger_rtp::tones::sine;
use strowger_rtp::{Codec, FRAME_SAMPLES, Law};

/// A leg with nothing to say sends one frame of silence this often: it keeps
/// address translators open, and carriers from taking the call for dead.
const SIGN_OF_LIFE_MS: u64 = 1_000;

/// 20 ms of other parties, for a leg that has nothing of its own to say.
#[derive(Clone, Copy, Debug)]
pub(in crate::media) enum Voice<'a> {
    /// Nobody speaks to this leg this way.
    None,
    /// Samples at a rate, to be encoded for this leg.
    Linear(&'a [i16], Rate),
    /// A payload that others hear as well.
    Encoded(&'a [u8]),
}

impl Leg {
    /// Sends what is due in this 20 ms. `now.samples` moves by exactly one frame
    /// from call to call.
    pub(super) fn speak(&mut self, now: Now, voice: Voice<'_>) {
        let packed = self.packing.frames();
        self.say_one(now, voice);
        // Nothing was added to what waits: it was the last.
        if packed > 0 && self.packing.frames() == packed {
            self.send_packed(now);
        }
    }

    fn say_one(&mut self, now: Now, voice: Voice<'_>) {
        let events = self.remote.and_then(|it| Some((it.dtmf_payload?, it.dtmf_clock_hz)));
        match self.digits.tick(events) {
            Tick::Idle => {}
            Tick::Event { payload_type, first, payload } => {
                self.pass_time_in_play(now);
                if self.may_send() {
                    self.send_packed(now);
                    let clock = now.clock(self.codec());
                    let header = self.outgoing.event(clock, payload_type, first);
                    self.send(now, header, &payload);
                }
                return;
            }
            Tick::Tone { hz, at } => {
                self.pass_time_in_play(now);
                let audio: [i16; FRAME_SAMPLES] = array::from_fn(|n| sine(hz, at + n) as i16);
                self.send_linear(now, &audio, Rate::Narrow);
                return;
            }
        }
        if self.player.is_some() {
            self.play_on(now);
            return;
        }
        if self.crossing.is_busy(now.ms) {
            return;
        }
        match voice {
            Voice::Linear(audio, rate) => self.send_linear(now, audio, rate),
            Voice::Encoded(payload) => self.send_frame(now, payload),
            Voice::None if now.ms.saturating_sub(self.sent_ms) >= SIGN_OF_LIFE_MS => {
                self.send_silence(now);
            }
            Voice::None => {}
        }
    }

    fn play_on(&mut self, now: Now) {
        let Some(mut player) = self.player.take() else { return };
        let ended = match player.next_frame(now.ms, self.codec()) {
            Heard::Frame(frame) => {
                self.send_frame(now, frame);
                false
            }
            Heard::Silence => {
                self.send_silence(now);
                false
            }
            Heard::End => true,
        };
        self.player = Some(player);
        if ended {
            self.end_play(true);
        }
    }

    /// A play goes on silently behind a digit that drowns it.
    fn pass_time_in_play(&mut self, now: Now) {
        let codec = self.codec();
        if let Some(player) = &mut self.player
            && player.next_frame(now.ms, codec) == Heard::End
        {
            self.end_play(true);
        }
    }

    /// Passes on a packet of the bridged leg.
    pub(in crate::media) fn relay(&mut self, now: Now, packet: Relay<'_>) {
        if self.player.is_some() || self.digits.is_busy() || !self.may_send() {
            return;
        }
        self.send_packed(now);
        match packet.sound {
            Sound::Event(event) => self.relay_event(now, &packet.header, event),
            Sound::Audio(codec) => self.relay_audio(now, &packet.header, codec, packet.payload),
        }
    }

    fn relay_audio(&mut self, now: Now, header: &Header, codec: Codec, payload: &[u8]) {
        let Some(remote) = self.remote else { return };
        let mut converted = [0; DATAGRAM];
        let payload = match conversion(codec, remote.codec) {
            Conversion::Same => payload,
            Conversion::Law(from) => {
                let Some(room) = converted.get_mut(..payload.len()) else { return };
                room.copy_from_slice(payload);
                from.convert(room);
                &*room
            }
            Conversion::Transcode => return,
        };
        let clock = now.clock(remote.codec);
        let Some(header) = self.outgoing.relayed(clock, header, remote.payload_type) else {
            return;
        };
        if let Some(recorder) = &mut self.recorder {
            recorder.hear_right(now.samples, header.timestamp, remote.codec, payload);
        }
        self.send(now, header, payload);
    }

    /// Nothing goes out on a leg whose codec is never encoded here.
    fn send_silence(&mut self, now: Now) {
        if let Some(frame) = silent_frame(self.codec()) {
            self.send_frame(now, frame);
        }
    }

    fn send_linear(&mut self, now: Now, audio: &[i16], rate: Rate) {
        let codec = self.codec();
        if !self.may_send() {
            return;
        }
        let mut payload = [0; MAX_FRAME_BYTES];
        let Some(encoder) = self.encoder(codec, rate) else { return };
        let Ok(length) = encoder.encode(audio, &mut payload) else { return };
        self.send_frame(now, &payload[..length]);
    }

    /// Made when first needed, and anew when codec or rate are others.
    fn encoder(&mut self, codec: Codec, rate: Rate) -> Option<&mut Encoder> {
        let fits = |known: &Encoder| known.codec() == codec && known.rate() == rate;
        if !self.encoder.as_deref().is_some_and(fits) {
            self.encoder = Encoder::new(codec, rate).ok().map(Box::new);
        }
        self.encoder.as_deref_mut()
    }

    fn send_frame(&mut self, now: Now, frame: &[u8]) {
        let Some(remote) = self.remote.filter(|remote| remote.send) else { return };
        if frames_per_packet(&remote) > 1 {
            self.pack(now, &remote, frame);
            return;
        }
        let header = self.outgoing.generated(now.clock(remote.codec), remote.payload_type);
        if let Some(recorder) = &mut self.recorder {
            recorder.hear_right(now.samples, header.timestamp, remote.codec, frame);
        }
        self.send(now, header, frame);
    }

    fn may_send(&self) -> bool {
        self.remote.is_some_and(|remote| remote.send)
    }

    pub(super) fn send(&mut self, now: Now, header: Header, payload: &[u8]) {
        let Some(target) = self.latch.target() else { return };
        let mut datagram = [0; DATAGRAM];
        let mut end = HEADER_LEN + payload.len();
        let Some(room) = datagram.get_mut(..end) else { return };
        room[..HEADER_LEN].copy_from_slice(&header.to_bytes());
        room[HEADER_LEN..].copy_from_slice(payload);
        if let Some(secure) = &mut self.secure {
            // Refused are repetitions, which are worth nothing to the other side.
            let Ok(protected) = secure.protect.protect_rtp(&mut datagram, end) else {
                self.stats.send_errors = self.stats.send_errors.wrapping_add(1);
                return;
            };
            end = protected;
        }
        self.sent_ms = now.ms;
        // A full socket buffer or an unreachable host loses this packet, as the
        // network might have; it is counted.
        match self.ports.rtp.send_to(&datagram[..end], target) {
            Ok(_) => {
                self.outgoing.count(payload.len());
                self.stats.sent_bytes += payload.len() as u64;
            }
            Err(_) => self.stats.send_errors = self.stats.send_errors.wrapping_add(1),
        }
    }
}

/// What has to be done to one party's payloads before the other understands them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::media) enum Conversion {
    /// Nothing: passed on as they come.
    Same,
    /// Byte by byte, as they come.
    Law(Law),
    /// Decoded and encoded, frame by frame.
    Transcode,
}

pub(in crate::media) fn conversion(from: Codec, to: Codec) -> Conversion {
    match (from.law(), to.law()) {
        _ if from == to => Conversion::Same,
        (Some(law), Some(_)) => Conversion::Law(law),
        _ => Conversion::Transcode,
    }
}
