//! The backstop's clock: raises the engine's epoch at a steady pace until the
//! engine is gone.

use crate::limits::EPOCH_TICK;
use wasmtime::Engine;

/// Starts the thread. It holds the engine weakly and ends with it.
pub(super) fn start(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("guest-epoch".into()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(EPOCH_TICK);
        }
    })?;
    Ok(())
}
