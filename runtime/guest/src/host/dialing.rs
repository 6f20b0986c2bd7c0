//! `dialing`: further parties.

use super::bindings::flow::strowger::platform::dialing;
use super::{GuestState, bytes_of};
use strowger_call::{Action, DialOptions};
use strowger_model::LegId;

type Command = wasmtime::Result<Result<u64, String>>;

impl dialing::Host for GuestState {
    fn dial(&mut self, options: dialing::DialOptions) -> Command {
        self.dial_as(options, Action::Dial)
    }

    fn bridge(&mut self, leg: u32) -> Command {
        self.act(0, Action::Bridge { leg: LegId(leg) })
    }

    fn transfer(&mut self, options: dialing::DialOptions) -> Command {
        self.dial_as(options, Action::Transfer)
    }
}

impl GuestState {
    fn dial_as(
        &mut self,
        options: dialing::DialOptions,
        action: fn(DialOptions) -> Action,
    ) -> Command {
        let bytes = bytes_of(&options.targets) + options.strategy.len() + options.caller_id.len();
        let strategy = match options.strategy.parse() {
            Ok(strategy) => strategy,
            Err(reason) => {
                self.count(bytes)?;
                return Ok(Err(reason));
            }
        };
        let options = DialOptions {
            targets: options.targets,
            strategy,
            timeout_ms: options.timeout_ms,
            caller_id: options.caller_id,
        };
        self.act(bytes, action(options))
    }
}
