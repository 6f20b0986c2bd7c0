//! The task that collects what calls hand over and commits it, however long
//! the database takes.

use super::batch::{Batch, JournalWrite, RecordWrite};
use super::{Counters, Order, WriterHealth};
use crate::dialect::Connections;
use crate::fact::Fact;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// First pause after a failure: a locked database is back by then.
const FIRST_RETRY: Duration = Duration::from_millis(100);
/// Longest pause: a disk that was freed is noticed soon.
const LAST_RETRY: Duration = Duration::from_secs(5);

/// No records, entries and facts.
const NOTHING: [usize; 3] = [0; 3];

pub(super) struct Task {
    pub db: Connections,
    pub flush_after: Duration,
    pub batch: usize,
    pub records: mpsc::Receiver<RecordWrite>,
    pub entries: mpsc::Receiver<JournalWrite>,
    pub facts: mpsc::Receiver<Fact>,
    pub orders: mpsc::Receiver<Order>,
    pub health: watch::Sender<WriterHealth>,
    pub counters: Arc<Counters>,
}

/// Why collecting ended.
enum Collected {
    /// Enough or long enough; when nothing else was waiting, if that was so.
    Batch(Option<u64>),
    /// Someone wants everything on disk.
    Order(Order),
    /// Nobody is left to hand anything over.
    Over,
}

impl Task {
    pub(super) async fn run(mut self) {
        let mut batch = Batch::default();
        loop {
            let collected = self.collect(&mut batch).await;
            match collected {
                Collected::Batch(emptied_ms) => self.commit(&mut batch, emptied_ms).await,
                Collected::Order(order) => {
                    self.drain(&mut batch).await;
                    if order.stop {
                        self.records.close();
                        self.entries.close();
                        self.facts.close();
                        // What was sent between the drain and the close.
                        self.drain(&mut batch).await;
                    }
                    // The asker may have gone away; the data is on disk all the same.
                    let _ = order.done.send(());
                    if order.stop {
                        return;
                    }
                }
                Collected::Over => {
                    self.drain(&mut batch).await;
                    return;
                }
            }
        }
    }

    /// Waits for a first entry, gives others time to come, and takes what is
    /// there: one wake-up for many entries.
    async fn collect(&mut self, batch: &mut Batch) -> Collected {
        tokio::select! {
            order = self.orders.recv() => return order.map_or(Collected::Over, Collected::Order),
            Some(record) = self.records.recv() => batch.record(record),
            Some(entry) = self.entries.recv() => batch.entry(entry),
            Some(fact) = self.facts.recv() => batch.fact(fact),
        }
        if self.waiting_each().iter().sum::<usize>() < self.batch {
            tokio::select! {
                order = self.orders.recv() => {
                    return order.map_or(Collected::Over, Collected::Order);
                }
                () = tokio::time::sleep(self.flush_after) => {}
            }
        }
        let now_ms = self.counters.now_ms();
        let mut left = self.waiting_each();
        self.take(batch, &mut left);
        Collected::Batch((left == NOTHING).then_some(now_ms))
    }

    /// How much waits to be written: records, entries, facts.
    fn waiting_each(&self) -> [usize; 3] {
        [self.records.len(), self.entries.len(), self.facts.len()]
    }

    /// Moves what waits into the batch, as much as it holds and no more of each
    /// kind than `left` says.
    fn take(&mut self, batch: &mut Batch, left: &mut [usize; 3]) {
        while batch.len() < self.batch && left[0] > 0 {
            let Ok(record) = self.records.try_recv() else { break };
            batch.record(record);
            left[0] -= 1;
        }
        while batch.len() < self.batch && left[1] > 0 {
            let Ok(entry) = self.entries.try_recv() else { break };
            batch.entry(entry);
            left[1] -= 1;
        }
        while batch.len() < self.batch && left[2] > 0 {
            let Ok(fact) = self.facts.try_recv() else { break };
            batch.fact(fact);
            left[2] -= 1;
        }
    }

    /// Commits everything that was handed over before now.
    async fn drain(&mut self, batch: &mut Batch) {
        let now_ms = self.counters.now_ms();
        let mut left = self.waiting_each();
        loop {
            self.take(batch, &mut left);
            if batch.len() == 0 {
                return;
            }
            self.commit(batch, (left == NOTHING).then_some(now_ms)).await;
        }
    }

    /// Writes the batch, again and again until it is on disk. What is pending then
    /// was handed over after `emptied_ms`, if that is known.
    async fn commit(&self, batch: &mut Batch, emptied_ms: Option<u64>) {
        let mut pause = FIRST_RETRY;
        while let Err(error) = batch.write(&self.db).await {
            let text = error.with_advice();
            self.health.send_modify(|health| {
                if health.failing.is_none() {
                    tracing::error!(error = %text, "call records cannot be written; trying again");
                }
                health.failing = Some(text.clone());
                health.attempts += 1;
            });
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_RETRY);
        }
        self.health.send_if_modified(|health| {
            let recovered = health.failing.is_some();
            if recovered {
                tracing::info!(attempts = health.attempts, "call records are being written again");
                *health = WriterHealth::default();
            }
            recovered
        });
        self.counters.written.fetch_add(batch.len() as u64, Ordering::Relaxed);
        self.counters.batches.fetch_add(1, Ordering::Relaxed);
        self.counters.bytes_pending.fetch_sub(batch.bytes(), Ordering::Relaxed);
        self.counters.backlog.committed(batch.taken(), emptied_ms);
        batch.clear();
    }
}
