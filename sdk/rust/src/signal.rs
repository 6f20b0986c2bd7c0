//! Signals and digits that come without being asked for one by one.

use crate::command::told;
use crate::error::Error;
use crate::host;
use crate::state;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Something that has no event of its own; names are listed in `wit/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// For example `queue.position`.
    pub name: String,
    /// Depends on the name.
    pub data: String,
}

/// A digit outside of [`crate::Gather`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigitPress {
    /// `0`–`9`, `*`, `#`, `A`–`D`.
    pub digit: char,
    /// How long it was held; 0 if unknown.
    pub held_ms: u32,
}

/// See [`crate::Call::signal`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct SignalWait {
    name: String,
    /// Older signals are another one's.
    from: u64,
}

impl SignalWait {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), from: state::with(|state| state.signals_seen) }
    }
}

impl Future for SignalWait {
    type Output = Result<Signal, Error>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        state::with(|state| {
            let found = state
                .signals
                .iter()
                .position(|(seen, signal)| *seen >= self.from && signal.name == self.name);
            match found.and_then(|index| state.signals.remove(index)) {
                Some((_, signal)) => Poll::Ready(Ok(signal)),
                None if state.ended.is_some() => Poll::Ready(Err(Error::CallEnded)),
                None => Poll::Pending,
            }
        })
    }
}

/// See [`crate::Call::digit`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct NextDigit {
    refused: Option<Error>,
}

impl NextDigit {
    pub(crate) fn new() -> Self {
        if state::with(|state| state.watching_digits) {
            return Self { refused: None };
        }
        let refused = told("watch-digits", host::watch_digits(true)).err();
        state::with(|state| state.watching_digits = refused.is_none());
        Self { refused }
    }
}

impl Future for NextDigit {
    type Output = Result<char, Error>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(error) = self.refused.take() {
            return Poll::Ready(Err(error));
        }
        state::with(|state| match state.digits.pop_front() {
            Some(press) => Poll::Ready(Ok(press.digit)),
            None if state.ended.is_some() => Poll::Ready(Err(Error::CallEnded)),
            None => Poll::Pending,
        })
    }
}
