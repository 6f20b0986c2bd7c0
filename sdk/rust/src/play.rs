//! Sound towards the caller.

use crate::command::{Command, Kind, starts};
use crate::host;

static PLAY: Kind = Kind::new("play").stopped_by_drop();

/// Something to play; made by [`crate::Call::play`] and [`crate::Call::say`].
#[derive(Clone, Debug)]
#[must_use = "nothing is heard until it is awaited or started"]
pub struct Play {
    sources: Vec<String>,
    times: u32,
}

/// How playing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Played {
    /// Everything was heard.
    Finished,
    /// Something else took its place, or it was stopped.
    Stopped,
}

impl Play {
    pub(crate) fn new(sources: Vec<String>) -> Self {
        Self { sources, times: 1 }
    }

    /// All of it so many times.
    pub fn times(self, times: u32) -> Self {
        Self { times: times.max(1), ..self }
    }

    /// Over and over until it is stopped.
    pub fn forever(self) -> Self {
        Self { times: 0, ..self }
    }

    /// Begins without waiting for the end.
    pub fn start(self) -> Command<Played> {
        let begun = host::play(&self.sources, self.times);
        Command::begin(&PLAY, begun, |ended| match ended.outcome.as_str() {
            "finished" => Ok(Played::Finished),
            "stopped" => Ok(Played::Stopped),
            _ => Err(PLAY.failed(ended)),
        })
    }
}

starts!(Play => Played);
