//! What a leg does with a datagram that came to its RTP port.

use super::{Incoming, Leg, Now};
use crate::media::Law;
use crate::media::event::MediaEventKind;
use std::net::SocketAddr;
use strowger_rtp::dtmf::{DigitReceiver, Event};
use strowger_rtp::latch::Admission;
use strowger_rtp::packet::{Header, PT_COMFORT_NOISE, Packet};
use strowger_rtp::reception::Reception;

/// A packet that the bridged leg is to pass on.
#[derive(Clone, Copy, Debug)]
pub(in crate::media) struct Relay<'a> {
    pub(super) header: Header,
    pub(super) payload: &'a [u8],
    /// `None`: a telephone event.
    pub(super) law: Option<Law>,
}

enum Kind {
    Audio(Law),
    Event,
    /// Comfort noise: keeps the leg alive and is not passed on.
    Noise,
}

impl Leg {
    /// Takes a datagram; what it returns is for the bridged leg.
    pub(in crate::media) fn receive<'a>(
        &mut self,
        now: Now,
        from: SocketAddr,
        datagram: &'a [u8],
    ) -> Option<Relay<'a>> {
        let Some((packet, kind)) = self.admit(now, from, datagram) else {
            self.stats.refused = self.stats.refused.wrapping_add(1);
            return None;
        };
        self.note_arrival(now, &packet.header);
        let header = packet.header;
        match kind {
            Kind::Audio(law) => {
                if let Some(recorder) = &mut self.recorder {
                    recorder.hear_left(now.samples, header.timestamp, law, packet.payload);
                }
                Some(Relay { header, payload: packet.payload, law: Some(law) })
            }
            Kind::Event => {
                let event = Event::parse(packet.payload)?;
                let heard = self.incoming.as_mut()?;
                let ended = heard.digits.receive(now.ms, header.timestamp, event);
                for digit in ended.into_iter().flatten() {
                    self.events
                        .send(MediaEventKind::Digit { digit: digit.digit, held_ms: digit.held_ms });
                }
                Some(Relay { header, payload: packet.payload, law: None })
            }
            Kind::Noise => None,
        }
    }

    fn admit<'a>(
        &mut self,
        now: Now,
        from: SocketAddr,
        datagram: &'a [u8],
    ) -> Option<(Packet<'a>, Kind)> {
        let remote = self.remote.as_ref()?;
        let packet = Packet::parse(datagram).ok()?;
        let kind = match packet.header.payload_type {
            kind if Some(kind) == remote.dtmf_payload => Kind::Event,
            PT_COMFORT_NOISE => Kind::Noise,
            other => Kind::Audio(Law::from_payload_type(other)?),
        };
        if !remote.receive {
            return None;
        }
        let header = &packet.header;
        match self.latch.admit(now.ms, from, header.ssrc, header.sequence) {
            Admission::Accept => {}
            Admission::AcceptAndFollow => self.reports.signal(from),
            Admission::Refuse => return None,
        }
        Some((packet, kind))
    }

    fn note_arrival(&mut self, now: Now, header: &Header) {
        self.heard_ms = now.ms;
        self.timed_out = false;
        if !self.heard_any {
            self.heard_any = true;
            self.events.send(MediaEventKind::FirstPacket);
        }
        let arrival = now.samples as u32;
        match &mut self.incoming {
            Some(heard) if heard.ssrc == header.ssrc => {
                heard.reception.receive(header.sequence, header.timestamp, arrival);
            }
            other => {
                let mut reception = Reception::new(header.sequence);
                reception.receive(header.sequence, header.timestamp, arrival);
                let heard =
                    Incoming { ssrc: header.ssrc, reception, digits: DigitReceiver::default() };
                if let Some(before) = other.replace(heard) {
                    self.earlier.0 += before.reception.received();
                    self.earlier.1 += before.reception.lost().max(0).cast_unsigned();
                }
                self.reports.change_source();
                if let Some(recorder) = &mut self.recorder {
                    recorder.change_left_source();
                }
            }
        }
    }
}
