//! The Wasm host: takes programs in, gives each call an instance, runs one
//! event at a time through it and hands back what the program decided.
//!
//! Owns the engine, the upload checks, the compile cache, the limits and the
//! threads guests run on. Never carries an action out: a turn's actions go to
//! the call core, which checks them again. Guests run on the threads of a
//! [`GuestPool`] only; nothing here may be called from a media thread, and only
//! the pool's futures may be awaited on an async worker.

mod engine;
mod fault;
mod host;
mod limits;
mod pool;
mod program;
mod replay;
mod turn;
mod upload;

pub use engine::{EngineConfig, EngineError, GuestEngine};
pub use limits::Budget;
pub use pool::{
    FlowJob, GuestPool, PoolBusy, PoolConfig, PoolError, ReplayedCall, RouterAnswer, RouterJob,
    RouterRefused, Shard,
};
pub use program::{Program, World};
pub use replay::{Divergence, ReplayError, Replayed, replay};
pub use turn::{
    FlowInstance, FlowTurn, LogLine, PacerInstance, PacerTurn, RouterInstance, RouterTurn,
};
pub use upload::{UploadError, UploadLimits};
