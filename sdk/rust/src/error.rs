//! Why an action, and with it a flow, failed.

use std::fmt;

/// An error of an action or of the flow itself. Any [`std::error::Error`] turns
/// into one with `?`; [`Error::new`] makes one from words.
#[derive(Clone, PartialEq, Eq)]
pub enum Error {
    /// The host did not take the action: it is not possible in this state of
    /// the call, or not allowed.
    Refused {
        /// Which action.
        action: &'static str,
        /// Why.
        reason: String,
    },
    /// The action was begun and failed.
    Failed {
        /// Which action.
        action: &'static str,
        /// Why.
        reason: String,
    },
    /// The action was stopped by another one.
    Stopped {
        /// Which action.
        action: &'static str,
    },
    /// The call is over. A flow that returns this has simply ended.
    CallEnded,
    /// Something of the flow's own.
    Other(String),
}

impl Error {
    /// An error in the flow's own words.
    pub fn new(message: impl Into<String>) -> Self {
        Self::Other(message.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { action, reason } => write!(f, "{action} was refused: {reason}"),
            Self::Failed { action, reason } => write!(f, "{action} failed: {reason}"),
            Self::Stopped { action } => write!(f, "{action} was stopped"),
            Self::CallEnded => f.write_str("the call is over"),
            Self::Other(message) => f.write_str(message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

// Not `std::error::Error` itself: that leaves room for this conversion of all others.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        Self::Other(error.to_string())
    }
}
