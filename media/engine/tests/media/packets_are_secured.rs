use crate::support::{DTMF, Phone, engine, prompt};
use std::net::UdpSocket;
use strowger_engine::media::{Clip, Codec, MediaEngine, MediaEventKind, SrtpKeys};
use strowger_rtp::dtmf::Event;
use strowger_rtp::packet::{Header, Packet};
use strowger_rtp::rtcp::{Inbound, MAX_COMPOUND, Outbound, SenderInfo};
use strowger_rtp::srtp::{MAX_TRAILER, MasterKey, Profile, Protect, Unprotect};

fn key(profile: Profile, seed: u8) -> MasterKey {
    MasterKey::from_random(profile, [seed; MasterKey::MAX_LEN])
}

/// A phone that shares keys with its leg.
struct SecurePhone {
    phone: Phone,
    keys: SrtpKeys,
    protect: Protect,
    unprotect: Unprotect,
}

impl SecurePhone {
    fn new(engine: &MediaEngine, profile: Profile, seed: u8) -> Self {
        let phone = Phone::silent(engine, 6);
        let keys = SrtpKeys { send: key(profile, seed), receive: key(profile, seed + 1) };
        phone.negotiate(Codec::Pcmu, |remote| remote.srtp = Some(keys));
        let protect = Protect::new(&keys.receive);
        let unprotect = Unprotect::new(&keys.send);
        Self { phone, keys, protect, unprotect }
    }

    fn datagram(&mut self, payload_type: u8, sequence: u16, payload: &[u8]) -> Vec<u8> {
        let timestamp = u32::from(sequence) * 160;
        let header = Header { marker: false, payload_type, sequence, timestamp, ssrc: 9 };
        let mut datagram = header.to_bytes().to_vec();
        datagram.extend(payload);
        let plain = datagram.len();
        datagram.resize(plain + MAX_TRAILER, 0);
        let length = self.protect.protect_rtp(&mut datagram, plain).unwrap();
        datagram.truncate(length);
        datagram
    }

    fn say(&mut self, payload_type: u8, sequence: u16, payload: &[u8]) {
        let datagram = self.datagram(payload_type, sequence, payload);
        self.phone.rtp.send_to(&datagram, self.phone.leg.local_address()).unwrap();
    }

    /// The next packet that is not a sign of life.
    fn hear(&mut self) -> (Header, Vec<u8>) {
        loop {
            let mut datagram = receive(&self.phone.rtp);
            let length = self.unprotect.unprotect_rtp(&mut datagram).expect("not protected for us");
            let packet = Packet::parse(&datagram[..length]).unwrap();
            if packet.payload.len() != 160 || packet.payload.iter().any(|byte| *byte != 0xff) {
                return (packet.header, packet.payload.to_vec());
            }
        }
    }
}

fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 2_000];
    let length = socket.recv(&mut buffer).expect("no packet came in time");
    buffer[..length].to_vec()
}

#[test]
fn a_bridge_of_two_keys_passes_voice_and_digits_on() {
    let engine = engine();
    for profile in Profile::ALL {
        let mut a = SecurePhone::new(&engine, profile, 10);
        let mut b = SecurePhone::new(&engine, profile, 20);
        a.phone.leg.bridge(&b.phone.leg).unwrap();
        a.phone.settle();
        a.say(0, 1, &[7; 160]);
        assert_eq!(b.hear().1, [7; 160]);
        b.say(0, 1, &[8; 160]);
        assert_eq!(a.hear().1, [8; 160]);
        let event = Event { code: 1, end: true, volume: 10, duration: 800 };
        a.say(DTMF, 2, &event.to_bytes());
        assert_eq!(Event::parse(&b.hear().1), Some(event));
    }
}

