//! Measurements, one module each; the binary runs them by name.
//!
//! A benchmark reports what it measured and whether a bar holds. It is no test:
//! nothing fails here because a machine was busy.

pub mod acd;
pub mod calls;
pub mod decisions;
pub mod enqueue;
pub mod media;
pub mod neighbours;
pub mod offers;
pub mod report;
pub mod sipp;
pub mod soak;
