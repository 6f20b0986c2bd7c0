//! `recording`: recording of the call.

use super::GuestState;
use super::bindings::flow::strowger::platform::recording;
use strowger_call::Action;

impl recording::Host for GuestState {
    fn record_start(
        &mut self,
        max_ms: u32,
        silence_ms: u32,
    ) -> wasmtime::Result<Result<u64, String>> {
        self.act(0, Action::RecordStart { max_ms, silence_ms })
    }

    fn record_stop(&mut self) -> wasmtime::Result<Result<(), String>> {
        self.act_unnamed(0, Action::RecordStop)
    }

    fn record_pause(&mut self) -> wasmtime::Result<Result<(), String>> {
        self.act_unnamed(0, Action::RecordPause)
    }

    fn record_resume(&mut self) -> wasmtime::Result<Result<(), String>> {
        self.act_unnamed(0, Action::RecordResume)
    }
}
