//! Recording.

use crate::command::{Command, Kind, starts};
use crate::host;
use crate::time::to_ms;
use std::time::Duration;

static RECORD: Kind = Kind::new("record-start").outliving_call().with_details(&["duration-ms"]);

/// A recording to begin; made by [`crate::Call::record`]. It goes on when its
/// command is dropped, until [`crate::Call::stop_recording`] or the end of the
/// call. Waiting for it works after the end of the call too: that is when a
/// message is stored whose caller has hung up.
#[derive(Clone, Debug)]
#[must_use = "nothing is recorded until it is awaited or started"]
pub struct Record {
    max: Duration,
    silence: Duration,
}

/// A recording that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its id.
    pub id: String,
    /// Its length.
    pub length: Duration,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self { max: Duration::ZERO, silence: Duration::ZERO }
    }

    /// Longest recording.
    pub fn max(self, max: Duration) -> Self {
        Self { max, ..self }
    }

    /// Silence that ends it.
    pub fn until_silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// Begins without waiting for the end.
    pub fn start(self) -> Command<Recorded> {
        let begun = host::record_start(to_ms(self.max), to_ms(self.silence));
        Command::begin(&RECORD, begun, |ended| {
            if ended.outcome != "finished" {
                return Err(RECORD.failed(ended));
            }
            let length_ms = ended.detail("duration-ms").and_then(|ms| ms.parse().ok());
            let length = Duration::from_millis(length_ms.unwrap_or(0));
            Ok(Recorded { id: ended.value, length })
        })
    }
}

starts!(Record => Recorded);
