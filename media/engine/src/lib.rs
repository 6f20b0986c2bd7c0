//! The shell around the media and signalling cores: sockets, threads, clocks,
//! files and processes.
//!
//! Decisions live in `strowger-sip` and `strowger-rtp`; guests never run here.

pub mod media;
pub mod prompt;
pub mod signalling;
pub mod speech;
