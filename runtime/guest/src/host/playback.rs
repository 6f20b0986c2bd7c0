//! `playback`: sound towards the caller.

use super::bindings::flow::strowger::platform::playback;
use super::{GuestState, bytes_of};
use strowger_call::{Action, CommandId};

impl playback::Host for GuestState {
    fn play(&mut self, sources: Vec<String>, times: u32) -> wasmtime::Result<Result<u64, String>> {
        self.act(bytes_of(&sources), Action::Play { sources, times })
    }

    fn stop(&mut self, command: u64) -> wasmtime::Result<Result<(), String>> {
        self.act_unnamed(0, Action::Stop { command: CommandId(command) })
    }
}
