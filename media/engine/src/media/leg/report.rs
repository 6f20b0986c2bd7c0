//! RTCP: what a leg reports about itself and learns from the other side.

use super::{Leg, Now};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use strowger_rtp::rtcp::{Block, Inbound, MAX_COMPOUND, Outbound, SenderInfo, round_trip_ms};
use strowger_rtp::srtp::MAX_TRAILER;

/// Mean time between reports (RFC 3550 §6.2 for two parties).
const INTERVAL_MS: u64 = 5_000;
/// From 1900 to 1970 in seconds.
const NTP_EPOCH_S: u64 = 2_208_988_800;

#[derive(Debug)]
pub(super) struct Reports {
    due_ms: Option<u64>,
    random: u32,
    /// Where ours go: one port above RTP, or where theirs come from.
    target: Option<SocketAddr>,
    last_sender_report: Option<(u64, u64)>,
    packets_reported: u32,
    cname: Arc<str>,
}

impl Reports {
    pub(super) fn new(random: u32) -> Self {
        Self {
            due_ms: None,
            random: random | 1,
            target: None,
            last_sender_report: None,
            packets_reported: 0,
            cname: Arc::from("strowger"),
        }
    }

    /// RTP goes to this address, so RTCP goes to the port above (RFC 3550 §11).
    pub(super) fn signal(&mut self, rtp: SocketAddr) {
        self.target = rtp.port().checked_add(1).map(|port| SocketAddr::new(rtp.ip(), port));
    }

    pub(super) fn change_source(&mut self) {
        self.last_sender_report = None;
    }

    pub(super) fn change_stream(&mut self) {
        self.packets_reported = 0;
    }

    /// Half to one and a half intervals from now (RFC 3550 §6.3.1).
    fn schedule(&mut self, now: Now) {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.due_ms = Some(now.ms + INTERVAL_MS / 2 + u64::from(self.random) % INTERVAL_MS);
    }
}

impl Leg {
    /// The canonical name for reports.
    pub(in crate::media) fn set_cname(&mut self, cname: Arc<str>) {
        self.reports.cname = cname;
    }

    pub(super) fn report_when_due(&mut self, now: Now) {
        match self.reports.due_ms {
            None if self.remote.is_some() => self.reports.schedule(now),
            Some(due) if due <= now.ms => {
                self.reports.schedule(now);
                self.send_report(now, false);
            }
            _ => {}
        }
    }

    pub(super) fn send_report(&mut self, now: Now, goodbye: bool) {
        let Some(target) = self.reports.target else { return };
        let sent = self.outgoing.packets();
        if sent == 0 && self.incoming.is_none() {
            return;
        }
        let ntp = ntp_now();
        let sender = (sent != self.reports.packets_reported).then(|| SenderInfo {
            ntp,
            timestamp: self.outgoing.timestamp_at(now.clock(self.codec())),
            packets: sent,
            octets: self.outgoing.octets(),
        });
        self.reports.packets_reported = sent;
        let last = self.reports.last_sender_report;
        let block = self.incoming.as_mut().map(|heard| Block {
            ssrc: heard.ssrc,
            report: heard.reception.report(),
            last_report: last.map_or(0, |(theirs, _)| (theirs >> 16) as u32),
            delay: last.map_or(0, |(_, came)| (ntp.wrapping_sub(came) >> 16) as u32),
        });
        let report = Outbound {
            ssrc: self.outgoing.ssrc(),
            sender,
            block,
            cname: &self.reports.cname,
            goodbye,
        };
        let mut compound = [0; MAX_COMPOUND];
        let mut length = report.write(&mut compound);
        let mut datagram = [0; MAX_COMPOUND + MAX_TRAILER];
        datagram[..MAX_COMPOUND].copy_from_slice(&compound);
        if let Some(secure) = &mut self.secure {
            let Ok(protected) = secure.protect.protect_rtcp(&mut datagram, length) else {
                self.stats.send_errors = self.stats.send_errors.wrapping_add(1);
                return;
            };
            length = protected;
        }
        // A lost report is followed by another one.
        let _ = self.ports.rtcp.send_to(&datagram[..length], target);
    }

    /// Takes a datagram that came to the RTCP port. Only the host that RTP comes
    /// from is listened to.
    pub(in crate::media) fn receive_report(&mut self, from: SocketAddr, datagram: &mut [u8]) {
        if self.latch.target().is_none_or(|rtp| rtp.ip() != from.ip()) {
            return;
        }
        let datagram = match &mut self.secure {
            None => datagram,
            Some(secure) => match secure.unprotect.unprotect_rtcp(datagram) {
                Ok(length) => &mut datagram[..length],
                Err(_) => {
                    self.stats.unauthentic = self.stats.unauthentic.wrapping_add(1);
                    return;
                }
            },
        };
        let Some(report) = Inbound::parse(datagram, self.outgoing.ssrc()) else { return };
        self.reports.target = Some(from);
        let now = ntp_now();
        if let Some((_, sender)) = report.sender {
            self.reports.last_sender_report = Some((sender.ntp, now));
        }
        if let Some(block) = report.about_us {
            let clock_hz = self.codec().clock_hz();
            self.stats.remote_fraction_lost = Some(block.report.fraction_lost);
            self.stats.remote_lost = Some(block.report.cumulative_lost.max(0).cast_unsigned());
            self.stats.remote_jitter_ms = Some(block.report.jitter / (clock_hz / 1_000));
            self.stats.round_trip_ms = round_trip_ms(now, &block).or(self.stats.round_trip_ms);
        }
    }
}

/// The wall clock as RTCP wants it.
fn ntp_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    ((since.as_secs() + NTP_EPOCH_S) << 32) | fraction
}
