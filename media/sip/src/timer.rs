//! One heap for every timer.
//!
//! Timers are not taken out when they are no longer wanted: whoever set one
//! checks on firing that it still means something. Each is set for at most
//! [`crate::limits::MAX_UNANSWERED_MS`], a session interval or a registration's
//! length, so the heap drains by itself.

use crate::event::DialogKey;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use strowger_model::{Timestamp, TrunkId};

#[derive(Clone, Copy, Debug)]
pub(crate) enum TimerKey {
    Server(u64, sipx_sip::Timer),
    Client(u64, sipx_sip::Timer),
    /// Our 2xx must be repeated or given up.
    Answer(DialogKey),
    /// An outgoing call rang long enough.
    Ring(DialogKey),
    /// A cancelled INVITE never got its final response.
    Cancelled(u64),
    /// A ringing incoming call must be repeated or given up.
    Unanswered(DialogKey),
    /// A re-INVITE that met the other side's may be tried again.
    Reinvite(DialogKey),
    /// A provisional response must be repeated or given up.
    Reliable(DialogKey),
    /// A REFER must be decided, or its outcome is not known any more.
    Refer(DialogKey),
    /// A session must be refreshed or is over.
    Session(DialogKey),
    /// A trunk must be registered or refreshed.
    Trunk(TrunkId),
    /// The hole in the NAT towards a trunk must be kept open.
    KeepAlive(TrunkId),
    /// A refusal that was held back is due.
    LateAnswer,
    /// A trunk must be asked whether it is there.
    Probe(TrunkId),
    /// A trunk may have been held long enough.
    Hold(TrunkId),
    /// A trunk has said nothing at all to an INVITE, by transaction.
    FirstWord(DialogKey, u64),
    /// A leg that was taken up must have been heard of.
    TakeUp(DialogKey),
    /// A name must be known by now.
    Name(crate::names::LookupId),
    /// A stream must not hold back the rest of a message for ever.
    Stream(crate::hop::ConnectionId),
}

struct Entry {
    at: Timestamp,
    order: u64,
    key: TimerKey,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<Entry>>,
    order: u64,
}

impl Timers {
    pub(crate) fn set(&mut self, at: Timestamp, key: TimerKey) {
        self.order += 1;
        self.heap.push(Reverse(Entry { at, order: self.order, key }));
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.heap.peek().map(|entry| entry.0.at)
    }

    /// The next timer that is due, with the time it was set for.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(Timestamp, TimerKey)> {
        if self.heap.peek()?.0.at > now {
            return None;
        }
        self.heap.pop().map(|entry| (entry.0.at, entry.0.key))
    }
}

impl std::fmt::Debug for Timers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timers").field("set", &self.heap.len()).finish()
    }
}
