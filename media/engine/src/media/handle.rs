//! The engine from outside: starting it, opening legs, telling them what to do.

use super::clip::Clip;
use super::command::{Command, Inbox, MAX_COMMANDS};
use super::conference::{ConferenceHandle, ConferenceSpec};
use super::config::MediaConfig;
use super::event::{EventSink, MediaEvent};
use super::leg::{Detect, Leg, Secure};
use super::ports::{PortPair, PortPool};
use super::record::{RecordSpec, Recorder, Writer, WriterHandle};
use super::remote::RemoteParams;
use super::room::Room;
use super::stats::LegStats;
use super::thread::MediaThread;
use super::transcoding::{Part, TranscodedLegs, Transcoding};
use crate::prompt::{Encoding, EncodingHandle};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::{Notify, mpsc, oneshot};

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No even port with an odd one above it.
    #[error(
        "the RTP port range {0} to {1} holds no port pair; give at least an even port and the next"
    )]
    EmptyPortRange(u16, u16),
    /// The operating system refused.
    #[error("a media thread could not be started: {0}")]
    System(#[from] io::Error),
}

/// Why a leg cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// All ports carry legs.
    #[error("all {0} RTP port pairs are in use; widen the port range or refuse calls earlier")]
    OutOfPorts(usize),
    /// The operating system refused.
    #[error("a media socket could not be opened: {0}")]
    Socket(#[from] io::Error),
    /// The thread cannot keep up.
    #[error("the media thread is overloaded; refuse new calls")]
    Busy,
}

/// Why a command was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The thread's queue is full or the engine has stopped. The leg is as it
    /// was; end the call.
    #[error("the media thread is overloaded or stopped; end the call")]
    Busy,
    /// Legs can be bridged only within a group.
    #[error(
        "the legs live on different media threads; open the legs of a call with the same group"
    )]
    OtherGroup,
}

/// Why a recording does not go on.
#[derive(Debug, thiserror::Error)]
pub enum ContinueError {
    /// Its file cannot be read.
    #[error("the file of the recording cannot be continued: {0}")]
    File(#[from] io::Error),
    /// The command was not taken.
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// What a leg is opened with.
#[derive(Clone, Debug)]
pub struct LegSpec {
    /// Where its events go.
    pub events: mpsc::Sender<MediaEvent>,
    /// Comes back with each event.
    pub tag: u64,
    /// Legs that will be bridged have the same: for example a hash of the call's id.
    pub group: u64,
}

#[derive(Debug)]
struct Shared {
    config: MediaConfig,
    pool: Arc<PortPool>,
    threads: Vec<Arc<Inbox>>,
    writer: WriterHandle,
    encoding: EncodingHandle,
    next_leg: AtomicU64,
    transcoding: Arc<Transcoding>,
}

/// The running engine. Dropping it ends all legs, completes their recordings and
/// waits for its threads.
#[derive(Debug)]
pub struct MediaEngine {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    writer: Option<Writer>,
    encoding: Option<Encoding>,
}

/// A way to open legs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct MediaHandle {
    shared: Arc<Shared>,
}

impl MediaEngine {
    /// Starts the threads.
    pub fn start(config: MediaConfig) -> Result<Self, StartError> {
        let pool = Arc::new(PortPool::new(config.bind, config.port_min, config.port_max));
        if pool.size() == 0 {
            return Err(StartError::EmptyPortRange(config.port_min, config.port_max));
        }
        make_room_for_files(pool.size());
        let (writer, writer_handle) = Writer::start(config.on_thread_start.clone())?;
        super::silence::prepare();
        let start = Instant::now();
        let hook = config.on_thread_start.clone();
        let (encoding, encoding_handle) = Encoding::start(start, move || {
            super::os::yield_to_others();
            if let Some(hook) = hook {
                (hook.0)();
            }
        })?;
        let mut inboxes = Vec::new();
        let mut threads = Vec::new();
        for number in 0..config.threads.max(1) {
            let (sender, commands) = sync_channel(MAX_COMMANDS);
            let inbox = Arc::new(Inbox::new(sender)?);
            let thread = MediaThread::new(
                &config,
                start,
                commands,
                Arc::clone(&inbox),
                writer_handle.clone(),
                encoding_handle.clone(),
            )?;
            let (hook, pin) = (config.on_thread_start.clone(), config.pin);
            let realtime = config.realtime;
            let run = move || {
                if pin && !super::os::pin_to_core(number) {
                    tracing::info!(number, "media thread could not be pinned to a core");
                }
                if realtime && !super::os::ask_for_real_time() {
                    tracing::info!(number, "media thread runs without real-time priority");
                }
                if let Some(hook) = hook {
                    (hook.0)();
                }
                thread.run();
            };
            threads.push(std::thread::Builder::new().name(format!("media-{number}")).spawn(run)?);
            inboxes.push(inbox);
        }
        let shared = Shared {
            config,
            pool,
            threads: inboxes,
            writer: writer_handle,
            encoding: encoding_handle,
            next_leg: AtomicU64::new(1),
            transcoding: Arc::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            threads,
            writer: Some(writer),
            encoding: Some(encoding),
        })
    }

