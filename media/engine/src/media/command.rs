//! What media threads are told, and the bounded queue it comes through.

use super::clip::Clip;
use super::handle::RemoteParams;
use super::leg::Leg;
use super::os::Waker;
use super::record::Recorder;
use std::sync::mpsc::{SyncSender, TrySendError};

/// Commands waiting for one thread. A thread empties its queue within 5 ms even
/// when nothing else happens, and a call sends a few dozen in its life; a full
/// queue means that the thread is starved, and new calls had better be refused.
pub(super) const MAX_COMMANDS: usize = 8_192;

/// One instruction about one leg, by its id.
#[derive(Debug)]
pub(super) enum Command {
    Open(Box<Leg>),
    SetRemote(u64, RemoteParams),
    Play { leg: u64, play: u64, clips: Vec<Clip>, times: u32 },
    StopPlay { leg: u64, play: u64 },
    Bridge(u64, u64),
    Unbridge(u64),
    SendDigit { leg: u64, digit: char, held_ms: u32 },
    RecordStart { leg: u64, recorder: Box<Recorder> },
    RecordPause(u64),
    RecordResume(u64),
    RecordStop(u64),
    Shutdown,
}

/// The sending side of a thread's queue.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) sender: SyncSender<Command>,
    pub(super) waker: Waker,
}

impl Inbox {
    /// Gives the command back if the queue is full or the thread is gone.
    pub(super) fn send(&self, command: Command) -> Result<(), Command> {
        match self.sender.try_send(command) {
            Ok(()) => {
                self.waker.wake();
                Ok(())
            }
            Err(TrySendError::Full(command) | TrySendError::Disconnected(command)) => Err(command),
        }
    }
}
