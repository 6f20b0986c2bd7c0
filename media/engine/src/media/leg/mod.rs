//! One leg: its sockets, what it hears and what it says.
//!
//! Owned by one media thread. Nothing here waits or allocates per packet.

mod digits;
mod receive;
mod report;
mod speak;

use super::Law;
use super::event::{EventSink, MediaEventKind};
use super::handle::{LegStatus, RemoteParams};
use super::player::Player;
use super::ports::PortPair;
use super::record::Recorder;
use super::stats::LegStats;
use digits::DigitQueue;
use report::Reports;
use std::sync::Arc;
use strowger_rtp::dtmf::DigitReceiver;
use strowger_rtp::latch::Latch;
use strowger_rtp::outgoing::Outgoing;
use strowger_rtp::reception::Reception;

pub(super) use receive::Relay;

/// Time as the media threads see it, taken once for everything done in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Since the engine started.
    pub(super) ms: u64,
    /// Since the engine started, at 8 kHz.
    pub(super) samples: u64,
}

/// The source that is heard at present.
#[derive(Debug)]
struct Incoming {
    ssrc: u32,
    reception: Reception,
    digits: DigitReceiver,
}

/// A leg as its thread sees it.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) id: u64,
    pub(super) ports: PortPair,
    pub(super) events: EventSink,
    pub(super) status: Arc<LegStatus>,
    /// Slot of the leg it is bridged with.
    pub(super) peer: Option<usize>,
    pub(super) recorder: Option<Box<Recorder>>,
    remote: Option<RemoteParams>,
    latch: Latch,
    incoming: Option<Incoming>,
    outgoing: Outgoing,
    player: Option<Player>,
    digits: DigitQueue,
    reports: Reports,
    /// When something was last heard, or began to be expected.
    heard_ms: u64,
    heard_any: bool,
    timed_out: bool,
    /// When something was last sent.
    sent_ms: u64,
    stats: LegStats,
    /// Packets of sources that came before the present one.
    earlier: (u32, u32),
}

impl Leg {
    pub(super) fn new(id: u64, events: EventSink, ports: PortPair, status: Arc<LegStatus>) -> Self {
        Self {
            id,
            ports,
            events,
            status,
            peer: None,
            recorder: None,
            remote: None,
            latch: Latch::default(),
            incoming: None,
            outgoing: Outgoing::new(rand::random(), rand::random(), rand::random()),
            player: None,
            digits: DigitQueue::new(),
            reports: Reports::new(rand::random()),
            heard_ms: 0,
            heard_any: false,
            timed_out: false,
            sent_ms: 0,
            stats: LegStats::default(),
            earlier: (0, 0),
        }
    }

    /// The law this leg speaks; before negotiation the one most phones take.
    pub(super) fn law(&self) -> Law {
        self.remote.map_or(Law::Pcma, |remote| remote.law)
    }

    pub(super) fn set_remote(&mut self, now: Now, remote: RemoteParams) {
        // An unspecified address is the old way to hold (RFC 3264 §8.4), no place to send to.
        if !remote.address.ip().is_unspecified() {
            self.latch.signal(now.ms, remote.address);
            self.reports.signal(remote.address);
        }
        let expected_before = self.remote.is_some_and(|before| before.receive);
        if remote.receive && !expected_before {
            self.heard_ms = now.ms;
            self.timed_out = false;
        }
        self.remote = Some(remote);
    }

    /// Starts a play; the one before ends unfinished.
    pub(super) fn play(&mut self, player: Player) {
        self.end_play(false);
        self.player = Some(player);
    }

    /// Stops that play, or any.
    pub(super) fn stop_play(&mut self, play: Option<u64>) {
        let playing = self.player.as_ref().map(|player| player.play);
        if playing.is_some() && (play.is_none() || play == playing) {
            self.end_play(false);
        }
    }

    fn end_play(&mut self, finished: bool) {
        if let Some(player) = self.player.take() {
            self.events.send(MediaEventKind::PlayEnded { play: player.play, finished });
        }
    }

    pub(super) fn send_digit(&mut self, digit: char, held_ms: u32) {
        self.digits.push(digit, held_ms);
    }

    /// The right channel of a recording and the outgoing stream change their source.
    pub(super) fn change_peer(&mut self, peer: Option<usize>) {
        self.peer = peer;
        self.outgoing.switch();
        if let Some(recorder) = &mut self.recorder {
            recorder.change_right_source();
        }
    }

    /// Everything that goes by the clock; called every 20 ms. `timeout_ms` 0 is none.
    pub(super) fn tick(&mut self, now: Now, timeout_ms: u32) {
        self.events.flush();
        if let Some(digit) = self.incoming.as_mut().and_then(|heard| heard.digits.poll(now.ms)) {
            self.events.send(MediaEventKind::Digit { digit: digit.digit, held_ms: digit.held_ms });
        }
        self.watch_silence_of_network(now, timeout_ms);
        self.speak(now);
        if let Some(recorder) = &mut self.recorder
            && let Some(ms) = recorder.tick(now.samples)
        {
            self.events.send(MediaEventKind::Silence { ms });
        }
        self.report_when_due(now);
    }

    fn watch_silence_of_network(&mut self, now: Now, timeout_ms: u32) {
        let expected = self.remote.is_some_and(|remote| remote.receive);
        let silent = now.ms.saturating_sub(self.heard_ms);
        if timeout_ms > 0 && expected && !self.timed_out && silent >= u64::from(timeout_ms) {
            self.timed_out = true;
            let silent_ms = u32::try_from(silent).unwrap_or(u32::MAX);
            self.events.send(MediaEventKind::RtpTimeout { silent_ms });
        }
    }

    /// Says goodbye and leaves the final figures. The recording is the thread's
    /// to complete.
    pub(super) fn close(&mut self, now: Now) {
        self.stop_play(None);
        self.send_report(now, true);
        self.publish();
    }

    pub(super) fn publish(&mut self) {
        let (received, lost) = self.incoming.as_ref().map_or((0, 0), |heard| {
            (heard.reception.received(), heard.reception.lost().max(0).cast_unsigned())
        });
        self.stats.received = self.earlier.0 + received;
        self.stats.lost = self.earlier.1 + lost;
        if let Some(heard) = &self.incoming {
            self.stats.jitter_ms = heard.reception.jitter() / 8;
        }
        self.stats.sent = self.outgoing.packets();
        self.status.publish(self.stats);
    }
}
