//! What media threads are told, and the bounded queue it comes through.

use super::clip::Clip;
use super::conference::Join;
use super::event::EventSink;
use super::leg::{Detect, Leg, Secure};
use super::os::Waker;
use super::record::Recorder;
use super::remote::RemoteParams;
use super::room::Room;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use tokio::sync::oneshot;

/// Commands waiting for one thread. A thread empties its queue within 5 ms even
/// when nothing else happens, and a call sends a few dozen in its life; a full
/// queue means that the thread is starved, and new calls had better be refused.
pub(super) const MAX_COMMANDS: usize = 8_192;

/// One instruction about one leg, by its id.
#[derive(Debug)]
pub(super) enum Command {
    Open(Box<Leg>),
    SetRemote {
        leg: u64,
        remote: Box<RemoteParams>,
        secure: Option<Box<Secure>>,
    },
    Play {
        leg: u64,
        play: u64,
        clips: Vec<Clip>,
        times: u32,
    },
    StopPlay {
        leg: u64,
        play: u64,
    },
    Bridge(u64, u64),
    Unbridge(u64),
    Mute {
        leg: u64,
        muted: bool,
    },
    Detect {
        leg: u64,
        detect: Detect,
    },
    SendDigit {
        leg: u64,
        digit: char,
        held_ms: u32,
    },
    RecordStart {
        leg: u64,
        recorder: Box<Recorder>,
    },
    RecordPause(u64),
    RecordResume(u64),
    RecordStop(u64),
    /// A leg goes to the thread of that queue, and to another owner if there is one.
    Move {
        leg: u64,
        events: Option<EventSink>,
        to: Arc<Inbox>,
        done: oneshot::Sender<bool>,
    },
    /// A leg comes from another thread.
    Arrive(Box<Leg>, oneshot::Sender<bool>),
    OpenRoom(Box<Room>),
    Room {
        room: u64,
        what: RoomCommand,
    },
    Shutdown,
}

/// One instruction about one conference.
#[derive(Debug)]
pub(super) enum RoomCommand {
    Join { leg: u64, how: Join },
    Leave(u64),
    Set { leg: u64, side: Side, on: bool },
    Hear { listener: u64, speaker: u64, hears: bool },
    RecordStart(Box<Recorder>),
    RecordPause(bool),
    RecordStop,
}

/// What of a party is switched.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Muted,
    Deaf,
    Held,
}

/// The sending side of a thread's queue.
///
/// A thread that has legs looks into its queue in each slot of its wheel, every
/// 5 ms; only one that has none sleeps and has to be woken. A wake-up costs more
/// than most commands.
#[derive(Debug)]
pub(super) struct Inbox {
    sender: SyncSender<Command>,
    pub(super) waker: Waker,
    asleep: AtomicBool,
}

impl Inbox {
    pub(super) fn new(sender: SyncSender<Command>) -> io::Result<Self> {
        Ok(Self { sender, waker: Waker::new()?, asleep: AtomicBool::new(false) })
    }

    /// Gives the command back if the queue is full or the thread is gone.
    pub(super) fn send(&self, command: Command) -> Result<(), Command> {
        match self.sender.try_send(command) {
            Ok(()) => {
                if self.asleep.swap(false, Ordering::SeqCst) {
                    self.waker.wake();
                }
                Ok(())
            }
            Err(TrySendError::Full(command) | TrySendError::Disconnected(command)) => Err(command),
        }
    }

    /// Said by the thread before it looks into its queue for the last time and
    /// waits, and when it has stopped waiting.
    pub(super) fn set_asleep(&self, asleep: bool) {
        self.asleep.store(asleep, Ordering::SeqCst);
    }
}
