//! What a leg sends: a play, digits, the other party's packets, or now and then
//! a sign of life.

use super::digits::Tick;
use super::{Leg, Now, Relay};
use crate::media::Law;
use crate::media::os::DATAGRAM;
use crate::media::player::Heard;
use strowger_rtp::FRAME_SAMPLES;
use strowger_rtp::packet::{HEADER_LEN, Header};

/// A leg with nothing to say sends one frame of silence this often: it keeps
/// address translators open, and carriers from taking the call for dead.
const SIGN_OF_LIFE_MS: u64 = 1_000;

impl Leg {
    /// Sends what is due in this 20 ms. `now.samples` moves by exactly one frame
    /// from call to call.
    pub(super) fn speak(&mut self, now: Now) {
        let law = self.law();
        match self.digits.tick(self.remote.and_then(|remote| remote.dtmf_payload), law) {
            Tick::Idle => {}
            Tick::Event { payload_type, first, payload } => {
                self.pass_time_in_play();
                if self.may_send() {
                    let header = self.outgoing.event(now.samples as u32, payload_type, first);
                    self.send(now, header, &payload);
                }
                return;
            }
            Tick::Tone(frame) => {
                self.pass_time_in_play();
                self.send_frame(now, law, &frame);
                return;
            }
        }
        if let Some(player) = &mut self.player {
            let frame = match player.next_frame(law) {
                Heard::Frame(frame) => *frame,
                Heard::Silence => [law.silence(); FRAME_SAMPLES],
                Heard::End => {
                    self.end_play(true);
                    return;
                }
            };
            self.send_frame(now, law, &frame);
        } else if now.ms.saturating_sub(self.sent_ms) >= SIGN_OF_LIFE_MS {
            self.send_frame(now, law, &[law.silence(); FRAME_SAMPLES]);
        }
    }

    /// A play goes on silently behind a digit that drowns it.
    fn pass_time_in_play(&mut self) {
        let law = self.law();
        if let Some(player) = &mut self.player
            && player.next_frame(law) == Heard::End
        {
            self.end_play(true);
        }
    }

    /// Passes on a packet of the bridged leg.
    pub(in crate::media) fn relay(&mut self, now: Now, packet: Relay<'_>) {
        if self.player.is_some() || self.digits.is_busy() || !self.may_send() {
            return;
        }
        let Some(remote) = self.remote else { return };
        let payload_type = match packet.law {
            Some(_) => remote.law.payload_type(),
            None => match remote.dtmf_payload {
                Some(payload_type) => payload_type,
                None => return,
            },
        };
        let clock = now.samples as u32;
        let Some(header) = self.outgoing.relayed(clock, &packet.header, payload_type) else {
            return;
        };
        let mut converted = [0; DATAGRAM];
        let payload = match packet.law {
            Some(law) if law != remote.law => {
                let Some(room) = converted.get_mut(..packet.payload.len()) else { return };
                room.copy_from_slice(packet.payload);
                law.convert(room);
                &*room
            }
            _ => packet.payload,
        };
        if packet.law.is_some()
            && let Some(recorder) = &mut self.recorder
        {
            recorder.hear_right(now.samples, header.timestamp, remote.law, payload);
        }
        self.send(now, header, payload);
    }

    fn send_frame(&mut self, now: Now, law: Law, frame: &[u8; FRAME_SAMPLES]) {
        if !self.may_send() {
            return;
        }
        let header = self.outgoing.generated(now.samples as u32, law.payload_type());
        if let Some(recorder) = &mut self.recorder {
            recorder.hear_right(now.samples, header.timestamp, law, frame);
        }
        self.send(now, header, frame);
    }

    fn may_send(&self) -> bool {
        self.remote.is_some_and(|remote| remote.send)
    }

    fn send(&mut self, now: Now, header: Header, payload: &[u8]) {
        let Some(target) = self.latch.target() else { return };
        let mut datagram = [0; DATAGRAM];
        let end = HEADER_LEN + payload.len();
        let Some(room) = datagram.get_mut(..end) else { return };
        room[..HEADER_LEN].copy_from_slice(&header.to_bytes());
        room[HEADER_LEN..].copy_from_slice(payload);
        self.sent_ms = now.ms;
        // A full socket buffer or an unreachable host loses this packet, as the
        // network might have; it is counted.
        match self.ports.rtp.send_to(room, target) {
            Ok(_) => self.outgoing.count(payload.len()),
            Err(_) => self.stats.send_errors = self.stats.send_errors.wrapping_add(1),
        }
    }
}
