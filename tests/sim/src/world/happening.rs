//! What is going to happen, in the order of time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use strowger_acd::AcdInput;
use strowger_call::{Input, LegEffect, LegInput, QueueInput};
use strowger_model::{CallId, LegId, Timestamp};

/// Something that happens at a time.
#[derive(Debug)]
pub(super) enum Happening {
    NewCall,
    /// From the guest, the media engine, the store, an operator.
    ToCall(CallId, Input),
    FromAcd(CallId, QueueInput),
    FromPhone(CallId, LegId, LegInput),
    ToPhone(CallId, LegId, LegEffect),
    PhoneDoes(CallId, LegId, Deed),
    CallTimer(CallId),
    /// From a call, or from an agent's screen.
    ToAcd(Option<CallId>, AcdInput),
    AcdTimer,
    AgentThinks(usize),
}

/// What somebody at a phone does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Answer,
    Decline,
    HangUp,
    Press(char),
    Hold,
    Resume,
    /// Asks for a blind transfer.
    Transfer,
    /// Power cut: nothing is said, nothing is heard.
    Vanish,
}

impl Happening {
    /// Which call it is about.
    pub fn call(&self) -> Option<CallId> {
        match self {
            Self::ToCall(call, _)
            | Self::FromAcd(call, _)
            | Self::FromPhone(call, ..)
            | Self::ToPhone(call, ..)
            | Self::PhoneDoes(call, ..)
            | Self::CallTimer(call) => Some(*call),
            Self::ToAcd(call, _) => *call,
            Self::NewCall | Self::AcdTimer | Self::AgentThinks(_) => None,
        }
    }
}

/// The future. What is due at the same time happens in the order it was added.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    order: BinaryHeap<Reverse<(Timestamp, u64)>>,
    what: BTreeMap<u64, Happening>,
    added: u64,
}

impl Agenda {
    pub fn add(&mut self, at: Timestamp, happening: Happening) {
        self.added += 1;
        self.order.push(Reverse((at, self.added)));
        self.what.insert(self.added, happening);
    }

    pub fn next(&mut self) -> Option<(Timestamp, Happening)> {
        let Reverse((at, number)) = self.order.pop()?;
        Some((at, self.what.remove(&number)?))
    }
}
