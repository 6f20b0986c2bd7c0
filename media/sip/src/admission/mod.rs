//! Who is let in: nobody new when we are full, nobody who scans or guesses.
//!
//! It decides from what it is told and keeps a bounded table of sources. It
//! never looks inside a dialog: whoever talks already is always served.

mod guard;
mod scanner;
mod shed;

pub use guard::{Ban, GuardRules, Offence};

pub(crate) use guard::Guard;
pub(crate) use scanner::is_scanner;
pub(crate) use shed::glance;
