//! Sender and receiver reports (RFC 3550 §6.4): ours are written into a
//! caller's buffer, theirs are read with `rtcp-types`.

use crate::reception::Report;
use rtcp_types::{Compound, Packet as Rtcp};

/// Room for the longest compound packet we write: sender report with one block,
/// SDES with a CNAME of 32 bytes, BYE.
pub const MAX_COMPOUND: usize = 128;
/// Longest CNAME written; longer ones are cut.
const MAX_CNAME: usize = 32;
/// Packets of one compound looked at; phones send two or three.
const MAX_PACKETS: usize = 16;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;

/// What a sender reports about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SenderInfo {
    /// Wall clock as 32.32 fixed-point seconds since 1900.
    pub ntp: u64,
    /// The same moment on the stream's clock.
    pub timestamp: u32,
    /// Packets sent.
    pub packets: u32,
    /// Payload bytes sent.
    pub octets: u32,
}

/// What we report about the source we hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The source's SSRC.
    pub ssrc: u32,
    /// What was counted.
    pub report: Report,
    /// Middle 32 bits of the last sender report's NTP time; 0 if none came.
    pub last_report: u32,
    /// 1/65536 s since it came.
    pub delay: u32,
}

/// A compound packet to send.
#[derive(Clone, Copy, Debug)]
pub struct Outbound<'a> {
    /// Our stream.
    pub ssrc: u32,
    /// Present if we sent something since the last report.
    pub sender: Option<SenderInfo>,
    /// Present if we hear somebody.
    pub block: Option<Block>,
    /// Our canonical name, printable ASCII.
    pub cname: &'a str,
    /// Whether the stream ends.
    pub goodbye: bool,
}

impl Outbound<'_> {
    /// Writes the compound packet and says how long it is.
    pub fn write(&self, out: &mut [u8; MAX_COMPOUND]) -> usize {
        let mut w = Writer { out, at: 0 };
        let start = w.begin(
            u8::from(self.block.is_some()),
            if self.sender.is_some() { SENDER_REPORT } else { RECEIVER_REPORT },
        );
        w.u32(self.ssrc);
        if let Some(sender) = self.sender {
            w.u32((sender.ntp >> 32) as u32);
            w.u32(sender.ntp as u32);
            w.u32(sender.timestamp);
            w.u32(sender.packets);
            w.u32(sender.octets);
        }
        if let Some(block) = self.block {
            w.u32(block.ssrc);
            let lost = block.report.cumulative_lost.cast_unsigned() & 0x00ff_ffff;
            w.u32((u32::from(block.report.fraction_lost) << 24) | lost);
            w.u32(block.report.highest_sequence);
            w.u32(block.report.jitter);
            w.u32(block.last_report);
            w.u32(block.delay);
        }
        w.end(start);
        let start = w.begin(1, SOURCE_DESCRIPTION);
        w.u32(self.ssrc);
        let name = &self.cname.as_bytes()[..self.cname.len().min(MAX_CNAME)];
        w.bytes(&[1, name.len() as u8]);
        w.bytes(name);
        // The item list ends with at least one zero and fills a word.
        let fill = 4 - (w.at - start) % 4;
        w.bytes(&[0; 4][..fill]);
        w.end(start);
        if self.goodbye {
            let start = w.begin(1, GOODBYE);
            w.u32(self.ssrc);
            w.end(start);
        }
        w.at
    }
}

/// Writes big-endian words; [`MAX_COMPOUND`] is the sum of all that is written.
struct Writer<'a> {
    out: &'a mut [u8; MAX_COMPOUND],
    at: usize,
}

impl Writer<'_> {
    fn begin(&mut self, count: u8, kind: u8) -> usize {
        let start = self.at;
        self.bytes(&[0x80 | count, kind, 0, 0]);
        start
    }

    fn end(&mut self, start: usize) {
        let words = ((self.at - start) / 4 - 1) as u16;
        self.out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.bytes(&value.to_be_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.out[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }
}

/// What of a received compound packet matters to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inbound {
    /// The sender's SSRC and what it sent.
    pub sender: Option<(u32, SenderInfo)>,
    /// What it reports about our stream.
    pub about_us: Option<Block>,
    /// Whether its stream ends.
    pub goodbye: bool,
}

impl Inbound {
    /// Reads a compound packet; `our_ssrc` picks the block about us.
    /// `None` if it is not RTCP.
    pub fn parse(bytes: &[u8], our_ssrc: u32) -> Option<Self> {
        let mut found = Self::default();
        for packet in Compound::parse(bytes).ok()?.take(MAX_PACKETS) {
            match packet.ok()? {
                Rtcp::Sr(sr) => {
                    let info = SenderInfo {
                        ntp: sr.ntp_timestamp(),
                        timestamp: sr.rtp_timestamp(),
                        packets: sr.packet_count(),
                        octets: sr.octet_count(),
                    };
                    found.sender = Some((sr.ssrc(), info));
                    found.note_blocks(sr.report_blocks(), our_ssrc);
                }
                Rtcp::Rr(rr) => found.note_blocks(rr.report_blocks(), our_ssrc),
                Rtcp::Bye(_) => found.goodbye = true,
                _ => {}
            }
        }
        Some(found)
    }

    fn note_blocks<'a>(
        &mut self,
        blocks: impl Iterator<Item = rtcp_types::ReportBlock<'a>>,
        our_ssrc: u32,
    ) {
        for block in blocks.filter(|block| block.ssrc() == our_ssrc) {
            let lost24 = block.cumulative_lost();
            self.about_us = Some(Block {
                ssrc: our_ssrc,
                report: Report {
                    fraction_lost: block.fraction_lost(),
                    cumulative_lost: (lost24 << 8).cast_signed() >> 8,
                    highest_sequence: block.extended_sequence_number(),
                    jitter: block.interarrival_jitter(),
                },
                last_report: block.last_sender_report_timestamp(),
                delay: block.delay_since_last_sender_report_timestamp(),
            });
        }
    }
}

/// Round-trip time from a block about us, in milliseconds (RFC 3550 §6.4.1).
/// `now_ntp` is when it came. `None` if it answers no report or is impossible.
pub fn round_trip_ms(now_ntp: u64, block: &Block) -> Option<u32> {
    if block.last_report == 0 {
        return None;
    }
    let now = (now_ntp >> 16) as u32;
    let trip = now.wrapping_sub(block.last_report).wrapping_sub(block.delay).cast_signed();
    // Clocks of 1/65536 s on both sides may make a short trip slightly negative.
    if trip < -655 {
        return None;
    }
    Some(u32::try_from((i64::from(trip.max(0)) * 1_000) >> 16).unwrap_or(0))
}
