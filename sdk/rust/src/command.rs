//! A command: an action that is under way.

use crate::error::Error;
use crate::host;
use crate::state::{self, Ended};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What is known of a kind of action.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// Its name in the contract, for messages.
    pub(crate) name: &'static str,
    /// Details of its completion.
    pub(crate) details: &'static [&'static str],
    /// Whether dropping the command stops it.
    pub(crate) stops: bool,
    /// Whether it goes on after the end of the call.
    pub(crate) outlives_call: bool,
}

impl Kind {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, details: &[], stops: false, outlives_call: false }
    }

    pub(crate) const fn stopped_by_drop(self) -> Self {
        Self { stops: true, ..self }
    }

    pub(crate) const fn outliving_call(self) -> Self {
        Self { outlives_call: true, ..self }
    }

    pub(crate) const fn with_details(self, details: &'static [&'static str]) -> Self {
        Self { details, ..self }
    }

    pub(crate) fn failed(&self, ended: Ended) -> Error {
        match ended.outcome.as_str() {
            "stopped" => Error::Stopped { action: self.name },
            "failed" => Error::Failed { action: self.name, reason: ended.value },
            other if ended.value.is_empty() => {
                Error::Failed { action: self.name, reason: other.to_owned() }
            }
            other => {
                Error::Failed { action: self.name, reason: [other, ": ", &ended.value].concat() }
            }
        }
    }
}

enum Stage {
    Running(u64),
    Refused(String),
    Over,
}

/// An action that is under way; awaiting it gives its result.
///
/// Dropped before that, it is stopped (sound, digits, dialling, talking, waiting,
/// sleeping; the rest cannot be stopped and goes on unheard).
#[must_use = "a command that is dropped is stopped; await it, keep it or detach it"]
pub struct Command<T> {
    stage: Stage,
    kind: &'static Kind,
    read: fn(Ended) -> Result<T, Error>,
}

impl<T> Command<T> {
    /// `begun` is the host's answer to the action.
    pub(crate) fn begin(
        kind: &'static Kind,
        begun: Result<u64, String>,
        read: fn(Ended) -> Result<T, Error>,
    ) -> Self {
        Self::begin_with(kind, begun, Vec::new(), read)
    }

    /// `names` are details that are only known when the command begins.
    pub(crate) fn begin_with(
        kind: &'static Kind,
        begun: Result<u64, String>,
        names: Vec<String>,
        read: fn(Ended) -> Result<T, Error>,
    ) -> Self {
        let stage = match begun {
            Ok(id) => {
                state::with(|state| state.begin(id, kind.details, names));
                Stage::Running(id)
            }
            Err(reason) => Stage::Refused(reason),
        };
        Self { stage, kind, read }
    }

    /// The host's name for it, as in [`crate::Completion::command`]; `None` if it
    /// was refused or is over.
    pub fn id(&self) -> Option<u64> {
        match self.stage {
            Stage::Running(id) => Some(id),
            _ => None,
        }
    }

    /// Lets it go on without being waited for.
    pub fn detach(mut self) {
        if let Stage::Running(id) = std::mem::replace(&mut self.stage, Stage::Over) {
            state::with(|state| state.forget(id));
        }
    }

    /// Its result, once, if it has ended; for a [`crate::Flow`], which does not await.
    pub fn result(&mut self) -> Option<Result<T, Error>> {
        match &mut self.stage {
            Stage::Over => None,
            Stage::Refused(reason) => {
                let error = refused(self.kind.name, std::mem::take(reason));
                self.stage = Stage::Over;
                Some(Err(error))
            }
            Stage::Running(id) => {
                let id = *id;
                let (ended, call_is_over) =
                    state::with(|state| (state.take(id), state.ended.is_some()));
                let result = match ended {
                    Some(ended) => (self.read)(ended),
                    None if call_is_over && !self.kind.outlives_call => {
                        state::with(|state| state.forget(id));
                        Err(Error::CallEnded)
                    }
                    None => return None,
                };
                self.stage = Stage::Over;
                Some(result)
            }
        }
    }
}

/// After its end a call refuses nearly everything; a flow need not tell that
/// from the end itself.
pub(crate) fn refused(action: &'static str, reason: String) -> Error {
    let over = state::with(|state| state.ended.is_some())
        || host::fact("state").as_deref() == Some("ended");
    if over { Error::CallEnded } else { Error::Refused { action, reason } }
}

/// The answer to something that has no completion.
pub(crate) fn told(action: &'static str, told: Result<(), String>) -> Result<(), Error> {
    told.map_err(|reason| refused(action, reason))
}

// Nothing in a command points into itself.
impl<T> Unpin for Command<T> {}

impl<T> Future for Command<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        match self.result() {
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        }
    }
}

impl<T> Drop for Command<T> {
    fn drop(&mut self) {
        if let Stage::Running(id) = self.stage {
            let running = state::with(|state| state.forget(id) && state.ended.is_none());
            if running && self.kind.stops {
                // Refused only if it has just ended by itself, which is as well.
                let _ = host::stop(id);
            }
        }
    }
}

impl<T> fmt::Debug for Command<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command").field("action", &self.kind.name).field("id", &self.id()).finish()
    }
}

/// Makes a builder a future that begins when it is awaited, and gives it `start`.
macro_rules! starts {
    ($builder:ty => $output:ty) => {
        impl std::future::IntoFuture for $builder {
            type Output = Result<$output, $crate::Error>;
            type IntoFuture = $crate::Command<$output>;

            fn into_future(self) -> Self::IntoFuture {
                self.start()
            }
        }
    };
}
pub(crate) use starts;
