//! Datagrams on a leg's RTP port: headers, digits as events, who may send, what
//! is counted, and both ways to put audio back onto a time line.
//!
//! An input is a list of records: how long after the one before (20 ms units),
//! who sends, how many bytes follow, the bytes.

use std::net::SocketAddr;
use strowger_rtp::codec::Rate;
use strowger_rtp::comfort::{ComfortNoise, NoiseSource};
use strowger_rtp::dtmf::{DigitReceiver, Event};
use strowger_rtp::jitter::JitterRing;
use strowger_rtp::latch::{Admission, Latch};
use strowger_rtp::packet::Packet;
use strowger_rtp::playout::{DepthLimits, Playout};
use strowger_rtp::reception::Reception;
use strowger_rtp::{Codec, FRAME_MS, FRAME_SAMPLES, samples};

/// Records of one input.
const MAX_RECORDS: usize = 64;
/// What is dynamic in these legs.
const EVENTS: u8 = 101;

/// Everything that a leg feeds with its packets.
struct Leg {
    codec: Codec,
    latch: Latch,
    reception: Option<Reception>,
    packets: u32,
    digits: DigitReceiver,
    events: usize,
    heard: usize,
    ring: JitterRing,
    playout: Playout,
    noise: NoiseSource,
    now_ms: u64,
}

/// Packets from the phone that signalling named, and from others.
pub fn rtp(data: &[u8]) {
    for codec in [Codec::Pcmu, Codec::G722, Codec::Opus] {
        let mut leg = Leg::new(codec);
        let mut rest = data;
        for _ in 0..MAX_RECORDS {
            let Some(([pause, from, length], after)) = rest.split_first_chunk::<3>() else { break };
            let (packet, after) = after.split_at(usize::from(*length).min(after.len()));
            leg.wait(u64::from(pause % 64));
            leg.receive(from % 4, packet);
            rest = after;
        }
        leg.wait(50);
        leg.check();
    }
}

impl Leg {
    fn new(codec: Codec) -> Self {
        let mut latch = Latch::default();
        latch.signal(0, source(0));
        Self {
            codec,
            latch,
            reception: None,
            packets: 0,
            digits: DigitReceiver::default(),
            events: 0,
            heard: 0,
            ring: JitterRing::new(0xff, 0),
            playout: Playout::new(codec, codec.rate(), DepthLimits::default())
                .expect("a codec that can be decoded"),
            noise: NoiseSource::new(1),
            now_ms: 0,
        }
    }

    fn wait(&mut self, frames: u64) {
        for _ in 0..frames {
            self.now_ms += u64::from(FRAME_MS);
            let mut frame = [0; FRAME_SAMPLES];
            self.ring.take(&mut frame);
            let mut audio = vec![0; self.codec.frame_samples()];
            self.playout.pull(samples(self.now_ms), &mut audio);
            self.noise.fill(Rate::Narrow, &mut [0; FRAME_SAMPLES]);
            self.heard += usize::from(self.digits.poll(self.now_ms).is_some());
        }
        assert!(self.playout.depth_ms() <= 200, "a depth of {} ms", self.playout.depth_ms());
    }

    fn receive(&mut self, from: u8, bytes: &[u8]) {
        let Ok(packet) = Packet::parse(bytes) else { return };
        let header = packet.header;
        let written = [&header.to_bytes(), packet.payload].concat();
        assert_eq!(Packet::parse(&written), Ok(packet), "what is written reads differently");
        assert!(header.payload_type < 128 && packet.payload.len() <= bytes.len() - 12);

        let before = self.latch;
        let admitted = self.latch.admit(self.now_ms, source(from), header.ssrc, header.sequence);
        match admitted {
            Admission::Refuse => {
                assert_eq!(self.latch.target(), before.target(), "a refused packet is followed");
                return;
            }
            Admission::AcceptAndFollow => assert_eq!(self.latch.target(), Some(source(from))),
            Admission::Accept => assert_eq!(before.target(), Some(source(from)), "a stranger"),
        }
        let arrival = self.codec.timestamp(samples(self.now_ms));
        self.packets += 1;
        let sequence = header.sequence;
        let reception = self.reception.get_or_insert_with(|| Reception::new(sequence));
        reception.receive(sequence, header.timestamp, arrival);
        if header.payload_type == EVENTS {
            self.event(header.timestamp, packet.payload);
            return;
        }
        if let Some(noise) = ComfortNoise::parse(packet.payload) {
            assert_eq!(noise.to_byte(), noise.level());
            self.noise.set(noise);
        }
        let clock = samples(self.now_ms);
        self.ring.insert(clock, header.timestamp, packet.payload, None);
        self.playout.insert(clock, &header, packet.payload);
    }

    fn event(&mut self, timestamp: u32, payload: &[u8]) {
        let Some(event) = Event::parse(payload) else { return };
        assert_eq!(Event::parse(&event.to_bytes()), Some(event));
        self.events += 1;
        for digit in self.digits.receive(self.now_ms, timestamp, event).into_iter().flatten() {
            self.heard += 1;
            assert!("0123456789*#ABCD".contains(digit.digit), "{digit:?}");
        }
    }

    fn check(mut self) {
        assert!(self.heard <= self.events, "{} digits of {} events", self.heard, self.events);
        assert_eq!(self.digits.poll(self.now_ms), None, "a key stays down");
        if let Some(reception) = &mut self.reception {
            assert!(reception.received() <= self.packets);
            let report = reception.report();
            assert!((-0x80_0000..=0x7f_ffff).contains(&report.cumulative_lost));
            let after = reception.report();
            assert_eq!(after.fraction_lost, 0, "nothing came and nothing was lost since");
        }
    }
}

fn source(number: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, number], 4_000))
}
