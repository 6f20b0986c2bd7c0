//! What was said on the wire, kept per call: a bounded ring of messages with
//! secrets masked, a ladder drawn from it, and HEP packets for those who
//! collect elsewhere.
//!
//! Nothing here changes a message on its way, and nothing waits for a trace.

mod book;
mod hep;
mod ladder;
mod mask;
mod record;

pub use hep::{HepSource, encode as hep_packet};
pub use ladder::ladder;
pub use record::{Heading, Trace, TraceEntry, TracePolicy};

pub(crate) use book::{TraceBook, call_id_of};
