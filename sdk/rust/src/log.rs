//! Lines for the tenant's log.

use crate::host;

/// How important a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For whoever looks for a bug.
    Debug,
    /// What happens.
    Info,
    /// Odd, but handled.
    Warn,
    /// Broken.
    Error,
}

impl Level {
    /// Its name in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Writes a line; volume per event is limited.
pub fn log(level: Level, message: &str) {
    host::log(level, message);
}

/// Logs like `println!`.
#[macro_export]
macro_rules! info {
    ($($words:tt)*) => { $crate::log($crate::Level::Info, &::std::format!($($words)*)) };
}

/// Logs like `println!`, as something odd.
#[macro_export]
macro_rules! warn {
    ($($words:tt)*) => { $crate::log($crate::Level::Warn, &::std::format!($($words)*)) };
}
