//! The thread that writes recordings. It alone opens, writes and closes them.

use super::BLOCK_BYTES;
use crate::media::Law;
use crate::media::config::ThreadHook;
use crate::media::event::{EventSink, MediaEventKind};
use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use strowger_model::RecordingId;
use strowger_rtp::wav::{Content, HEADER_LEN, WavWriter};

/// Messages waiting for the disk: 4 s of a thousand recordings. A recording
/// whose block finds no room fails; its call goes on.
const MAX_QUEUE: usize = 4_096;
/// Blocks kept for reuse, 16 MiB.
const MAX_SPARE_BLOCKS: usize = 1_024;
/// Blocks between two updates of a file's sizes: what a crash may cost to hear
/// without repair, 2 s.
const PATCH_EVERY: u32 = 2;
/// Two channels of 8 samples a millisecond.
const BYTES_PER_MS: u64 = 16;
/// A gap that is longer than this is not written out: it would be mostly disk.
const LONGEST_GAP_MS: u64 = 600_000;
/// How soon an event is offered again to a receiver that was busy.
const RETRY: Duration = Duration::from_millis(50);

/// A second of one recording.
#[derive(Debug)]
pub(super) struct Block {
    key: u64,
    pub(super) used: usize,
    pub(super) bytes: [u8; BLOCK_BYTES],
}

/// What the writer is told. Of each recording: `Open`, then blocks, then `Finish`.
#[derive(Debug)]
pub(super) enum Message {
    Open {
        key: u64,
        path: PathBuf,
        recording: RecordingId,
        law: Law,
        /// The file is there, and was begun so many milliseconds ago.
        goes_on: Option<u64>,
        events: EventSink,
        failed: Arc<AtomicBool>,
    },
    Block(Box<Block>),
    Finish {
        key: u64,
    },
    Shutdown,
}

/// A way to the writer.
#[derive(Clone, Debug)]
pub(in crate::media) struct WriterHandle {
    sender: SyncSender<Message>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    next_key: AtomicU64,
    spare: Mutex<Vec<Box<Block>>>,
    /// Messages that must not be lost and found the queue full.
    waiting: Mutex<VecDeque<Message>>,
    any_waiting: AtomicBool,
}

impl WriterHandle {
    pub(super) fn next_key(&self) -> u64 {
        self.shared.next_key.fetch_add(1, Ordering::Relaxed)
    }

    /// Two more blocks for the recording that begins: one being filled, one
    /// being written.
    pub(super) fn add_blocks(&self) {
        for _ in 0..2 {
            self.shared.give_back(new_block());
        }
    }

    pub(super) fn block(&self, key: u64) -> Box<Block> {
        let spare = self.shared.spare().pop();
        let mut block = spare.unwrap_or_else(new_block);
        block.key = key;
        block.used = 0;
        block
    }

    /// Never waits. The message is lost if the queue is full.
    pub(super) fn send(&self, message: Message) -> Result<(), Message> {
        self.sender.try_send(message).map_err(|error| match error {
            TrySendError::Full(message) | TrySendError::Disconnected(message) => message,
        })
    }

    /// Never waits. If the queue is full, the message is sent by [`Self::retry`].
    pub(super) fn send_surely(&self, message: Message) {
        if let Err(message) = self.send(message) {
            self.shared.waiting().push_back(message);
            self.shared.any_waiting.store(true, Ordering::Release);
        }
    }

    /// Sends what found the queue full; called by media threads every few milliseconds.
    pub(in crate::media) fn retry(&self) {
        if !self.shared.any_waiting.load(Ordering::Acquire) {
            return;
        }
        let mut waiting = self.shared.waiting();
        while let Some(message) = waiting.pop_front() {
            if let Err(message) = self.send(message) {
                waiting.push_front(message);
                return;
            }
        }
        self.shared.any_waiting.store(false, Ordering::Release);
    }
}

impl Shared {
    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Box<Block>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<Message>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self, block: Box<Block>) {
        let mut spare = self.spare();
        if spare.len() < MAX_SPARE_BLOCKS {
            spare.push(block);
        }
    }
}

fn new_block() -> Box<Block> {
    Box::new(Block { key: 0, used: 0, bytes: [0; BLOCK_BYTES] })
}

/// The writing thread.
#[derive(Debug)]
pub(in crate::media) struct Writer {
    thread: JoinHandle<()>,
}

impl Writer {
    pub(in crate::media) fn start(hook: Option<ThreadHook>) -> io::Result<(Self, WriterHandle)> {
        let (sender, messages) = sync_channel(MAX_QUEUE);
        let shared = Arc::new(Shared::default());
        shared.spare().reserve(MAX_SPARE_BLOCKS);
        let handle = WriterHandle { sender, shared: Arc::clone(&shared) };
        let run = move || {
            if let Some(hook) = hook {
                (hook.0)();
            }
            Disk { messages, shared, files: HashMap::new(), unsent: Vec::new() }.run();
        };
        let thread = std::thread::Builder::new().name("media-disk".to_owned()).spawn(run)?;
        Ok((Self { thread }, handle))
    }

    /// Completes all recordings and waits for the thread. The media threads have
    /// ended before.
    pub(in crate::media) fn finish(self, handle: &WriterHandle) {
        let waiting = std::mem::take(&mut *handle.shared.waiting());
        for message in waiting.into_iter().chain([Message::Shutdown]) {
            if handle.sender.send(message).is_err() {
                break;
            }
        }
        if self.thread.join().is_err() {
            tracing::error!("the recording thread panicked");
        }
    }
}

