//! `digits`: digits from the caller.

use super::bindings::flow::strowger::platform::digits;
use super::{GuestState, bytes_of};
use strowger_call::{Action, GatherOptions};

impl digits::Host for GuestState {
    fn gather(
        &mut self,
        prompt: Vec<String>,
        options: digits::GatherOptions,
    ) -> wasmtime::Result<Result<u64, String>> {
        let bytes = bytes_of(&prompt) + options.terminators.len();
        let options = GatherOptions {
            max_digits: options.max_digits,
            terminators: options.terminators,
            first_digit_ms: options.first_digit_ms,
            inter_digit_ms: options.inter_digit_ms,
            barge_in: options.barge_in,
            secret: options.secret,
        };
        self.act(bytes, Action::Gather { prompt, options })
    }

    fn watch_digits(&mut self, on: bool) -> wasmtime::Result<Result<(), String>> {
        self.act_unnamed(0, Action::WatchDigits { on })
    }
}
