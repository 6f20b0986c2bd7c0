//! The threads of guests that take long: below every other thread of the
//! machine, and fair among tenants.
//!
//! An ordinary decision takes microseconds and runs where its call lives. A
//! tenant whose guests take more than their share is served here instead, until
//! it has been moderate again: its turns wait in a queue of their own, the tenant
//! that has used least is next, and the kernel lets these threads run only while
//! no other one wants the processor (`SCHED_IDLE`, sched(7)). So they delay their
//! own tenant's calls and nobody else's. Nothing but guests runs here: what a turn
//! leads to is carried out by the call's task as always.

use crate::fair::{FairLimits, FairQueue};
use crate::priority;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use strowger_model::TenantId;

/// Turns of one tenant that wait; a call waits for one at a time, so a tenant
/// with more of them has as many calls that get no answer.
const MAX_WAITING_EACH: usize = 1_024;
/// Turns that wait altogether. Each holds its call's snapshot, some kilobytes.
const MAX_WAITING: usize = 16_384;
/// Native stack, as of the other guest threads.
const STACK_BYTES: usize = 4 * crate::limits::MAX_WASM_STACK_BYTES;

type Job = Box<dyn FnOnce() + Send>;

/// The threads. They end when this is dropped, after the turn they are in.
pub struct BackgroundThreads {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    queue: FairQueue<TenantId, Job>,
    stopped: bool,
}

/// Too many turns of the tenant, or of all tenants, wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackgroundFull;

impl fmt::Debug for BackgroundThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackgroundThreads").finish_non_exhaustive()
    }
}

impl BackgroundThreads {
    /// Starts the threads, at least one. One tenant has at most half of them at
    /// work at the same time.
    ///
    /// # Errors
    /// The operating system refuses a thread.
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let threads = threads.max(1);
        let limits = FairLimits {
            waiting_each: MAX_WAITING_EACH,
            waiting: MAX_WAITING,
            running_each: (threads / 2).max(1),
        };
        let state = State { queue: FairQueue::new(limits), stopped: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        // Made first: should a thread be refused, those before it are ended.
        let made = Self { shared: shared.clone() };
        for index in 0..threads {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name(format!("guest-slow-{index}"))
                .stack_size(STACK_BYTES)
                .spawn(move || {
                    priority::yield_to_all_others();
                    wasmtime::Engine::tls_eager_initialize();
                    shared.work();
                })?;
        }
        Ok(made)
    }

    /// Runs `job` on one of these threads when it is its tenant's turn.
    ///
    /// # Errors
    /// Too much waits; the job was not taken.
    pub fn submit(
        &self,
        tenant: TenantId,
        job: impl FnOnce() + Send + 'static,
    ) -> Result<(), BackgroundFull> {
        self.shared.lock().queue.push(tenant, Box::new(job)).map_err(|_| BackgroundFull)?;
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Whether a turn of the tenant may wait here.
    pub fn has_room(&self, tenant: TenantId) -> bool {
        self.shared.lock().queue.has_room(tenant)
    }

    /// Turns that wait.
    pub fn waiting(&self) -> usize {
        self.shared.lock().queue.len()
    }
}

impl Drop for BackgroundThreads {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    // Whole between any two statements: a panic elsewhere leaves it so.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return;
            }
            let Some((tenant, job)) = state.queue.next() else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(state);
            let began = Instant::now();
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a turn of a guest panicked; this is a bug");
            }
            let used_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            state = self.lock();
            state.queue.done(tenant, used_us);
            // The tenant's next turn may have waited for this one's end.
            self.changed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;
    use uuid::Uuid;

    #[test]
    fn a_panicking_turn_costs_itself_only_and_dropping_ends_the_threads() {
        let threads = BackgroundThreads::start(1).unwrap();
        let tenant = TenantId(Uuid::from_u128(1));
        let (tell, told) = channel();
        threads.submit(tenant, || panic!("a bug")).unwrap();
        let told_by = tell.clone();
        threads
            .submit(tenant, move || {
                let _ = told_by.send(7);
            })
            .unwrap();
        assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(7));
        drop(threads);
        drop(tell);
        assert!(told.recv_timeout(Duration::from_secs(10)).is_err());
    }
}
