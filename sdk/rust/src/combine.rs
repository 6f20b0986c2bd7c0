//! Several futures at once. The whole flow is one task: each event polls what
//! it waits for, so no waker is involved.

use crate::command::Command;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};

type Boxed<F> = Pin<Box<F>>;

/// One of two results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first was ready first.
    First(A),
    /// The second was.
    Second(B),
}

/// The result of whichever ends first; the other one is dropped, and with it
/// stopped. Nest for more than two.
pub fn race<A: IntoFuture, B: IntoFuture>(a: A, b: B) -> Race<A::IntoFuture, B::IntoFuture> {
    Race { both: Some((Box::pin(a.into_future()), Box::pin(b.into_future()))) }
}

/// The results of both.
pub fn join<A: IntoFuture, B: IntoFuture>(a: A, b: B) -> Join<A::IntoFuture, B::IntoFuture> {
    Join {
        a: Half::Waiting(Box::pin(a.into_future())),
        b: Half::Waiting(Box::pin(b.into_future())),
    }
}

/// See [`race`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Race<A, B> {
    both: Option<(Boxed<A>, Boxed<B>)>,
}

impl<A: Future, B: Future> Future for Race<A, B> {
    type Output = Either<A::Output, B::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some((a, b)) = &mut self.both else { return Poll::Pending };
        let won = match a.as_mut().poll(context) {
            Poll::Ready(result) => Either::First(result),
            Poll::Pending => match b.as_mut().poll(context) {
                Poll::Ready(result) => Either::Second(result),
                Poll::Pending => return Poll::Pending,
            },
        };
        // The loser is stopped before the flow goes on, not when it next waits.
        self.both = None;
        Poll::Ready(won)
    }
}

/// See [`crate::Call::within`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Within<F> {
    both: Option<(Command<()>, Pin<Box<F>>)>,
}

impl<F: Future> Within<F> {
    pub(crate) fn new(limit: Command<()>, what: F) -> Self {
        Self { both: Some((limit, Box::pin(what))) }
    }
}

impl<T, F: Future<Output = Result<T, crate::Error>>> Future for Within<F> {
    type Output = Result<Option<T>, crate::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some((limit, what)) = &mut self.both else { return Poll::Pending };
        let result = match what.as_mut().poll(context) {
            Poll::Ready(result) => result.map(Some),
            Poll::Pending => match Pin::new(limit).poll(context) {
                Poll::Ready(result) => result.map(|()| None),
                Poll::Pending => return Poll::Pending,
            },
        };
        self.both = None;
        Poll::Ready(result)
    }
}

/// See [`join`].
#[must_use = "futures do nothing unless awaited"]
pub struct Join<A: Future, B: Future> {
    a: Half<A>,
    b: Half<B>,
}

enum Half<F: Future> {
    Waiting(Pin<Box<F>>),
    Ready(F::Output),
    Taken,
}

impl<F: Future> Half<F> {
    fn poll(&mut self, context: &mut Context<'_>) -> bool {
        if let Self::Waiting(future) = self
            && let Poll::Ready(result) = future.as_mut().poll(context)
        {
            *self = Self::Ready(result);
        }
        matches!(self, Self::Ready(_))
    }

    fn take(&mut self) -> Option<F::Output> {
        match std::mem::replace(self, Self::Taken) {
            Self::Ready(result) => Some(result),
            _ => None,
        }
    }
}

// The futures are boxed and results are not pinned.
impl<A: Future, B: Future> Unpin for Join<A, B> {}

impl<A: Future, B: Future> Future for Join<A, B> {
    type Output = (A::Output, B::Output);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let both = [self.a.poll(context), self.b.poll(context)];
        if both != [true, true] {
            return Poll::Pending;
        }
        match (self.a.take(), self.b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            _ => Poll::Pending,
        }
    }
}

impl<A: Future, B: Future> fmt::Debug for Join<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").finish_non_exhaustive()
    }
}
