//! Acts on how often its instance was called: sleeps one second at the first
//! event, two at the second, and so on.
//!
//! A guest has no clock, no randomness and no address to look at, so a guest
//! alone cannot act differently twice; only a host can make it. This one shows
//! if it does: memory that leaks from one call into the next, or a rebuild that
//! is not told every event of the journal, make its actions differ from those
//! in the journal, which has to be reported and never silently continued.

use strowger_sdk::prelude::*;

/// See the crate.
#[derive(Debug, Default)]
pub struct Counter {
    calls: u64,
}

impl Flow for Counter {
    fn on_event(&mut self, call: Call, event: &Event) -> Result<(), Error> {
        self.calls += 1;
        if !matches!(event, Event::Ended(_)) {
            call.sleep(secs(self.calls)).detach();
        }
        Ok(())
    }
}

strowger_sdk::export! { machine: Counter }
