use strowger_rtp::reception::Report;
use strowger_rtp::rtcp::{Block, Inbound, MAX_COMPOUND, Outbound, SenderInfo, round_trip_ms};

const SENDER: SenderInfo =
    SenderInfo { ntp: 0x1234_5678_9abc_def0, timestamp: 99, packets: 7, octets: 1_120 };
const BLOCK: Block = Block {
    ssrc: 55,
    report: Report { fraction_lost: 12, cumulative_lost: -3, highest_sequence: 65_540, jitter: 8 },
    last_report: 0x5678_9abc,
    delay: 65_536,
};

fn written(report: Outbound<'_>) -> Vec<u8> {
    let mut bytes = [0; MAX_COMPOUND];
    let length = report.write(&mut bytes);
    bytes[..length].to_vec()
}

#[test]
fn a_full_report_is_read_back_as_it_was_written() {
    for cname in
        ["", "abc", "strowger", "a-name-that-is-much-longer-than-is-of-any-use@example.com"]
    {
        let bytes = written(Outbound {
            ssrc: 1,
            sender: Some(SENDER),
            block: Some(BLOCK),
            cname,
            goodbye: true,
        });
        let read = Inbound::parse(&bytes, 55).unwrap();
        assert_eq!(
            read,
            Inbound { sender: Some((1, SENDER)), about_us: Some(BLOCK), goodbye: true }
        );
    }
}

#[test]
fn a_listener_sends_a_receiver_report() {
    let bytes =
        written(Outbound { ssrc: 1, sender: None, block: Some(BLOCK), cname: "x", goodbye: false });
    let read = Inbound::parse(&bytes, 55).unwrap();
    assert_eq!(read, Inbound { sender: None, about_us: Some(BLOCK), goodbye: false });
    assert_eq!(Inbound::parse(&bytes, 56).unwrap().about_us, None, "a block about somebody else");
}

#[test]
fn every_cut_and_junk_is_refused_or_read_without_panic() {
    let bytes = written(Outbound {
        ssrc: 1,
        sender: Some(SENDER),
        block: Some(BLOCK),
        cname: "x",
        goodbye: true,
    });
    for length in 0..bytes.len() {
        let _ = Inbound::parse(&bytes[..length], 55);
    }
    assert_eq!(Inbound::parse(b"not a report at all, certainly", 55), None);
}

#[test]
fn the_round_trip_is_what_passed_less_what_they_kept_it() {
    // Sent at 10 s, kept for 1 s, back at 11.25 s.
    let block = Block { last_report: 10 << 16, delay: 1 << 16, ..BLOCK };
    let now = (11_u64 << 32) | (1 << 30);
    assert_eq!(round_trip_ms(now, &block), Some(250));
    assert_eq!(round_trip_ms(now, &Block { last_report: 0, ..block }), None);
    assert_eq!(round_trip_ms(9_u64 << 32, &block), None, "a report from the future");
}
