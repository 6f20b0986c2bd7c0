//! Who is let in: nobody new when we are full, nobody who scans or guesses.
//!
//! It decides from what it is told and keeps a bounded table of sources. Whoever
//! talks already is always served: the calls of a site go on although somebody
//! guesses passwords behind the same address.

mod guard;
mod head;
mod scanner;
mod shed;
mod talk;

pub use guard::{Ban, GuardRules, Offence};

pub(crate) use guard::Guard;
pub(crate) use scanner::is_scanner;
pub(crate) use shed::glance;
pub(crate) use talk::{Talk, talk};