    /// A way to open legs.
    pub fn handle(&self) -> MediaHandle {
        MediaHandle { shared: Arc::clone(&self.shared) }
    }
}

/// Each leg needs two sockets and perhaps a recording's file; many systems start
/// processes with a limit of 1,024.
fn make_room_for_files(pairs: usize) {
    /// The rest of the server: its listeners, connections, databases.
    const OTHERS: u64 = 1_024;
    let wanted = 3 * pairs as u64 + OTHERS;
    match super::os::allow_open_files(wanted) {
        Ok(now) if now < wanted => tracing::warn!(
            now,
            wanted,
            "the port range allows more calls than the limit of open files; raise it (ulimit -n) \
             or narrow the range"
        ),
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
}

impl Drop for MediaEngine {
    fn drop(&mut self) {
        for inbox in &self.shared.threads {
            // A full queue is emptied within milliseconds: the thread wakes for it.
            while inbox.send(Command::Shutdown).is_err() {
                if self.threads.iter().all(JoinHandle::is_finished) {
                    break;
                }
                std::thread::yield_now();
            }
        }
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a media thread panicked");
            }
        }
        if let Some(encoding) = self.encoding.take() {
            encoding.finish(&self.shared.encoding);
        }
        if let Some(writer) = self.writer.take() {
            writer.finish(&self.shared.writer);
        }
    }
}

impl MediaHandle {
    /// Opens a leg: two sockets and a place on a thread. Takes some 20 µs and
    /// never waits.
    pub fn open(&self, spec: LegSpec) -> Result<LegHandle, OpenError> {
        let shared = &self.shared;
        let ports = shared.pool.open()?.ok_or(OpenError::OutOfPorts(shared.pool.size()))?;
        self.open_with(ports, spec)
    }

    fn open_with(&self, ports: PortPair, spec: LegSpec) -> Result<LegHandle, OpenError> {
        let shared = &self.shared;
        let ip = shared.config.advertise.unwrap_or(shared.config.bind);
        let local = SocketAddr::new(ip, ports.port);
        let id = shared.next_leg.fetch_add(1, Ordering::Relaxed);
        let thread = self.thread_of(spec.group);
        let status = Arc::new(LegStatus::default());
        let sink = EventSink::new(spec.tag, spec.events);
        let transcoded = Part::new(Arc::clone(&shared.transcoding));
        let leg = Box::new(Leg::new(id, sink, ports, Arc::clone(&status), transcoded));
        thread.send(Command::Open(leg)).map_err(|_| OpenError::Busy)?;
        let moved = AtomicBool::new(false);
        let inner =
            LegInner { id, tag: spec.tag, local, thread, status, moved, media: self.clone() };
        Ok(LegHandle { inner: Arc::new(inner) })
    }

    /// As [`Self::open`], at this port if it is free: where a leg was before.
    pub fn open_at(&self, port: u16, spec: LegSpec) -> Result<LegHandle, OpenError> {
        let shared = &self.shared;
        match shared.pool.open_at(port)? {
            Some(ports) => self.open_with(ports, spec),
            None => self.open(spec),
        }
    }

    /// Opens a conference for legs of a group.
    pub fn conference(&self, spec: ConferenceSpec) -> Result<ConferenceHandle, OpenError> {
        let id = self.shared.next_leg.fetch_add(1, Ordering::Relaxed);
        let thread = self.thread_of(spec.group);
        let closing = Arc::new(AtomicBool::new(false));
        let sink = EventSink::new(spec.tag, spec.events);
        let room = Box::new(Room::new(id, sink, Arc::clone(&closing)));
        thread.send(Command::OpenRoom(room)).map_err(|_| OpenError::Busy)?;
        Ok(ConferenceHandle::new(id, thread, self.shared.writer.clone(), closing))
    }

