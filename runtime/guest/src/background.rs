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

    /// Runs `job` with what it needs on one of these threads when it is its tenant's
    /// turn.
    ///
    /// # Errors
    /// Too much waits, of this tenant or of all: what it needs comes back at once.
    pub fn submit<S: Send + 'static>(
        &self,
        tenant: TenantId,
        state: S,
        job: impl FnOnce(S) + Send + 'static,
    ) -> Result<(), S> {
        let mut shared = self.shared.lock();
        // Asked before the state goes into the job, out of which nothing comes back.
        if !shared.queue.has_room(tenant) {
            return Err(state);
        }
        let pushed = shared.queue.push(tenant, Box::new(move || job(state)));
        debug_assert!(pushed.is_ok(), "there was room");
        drop(shared);
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Whether so much of this tenant waits that it should take no more calls:
    /// those it has need room for their turns.
    pub fn is_crowded(&self, tenant: TenantId) -> bool {
        self.shared.lock().queue.waiting_of(tenant) >= MAX_WAITING_EACH / 2
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
        threads.submit(tenant, (), |()| panic!("a bug")).unwrap();
        let told_by = tell.clone();
        threads
            .submit(tenant, told_by, |told_by| {
                let _ = told_by.send(7);
            })
            .unwrap();
        assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(7));
        drop(threads);
        drop(tell);
        assert!(told.recv_timeout(Duration::from_secs(10)).is_err());
    }

    #[test]
    fn what_is_refused_comes_back_at_once() {
        let threads = BackgroundThreads::start(1).unwrap();
        let tenant = TenantId(Uuid::from_u128(1));
        let (open, gate) = channel::<()>();
        let (tell, told) = channel();
        let begun = tell.clone();
        threads
            .submit(tenant, gate, move |gate| {
                let _ = begun.send(0);
                // Until the test lets go.
                let _ = gate.recv();
            })
            .unwrap();
        // From now on the thread is held, and everything waits.
        assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(0));
        for number in 1..=MAX_WAITING_EACH {
            let told_by = tell.clone();
            let waits = threads.submit(tenant, (number, told_by), |(number, told_by)| {
                let _ = told_by.send(number);
            });
            assert!(waits.is_ok(), "{number}");
        }
        assert!(threads.is_crowded(tenant));
        let guest = Box::new("an instance");
        let refused = threads.submit(tenant, guest, |_| panic!("it was refused"));
        assert_eq!(refused.unwrap_err(), Box::new("an instance"));
        // Another tenant is none the worse for it.
        let other = TenantId(Uuid::from_u128(2));
        assert!(!threads.is_crowded(other));
        let tells = |told_by: std::sync::mpsc::Sender<usize>| {
            let _ = told_by.send(usize::MAX);
        };
        threads.submit(other, tell, tells).unwrap();
        drop(open);
        let heard: Vec<usize> = told.iter().take(MAX_WAITING_EACH + 1).collect();
        assert_eq!(heard.iter().filter(|number| **number == usize::MAX).count(), 1);
    }
}