struct Recording {
    file: WavWriter<File>,
    recording: RecordingId,
    path: PathBuf,
    events: EventSink,
    failed: Arc<AtomicBool>,
    blocks: u32,
}

struct Disk {
    messages: Receiver<Message>,
    shared: Arc<Shared>,
    files: HashMap<u64, Recording>,
    /// Events whose receiver was busy.
    unsent: Vec<EventSink>,
}

impl Disk {
    fn run(mut self) {
        loop {
            let message = if self.unsent.is_empty() {
                self.messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                self.messages.recv_timeout(RETRY)
            };
            self.unsent.retain_mut(|events| !events.flush());
            match message {
                Ok(Message::Open { key, path, recording, law, goes_on, events, failed }) => {
                    let file = match goes_on {
                        Some(elapsed_ms) => resume(&path, elapsed_ms),
                        None => create(&path)
                            .and_then(|file| WavWriter::new(file, Content::G711(law), 2)),
                    };
                    self.open(key, path, recording, file, events, failed);
                }
                Ok(Message::Block(block)) => self.write(block),
                Ok(Message::Finish { key }) => self.complete(key),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::Shutdown) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        for key in self.files.keys().copied().collect::<Vec<_>>() {
            self.complete(key);
        }
    }

    fn open(
        &mut self,
        key: u64,
        path: PathBuf,
        recording: RecordingId,
        file: io::Result<WavWriter<File>>,
        events: EventSink,
        failed: Arc<AtomicBool>,
    ) {
        match file {
            Ok(file) => {
                let entry = Recording { file, recording, path, events, failed, blocks: 0 };
                self.files.insert(key, entry);
            }
            Err(error) => self.fail(recording, &path, events, &failed, &error),
        }
    }

    fn write(&mut self, block: Box<Block>) {
        if let Some(entry) = self.files.get_mut(&block.key) {
            let mut written = entry.file.append(&block.bytes[..block.used]);
            entry.blocks += 1;
            if entry.blocks.is_multiple_of(PATCH_EVERY) {
                written = written.and_then(|()| entry.file.patch_sizes());
            }
            if let Err(error) = written
                && let Some(entry) = self.files.remove(&block.key)
            {
                // Whatever fits is made playable; the first error is the one to tell.
                let _ = entry.file.finish();
                self.fail(entry.recording, &entry.path, entry.events, &entry.failed, &error);
            }
        }
        self.shared.give_back(block);
    }

    fn complete(&mut self, key: u64) {
        let Some(Recording { file, recording, path, events, failed, .. }) = self.files.remove(&key)
        else {
            return;
        };
        let data_bytes = u64::from(file.data_bytes());
        match file.finish().and_then(|file| file.sync_all()) {
            // The tap has told of a failure already.
            Ok(()) if failed.load(Ordering::Relaxed) => {}
            Ok(()) => self.tell(
                events,
                MediaEventKind::RecordingEnded {
                    recording,
                    duration_ms: data_bytes / BYTES_PER_MS,
                    bytes: data_bytes + HEADER_LEN as u64,
                },
            ),
            Err(error) => self.fail(recording, &path, events, &failed, &error),
        }
    }

    fn fail(
        &mut self,
        recording: RecordingId,
        path: &Path,
        events: EventSink,
        failed: &AtomicBool,
        error: &io::Error,
    ) {
        if failed.swap(true, Ordering::Relaxed) {
            return;
        }
        let reason = format!(
            "the recording {} cannot be written: {error}; free space on the disk or choose another \
             recording folder",
            path.display()
        );
        tracing::error!(%recording, reason, "recording failed");
        self.tell(events, MediaEventKind::RecordingFailed { recording, reason });
    }

    fn tell(&mut self, mut events: EventSink, kind: MediaEventKind) {
        events.send(kind);
        if !events.flush() {
            self.unsent.push(events);
        }
    }
}

/// Opens a recording that was cut short and fills what nobody recorded with
/// silence, so that the two parts stand where they belong.
fn resume(path: &Path, elapsed_ms: u64) -> io::Result<WavWriter<File>> {
    let mut file = WavWriter::resume(File::options().read(true).write(true).open(path)?)?;
    let Content::G711(law) = file.content() else {
        return Err(io::Error::other("the file is no recording of a call"));
    };
    let there_ms = u64::from(file.data_bytes()) / BYTES_PER_MS;
    let silence = vec![law.silence(); (1_000 * BYTES_PER_MS) as usize];
    let mut missing = elapsed_ms.saturating_sub(there_ms).min(LONGEST_GAP_MS) * BYTES_PER_MS;
    while missing > 0 {
        let part = missing.min(silence.len() as u64);
        file.append(&silence[..part as usize])?;
        missing -= part;
    }
    Ok(file)
}

/// Completes a recording that was cut short and does not go on: its length in
/// milliseconds and its size.
pub fn measure(path: &Path) -> io::Result<(u64, u64)> {
    let file = WavWriter::resume(File::options().read(true).write(true).open(path)?)?;
    let data_bytes = u64::from(file.data_bytes());
    file.finish()?;
    Ok((data_bytes / BYTES_PER_MS, data_bytes + HEADER_LEN as u64))
}

fn create(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(path)
}
