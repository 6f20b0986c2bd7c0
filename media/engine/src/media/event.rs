//! What legs report.

use std::collections::VecDeque;
use std::time::Instant;
use strowger_model::RecordingId;
use strowger_rtp::detect::HeardTone;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Something happened on a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaEvent {
    /// The tag the leg was opened with.
    pub tag: u64,
    /// When it was told.
    pub at: Instant,
    /// What happened.
    pub kind: MediaEventKind,
}

/// What can happen on a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEventKind {
    /// The first packet was heard.
    FirstPacket,
    /// A play is over. Reported once for each play.
    PlayEnded {
        /// The number it was started with.
        play: u64,
        /// False if it was stopped or replaced.
        finished: bool,
    },
    /// A key was pressed and let go: by telephone events (RFC 4733), or in the
    /// audio where those were not negotiated.
    Digit {
        /// `0`–`9`, `*`, `#`, `A`–`D`.
        digit: char,
        /// How long it was down.
        held_ms: u32,
    },
    /// Nothing was heard for the configured time although it should have been.
    /// Reported once; again only after something was heard.
    RtpTimeout {
        /// How long.
        silent_ms: u32,
    },
    /// The party has been silent for the time that a recording or
    /// [`Detect`](super::Detect) asked to be told of.
    /// Reported once for each silence.
    Silence {
        /// How long.
        ms: u32,
    },
    /// The party began to speak.
    SpeechStarted,
    /// The party stopped speaking.
    SpeechStopped {
        /// From the beginning to the last sound.
        spoke_ms: u32,
    },
    /// A call-progress, special-information or fax tone was heard.
    Tone(HeardTone),
    /// The recording is complete and on disk.
    RecordingEnded {
        /// Which.
        recording: RecordingId,
        /// Its length, pauses included.
        duration_ms: u64,
        /// Size of the file.
        bytes: u64,
    },
    /// The recording could not be written. What was written before is kept.
    /// The call goes on.
    RecordingFailed {
        /// Which.
        recording: RecordingId,
        /// For the operator.
        reason: String,
    },
}

/// Events kept for a receiver that is busy; a call's receiver drains its channel
/// within milliseconds, so this is only reached if it has died.
const MAX_PENDING: usize = 32;

/// A leg's way to its owner. If the channel is full, events wait here and are
/// offered again every 20 ms; if this is full too, the newest is dropped.
#[derive(Debug)]
pub(super) struct EventSink {
    tag: u64,
    sender: mpsc::Sender<MediaEvent>,
    pending: VecDeque<MediaEvent>,
}

impl EventSink {
    pub(super) fn new(tag: u64, sender: mpsc::Sender<MediaEvent>) -> Self {
        Self { tag, sender, pending: VecDeque::with_capacity(MAX_PENDING) }
    }

    /// A second way to the same owner, for the recording writer.
    pub(super) fn another(&self) -> Self {
        Self::new(self.tag, self.sender.clone())
    }

    pub(super) fn send(&mut self, kind: MediaEventKind) {
        if self.pending.len() == MAX_PENDING {
            tracing::warn!(tag = self.tag, ?kind, "media event dropped: its receiver is stuck");
            return;
        }
        self.pending.push_back(MediaEvent { tag: self.tag, at: Instant::now(), kind });
        self.flush();
    }

    /// Offers waiting events again; true if none is left.
    pub(super) fn flush(&mut self) -> bool {
        while let Some(event) = self.pending.pop_front() {
            match self.sender.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.pending.push_front(event);
                    return false;
                }
                // The owner is gone; nobody wants to know.
                Err(TrySendError::Closed(_)) => self.pending.clear(),
            }
        }
        true
    }
}
