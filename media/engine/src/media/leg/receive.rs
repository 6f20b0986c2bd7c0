//! What a leg does with a datagram that came to its RTP port.

use super::cross::HeardEvent;
use super::{Incoming, Leg, Now};
use crate::media::event::MediaEventKind;
use std::net::SocketAddr;
use strowger_rtp::dtmf::{Digit, DigitReceiver, Event};
use strowger_rtp::latch::Admission;
use strowger_rtp::packet::{Header, PT_COMFORT_NOISE, Packet};
use strowger_rtp::reception::{Arrival, Reception};
use strowger_rtp::{Codec, Law, SAMPLE_RATE};

/// A packet that the bridged leg is to pass on.
#[derive(Clone, Copy, Debug)]
pub(in crate::media) struct Relay<'a> {
    pub(super) header: Header,
    pub(super) payload: &'a [u8],
    pub(super) sound: Sound,
}

/// What a packet holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sound {
    Audio(Codec),
    Event(HeardEvent),
}

enum Kind {
    Audio(Codec),
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
        datagram: &'a mut [u8],
    ) -> Option<Relay<'a>> {
        let datagram = self.unprotect(datagram)?;
        let Some((packet, kind)) = self.admit(now, from, datagram) else {
            self.stats.refused = self.stats.refused.wrapping_add(1);
            return None;
        };
        let arrival = self.note_arrival(now, &packet.header);
        let Packet { header, payload } = packet;
        self.stats.received_bytes += payload.len() as u64;
        if arrival == Arrival::Late {
            self.stats.reordered = self.stats.reordered.wrapping_add(1);
        }
        match kind {
            Kind::Audio(codec) => {
                if self.detectors.is_some() && arrival == Arrival::InOrder {
                    self.detect_in(now, codec, payload);
                }
                if self.muted {
                    return None;
                }
                if let Some(recorder) = &mut self.recorder {
                    recorder.hear_left(now.samples, header.timestamp, codec, payload);
                }
                if let Some(ear) = &mut self.ear {
                    ear.hear(now.samples, &header, codec, payload);
                    return None;
                }
                Some(Relay { header, payload, sound: Sound::Audio(codec) })
            }
            Kind::Event => {
                let event = self.hear_event(now, &header, payload)?;
                Some(Relay { header, payload, sound: Sound::Event(event) })
            }
            Kind::Noise => None,
        }
    }

    /// The plain packet; `None` if it is not by whom we share the key with.
    fn unprotect<'a>(&mut self, datagram: &'a mut [u8]) -> Option<&'a [u8]> {
        let Some(secure) = &mut self.secure else { return Some(datagram) };
        match secure.unprotect.unprotect_rtp(datagram) {
            Ok(length) => datagram.get(..length),
            Err(_) => {
                self.stats.unauthentic = self.stats.unauthentic.wrapping_add(1);
                None
            }
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
            kind if kind == remote.payload_type_in => Kind::Audio(remote.codec),
            kind if Some(kind) == remote.dtmf_payload_in.or(remote.dtmf_payload) => Kind::Event,
            kind if Some(kind) == remote.comfort_noise_payload => Kind::Noise,
            PT_COMFORT_NOISE => Kind::Noise,
            // Phones that were offered both laws may send either.
            other => {
                remote.codec.law()?;
                Kind::Audio(Law::from_payload_type(other)?.into())
            }
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

    fn hear_event(&mut self, now: Now, header: &Header, payload: &[u8]) -> Option<HeardEvent> {
        let event = Event::parse(payload)?;
        let clock_hz = self.event_clock_hz();
        let heard = self.incoming.as_mut()?;
        let ended = heard.digits.receive(now.ms, header.timestamp, event);
        let ended = ended.map(|digit| digit.map(|digit| on_its_clock(digit, clock_hz)));
        for digit in ended.into_iter().flatten() {
            self.tell_digit(digit);
        }
        Some(HeardEvent { event, clock_hz, ended })
    }

    /// A press whose packets have stopped without an end.
    pub(super) fn release_digit(&mut self, now: Now) {
        let clock_hz = self.event_clock_hz();
        if let Some(digit) = self.incoming.as_mut().and_then(|heard| heard.digits.poll(now.ms)) {
            self.tell_digit(on_its_clock(digit, clock_hz));
        }
    }

    fn event_clock_hz(&self) -> u32 {
        self.remote.map_or(SAMPLE_RATE, |remote| remote.dtmf_clock_hz.max(1_000))
    }

    fn tell_digit(&mut self, digit: Digit) {
        self.events.send(MediaEventKind::Digit { digit: digit.digit, held_ms: digit.held_ms });
    }

    fn note_arrival(&mut self, now: Now, header: &Header) -> Arrival {
        self.heard_ms = now.ms;
        self.timed_out = false;
        if !self.heard_any {
            self.heard_any = true;
            self.events.send(MediaEventKind::FirstPacket);
        }
        let arrival = now.clock(self.codec());
        match &mut self.incoming {
            Some(heard) if heard.ssrc == header.ssrc => {
                heard.reception.receive(header.sequence, header.timestamp, arrival)
            }
            other => {
                let mut reception = Reception::new(header.sequence);
                let arrived = reception.receive(header.sequence, header.timestamp, arrival);
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
                arrived
            }
        }
    }
}

/// The receiver counts at 8 kHz.
fn on_its_clock(digit: Digit, clock_hz: u32) -> Digit {
    let held_ms = u64::from(digit.held_ms) * u64::from(SAMPLE_RATE) / u64::from(clock_hz);
    Digit { held_ms: u32::try_from(held_ms).unwrap_or(u32::MAX), ..digit }
}
