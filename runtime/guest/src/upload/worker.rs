//! The threads uploads are checked and compiled on: few, and with a short
//! queue, so that uploads never take the machine away from calls.

use super::UploadError;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Uploads waiting for a compile thread. Each holds its bytes; more than a few
/// seconds of waiting is better told to the uploader than hidden.
const MAX_WAITING: usize = 16;
/// Cranelift recurses over deep expressions.
const STACK_BYTES: usize = 8 << 20;

type Job = Box<dyn FnOnce() + Send>;

pub(crate) struct CompileWorker {
    jobs: SyncSender<Job>,
}

impl CompileWorker {
    /// Starts the threads; they end when the worker is dropped.
    pub(crate) fn start(threads: usize) -> std::io::Result<Self> {
        let (jobs, queue) = sync_channel::<Job>(MAX_WAITING);
        let queue = Arc::new(Mutex::new(queue));
        for index in 0..threads {
            let queue = queue.clone();
            std::thread::Builder::new()
                .name(format!("guest-compile-{index}"))
                .stack_size(STACK_BYTES)
                .spawn(move || work(&queue))?;
        }
        Ok(Self { jobs })
    }

    /// Hands a job over at once or says that there are too many.
    pub(crate) fn submit(&self, job: impl FnOnce() + Send + 'static) -> Result<(), UploadError> {
        self.jobs.try_send(Box::new(job)).map_err(|refused| match refused {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => UploadError::Busy,
        })
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    crate::priority::yield_to_all_others();
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // A compiler that panics on an upload costs that upload (its answer is
        // dropped unsent), not the thread.
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(job)).is_err() {
            tracing::error!("the compiler panicked on an upload");
        }
    }
}
