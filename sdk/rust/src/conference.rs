//! Conferences.

use crate::command::{Command, Kind, starts};
use crate::host;

static CONFERENCE: Kind = Kind::new("conference-join").stopped_by_drop();

/// A conference to take part in; made by [`crate::Call::conference`]. Dropping the
/// command takes the caller out.
#[derive(Clone, Debug)]
#[must_use = "the caller does not take part until it is awaited or started"]
pub struct Conference {
    conference: String,
    muted: bool,
}

impl Conference {
    pub(crate) fn new(conference: &str) -> Self {
        Self { conference: conference.to_owned(), muted: false }
    }

    /// Nobody hears the caller until [`crate::Call::mute`] says otherwise.
    pub fn muted(self) -> Self {
        Self { muted: true, ..self }
    }

    /// Takes part from now on.
    pub fn start(self) -> Command<()> {
        let Self { conference, muted } = self;
        let begun = host::conference_join(&host::ConferenceOptions { conference, muted });
        Command::begin(&CONFERENCE, begun, |ended| match ended.outcome.as_str() {
            "left" => Ok(()),
            _ => Err(CONFERENCE.failed(ended)),
        })
    }
}

starts!(Conference => ());
