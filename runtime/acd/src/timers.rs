//! Everything that will happen by itself, by when.

use crate::index::NumberMap;
use std::collections::BTreeSet;
use strowger_model::{OfferId, Timestamp};

/// What is due. Each is set at most once at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Nobody reported how an offer ended.
    Offer(OfferId),
    /// An agent's wrap-up is over.
    WrapUp(u64),
    /// Nobody reported how an agent's conversation ended.
    Talk(u64),
    /// A contact's needs soften.
    Relax(u64),
    /// A contact has waited as long as it may.
    MaxWait(u64),
    /// A router wants to decide about a contact now.
    Wake(u64),
    /// A router left a contact although somebody was free.
    ReaskContact(u64),
    /// A router left an agent although somebody was waiting.
    ReaskAgent(u64),
    /// Callers of a queue are to hear how they have moved up.
    Positions(u32),
    /// A router has not come back.
    Ask,
}

/// Timers in the order in which they are due.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    due: BTreeSet<(Timestamp, Timer)>,
    at: NumberMap<Timer, Timestamp>,
}

impl Timers {
    /// Sets a timer, or moves it.
    pub(crate) fn set(&mut self, timer: Timer, at: Timestamp) {
        if let Some(before) = self.at.insert(timer, at) {
            self.due.remove(&(before, timer));
        }
        self.due.insert((at, timer));
    }

    /// Stops a timer, if it is set.
    pub(crate) fn cancel(&mut self, timer: Timer) {
        if let Some(at) = self.at.remove(&timer) {
            self.due.remove(&(at, timer));
        }
    }

    pub(crate) fn is_set(&self, timer: Timer) -> bool {
        self.at.contains_key(&timer)
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Takes the next one that is due.
    pub(crate) fn pop(&mut self, now: Timestamp) -> Option<Timer> {
        let &(at, timer) = self.due.first()?;
        if at > now {
            return None;
        }
        self.due.remove(&(at, timer));
        self.at.remove(&timer);
        Some(timer)
    }
}
