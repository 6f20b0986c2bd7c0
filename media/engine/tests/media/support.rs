//! A phone that speaks RTP, and an engine to talk to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};
use strowger_engine::media::{
    Codec, LegHandle, LegSpec, MediaConfig, MediaEngine, MediaEvent, MediaEventKind, RemoteParams,
};
use strowger_engine::prompt::Prompt;
use strowger_rtp::codec::{Decoder, Encoder, MAX_FRAME_BYTES, MAX_PACKET_SAMPLES, Rate};
use strowger_rtp::packet::{Header, Packet};
use tokio::sync::mpsc;

/// Longest wait for anything: generous, because machines that run tests are busy.
pub const PATIENCE: Duration = Duration::from_secs(10);
pub const DTMF: u8 = 101;

pub fn engine() -> MediaEngine {
    MediaEngine::start(MediaConfig {
        port_min: 20_000,
        port_max: 29_999,
        pin: false,
        ..MediaConfig::default()
    })
    .unwrap()
}

/// A packet as a test sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub header: Header,
    pub payload: Vec<u8>,
}

/// The far end of a leg.
pub struct Phone {
    pub rtp: UdpSocket,
    pub rtcp: UdpSocket,
    pub leg: LegHandle,
    pub events: mpsc::Receiver<MediaEvent>,
    pub ssrc: u32,
}

impl Phone {
    /// A phone that the engine knows the address of.
    pub fn talking(engine: &MediaEngine, group: u64, codec: impl Into<Codec>) -> Self {
        let phone = Self::silent(engine, group);
        phone.negotiate(codec, |_| {});
        phone
    }

    /// A phone whose leg has no remote yet.
    pub fn silent(engine: &MediaEngine, group: u64) -> Self {
        let (sender, events) = mpsc::channel(256);
        let leg = engine.handle().open(LegSpec { events: sender, tag: 7, group }).unwrap();
        let (rtp, rtcp) = port_pair();
        Self { rtp, rtcp, leg, events, ssrc: 0x1234_5678 }
    }

    pub fn negotiate(&self, codec: impl Into<Codec>, change: impl FnOnce(&mut RemoteParams)) {
        let address = self.rtp.local_addr().unwrap();
        let mut remote = RemoteParams::new(address, codec.into());
        remote.dtmf_payload = Some(DTMF);
        change(&mut remote);
        self.leg.set_remote(remote).unwrap();
    }

    pub fn say(&self, payload_type: u8, sequence: u16, timestamp: u32, payload: &[u8]) {
        self.say_from(&self.rtp, payload_type, sequence, timestamp, payload);
    }

    pub fn say_from(
        &self,
        socket: &UdpSocket,
        payload_type: u8,
        sequence: u16,
        timestamp: u32,
        payload: &[u8],
    ) {
        let header = Header { marker: false, payload_type, sequence, timestamp, ssrc: self.ssrc };
        let mut datagram = header.to_bytes().to_vec();
        datagram.extend(payload);
        socket.send_to(&datagram, self.leg.local_address()).unwrap();
    }

    /// The next packet.
    pub fn hear(&self) -> Heard {
        hear_at(&self.rtp)
    }

    /// The next packet that is not a sign of life of an idle leg.
    pub fn hear_sound(&self) -> Heard {
        loop {
            let heard = self.hear();
            let first = heard.payload[0];
            if heard.payload.len() != 160 || heard.payload.iter().any(|byte| *byte != first) {
                return heard;
            }
        }
    }

    /// The next event that `wanted` accepts.
    pub fn event<T>(&mut self, mut wanted: impl FnMut(&MediaEventKind) -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < PATIENCE, "the event did not come");
            match self.events.try_recv() {
                Ok(event) => {
                    assert_eq!(event.tag, 7);
                    if let Some(found) = wanted(&event.kind) {
                        return found;
                    }
                }
                // Waiting without a runtime: let others have the core.
                Err(_) => std::thread::yield_now(),
            }
        }
    }

    /// Waits until everything told to this leg before has been done, by playing nothing.
    pub fn settle(&mut self) {
        const MARK: u64 = u64::MAX;
        self.leg.play(MARK, Vec::new(), 1).unwrap();
        self.event(|kind| {
            matches!(kind, MediaEventKind::PlayEnded { play: MARK, .. }).then_some(())
        });
    }
}

