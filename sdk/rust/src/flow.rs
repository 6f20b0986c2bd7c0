//! Flows: the trait, and `async fn`s behind it.

use crate::call::Call;
use crate::error::Error;
use crate::host;
use crate::signal::{DigitPress, Signal};
use crate::state;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// What a flow is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The call is there.
    Started,
    /// A command has ended; [`crate::Command::result`] gives its typed result.
    Completed(Completion),
    /// A digit outside of `gather`.
    Digit(DigitPress),
    /// The call is over, with its cause.
    Ended(String),
    /// Anything else.
    Signal(Signal),
}

/// The end of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// As [`crate::Command::id`].
    pub command: u64,
    /// How; the words are listed at each action in `wit/flow.wit`.
    pub outcome: String,
    /// Its result, where it has one.
    pub value: String,
}

/// A flow as a state machine, for those who prefer that to `async fn`. There is
/// one value per call; commands that are to go on are kept in it.
///
/// ```
/// use strowger_sdk::{Command, Played, prelude::*};
///
/// #[derive(Default)]
/// struct Greeter(Option<Command<Played>>);
///
/// impl Flow for Greeter {
///     fn on_event(&mut self, call: Call, event: &Event) -> Result<(), Error> {
///         match event {
///             Event::Started => {
///                 call.answer().detach();
///                 self.0 = Some(call.say("en", "Good bye").start());
///             }
///             Event::Completed(_) => {
///                 if let Some(end) = self.0.as_mut().and_then(Command::result) {
///                     end?;
///                     call.hang_up().detach();
///                 }
///             }
///             _ => {}
///         }
///         Ok(())
///     }
/// }
/// strowger_sdk::export! { machine: Greeter }
/// ```
pub trait Flow {
    /// Handles one event. An error sends the call to the tenant's fallback.
    fn on_event(&mut self, call: Call, event: &Event) -> Result<(), Error>;
}

/// What an `async fn` flow may return: nothing, or `Result<(), Error>`.
pub trait FlowOutput {
    /// As a result.
    fn into_result(self) -> Result<(), Error>;
}

impl FlowOutput for () {
    fn into_result(self) -> Result<(), Error> {
        Ok(())
    }
}

impl FlowOutput for Result<(), Error> {
    fn into_result(self) -> Result<(), Error> {
        self
    }
}

/// The future of a call's flow.
pub type Task = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// An `async fn` as a [`Flow`].
pub struct AsyncFlow<B = fn(Call) -> Task> {
    begin: Option<B>,
    task: Option<Task>,
}

impl<B> AsyncFlow<B> {
    /// `begin` is called at the first event.
    pub const fn new(begin: B) -> Self {
        Self { begin: Some(begin), task: None }
    }
}

impl<B> fmt::Debug for AsyncFlow<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFlow").field("running", &self.task.is_some()).finish_non_exhaustive()
    }
}

impl<B: FnOnce(Call) -> Task> Flow for AsyncFlow<B> {
    fn on_event(&mut self, call: Call, _: &Event) -> Result<(), Error> {
        if let Some(begin) = self.begin.take() {
            self.task = Some(begin(call));
        }
        let Some(task) = &mut self.task else { return Ok(()) };
        let Poll::Ready(result) = task.as_mut().poll(&mut Context::from_waker(Waker::noop()))
        else {
            return Ok(());
        };
        self.task = None;
        match result {
            Err(Error::CallEnded) => Ok(()),
            Err(error) => Err(error),
            Ok(()) => {
                if state::with(|state| state.ended.is_none() && !state.given_away) {
                    // Refused only if the call has just ended, which is as well.
                    let _ = host::hang_up();
                }
                Ok(())
            }
        }
    }
}

/// Boxes the future of an `async fn` flow; used by [`crate::export!`].
pub fn task<F>(future: F) -> Task
where
    F: Future + 'static,
    F::Output: FlowOutput,
{
    Box::pin(async move { future.await.into_result() })
}
