//! `timing`: waiting.

use super::GuestState;
use super::bindings::flow::strowger::platform::timing;
use strowger_call::Action;

impl timing::Host for GuestState {
    fn sleep(&mut self, ms: u32) -> wasmtime::Result<Result<u64, String>> {
        self.act(0, Action::Sleep { ms })
    }
}
