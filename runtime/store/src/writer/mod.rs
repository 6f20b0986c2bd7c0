//! Writes call records and journals without letting a call wait.
//!
//! # What waits, what is refused, what is kept
//! - Nothing waits. Every method hands over at once or says no.
//! - **A new call** is refused when too many are open or when the journal's
//!   backlog is more than half full ([`Refused`]); the server answers 503. That
//!   keeps room for what the calls already admitted have to say.
//! - **The end of a call** is never refused: admission reserves a place for the
//!   closing record, so it is kept even if the disk has been away all along.
//! - **A journal entry** of an admitted call is refused only when the backlog is
//!   full, after new calls have been refused for long. The refusal is counted in
//!   [`WriterHealth`], and shows as a gap in the sequence numbers, so a replay
//!   notices.
//! - What was taken is kept in memory and tried again until the database takes
//!   it. Meanwhile [`WriterHealth::failing`] is set; the server raises an alarm.
//! - [`Writer::flush`] returns when everything handed over before it is on disk:
//!   only that is an acknowledgement.

mod backlog;
mod batch;
mod task;

use crate::dialect::Connections;
use crate::fact::Fact;
use backlog::Backlog;
use batch::{JournalWrite, RecordWrite};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use strowger_model::{CallId, CallRecord, JournalEntry};
use tokio::sync::{mpsc, oneshot, watch};

/// How much may be on its way to disk.
#[derive(Clone, Debug)]
pub struct WriterConfig {
    /// Longest time an entry waits for others to share its transaction. A record
    /// must survive a kill a second later, so well below; and with one disk sync
    /// per transaction this sets the syncs per second.
    pub flush_after: Duration,
    /// Entries that share a transaction at most: some milliseconds of SQLite, so
    /// that a configuration change waits no longer than that for its turn.
    pub batch: usize,
    /// Calls open at the same time: a place for each one's closing record.
    pub max_open_calls: usize,
    /// Journal entries on their way.
    pub max_journal_entries: usize,
    /// Bytes of journal entries on their way: a minute of a busy server.
    pub max_journal_bytes: u64,
    /// Facts on their way. A busy node makes some hundreds a second.
    pub max_facts: usize,
}

impl Default for WriterConfig {
    fn default() -> Self {
        Self {
            flush_after: Duration::from_millis(100),
            batch: 4_096,
            max_open_calls: 20_000,
            max_journal_entries: 131_072,
            max_journal_bytes: 128 << 20,
            max_facts: 16_384,
        }
    }
}

/// Why something was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Every place is taken.
    #[error("as many calls are open as the call record writer has room for")]
    TooManyOpen,
    /// The database does not keep up.
    #[error("the database does not keep up with journals and records")]
    Behind,
    /// The writer was shut down.
    #[error("the call record writer has been shut down")]
    Stopped,
}

/// The writer was shut down, or its task died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the call record writer has been shut down")]
pub struct WriterStopped;

/// How the writer is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriterHealth {
    /// Why the last attempt to write failed, while it does: raise an alarm.
    pub failing: Option<String>,
    /// Attempts that failed since `failing` was set.
    pub attempts: u32,
}

/// Counters since the start, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterCounts {
    /// Records and entries written.
    pub written: u64,
    /// Transactions.
    pub batches: u64,
    /// Calls refused.
    pub calls_refused: u64,
    /// Journal entries refused: gaps in journals.
    pub entries_refused: u64,
    /// Facts refused.
    pub facts_refused: u64,
    /// Records, entries and facts handed over and not on disk yet.
    pub pending: u64,
    /// Nothing of these is older: what a crash now would lose was handed over since.
    pub pending_ms: u64,
}

#[derive(Debug)]
struct Counters {
    began: Instant,
    written: AtomicU64,
    batches: AtomicU64,
    calls_refused: AtomicU64,
    entries_refused: AtomicU64,
    facts_refused: AtomicU64,
    bytes_pending: AtomicU64,
    backlog: Backlog,
}

impl Counters {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            written: AtomicU64::new(0),
            batches: AtomicU64::new(0),
            calls_refused: AtomicU64::new(0),
            entries_refused: AtomicU64::new(0),
            facts_refused: AtomicU64::new(0),
            bytes_pending: AtomicU64::new(0),
            backlog: Backlog::default(),
        }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Before anything is handed over.
    fn handing_over(&self) {
        self.backlog.add(self.now_ms());
    }
}

/// Handle of the writing task. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Writer {
    records: mpsc::Sender<RecordWrite>,
    entries: mpsc::Sender<JournalWrite>,
    facts: mpsc::Sender<Fact>,
    orders: mpsc::Sender<Order>,
    health: watch::Receiver<WriterHealth>,
    counters: Arc<Counters>,
    max_journal_bytes: u64,
}

#[derive(Debug)]
struct Order {
    stop: bool,
    done: oneshot::Sender<()>,
}

/// Flushes that may wait at the same time; more wait for a place.
const ORDERS: usize = 64;

impl Writer {
    pub(crate) fn start(db: Connections, config: WriterConfig) -> Self {
        // Two places for each call: one for its beginning, one for its end.
        let (records, record_queue) = mpsc::channel(config.max_open_calls.max(1) * 2);
        let (entries, entry_queue) = mpsc::channel(config.max_journal_entries.max(2));
        let (facts, fact_queue) = mpsc::channel(config.max_facts.max(1));
        let (orders, order_queue) = mpsc::channel(ORDERS);
        let (health_sender, health) = watch::channel(WriterHealth::default());
        let counters = Arc::new(Counters::new());
        let task = task::Task {
            db,
            flush_after: config.flush_after,
            batch: config.batch.max(1),
            records: record_queue,
            entries: entry_queue,
            facts: fact_queue,
            orders: order_queue,
            health: health_sender,
            counters: counters.clone(),
        };
        tokio::spawn(task.run());
        Self {
            records,
            entries,
            facts,
            orders,
            health,
            counters,
            max_journal_bytes: config.max_journal_bytes,
        }
    }

