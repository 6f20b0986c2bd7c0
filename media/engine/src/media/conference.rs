//! Conferences from outside: who takes part, who hears whom.

use super::command::{Command, Inbox, RoomCommand, Side};
use super::event::MediaEvent;
use super::handle::{CommandError, LegHandle};
use super::record::{RecordSpec, Recorder, WriterHandle};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::mpsc;

/// What a conference is opened with.
#[derive(Clone, Debug)]
pub struct ConferenceSpec {
    /// Where events of its recording go.
    pub events: mpsc::Sender<MediaEvent>,
    /// Comes back with each event.
    pub tag: u64,
    /// The group of the legs that will take part.
    pub group: u64,
}

/// Whom a party hears, or who hears it, unless [`ConferenceHandle::hear`] says
/// otherwise; also of those who come later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// All.
    Everybody,
    /// None.
    Nobody,
}

/// How a leg takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Join {
    /// Whom it hears.
    pub hears: Others,
    /// Who hears it. A supervisor who listens is heard by nobody, one who
    /// whispers by the agent alone.
    pub heard_by: Others,
    /// As [`ConferenceHandle::mute`].
    pub muted: bool,
    /// As [`ConferenceHandle::deafen`].
    pub deaf: bool,
}

impl Default for Join {
    /// Hears everybody and is heard by everybody.
    fn default() -> Self {
        Self { hears: Others::Everybody, heard_by: Others::Everybody, muted: false, deaf: false }
    }
}

/// A conference. It ends when the handle is dropped; its legs go on alone.
///
/// Legs of any codec take part. Two that hear each other and are neither muted
/// nor recorded together are bridged: their packets are passed on as they come.
#[derive(Debug)]
pub struct ConferenceHandle {
    id: u64,
    thread: Arc<Inbox>,
    writer: WriterHandle,
    closing: Arc<AtomicBool>,
}

impl ConferenceHandle {
    pub(super) fn new(
        id: u64,
        thread: Arc<Inbox>,
        writer: WriterHandle,
        closing: Arc<AtomicBool>,
    ) -> Self {
        Self { id, thread, writer, closing }
    }

    /// Lets a leg take part; it leaves its bridge or another conference. Plays go on.
    pub fn join(&self, leg: &LegHandle, how: Join) -> Result<(), CommandError> {
        self.about(leg, |leg| RoomCommand::Join { leg, how })
    }

    /// Ends a leg's part.
    pub fn leave(&self, leg: &LegHandle) -> Result<(), CommandError> {
        self.about(leg, RoomCommand::Leave)
    }

    /// A muted leg is heard by nobody in the conference.
    pub fn mute(&self, leg: &LegHandle, muted: bool) -> Result<(), CommandError> {
        self.about(leg, |leg| RoomCommand::Set { leg, side: Side::Muted, on: muted })
    }

    /// A deaf leg hears nobody.
    pub fn deafen(&self, leg: &LegHandle, deaf: bool) -> Result<(), CommandError> {
        self.about(leg, |leg| RoomCommand::Set { leg, side: Side::Deaf, on: deaf })
    }

    /// A leg on hold is muted and deaf without losing either setting; music can
    /// be played to it.
    pub fn hold(&self, leg: &LegHandle, held: bool) -> Result<(), CommandError> {
        self.about(leg, |leg| RoomCommand::Set { leg, side: Side::Held, on: held })
    }

    /// Says whether one party hears another, in this direction.
    pub fn hear(
        &self,
        listener: &LegHandle,
        speaker: &LegHandle,
        hears: bool,
    ) -> Result<(), CommandError> {
        self.about(listener, |listener| RoomCommand::Hear {
            listener,
            speaker: speaker.id(),
            hears,
        })
    }

    /// Records what a party hears that everybody can hear, in both channels of a
    /// two-channel file. Ends an earlier recording of the conference. Ends in
    /// one `RecordingEnded` or `RecordingFailed`, also when the conference ends.
    pub fn record_start(&self, spec: RecordSpec) -> Result<(), CommandError> {
        let recorder = Box::new(Recorder::new(spec, self.writer.clone()));
        self.send(RoomCommand::RecordStart(recorder))
    }

    /// Leaves silence in the recording from here on.
    pub fn record_pause(&self) -> Result<(), CommandError> {
        self.send(RoomCommand::RecordPause(true))
    }

    /// Goes on recording.
    pub fn record_resume(&self) -> Result<(), CommandError> {
        self.send(RoomCommand::RecordPause(false))
    }

    /// Completes the recording.
    pub fn record_stop(&self) -> Result<(), CommandError> {
        self.send(RoomCommand::RecordStop)
    }

    fn about(
        &self,
        leg: &LegHandle,
        what: impl FnOnce(u64) -> RoomCommand,
    ) -> Result<(), CommandError> {
        if !leg.is_on(&self.thread) {
            return Err(CommandError::OtherGroup);
        }
        self.send(what(leg.id()))
    }

    fn send(&self, what: RoomCommand) -> Result<(), CommandError> {
        let command = Command::Room { room: self.id, what };
        self.thread.send(command).map_err(|_| CommandError::Busy)
    }
}

impl Drop for ConferenceHandle {
    fn drop(&mut self) {
        // The thread looks at this every 20 ms; it cannot be lost in a full queue.
        self.closing.store(true, Ordering::Release);
    }
}
