use strowger_rtp::outgoing::Outgoing;
use strowger_rtp::packet::Header;

fn outgoing() -> Outgoing {
    // Close to the wraps, so that every test crosses them.
    Outgoing::new(42, 65_533, u32::MAX - 300)
}

fn incoming(ssrc: u32, sequence: u16, timestamp: u32) -> Header {
    Header { marker: false, payload_type: 8, sequence, timestamp, ssrc }
}

fn step(before: Header, after: Header) -> (u16, u32) {
    (after.sequence.wrapping_sub(before.sequence), after.timestamp.wrapping_sub(before.timestamp))
}

#[test]
fn a_prompt_counts_frames_and_only_its_first_packet_is_marked() {
    let mut out = outgoing();
    let packets: Vec<_> = (0..5).map(|n| out.generated(1_000 + n * 160, 0)).collect();
    assert_eq!(
        packets.iter().map(|packet| packet.marker).collect::<Vec<_>>(),
        [true, false, false, false, false]
    );
    assert!(packets.windows(2).all(|pair| step(pair[0], pair[1]) == (1, 160)));
    assert!(packets.iter().all(|packet| packet.ssrc == 42 && packet.payload_type == 0));
}

#[test]
fn a_bridge_keeps_gaps_and_order_of_the_other_party() {
    let mut out = outgoing();
    let prompt = out.generated(0, 0);
    let first = out.relayed(170, &incoming(7, 500, 90_000), 0).unwrap();
    assert!(first.marker);
    assert_eq!(step(prompt, first), (1, 170));
    let after_loss = out.relayed(650, &incoming(7, 503, 90_480), 0).unwrap();
    assert_eq!((step(first, after_loss), after_loss.marker), ((3, 480), false));
    let swapped = out.relayed(655, &incoming(7, 502, 90_320), 0).unwrap();
    assert_eq!(step(first, swapped), (2, 320));
    let next = out.relayed(810, &incoming(7, 504, 90_640), 0).unwrap();
    assert_eq!(step(after_loss, next), (1, 160));
}

#[test]
fn a_packet_from_before_the_switch_is_not_sent() {
    let mut out = outgoing();
    out.generated(0, 0);
    out.relayed(160, &incoming(7, 500, 90_000), 0).unwrap();
    assert_eq!(out.relayed(165, &incoming(7, 499, 89_840), 0), None);
}

#[test]
fn coming_back_to_a_prompt_the_clock_decides_the_timestamp() {
    let mut out = outgoing();
    let relayed = out.relayed(0, &incoming(7, 500, 90_000), 0).unwrap();
    // A second passes in which nothing is sent.
    let prompt = out.generated(8_000, 0);
    assert_eq!((step(relayed, prompt), prompt.marker), ((1, 8_000), true));
    assert_eq!(step(prompt, out.generated(8_160, 0)), (1, 160));
}

#[test]
fn a_new_source_or_a_wild_jump_is_joined_on_with_a_marker() {
    let mut out = outgoing();
    let first = out.relayed(0, &incoming(7, 500, 90_000), 0).unwrap();
    let other = out.relayed(160, &incoming(8, 9, 5), 0).unwrap();
    assert_eq!((step(first, other), other.marker), ((1, 160), true));
    let jumped = out.relayed(320, &incoming(8, 30_000, 165), 0).unwrap();
    assert_eq!((step(other, jumped), jumped.marker), ((1, 160), true));
    let shifted = out.relayed(480, &incoming(8, 30_001, 900_000), 0).unwrap();
    assert_eq!((step(jumped, shifted), shifted.marker), ((1, 160), true));
}

#[test]
fn a_long_bridge_goes_on_through_many_wraps() {
    let mut out = outgoing();
    let mut before = out.relayed(0, &incoming(7, 0, 0), 0).unwrap();
    for n in 1..200_000_u32 {
        let after = out.relayed(n * 160, &incoming(7, n as u16, n * 160), 0).unwrap();
        assert_eq!((step(before, after), after.marker), ((1, 160), false), "packet {n}");
        before = after;
    }
}

#[test]
fn the_packets_of_a_digit_share_a_timestamp() {
    let mut out = outgoing();
    let prompt = out.generated(0, 0);
    let press: Vec<_> = (1..5).map(|n| out.event(n * 160, 101, n == 1)).collect();
    assert_eq!(step(prompt, press[0]), (1, 160));
    assert!(press[0].marker && press[1..].iter().all(|packet| !packet.marker));
    assert!(press.windows(2).all(|pair| step(pair[0], pair[1]) == (1, 0)));
    let after = out.generated(5 * 160, 0);
    assert_eq!(step(press[0], after), (4, 640));
}

#[test]
fn a_change_to_opus_goes_on_at_its_clock() {
    use strowger_rtp::Codec;
    let mut outgoing = Outgoing::new(7, 100, 5_000);
    let first = outgoing.generated(160, 0);
    outgoing.set_codec(Codec::Opus);
    let headers: Vec<_> =
        (2..5).map(|n| outgoing.generated(Codec::Opus.timestamp(160 * n), 111)).collect();
    assert!(headers[0].marker && !headers[1].marker);
    assert_eq!(headers[0].sequence, first.sequence.wrapping_add(1));
    assert_eq!(headers[0].timestamp, first.timestamp + 960);
    assert_eq!(headers[1].timestamp, headers[0].timestamp + 960);
    // A pause of five seconds is no restart.
    let mut incoming = Header { ssrc: 9, marker: false, ..headers[2] };
    let before = outgoing.relayed(Codec::Opus.timestamp(800), &incoming, 111).unwrap();
    incoming.sequence = incoming.sequence.wrapping_add(1);
    incoming.timestamp += 5 * 48_000;
    let after = outgoing.relayed(Codec::Opus.timestamp(800), &incoming, 111).unwrap();
    assert_eq!(after.timestamp, before.timestamp + 5 * 48_000);
}
