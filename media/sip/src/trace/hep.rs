//! HEP version 3, which collectors of SIP traffic speak: a packet is a row of
//! chunks, each with vendor, type, length and value.

use super::record::{Heading, TraceEntry};
use crate::hop::Transport;
use std::net::{IpAddr, SocketAddr};

/// Chunk types of the generic vendor (0).
const FAMILY: u16 = 0x01;
const PROTOCOL: u16 = 0x02;
const SOURCE_V4: u16 = 0x03;
const DESTINATION_V4: u16 = 0x04;
const SOURCE_V6: u16 = 0x05;
const DESTINATION_V6: u16 = 0x06;
const SOURCE_PORT: u16 = 0x07;
const DESTINATION_PORT: u16 = 0x08;
const SECONDS: u16 = 0x09;
const MICROSECONDS: u16 = 0x0a;
const PAYLOAD_KIND: u16 = 0x0b;
const AGENT: u16 = 0x0c;
const KEY: u16 = 0x0e;
const PAYLOAD: u16 = 0x0f;
const CORRELATION: u16 = 0x11;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_TCP: u8 = 6;
const IPPROTO_UDP: u8 = 17;
const KIND_SIP: u8 = 1;
/// A packet's length stands in 16 bits.
const MAX_PACKET: usize = u16::MAX as usize;

/// Who sends the packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HepSource {
    /// Our number at the collector.
    pub agent: u32,
    /// What the collector wants to see of us, if anything.
    pub key: Option<String>,
}

/// One message as a HEP packet; `None` if it is too long for one.
pub fn encode(source: &HepSource, entry: &TraceEntry) -> Option<Vec<u8>> {
    let (from, to) = match entry.heading {
        Heading::In => (entry.remote, entry.local),
        Heading::Out => (entry.local, entry.remote),
    };
    let mut out = Vec::with_capacity(entry.bytes.len() + 160);
    out.extend_from_slice(b"HEP3\0\0");
    let v4 = from.is_ipv4() && to.is_ipv4();
    let stream = entry.transport != Transport::Udp;
    chunk(&mut out, FAMILY, &[if v4 { AF_INET } else { AF_INET6 }]);
    chunk(&mut out, PROTOCOL, &[if stream { IPPROTO_TCP } else { IPPROTO_UDP }]);
    address(&mut out, from, v4, SOURCE_V4, SOURCE_V6);
    address(&mut out, to, v4, DESTINATION_V4, DESTINATION_V6);
    chunk(&mut out, SOURCE_PORT, &from.port().to_be_bytes());
    chunk(&mut out, DESTINATION_PORT, &to.port().to_be_bytes());
    let seconds = u32::try_from(entry.at.0 / 1_000).unwrap_or(u32::MAX);
    let micros = u32::try_from(entry.at.0 % 1_000 * 1_000).unwrap_or(0);
    chunk(&mut out, SECONDS, &seconds.to_be_bytes());
    chunk(&mut out, MICROSECONDS, &micros.to_be_bytes());
    chunk(&mut out, PAYLOAD_KIND, &[KIND_SIP]);
    chunk(&mut out, AGENT, &source.agent.to_be_bytes());
    if let Some(key) = &source.key {
        chunk(&mut out, KEY, key.as_bytes());
    }
    if !entry.call_id.is_empty() {
        chunk(&mut out, CORRELATION, &entry.call_id);
    }
    chunk(&mut out, PAYLOAD, &entry.bytes);
    if out.len() > MAX_PACKET {
        return None;
    }
    let length = u16::try_from(out.len()).ok()?.to_be_bytes();
    out.get_mut(4..6)?.copy_from_slice(&length);
    Some(out)
}

fn chunk(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    // Too long a value makes the packet too long, which is refused as a whole.
    let length = u16::try_from(value.len() + 6).unwrap_or(u16::MAX);
    out.extend_from_slice(&0u16.to_be_bytes());
    out.extend_from_slice(&kind.to_be_bytes());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value);
}

fn address(out: &mut Vec<u8>, of: SocketAddr, v4: bool, kind_v4: u16, kind_v6: u16) {
    match of.ip() {
        IpAddr::V4(ip) if v4 => chunk(out, kind_v4, &ip.octets()),
        IpAddr::V4(ip) => chunk(out, kind_v6, &ip.to_ipv6_mapped().octets()),
        IpAddr::V6(ip) => chunk(out, kind_v6, &ip.octets()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use strowger_model::Timestamp;

    fn entry(remote: &str, bytes: usize) -> TraceEntry {
        TraceEntry {
            at: Timestamp(1_700_000_000_123),
            heading: Heading::In,
            transport: Transport::Udp,
            local: "10.0.0.1:5060".parse().unwrap(),
            remote: remote.parse().unwrap(),
            bytes: Bytes::from(vec![b'x'; bytes]),
            call_id: Bytes::from_static(b"c@d"),
        }
    }

    /// Chunks by type, read apart from the code under test.
    fn chunks(packet: &[u8]) -> Vec<(u16, Vec<u8>)> {
        assert_eq!(&packet[..4], b"HEP3");
        assert_eq!(usize::from(u16::from_be_bytes([packet[4], packet[5]])), packet.len());
        let (mut rest, mut found) = (&packet[6..], Vec::new());
        while !rest.is_empty() {
            assert_eq!(&rest[..2], [0, 0]);
            let length = usize::from(u16::from_be_bytes([rest[4], rest[5]]));
            found.push((u16::from_be_bytes([rest[2], rest[3]]), rest[6..length].to_vec()));
            rest = &rest[length..];
        }
        found
    }

    #[test]
    fn a_packet_says_who_when_and_what() {
        let source = HepSource { agent: 2_001, key: Some("k".into()) };
        let packet = encode(&source, &entry("192.0.2.1:5080", 5)).unwrap();
        let expected: [(u16, &[u8]); 13] = [
            (1, &[2]),
            (2, &[17]),
            (3, &[192, 0, 2, 1]),
            (4, &[10, 0, 0, 1]),
            (7, &[0x13, 0xd8]),
            (8, &[0x13, 0xc4]),
            (9, &1_700_000_000u32.to_be_bytes()),
            (10, &123_000u32.to_be_bytes()),
            (11, &[1]),
            (12, &[0, 0, 7, 0xd1]),
            (14, b"k"),
            (17, b"c@d"),
            (15, b"xxxxx"),
        ];
        let found = chunks(&packet);
        let found: Vec<_> = found.iter().map(|(kind, value)| (*kind, value.as_slice())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn mixed_families_are_version_6_and_too_long_is_refused() {
        let packet = encode(&HepSource::default(), &entry("[2001:db8::1]:5060", 5)).unwrap();
        let found = chunks(&packet);
        assert_eq!(found[0], (1, vec![10]));
        assert!(found.iter().any(|(kind, value)| *kind == 6 && value.ends_with(&[10, 0, 0, 1])));
        assert_eq!(encode(&HepSource::default(), &entry("192.0.2.1:1", 65_500)), None);
    }
}