    /// Admits a call and writes its record as it is at the start.
    pub fn open_call(&self, record: CallRecord) -> Result<OpenCall, Refused> {
        let admitted = self.admit(record);
        if admitted.is_err() {
            self.counters.calls_refused.fetch_add(1, Ordering::Relaxed);
        }
        admitted
    }

    /// Admits a call whose record was begun before a restart.
    pub fn reopen_call(&self, call: CallId) -> Result<OpenCall, Refused> {
        let end = self.reserve()?;
        Ok(OpenCall { call, end: Some(end), writer: self.clone() })
    }

    fn reserve(&self) -> Result<mpsc::OwnedPermit<RecordWrite>, Refused> {
        self.records.clone().try_reserve_owned().map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::TooManyOpen,
            mpsc::error::TrySendError::Closed(_) => Refused::Stopped,
        })
    }

    fn admit(&self, record: CallRecord) -> Result<OpenCall, Refused> {
        let half_full = self.entries.capacity() < self.entries.max_capacity() / 2
            || self.counters.bytes_pending.load(Ordering::Relaxed) > self.max_journal_bytes / 2;
        if half_full {
            return Err(Refused::Behind);
        }
        let (start, end) = (self.reserve()?, self.reserve()?);
        let call = record.call;
        self.write(start, record);
        Ok(OpenCall { call, end: Some(end), writer: self.clone() })
    }

    fn write(&self, place: mpsc::OwnedPermit<RecordWrite>, record: CallRecord) {
        self.counters.handing_over();
        place.send(RecordWrite(Box::new(record)));
    }

    /// Hands a fact over. Refused, and counted, only when the database has been
    /// away for so long that every place is taken.
    pub fn keep(&self, fact: Fact) -> Result<(), Refused> {
        self.counters.handing_over();
        self.facts.try_send(fact).map_err(|error| {
            self.counters.backlog.take_back();
            self.counters.facts_refused.fetch_add(1, Ordering::Relaxed);
            match error {
                mpsc::error::TrySendError::Full(_) => Refused::Behind,
                mpsc::error::TrySendError::Closed(_) => Refused::Stopped,
            }
        })
    }

    /// Returns when everything handed over before is on disk.
    pub async fn flush(&self) -> Result<(), WriterStopped> {
        self.order(false).await
    }

    /// Writes everything handed over so far and stops. Calls that are still open
    /// stay open in the database and are closed by the next start.
    pub async fn shutdown(&self) -> Result<(), WriterStopped> {
        self.order(true).await
    }

    /// How the writer is doing, and a way to wait for changes.
    pub fn health(&self) -> watch::Receiver<WriterHealth> {
        self.health.clone()
    }

    /// Counters for metrics.
    pub fn counts(&self) -> WriterCounts {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (pending, pending_ms) = self.counters.backlog.size(|| self.counters.now_ms());
        WriterCounts {
            written: load(&self.counters.written),
            batches: load(&self.counters.batches),
            calls_refused: load(&self.counters.calls_refused),
            entries_refused: load(&self.counters.entries_refused),
            facts_refused: load(&self.counters.facts_refused),
            pending,
            pending_ms,
        }
    }

    async fn order(&self, stop: bool) -> Result<(), WriterStopped> {
        let (done, finished) = oneshot::channel();
        self.orders.send(Order { stop, done }).await.map_err(|_| WriterStopped)?;
        finished.await.map_err(|_| WriterStopped)
    }

    fn journal(&self, entry: JournalEntry) -> Result<(), Refused> {
        let write = JournalWrite(entry);
        let size = write.size();
        let pending = self.counters.bytes_pending.fetch_add(size, Ordering::Relaxed);
        self.counters.handing_over();
        let sent = if pending + size > self.max_journal_bytes {
            Err(Refused::Behind)
        } else {
            self.entries.try_send(write).map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => Refused::Behind,
                mpsc::error::TrySendError::Closed(_) => Refused::Stopped,
            })
        };
        if sent.is_err() {
            self.counters.bytes_pending.fetch_sub(size, Ordering::Relaxed);
            self.counters.backlog.take_back();
            self.counters.entries_refused.fetch_add(1, Ordering::Relaxed);
        }
        sent
    }
}

/// A call that was admitted. Dropped without [`OpenCall::close`], its record
/// stays open and is closed by the next start.
#[derive(Debug)]
pub struct OpenCall {
    call: CallId,
    end: Option<mpsc::OwnedPermit<RecordWrite>>,
    writer: Writer,
}

impl OpenCall {
    /// Which call.
    pub fn id(&self) -> CallId {
        self.call
    }

    /// Appends to the call's journal.
    pub fn journal(&self, entry: JournalEntry) -> Result<(), Refused> {
        self.writer.journal(entry)
    }

    /// Writes the record as it is now, so that more of it survives a crash. Left
    /// out if the writer has no room: the closing record holds everything.
    pub fn checkpoint(&self, record: &CallRecord) {
        if let Ok(place) = self.writer.reserve() {
            self.writer.write(place, record.clone());
        }
    }

    /// Writes the final record. Always has room.
    pub fn close(mut self, record: CallRecord) -> Result<(), WriterStopped> {
        debug_assert!(record.ended_at.is_some(), "a closing record has an end");
        let place = self.end.take().ok_or(WriterStopped)?;
        if self.writer.records.is_closed() {
            return Err(WriterStopped);
        }
        self.writer.write(place, record);
        Ok(())
    }
}