pub fn hear_at(socket: &UdpSocket) -> Heard {
    let mut buffer = [0; 2_000];
    let length = socket.recv(&mut buffer).expect("no packet came in time");
    let packet = Packet::parse(&buffer[..length]).unwrap();
    Heard { header: packet.header, payload: packet.payload.to_vec() }
}

/// Whether anything waits at a socket right now.
pub fn nothing_waits(socket: &UdpSocket) -> bool {
    socket.set_nonblocking(true).unwrap();
    let nothing = socket.recv(&mut [0; 2_000]).is_err();
    socket.set_nonblocking(false).unwrap();
    nothing
}

/// Sockets on neighbouring ports, as a phone has them.
fn port_pair() -> (UdpSocket, UdpSocket) {
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    for _ in 0..1_000 {
        let rtp = UdpSocket::bind((ip, 0)).unwrap();
        let port = rtp.local_addr().unwrap().port();
        let above = port.checked_add(1).map(|port| UdpSocket::bind(SocketAddr::new(ip, port)));
        if let Some(Ok(rtcp)) = above {
            rtp.set_read_timeout(Some(PATIENCE)).unwrap();
            rtcp.set_read_timeout(Some(PATIENCE)).unwrap();
            return (rtp, rtcp);
        }
    }
    panic!("no two neighbouring ports are free");
}

/// Sample number `at` of a tone that every codec carries.
pub fn tone_at(hz: f64, rate_hz: u32, at: usize) -> i16 {
    (9_000.0 * (std::f64::consts::TAU * hz * at as f64 / f64::from(rate_hz)).sin()) as i16
}

/// A prompt of a tone.
pub fn tone_prompt(hz: f64, frames: usize) -> Arc<Prompt> {
    let samples: Vec<i16> = (0..frames * 160).map(|at| tone_at(hz, 8_000, at)).collect();
    Prompt::shared(&samples)
}

/// A phone's voice: a tone, encoded.
pub struct Voice {
    codec: Codec,
    hz: f64,
    encoder: Encoder,
    said: u16,
}

impl Voice {
    pub fn new(codec: Codec, hz: f64) -> Self {
        let encoder = Encoder::new(codec, Rate::Narrow).unwrap();
        Self { codec, hz, encoder, said: 0 }
    }

    /// The next frame's numbers and payload.
    pub fn next(&mut self) -> (u16, u32, Vec<u8>) {
        let n = self.said;
        self.said += 1;
        let first = usize::from(n) * 160;
        let audio: Vec<i16> = (first..first + 160).map(|at| tone_at(self.hz, 8_000, at)).collect();
        let mut out = [0; MAX_FRAME_BYTES];
        let length = self.encoder.encode(&audio, &mut out).unwrap();
        (n, u32::from(n) * self.codec.frame_timestamps(), out[..length].to_vec())
    }
}

/// What a phone hears, decoded to 8 kHz.
pub fn decode(codec: Codec, packets: &[Heard]) -> Vec<i16> {
    let mut decoder = Decoder::new(codec, Rate::Narrow).unwrap();
    let mut audio = Vec::new();
    for packet in packets {
        let mut room = [0; MAX_PACKET_SAMPLES];
        let count = decoder.decode(&packet.payload, &mut room).unwrap();
        audio.extend_from_slice(&room[..count]);
    }
    audio
}

/// A prompt of so many frames whose every frame is different.
pub fn prompt(frames: usize) -> Arc<Prompt> {
    let samples: Vec<i16> =
        (0..frames * 160).map(|at| ((at * 37 + at / 160 * 911) % 20_000) as i16 - 10_000).collect();
    Prompt::shared(&samples)
}

/// Power at a frequency, as a share of the whole (Goertzel).
pub fn share(samples: &[i16], hz: u16) -> f64 {
    let (mut re, mut im, mut whole) = (0.0, 0.0, 0.0);
    for (at, sample) in samples.iter().enumerate() {
        let value = f64::from(*sample);
        let phase = std::f64::consts::TAU * f64::from(hz) * at as f64 / 8_000.0;
        re += value * phase.cos();
        im += value * phase.sin();
        whole += value * value;
    }
    2.0 * (re * re + im * im) / (samples.len() as f64 * whole)
}

impl Phone {
    /// Waits until the leg is gone.
    pub fn event_channel_closed(&mut self) {
        let start = Instant::now();
        while !self.events.is_closed() {
            assert!(start.elapsed() < PATIENCE, "the leg did not end");
            while self.events.try_recv().is_ok() {}
            std::thread::yield_now();
        }
    }
}
