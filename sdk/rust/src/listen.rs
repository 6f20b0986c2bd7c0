//! Listening to the caller's side: speech, silence, tones.

use crate::command::told;
use crate::error::Error;
use crate::host;
use crate::time::to_ms;
use std::time::Duration;

/// What to listen for; made by [`crate::Call::listen`]. Comes as signals, see
/// [`crate::Call::signal`].
#[derive(Clone, Debug)]
#[must_use = "nothing is listened for until `start`"]
pub struct Listen {
    speech_pause: Duration,
    silence: Duration,
    tones: bool,
}

impl Listen {
    pub(crate) fn new() -> Self {
        Self { speech_pause: Duration::ZERO, silence: Duration::ZERO, tones: false }
    }

    /// Signals `speech.started`, and `speech.ended` after a pause of that length.
    pub fn speech(self, pause: Duration) -> Self {
        Self { speech_pause: pause, ..self }
    }

    /// Signal `silence` for each silence of that length.
    pub fn silence(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// Signal `tone`.
    pub fn tones(self) -> Self {
        Self { tones: true, ..self }
    }

    /// Listens for these from now on, and for nothing else.
    pub fn start(self) -> Result<(), Error> {
        let options = host::DetectOptions {
            speech_pause_ms: to_ms(self.speech_pause),
            silence_ms: to_ms(self.silence),
            tones: self.tones,
        };
        told("detect", host::detect(options))
    }
}
