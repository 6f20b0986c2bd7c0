//! Instances and what one event does with them. An instance belongs to one call
//! (or tenant, or campaign), handles one event at a time on the thread that
//! calls it, and is never used again after it failed.

mod call;
mod cpu;
mod flow;
mod pacer;
mod router;
mod sandbox;
mod tenant;

pub use crate::host::LogLine;
pub use call::{CallGuest, ReplayedCall};
pub use flow::{FlowInstance, FlowTurn};
pub use pacer::{PacerInstance, PacerTurn};
pub use router::{RouterInstance, RouterTurn};
pub(crate) use sandbox::Sandbox;
pub use tenant::TenantRouter;