    fn thread_of(&self, group: u64) -> Arc<Inbox> {
        // Groups are often ids with structure; spread them before taking the rest.
        let spread = group.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let threads = &self.shared.threads;
        Arc::clone(&threads[spread as usize % threads.len()])
    }

    /// The legs that are being transcoded now.
    pub fn transcoded(&self) -> Vec<TranscodedLegs> {
        self.shared.transcoding.now()
    }

    /// Port pairs in the range, to size admission.
    pub fn capacity(&self) -> usize {
        self.shared.pool.size()
    }
}

/// What a leg's thread and its handle share.
#[derive(Debug, Default)]
pub(super) struct LegStatus {
    closing: AtomicBool,
    stats: Mutex<LegStats>,
    ended: AtomicBool,
    end: Notify,
}

impl LegStatus {
    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// Never waits: if somebody is reading, the figures are published later.
    pub(super) fn publish(&self, stats: LegStats) {
        if let Ok(mut place) = self.stats.try_lock() {
            *place = stats;
        }
    }

    /// Publishes the last figures. Readers hold the lock only to copy them.
    pub(super) fn end(&self, stats: LegStats) {
        *self.stats.lock().unwrap_or_else(PoisonError::into_inner) = stats;
        self.ended.store(true, Ordering::Release);
        self.end.notify_waiters();
    }
}

#[derive(Debug)]
struct LegInner {
    id: u64,
    tag: u64,
    local: SocketAddr,
    thread: Arc<Inbox>,
    status: Arc<LegStatus>,
    /// Another handle speaks for the leg now.
    moved: AtomicBool,
    media: MediaHandle,
}

impl Drop for LegInner {
    fn drop(&mut self) {
        // The thread looks at this every 20 ms; it cannot be lost in a full queue.
        if !self.moved.load(Ordering::Acquire) {
            self.status.closing.store(true, Ordering::Release);
        }
    }
}

/// A leg. It ends when [`LegHandle::close`] is called or the last clone is dropped.
///
/// Commands are carried out in order, within about a millisecond, and report
/// through events. They never wait: if the thread's queue is full they fail
/// with [`CommandError::Busy`] and nothing happens.
#[derive(Clone, Debug)]
pub struct LegHandle {
    inner: Arc<LegInner>,
}

impl LegHandle {
    /// The engine's number for the leg.
    pub fn id(&self) -> u64 {
        self.inner.id
    }

    pub(super) fn is_on(&self, thread: &Arc<Inbox>) -> bool {
        Arc::ptr_eq(&self.inner.thread, thread)
    }

    /// The tag it was opened with.
    pub fn tag(&self) -> u64 {
        self.inner.tag
    }

    /// Where it listens, for SDP.
    pub fn local_address(&self) -> SocketAddr {
        self.inner.local
    }

    /// Says where the other side is and what was negotiated; again after each
    /// offer and answer.
    pub fn set_remote(&self, remote: RemoteParams) -> Result<(), CommandError> {
        let secure = remote.srtp.map(|keys| Box::new(Secure::new(keys)));
        self.send(Command::SetRemote { leg: self.inner.id, remote: Box::new(remote), secure })
    }

    /// Plays the clips one after the other, the whole list `times` times (0:
    /// until stopped). Replaces what is playing. On a bridged leg it drowns the
    /// other party until it ends.
    pub fn play(&self, play: u64, clips: Vec<Clip>, times: u32) -> Result<(), CommandError> {
        self.send(Command::Play { leg: self.inner.id, play, clips, times })
    }

    /// Stops that play, if it is the one that is playing.
    pub fn stop_play(&self, play: u64) -> Result<(), CommandError> {
        self.send(Command::StopPlay { leg: self.inner.id, play })
    }

    /// Lets two legs of a group talk. Ends earlier bridges, conferences and plays
    /// of both. Legs of different codecs understand each other, unless one of
    /// them speaks G.729.
    pub fn bridge(&self, other: &LegHandle) -> Result<(), CommandError> {
        if !Arc::ptr_eq(&self.inner.thread, &other.inner.thread) {
            return Err(CommandError::OtherGroup);
        }
        self.send(Command::Bridge(self.inner.id, other.inner.id))
    }

    /// Parts this leg from the one it is bridged with, if there is one.
    pub fn unbridge(&self) -> Result<(), CommandError> {
        self.send(Command::Unbridge(self.inner.id))
    }

    /// Lets nobody hear this leg, or lets them again. What it says while muted
    /// is not recorded either; its keys still count.
    pub fn mute(&self, muted: bool) -> Result<(), CommandError> {
        self.send(Command::Mute { leg: self.inner.id, muted })
    }

