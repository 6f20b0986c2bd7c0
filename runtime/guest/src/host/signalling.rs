//! `signalling`: setting the call up and ending it.

use super::GuestState;
use super::bindings::flow::strowger::platform::signalling;
use strowger_call::Action;

type Command = wasmtime::Result<Result<u64, String>>;

impl signalling::Host for GuestState {
    fn ring(&mut self) -> Command {
        self.act(0, Action::Ring)
    }

    fn early_media(&mut self) -> Command {
        self.act(0, Action::EarlyMedia)
    }

    fn answer(&mut self) -> Command {
        self.act(0, Action::Answer)
    }

    fn reject(&mut self, status: u16, reason: String) -> Command {
        self.act(reason.len(), Action::Reject { status, reason })
    }

    fn hang_up(&mut self) -> Command {
        self.act(0, Action::HangUp)
    }
}
