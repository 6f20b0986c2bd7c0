//! The thread that signalling has to itself: sockets, transactions and the way
//! from an event to the call it is about. Nothing else runs there, so that a
//! burst of API requests or a slow guest never delays a packet.

use anyhow::{Context as _, Result};
use std::future::Future;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The thread; it ends when this is dropped.
#[derive(Debug)]
pub struct SignallingThread {
    handle: Handle,
    /// Dropped with the handle, which ends the thread.
    _alive: oneshot::Sender<()>,
}

impl SignallingThread {
    /// Starts the thread.
    pub fn start() -> Result<Self> {
        let runtime =
            Builder::new_current_thread().enable_all().build().context("the signalling thread")?;
        let handle = runtime.handle().clone();
        let (alive, ended) = oneshot::channel::<()>();
        std::thread::Builder::new()
            .name("signalling".to_owned())
            .spawn(move || {
                strowger_guest::priority::take_short_turns();
                // The sender is only ever dropped.
                let _ = runtime.block_on(ended);
            })
            .context("the signalling thread")?;
        Ok(Self { handle, _alive: alive })
    }

    /// Runs a task there.
    pub fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.handle.spawn(task)
    }
}