    /// Says what to listen for in the leg's audio. Unasked, that is digits where
    /// no telephone events were negotiated.
    pub fn detect(&self, detect: Detect) -> Result<(), CommandError> {
        self.send(Command::Detect { leg: self.inner.id, detect })
    }

    /// Sends a digit: as telephone events if negotiated, else as tones. Digits
    /// queue up; `held_ms` is brought into 40 to 6,000.
    pub fn send_digit(&self, digit: char, held_ms: u32) -> Result<(), CommandError> {
        self.send(Command::SendDigit { leg: self.inner.id, digit, held_ms })
    }

    /// Goes on with a recording that was begun `elapsed_ms` ago and cut short: what
    /// is missing of its file is silence.
    pub fn record_continue(&self, spec: RecordSpec, elapsed_ms: u64) -> Result<(), ContinueError> {
        let writer = self.inner.media.shared.writer.clone();
        let recorder = Recorder::continued(spec, writer, elapsed_ms)?;
        let recorder = Box::new(recorder);
        Ok(self.send(Command::RecordStart { leg: self.inner.id, recorder })?)
    }

    /// Records this leg on the left and what it hears on the right. Ends an
    /// earlier recording of this leg. Ends in one `RecordingEnded` or
    /// `RecordingFailed`, also when the leg is closed.
    pub fn record_start(&self, spec: RecordSpec) -> Result<(), CommandError> {
        let recorder = Box::new(Recorder::new(spec, self.inner.media.shared.writer.clone()));
        self.send(Command::RecordStart { leg: self.inner.id, recorder })
    }

    /// Leaves silence in the recording from here on.
    pub fn record_pause(&self) -> Result<(), CommandError> {
        self.send(Command::RecordPause(self.inner.id))
    }

    /// Goes on recording.
    pub fn record_resume(&self) -> Result<(), CommandError> {
        self.send(Command::RecordResume(self.inner.id))
    }

    /// Completes the recording.
    pub fn record_stop(&self) -> Result<(), CommandError> {
        self.send(Command::RecordStop(self.inner.id))
    }

    /// Gives the leg to another owner and group: its bridge, plays and recording
    /// end, and it goes to the group's thread; the other side notices nothing.
    /// The handle that comes back takes the place of this one and its clones.
    /// Takes a few milliseconds; if the other thread is overloaded or the leg has
    /// ended, nothing but the endings has happened.
    pub async fn move_to(&self, spec: LegSpec) -> Result<LegHandle, CommandError> {
        let events = EventSink::new(spec.tag, spec.events);
        self.go(spec.group, spec.tag, Some(events)).await
    }

    /// The same with the owner it has: its recording goes on.
    pub async fn regroup(&self, group: u64) -> Result<LegHandle, CommandError> {
        self.go(group, self.inner.tag, None).await
    }

    async fn go(
        &self,
        group: u64,
        tag: u64,
        events: Option<EventSink>,
    ) -> Result<LegHandle, CommandError> {
        let inner = &self.inner;
        let thread = inner.media.thread_of(group);
        let (done, arrived) = oneshot::channel();
        let to = Arc::clone(&thread);
        self.send(Command::Move { leg: inner.id, events, to, done })?;
        if !arrived.await.unwrap_or(false) {
            return Err(CommandError::Busy);
        }
        inner.moved.store(true, Ordering::Release);
        Ok(LegHandle {
            inner: Arc::new(LegInner {
                id: inner.id,
                tag,
                local: inner.local,
                thread,
                status: Arc::clone(&inner.status),
                moved: AtomicBool::new(false),
                media: inner.media.clone(),
            }),
        })
    }

    /// Ends the leg within 20 ms: its bridge ends, its recording is completed,
    /// its ports are returned. Cannot fail.
    pub fn close(&self) {
        self.inner.status.closing.store(true, Ordering::Release);
    }

    /// Its figures as of the last second; final ones after it was closed.
    pub fn stats(&self) -> LegStats {
        *self.inner.status.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the leg has ended, within 20 ms after [`LegHandle::close`], and
    /// gives its last figures.
    pub async fn ended(&self) -> LegStats {
        loop {
            let end = self.inner.status.end.notified();
            if self.inner.status.ended.load(Ordering::Acquire) {
                return self.stats();
            }
            end.await;
        }
    }

    fn send(&self, command: Command) -> Result<(), CommandError> {
        self.inner.thread.send(command).map_err(|_| CommandError::Busy)
    }
}
