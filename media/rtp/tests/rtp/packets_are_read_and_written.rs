use proptest::prelude::*;
use strowger_rtp::packet::{Header, Packet, PacketError};

const HEADER: Header =
    Header { marker: true, payload_type: 101, sequence: 0xfffe, timestamp: 0x8000_0001, ssrc: 7 };

#[test]
fn a_header_comes_back_as_it_was_written() {
    let mut bytes = HEADER.to_bytes().to_vec();
    bytes.extend([1, 2, 3]);
    assert_eq!(Packet::parse(&bytes), Ok(Packet { header: HEADER, payload: &[1, 2, 3] }));
}

#[test]
fn sources_extension_and_padding_are_no_payload() {
    let mut bytes = HEADER.to_bytes().to_vec();
    bytes[0] = 0b1011_0010;
    bytes.extend([9; 8]);
    bytes.extend([0xbe, 0xde, 0, 1, 9, 9, 9, 9]);
    bytes.extend([5, 6, 0, 0, 3]);
    assert_eq!(Packet::parse(&bytes).map(|packet| packet.payload), Ok(&[5, 6][..]));
}

#[test]
fn what_is_no_rtp_is_refused() {
    let bytes = HEADER.to_bytes();
    assert_eq!(Packet::parse(&bytes[..11]), Err(PacketError::Short));
    let mut stun = bytes;
    stun[0] = 0;
    assert_eq!(Packet::parse(&stun), Err(PacketError::Version));
    let mut rtcp = bytes;
    rtcp[1] = 200;
    assert_eq!(Packet::parse(&rtcp), Err(PacketError::Rtcp));
    let mut padded = bytes.to_vec();
    padded[0] |= 0x20;
    padded.extend([0, 9]);
    assert_eq!(Packet::parse(&padded), Err(PacketError::Padding));
}

proptest! {
    #[test]
    fn no_datagram_makes_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(packet) = Packet::parse(&bytes) {
            prop_assert!(packet.payload.len() <= bytes.len() - 12);
        }
    }
}
