//! Reports: what peers send, and what we write with any figures in it.

use strowger_rtp::Codec;
use strowger_rtp::quality::LegQuality;
use strowger_rtp::reception::Report;
use strowger_rtp::rtcp::{Block, Inbound, MAX_COMPOUND, Outbound, SenderInfo, round_trip_ms};

/// The source that reports are looked through for.
const OURS: u32 = 0x0a0b_0c0d;

/// The bytes as a compound packet, and as the figures of one.
pub fn rtcp(data: &[u8]) {
    if let Some(read) = Inbound::parse(data, OURS)
        && let Some(block) = read.about_us
    {
        assert_eq!(block.ssrc, OURS, "a report about somebody else");
        let mut quality = LegQuality::new(Codec::Pcmu);
        quality.note_sent(1 << 40, &block);
        quality.note_heard(block.report);
        let score = quality.worst_score().unwrap_or(1.0);
        assert!((1.0..=5.0).contains(&score), "a score of {score}");
        let _ = round_trip_ms(1 << 40, &block);
    }
    written(data);
}

/// Whatever we count, what we write is read as the same.
fn written(data: &[u8]) {
    let number = |at: usize| {
        let bytes = data.get(at * 4..at * 4 + 4).unwrap_or(&[0; 4]);
        u32::from_be_bytes(bytes.try_into().unwrap_or_default())
    };
    let flags = data.first().copied().unwrap_or(0);
    let report = Report {
        fraction_lost: flags,
        cumulative_lost: (number(1) << 8).cast_signed() >> 8,
        highest_sequence: number(2),
        jitter: number(3),
    };
    let block = Block { ssrc: OURS, report, last_report: number(4), delay: number(5) };
    let sender = SenderInfo {
        ntp: u64::from(number(6)) << 32 | u64::from(number(7)),
        timestamp: number(8),
        packets: number(9),
        octets: number(10),
    };
    let cname = String::from_utf8_lossy(data.get(..48).unwrap_or(data)).into_owned();
    let packet = Outbound {
        ssrc: number(11),
        sender: (flags & 1 != 0).then_some(sender),
        block: (flags & 2 != 0).then_some(block),
        cname: &cname,
        goodbye: flags & 4 != 0,
    };
    let mut room = [0; MAX_COMPOUND];
    let length = packet.write(&mut room);
    let read = Inbound::parse(&room[..length], OURS).expect("we cannot read our own report");
    assert_eq!(read.sender, packet.sender.map(|info| (packet.ssrc, info)));
    assert_eq!(read.about_us, packet.block);
    assert_eq!(read.goodbye, packet.goodbye);
}
