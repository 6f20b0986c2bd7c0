//! The story of the call: how it comes to the main menu, and the two key presses
//! that then go round and round. Shared by the guest and the peers.

use std::collections::BTreeMap;
use strowger_call::{
    CallLimits, CallSetup, CommandId, Fallback, GuestEvent, Moment, Phase, TurnView, ViewState,
};
use strowger_model::{CallId, Direction, TenantId, Timestamp};
use uuid::Uuid;

/// A Wednesday morning: the reception is open.
const NOW: Timestamp = Timestamp(1_795_600_000_000);

/// Number of the command that each key press completes.
pub(super) const GATHER: CommandId = CommandId(10);

pub(super) fn moment() -> Moment {
    Moment { now: NOW, seed: 0x5eed }
}

/// Views of one call, ready to be copied: making a snapshot is the call core's
/// work and not part of a decision.
pub(super) struct Views {
    /// The call has just come in.
    pub ringing: TurnView,
    /// Answered; the next command is number 10.
    pub answered: TurnView,
}

impl Views {
    pub(super) fn new() -> Self {
        let setup = setup();
        let ringing = ViewState::first(NOW);
        let answered = ViewState {
            turn: 2,
            phase: Phase::Answered,
            next_command: GATHER.0,
            ..ViewState::first(NOW)
        };
        let view = |state| TurnView::of(&setup, Vec::new(), Vec::new(), Some(state));
        Self { ringing: view(ringing), answered: view(answered) }
    }
}

/// The caller pressed `key` in the menu that waits.
pub(super) fn pressed(command: CommandId, key: &str) -> GuestEvent {
    GuestEvent::Completed { command, outcome: "digits".into(), value: key.into() }
}

/// The key of the round's `step`: into the inner menu, and back.
pub(super) fn key(step: usize) -> &'static str {
    if step.is_multiple_of(2) { "2" } else { "*" }
}

fn setup() -> CallSetup {
    CallSetup {
        call: CallId(Uuid::from_u128(7)),
        tenant: TenantId(Uuid::from_u128(1)),
        direction: Direction::Inbound,
        from: address("+441632960001"),
        to: address("+441632960000"),
        trunk: None,
        from_agent: None,
        flow: "reception".into(),
        version: None,
        language: "en".into(),
        seed: 1,
        now: NOW,
        limits: CallLimits::default(),
        fallback: Fallback::HangUp,
        facts: BTreeMap::from([("timezone".to_owned(), "Europe/London".to_owned())]),
        journal: true,
    }
}

fn address(number: &str) -> strowger_model::Address {
    match number.parse() {
        Ok(address) => address,
        Err(error) => unreachable!("{number} is an address: {error}"),
    }
}
