//! Instances and what one event does with them. An instance belongs to one call
//! (or tenant, or campaign), handles one event at a time on the thread that
//! calls it, and is never used again after it failed.

mod flow;
mod pacer;
mod router;
mod sandbox;

pub use crate::host::LogLine;
pub use flow::{FlowInstance, FlowTurn};
pub(crate) use flow::{failed, panicked};
pub use pacer::{PacerInstance, PacerTurn};
pub use router::{RouterInstance, RouterTurn};
pub(crate) use sandbox::Sandbox;
