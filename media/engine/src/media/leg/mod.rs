//! One leg: its sockets, what it hears and what it says.
//!
//! Owned by one media thread. Nothing here waits or allocates per packet.

mod cross;
mod detect;
mod digits;
mod ear;
mod figures;
mod pack;
mod receive;
mod report;
mod secure;
mod speak;

use super::event::{EventSink, MediaEventKind};
use super::handle::LegStatus;
use super::player::Player;
use super::ports::PortPair;
use super::record::Recorder;
use super::remote::RemoteParams;
use super::stats::LegStats;
use super::transcoding::Part;
use cross::Crossing;
use detect::Detectors;
use digits::DigitQueue;
use pack::Packing;
use report::Reports;
use std::sync::Arc;
use strowger_rtp::codec::Encoder;
use strowger_rtp::dtmf::DigitReceiver;
use strowger_rtp::latch::Latch;
use strowger_rtp::outgoing::Outgoing;
use strowger_rtp::reception::Reception;
use strowger_rtp::{Codec, Law};

pub use detect::Detect;
pub(super) use ear::Ear;
pub(super) use receive::Relay;
pub(super) use secure::Secure;
pub(super) use speak::{Conversion, Voice, conversion};

/// Time as the media threads see it, taken once for everything done in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Since the engine started.
    pub(super) ms: u64,
    /// Since the engine started, at 8 kHz.
    pub(super) samples: u64,
}

impl Now {
    /// The clock of a codec's timestamps.
    fn clock(self, codec: Codec) -> u32 {
        codec.timestamp(self.samples)
    }
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
    /// Decodes what this leg says, while somebody needs it decoded.
    pub(super) ear: Option<Box<Ear>>,
    /// Whether what it hears is made here frame by frame, and not passed on.
    pub(super) hears_made: bool,
    /// The conference it takes part in.
    pub(super) room: Option<u64>,
    /// Whether that conference mixes, and does what is due in each 20 ms.
    pub(super) mixed: bool,
    /// Whether its packets are taken as they come.
    pub(super) watched: bool,
    /// Looks in a row that found nothing.
    pub(super) quiet_looks: u8,
    /// Nobody hears this leg.
    pub(super) muted: bool,
    remote: Option<RemoteParams>,
    secure: Option<Box<Secure>>,
    latch: Latch,
    incoming: Option<Incoming>,
    outgoing: Outgoing,
    player: Option<Player>,
    /// For what cannot be had ready-made: tones and other parties' decoded voices.
    encoder: Option<Box<Encoder>>,
    digits: DigitQueue,
    crossing: Crossing,
    packing: Packing,
    detect: Detect,
    /// What `detectors` were made for.
    detectors_for: Option<(Detect, bool)>,
    detectors: Option<Box<Detectors>>,
    reports: Reports,
    /// When something was last heard, or began to be expected.
    heard_ms: u64,
    heard_any: bool,
    timed_out: bool,
    /// When something was last sent.
    sent_ms: u64,
    stats: LegStats,
    transcoded: Part,
    /// Packets of sources that came before the present one.
    earlier: (u32, u32),
}

impl Leg {
    pub(super) fn new(
        id: u64,
        events: EventSink,
        ports: PortPair,
        status: Arc<LegStatus>,
        transcoded: Part,
    ) -> Self {
        Self {
            id,
            ports,
            events,
            status,
            peer: None,
            recorder: None,
            ear: None,
            hears_made: false,
            room: None,
            mixed: false,
            watched: false,
            quiet_looks: 0,
            muted: false,
            remote: None,
            secure: None,
            latch: Latch::default(),
            incoming: None,
            outgoing: new_stream(Codec::Pcma),
            player: None,
            encoder: None,
            digits: DigitQueue::new(),
            crossing: Crossing::default(),
            packing: Packing::default(),
            detect: Detect::default(),
            detectors_for: None,
            detectors: None,
            reports: Reports::new(rand::random()),
            heard_ms: 0,
            heard_any: false,
            timed_out: false,
            sent_ms: 0,
            stats: LegStats::default(),
            transcoded,
            earlier: (0, 0),
        }
    }

    /// The codec this leg speaks; before negotiation the one most phones take.
    pub(super) fn codec(&self) -> Codec {
        self.remote.map_or(Codec::Pcma, |remote| remote.codec)
    }

    /// The law its recordings are in.
    pub(super) fn law(&self) -> Law {
        self.codec().law().unwrap_or(Law::Pcma)
    }

    pub(super) fn set_remote(
        &mut self,
        now: Now,
        remote: RemoteParams,
        secure: Option<Box<Secure>>,
    ) {
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
        self.send_packed(now);
        if remote.codec.clock_hz() != self.codec().clock_hz() {
            self.change_clock(remote.codec);
        }
        let before = std::mem::replace(&mut self.secure, secure);
        if let (Some(before), Some(secure)) = (before, &mut self.secure) {
            secure.go_on_from(*before);
        }
        self.remote = Some(remote);
        self.fit_detectors(now);
        if let Some(player) = &self.player {
            player.prepare(remote.codec);
        }
    }

    /// A stream keeps its clock; another clock is another stream (RFC 7160 §4.1).
    fn change_clock(&mut self, codec: Codec) {
        self.stats.sent = self.stats.sent.wrapping_add(self.outgoing.packets());
        self.outgoing = new_stream(codec);
        self.reports.change_stream();
        self.crossing = Crossing::default();
    }

    /// Starts a play; the one before ends unfinished.
    pub(super) fn play(&mut self, player: Player) {
        self.end_play(false);
        player.prepare(self.codec());
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
        self.crossing = Crossing::default();
        if let Some(recorder) = &mut self.recorder {
            recorder.change_right_source();
        }
    }

    /// Whether what it hears is made here; its stream changes its source with it.
    pub(super) fn set_hears_made(&mut self, made: bool) {
        if self.hears_made != made {
            self.hears_made = made;
            self.outgoing.switch();
            self.crossing = Crossing::default();
        }
    }

    /// Everything that goes by the clock; called every 20 ms. `timeout_ms` 0 is
    /// none; `voice` is what others say meanwhile.
    pub(super) fn tick(&mut self, now: Now, timeout_ms: u32, voice: Voice<'_>) {
        self.events.flush();
        self.release_digit(now);
        self.watch_silence_of_network(now, timeout_ms);
        self.detect_absence(now);
        self.speak(now, voice);
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
        self.status.end(self.figures());
    }
}

/// Numbers drawn at random (RFC 3550 §5.1). The first sequence number is in the
/// lower half: a secured stream's receiver cannot know of a wrap it missed.
fn new_stream(codec: Codec) -> Outgoing {
    let mut stream = Outgoing::new(rand::random(), rand::random::<u16>() >> 1, rand::random());
    stream.set_codec(codec);
    stream
}
