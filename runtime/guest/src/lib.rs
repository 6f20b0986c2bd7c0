//! The Wasm host: takes programs in, gives each call an instance, runs one
//! event at a time through it and hands back what the program decided.
//!
//! Owns the engine, the upload checks, the compile cache, the limits and the
//! threads guests run on. Never carries an action out: a turn's actions go to
//! the call core, which checks them again. Guests run in tasks on
//! [`GuestThreads`] only: nothing here may be called from a media thread, nor
//! from a worker that serves signalling, the API or the database.

mod background;
mod engine;
mod fair;
mod fault;
mod host;
mod limits;
pub mod priority;
mod program;
pub mod replay;
mod threads;
mod turn;
mod upload;

pub use background::{BackgroundFull, BackgroundThreads};
pub use engine::{EngineConfig, EngineError, GuestEngine};
pub use limits::{Budget, MAX_EVENT_LOG_BYTES};
pub use program::{Program, World};
pub use replay::{Divergence, ReplayError, Replayed};
pub use threads::GuestThreads;
pub use turn::{
    CallGuest, FlowInstance, FlowTurn, LogLine, PacerInstance, PacerTurn, ReplayedCall,
    RouterInstance, RouterTurn, TenantRouter,
};
pub use upload::{UploadError, UploadLimits, UploadStage};
