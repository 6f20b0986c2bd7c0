//! `conferencing`: several parties in one conversation.

use super::GuestState;
use super::bindings::flow::strowger::platform::conferencing;
use strowger_call::Action;

impl conferencing::Host for GuestState {
    fn conference_join(
        &mut self,
        options: conferencing::ConferenceOptions,
    ) -> wasmtime::Result<Result<u64, String>> {
        let conferencing::ConferenceOptions { conference, muted } = options;
        self.act(conference.len(), Action::ConferenceJoin { conference, muted })
    }

    fn mute(&mut self, on: bool) -> wasmtime::Result<Result<(), String>> {
        self.act_unnamed(0, Action::Mute { on })
    }
}
