//! `parking`: calls that wait to be picked up, and picking them up.

use super::bindings::flow::strowger::platform::parking;
use super::{GuestState, bytes_of};
use strowger_call::{Action, ParkOptions};

impl parking::Host for GuestState {
    fn park(&mut self, options: parking::ParkOptions) -> wasmtime::Result<Result<u64, String>> {
        let bytes = options.slot.len() + bytes_of(&options.treatment);
        let options = ParkOptions {
            slot: options.slot,
            treatment: options.treatment,
            max_wait_ms: options.max_wait_ms,
        };
        self.act(bytes, Action::Park(options))
    }

    fn pick_up(&mut self, from: String) -> wasmtime::Result<Result<u64, String>> {
        self.act(from.len(), Action::PickUp { from })
    }
}
