//! The threads that calls and distributions live on, with their guests.
//!
//! A guest runs on the thread of the task that asks it: a decision costs no
//! hand-over between threads. These threads serve nothing else: signalling, the
//! API and the database have workers of their own, and media threads never see
//! a guest. A task that stands behind a slow guest is taken over by the next
//! thread that has nothing to do.

use crate::priority;
use std::fmt;
use std::future::Future;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

/// Native stack of a thread: the guest's own limit and room for the host.
const STACK_BYTES: usize = 4 * crate::limits::MAX_WASM_STACK_BYTES;

/// Threads that run tasks which ask guests. They end when this is dropped.
pub struct GuestThreads {
    runtime: Option<Runtime>,
    handle: Handle,
}

impl fmt::Debug for GuestThreads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestThreads").finish_non_exhaustive()
    }
}

impl GuestThreads {
    /// Starts the threads, at least one. Guests compute and never wait, so more
    /// than cores gain nothing.
    ///
    /// # Errors
    /// The operating system refuses a thread.
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.max(1))
            .thread_name("guest")
            .thread_stack_size(STACK_BYTES)
            // Signal stacks and thread-locals now rather than inside somebody's call.
            .on_thread_start(|| {
                priority::take_short_turns();
                wasmtime::Engine::tls_eager_initialize();
            })
            .enable_time()
            .build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Runs a task on these threads.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn(task)
    }
}

impl Drop for GuestThreads {
    fn drop(&mut self) {
        // Waiting for the threads is not allowed where a server is usually dropped.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
