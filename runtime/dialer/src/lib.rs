//! The pure core of outbound campaigns. So far: what a pacer sees, and the rule
//! that a pacer can only lower what the host would allow.
//!
//! Nothing here reads a clock, knows what a pacer is made of, or does I/O.

mod campaign;

pub use campaign::{Campaign, PacerTrigger, bounded};
