//! Parking and picking up.

use crate::command::{Command, Kind, starts};
use crate::host;
use crate::source::Sources;
use crate::time::to_ms;
use std::time::Duration;

static PARK: Kind = Kind::new("park").stopped_by_drop();
pub(crate) static PICK_UP: Kind = Kind::new("pick-up").stopped_by_drop();

/// A wait for somebody who picks up; made by [`crate::Call::park`]. Dropping the
/// command ends it.
#[derive(Clone, Debug)]
#[must_use = "nothing is parked until it is awaited or started"]
pub struct Park {
    slot: String,
    treatment: Vec<String>,
    limit: Duration,
}

/// How a wait at a slot ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parked {
    /// Somebody picked up, and they have talked; who ended it: `caller`, `callee`,
    /// `flow` or `host`.
    Talked(String),
    /// Nobody came in time.
    TimedOut,
}

impl Park {
    pub(crate) fn new(slot: &str) -> Self {
        Self { slot: slot.to_owned(), treatment: Vec::new(), limit: Duration::ZERO }
    }

    /// What is heard meanwhile; without it, music.
    pub fn treatment(self, sources: impl Sources) -> Self {
        Self { treatment: sources.into_list(), ..self }
    }

    /// Longest wait.
    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Parks the caller.
    pub fn start(self) -> Command<Parked> {
        let Self { slot, treatment, limit } = self;
        let options = host::ParkOptions { slot, treatment, max_wait_ms: to_ms(limit) };
        Command::begin(&PARK, host::park(&options), |ended| match ended.outcome.as_str() {
            "ended" => Ok(Parked::Talked(ended.value)),
            "timeout" => Ok(Parked::TimedOut),
            _ => Err(PARK.failed(ended)),
        })
    }
}

starts!(Park => Parked);
