//! Keeping what is said: at the one place where messages come, and the one
//! where they go.

use super::Endpoint;
use crate::event::DialogKey;
use crate::hop::Hop;
use crate::notice::Notice;
use crate::trace::{Heading, Trace, TraceEntry, TracePolicy, call_id_of};
use bytes::Bytes;
use strowger_model::Timestamp;

impl Endpoint {
    /// What is kept of each leg's messages, and whether every message is shown
    /// ([`Notice::Message`]) besides, and how much of it. Legs that are under
    /// way are kept from now on only if they were before.
    pub fn set_tracing(&mut self, kept: TracePolicy, shown: Option<TracePolicy>) {
        (self.trace.policy, self.trace.mirror) = (kept, shown);
    }

    /// What was said on a live leg so far.
    pub fn trace(&self, dialog: DialogKey) -> Option<&Trace> {
        self.trace.of(dialog)
    }

    /// What was said on every live leg, for export.
    pub fn traces(&self) -> impl Iterator<Item = &Trace> {
        self.trace.all()
    }

    /// Time goes on, as far as messages are concerned.
    pub(super) fn at(&mut self, now: Timestamp) {
        self.clock = self.clock.max(now);
    }

    pub(super) fn trace_message(&mut self, heading: Heading, hop: Hop, bytes: &Bytes) {
        if self.trace.is_idle() {
            return;
        }
        // Pings are no messages.
        let Some(call_id) = call_id_of(bytes) else { return };
        let entry = TraceEntry {
            at: self.clock,
            heading,
            transport: hop.transport,
            local: self.own_address(hop.transport),
            remote: hop.remote,
            bytes: bytes.clone(),
            call_id,
        };
        if let Some(policy) = self.trace.mirror {
            self.give_notice(Notice::Message(Box::new(entry.clone().keep(policy))));
        }
        self.trace.take(entry);
    }
}
