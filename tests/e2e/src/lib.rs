//! The system from outside: a server process, phones on real sockets, and the
//! public API. Shares no code with what it tests.

pub mod house;
mod metrics;
pub mod phone;
pub mod tenant;
