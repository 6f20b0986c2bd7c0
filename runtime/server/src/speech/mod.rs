//! Sound for calls: sources as flows name them become clips.

pub mod announcement;
pub mod sounds;