#[test]
fn plain_wrong_and_repeated_packets_are_counted_and_dropped() {
    let engine = engine();
    let profile = Profile::AesCm128HmacSha1_80;
    let mut a = SecurePhone::new(&engine, profile, 10);
    let mut b = SecurePhone::new(&engine, profile, 20);
    a.phone.leg.bridge(&b.phone.leg).unwrap();
    a.phone.settle();
    let good = a.datagram(0, 1, &[7; 160]);
    let mut wrong = a.datagram(0, 2, &[6; 160]);
    wrong[20] ^= 1;
    a.phone.say(0, 3, 480, &[5; 160]);
    for datagram in [&good, &wrong, &good] {
        a.phone.rtp.send_to(datagram, a.phone.leg.local_address()).unwrap();
    }
    a.say(0, 4, &[4; 160]);
    assert_eq!(b.hear().1, [7; 160]);
    assert_eq!(b.hear().1, [4; 160]);
    a.phone.leg.close();
    a.phone.event_channel_closed();
    let stats = a.phone.leg.stats();
    assert_eq!((stats.received, stats.unauthentic), (2, 3));
    assert_eq!(stats.srtp, Some(profile));
}

#[test]
fn keys_told_again_go_on_and_new_ones_begin_anew() {
    let engine = engine();
    let mut phone = SecurePhone::new(&engine, Profile::AeadAes128Gcm, 10);
    phone.phone.leg.play(1, vec![Clip::Prompt(prompt(3))], 1).unwrap();
    let first = phone.hear().0;
    phone.say(0, 40_000, &[7; 160]);
    phone.phone.event(|kind| matches!(kind, MediaEventKind::FirstPacket).then_some(()));
    let keys = phone.keys;
    phone.phone.negotiate(Codec::Pcmu, |remote| remote.srtp = Some(keys));
    // A leg that began anew would take this for the first of a stream.
    let repeated = phone.datagram(0, 40_001, &[7; 160]);
    for _ in 0..2 {
        phone.phone.rtp.send_to(&repeated, phone.phone.leg.local_address()).unwrap();
    }
    phone.phone.settle();
    let send = key(Profile::AeadAes256Gcm, 90);
    let keys = SrtpKeys { send, receive: keys.receive };
    phone.phone.negotiate(Codec::Pcmu, |remote| remote.srtp = Some(keys));
    phone.phone.settle();
    phone.unprotect = Unprotect::new(&send);
    phone.phone.leg.play(2, vec![Clip::Prompt(prompt(3))], 1).unwrap();
    let heard = loop {
        let mut datagram = receive(&phone.phone.rtp);
        if let Ok(length) = phone.unprotect.unprotect_rtp(&mut datagram) {
            break Packet::parse(&datagram[..length]).unwrap().header;
        }
    };
    assert_eq!(heard.ssrc, first.ssrc);
    phone.phone.leg.close();
    phone.phone.event_channel_closed();
    let stats = phone.phone.leg.stats();
    assert_eq!((stats.received, stats.unauthentic), (2, 1));
}

#[test]
fn reports_are_secured_as_well() {
    let engine = engine();
    let mut phone = SecurePhone::new(&engine, Profile::AesCm128HmacSha1_32, 10);
    phone.say(0, 1, &[7; 160]);
    phone.phone.event(|kind| matches!(kind, MediaEventKind::FirstPacket).then_some(()));
    let sender = Some(SenderInfo { ntp: 5 << 32, timestamp: 160, packets: 1, octets: 160 });
    let report = Outbound { ssrc: 9, sender, block: None, cname: "phone", goodbye: false };
    let mut compound = [0; MAX_COMPOUND];
    let plain = report.write(&mut compound);
    let mut datagram = compound.to_vec();
    datagram.resize(MAX_COMPOUND + MAX_TRAILER, 0);
    let length = phone.protect.protect_rtcp(&mut datagram, plain).unwrap();
    let rtp = phone.phone.leg.local_address();
    let rtcp = std::net::SocketAddr::new(rtp.ip(), rtp.port() + 1);
    // Unprotected it is not believed.
    phone.phone.rtcp.send_to(&compound[..plain], rtcp).unwrap();
    phone.phone.rtcp.send_to(&datagram[..length], rtcp).unwrap();
    phone.phone.leg.close();
    let mut heard = receive(&phone.phone.rtcp);
    let length = phone.unprotect.unprotect_rtcp(&mut heard).expect("not protected for us");
    let inbound = Inbound::parse(&heard[..length], 9).unwrap();
    assert!(inbound.goodbye);
    let about = inbound.about_us.unwrap();
    assert_eq!(about.last_report, 5 << 16, "the protected report was taken");
    assert_eq!(phone.phone.leg.stats().unauthentic, 1);
}
