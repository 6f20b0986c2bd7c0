//! What happens when the flow fails: its fallback takes over, once.

use super::Call;
use super::dialing::DialFor;
use super::guest::Seat;
use super::legs::{LegState, Purpose};
use crate::action::{DialOptions, DialStrategy};
use crate::effect::Effect;
use crate::fault::Fault;
use crate::journal::{FALLBACK_NOTE, FallbackBody};
use crate::setup::Fallback;
use crate::view::{CommandKind, Phase};
use serde_json::json;
use std::sync::Arc;
use strowger_model::{Cause, LegId, Party, VersionId};

/// How long a fallback number rings.
const FALLBACK_RING_MS: u32 = 60_000;
/// Faults kept in words in the record; a call has at most two guests.
const FAULTS_KEPT: usize = 8;

impl Call {
    /// Nothing of the failed turn was done; the guest gets no further one.
    pub(super) fn guest_failed(&mut self, fault: Fault) {
        if self.record.guest.faults.len() < FAULTS_KEPT {
            self.record.guest.faults.push(fault.to_string());
        }
        if let Some(part) = self.record.guest.of(self.record.flow_version) {
            part.fault.get_or_insert_with(|| fault.kind.name().to_owned());
            part.blame.get_or_insert(fault.blame);
        }
        self.happened(
            "flow.fault",
            json!({ "kind": fault.kind, "message": fault.message, "blame": fault.blame }),
        );
        let first = self.guest.seat == Seat::Flow;
        self.guest.replace(Seat::Gone, self.next_command);
        self.forget_commands();
        // People who talk are left to talk; when they have, the call is over.
        if self.phase == Phase::Ended || self.talk.is_some() {
            return;
        }
        self.forget_connecting();
        if !first {
            self.end_for_fault();
            return;
        }
        match self.setup.fallback.clone() {
            Fallback::HangUp => self.end_for_fault(),
            Fallback::Flow => {
                let until = self.now.plus_ms(self.setup.limits.turn_ms);
                self.guest.seat = Seat::Awaited(until);
                let blame = fault.blame;
                self.effects.push_back(Effect::UseFallback { fault, blame });
            }
            Fallback::Number(target) => {
                self.happened("flow.fallback_number", json!({ "target": target }));
                let options = DialOptions {
                    targets: vec![target],
                    strategy: DialStrategy::InTurn,
                    timeout_ms: FALLBACK_RING_MS,
                    caller_id: String::new(),
                };
                self.start_dialing(DialFor::Fallback, options);
            }
        }
    }

    pub(super) fn fallback_ready(&mut self, version: Option<VersionId>) {
        if !matches!(self.guest.seat, Seat::Awaited(_)) {
            return;
        }
        self.guest.replace(Seat::Fallback, self.next_command);
        // It begins as every flow does; what is answered stays so.
        self.taken_over |= self.phase == Phase::Answered || self.answering();
        self.record.flow_version = version.or(self.record.flow_version);
        self.facts = Arc::new(self.setup.guest_facts(version));
        let body = serde_json::to_value(FallbackBody { version }).unwrap_or_default();
        self.happened(FALLBACK_NOTE, body);
        self.start_flow();
    }

    pub(super) fn fallback_failed(&mut self, reason: &str) {
        if !matches!(self.guest.seat, Seat::Awaited(_)) {
            return;
        }
        self.happened("alarm", json!({ "what": "fallback", "reason": reason }));
        self.guest.replace(Seat::Gone, self.next_command);
        self.end_for_fault();
    }

    /// A call that ends before its guest has begun ends without one.
    pub(super) fn guest_not_awaited(&mut self) {
        if !self.started || matches!(self.guest.seat, Seat::Awaited(_)) {
            self.guest.replace(Seat::Gone, self.next_command);
        }
    }

    /// Ends what the failed flow had under way for itself. A recording goes on:
    /// it belongs to the call.
    pub(super) fn forget_commands(&mut self) {
        self.drop_gather();
        self.drop_conference();
        self.drop_parked();
        self.picking = None;
        self.sleeps.clear();
        self.watch_digits = false;
        self.running.retain(|(_, kind)| {
            matches!(kind, CommandKind::Record | CommandKind::Answer | CommandKind::Bridge)
        });
    }

    /// Ends the failed flow's attempts to connect the caller.
    fn forget_connecting(&mut self) {
        self.drop_dialing();
        self.forget_wait(Party::Host);
        self.drop_sound();
        self.end_free_legs();
    }

    /// Ends the legs that only the flow knew what to do with.
    pub(super) fn end_free_legs(&mut self) {
        let (subject, peer) = (self.subject, self.talk.as_ref().map(|talk| talk.peer));
        let left: Vec<LegId> = self
            .legs_where(|leg| leg.purpose == Purpose::Dialled && leg.state != LegState::Ended)
            .filter(|leg| *leg != subject && Some(*leg) != peer)
            .collect();
        for leg in left {
            self.end_leg(leg, Cause::Normal);
        }
    }
}
