//! `listening`: what the caller's side sounds like.

use super::GuestState;
use super::bindings::flow::strowger::platform::listening;
use strowger_call::{Action, DetectOptions};

impl listening::Host for GuestState {
    fn detect(
        &mut self,
        options: listening::DetectOptions,
    ) -> wasmtime::Result<Result<(), String>> {
        let options = DetectOptions {
            speech_pause_ms: options.speech_pause_ms,
            silence_ms: options.silence_ms,
            tones: options.tones,
        };
        self.act_unnamed(0, Action::Detect(options))
    }
}
