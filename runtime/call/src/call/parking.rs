//! A caller who waits at a slot for somebody who picks up, and a caller whose
//! flow picks up. Two calls are two tasks: the one that picks up gives its caller
//! to the one that waits or rings, and ends.
//!
//! Whoever asks first is waited for; until then the caller belongs to the call
//! that picks up, so nobody is lost if the other one is faster.

use super::Call;
use super::legs::Purpose;
use super::sound::Owner;
use super::talk::TalkKind;
use crate::action::{CommandId, ParkOptions};
use crate::effect::Effect;
use crate::pick_up::PickUpFrom;
use crate::refer::{Between, LegFacts};
use crate::view::{CommandKind, Phase};
use serde_json::json;
use strowger_model::{CallId, Cause, LegId, Party, Timestamp, TransferKind};

/// How long another call may take: a task beside ours.
const ANSWER_MS: u64 = 5_000;

/// A caller who waits at a slot.
#[derive(Debug)]
pub(super) struct Parked {
    command: CommandId,
    slot: String,
    /// What the caller hears; empty: the default music; none: nothing can be played.
    treatment: Option<Vec<String>>,
    until: Option<Timestamp>,
}

/// Somebody was told that it may pick up here; until when its caller must be there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    from: CallId,
    /// The leg that rings; none: the caller is parked.
    leg: Option<LegId>,
    until: Timestamp,
}

/// Our caller wants to pick up.
#[derive(Debug)]
pub(super) struct Picking {
    command: CommandId,
    from: PickUpFrom,
    /// The call that was asked, or none yet.
    asked: Option<CallId>,
    /// Until when there must be an answer; none: our caller must be answered first.
    until: Option<Timestamp>,
}

impl Parked {
    pub(super) fn slot(&self) -> &str {
        &self.slot
    }

    pub(super) fn treatment(&self) -> Option<&[String]> {
        self.treatment.as_deref()
    }
}

impl Call {
    pub(super) fn park(&mut self, command: CommandId, options: ParkOptions) {
        let ParkOptions { slot, treatment, max_wait_ms } = options;
        let until = (max_wait_ms > 0).then(|| self.now.plus_ms(u64::from(max_wait_ms)));
        self.happened("call.parked", json!({ "slot": slot }));
        self.effects.push_back(Effect::Park { slot: slot.clone() });
        self.parked = Some(Parked { command, slot, treatment: Some(treatment), until });
    }

    pub(super) fn slot_taken(&mut self) {
        // The slot is another call's: it stays as it is.
        if let Some(parked) = self.parked.take() {
            self.silence_if(Owner::Parked);
            let reason = format!("another call is parked at {}", parked.slot);
            self.complete(parked.command, "failed", reason, Vec::new());
        }
    }

    pub(super) fn unpark(&mut self, outcome: &str) {
        if let Some(command) = self.drop_parked() {
            self.complete(command, outcome, String::new(), Vec::new());
        }
    }

    /// Ends the wait without telling the flow.
    pub(super) fn drop_parked(&mut self) -> Option<CommandId> {
        let parked = self.parked.take()?;
        self.expected.take_if(|expected| expected.leg.is_none());
        self.silence_if(Owner::Parked);
        self.effects.push_back(Effect::Unpark { slot: parked.slot });
        Some(parked.command)
    }

    pub(super) fn parked_sound_failed(&mut self, reason: String) {
        let Some(parked) = &mut self.parked else { return };
        parked.treatment = match parked.treatment.take() {
            Some(sources) if !sources.is_empty() => Some(Vec::new()),
            _ => None,
        };
        self.happened("alarm", json!({ "what": "treatment", "reason": reason }));
    }

    pub(super) fn start_picking_up(&mut self, command: CommandId, from: &str) {
        let Ok(from) = from.parse() else { return };
        self.picking = Some(Picking { command, from, asked: None, until: None });
        self.answer_caller();
        self.pick_up_once_answered();
    }

    /// Only an answered caller can be given to another call.
    pub(super) fn pick_up_once_answered(&mut self) {
        let until = self.now.plus_ms(ANSWER_MS);
        if self.phase == Phase::Answered
            && let Some(picking) = self.picking.as_mut().filter(|p| p.until.is_none())
        {
            picking.until = Some(until);
            let from = picking.from.clone();
            self.effects.push_back(Effect::FindCall { from });
        }
    }

    pub(super) fn call_found(&mut self, found: Option<(CallId, Option<LegId>)>) {
        let Some(picking) = self.picking.as_mut().filter(|p| p.asked.is_none()) else { return };
        match found.filter(|(call, _)| *call != self.setup.call) {
            Some((call, leg)) => {
                picking.asked = Some(call);
                self.effects.push_back(Effect::Tell { call, what: Between::PickUp { leg } });
            }
            None => self.nobody_to_pick_up(),
        }
    }

    /// Whether our caller is on its way into that call.
    pub(super) fn picks_up_from(&self, call: CallId) -> bool {
        self.picking.as_ref().is_some_and(|picking| picking.asked == Some(call))
    }

    pub(super) fn nobody_to_pick_up(&mut self) {
        if let Some(picking) = self.picking.take() {
            self.complete(picking.command, "nobody", String::new(), Vec::new());
        }
    }

    pub(super) fn stop_picking_up(&mut self) {
        if let Some(picking) = self.picking.take() {
            self.complete(picking.command, "stopped", String::new(), Vec::new());
        }
    }

    /// The other call waits for our caller: it goes over, and we are done.
    pub(super) fn go_over(&mut self, to: CallId) {
        let leg = self.subject;
        let (Some(picking), Some(facts)) = (self.picking.take(), self.facts_of(leg)) else {
            return;
        };
        self.stop_recording();
        self.stop_gather();
        self.silence();
        let target = match picking.from {
            PickUpFrom::Extension(number) => number,
            // A slot may have a name that cannot be dialled.
            PickUpFrom::Slot(slot) => slot.parse().unwrap_or_else(|_| self.setup.to.clone()),
        };
        let record = self.record_transfer(TransferKind::PickedUp, leg, target);
        self.transfer_decided(record, leg, 200, None);
        if let Some(entry) = record.and_then(|index| self.record.transfers.get_mut(index)) {
            entry.other_call = Some(to);
        }
        self.effects.push_back(Effect::Give { leg, to, facts });
        self.leg_gone(leg, Cause::Normal, None);
        self.end_call(Cause::Normal, Party::Flow);
    }

    /// Another call's caller wants to pick up here.
    pub(super) fn asked_to_be_picked_up(&mut self, from: CallId, leg: Option<LegId>) {
        let there = match leg {
            Some(leg) => self.can_be_replaced(leg),
            None => self.parked.is_some(),
        };
        let room = self.legs.len() < self.setup.limits.legs as usize;
        if !there || !room || self.expected.is_some() {
            self.tell_call(from, Between::No { sip_status: 481 });
            return;
        }
        self.expected = Some(Expected { from, leg, until: self.now.plus_ms(ANSWER_MS) });
        self.tell_call(from, Between::Want);
    }

    pub(super) fn expects(&self, from: CallId) -> bool {
        self.expected.is_some_and(|expected| expected.from == from)
    }

    /// Who picks up is here.
    pub(super) fn picker_came(&mut self, facts: LegFacts) {
        let Some(expected) = self.expected.take() else { return };
        let who = facts.address.to_string();
        if let Some(old) = expected.leg {
            let new = self.take_leg(facts, Purpose::Replacing(old));
            self.picked_up(new, old);
            return;
        }
        let Some(command) = self.drop_parked() else { return };
        let new = self.take_leg(facts, Purpose::Moved);
        for (id, kind) in &mut self.running {
            if *id == command {
                // From here on it is what `bridge` is.
                *kind = CommandKind::Bridge;
            }
        }
        self.start_talk(new, TalkKind::Bridged(command));
        self.happened("call.picked_up", json!({ "leg": new }));
        self.signal("picked-up", who);
    }

    pub(super) fn parking_timeout(&self) -> Option<Timestamp> {
        let parked = self.parked.as_ref().and_then(|parked| parked.until);
        let picking = self.picking.as_ref().and_then(|picking| picking.until);
        let expected = self.expected.map(|expected| expected.until);
        [parked, picking, expected].into_iter().flatten().min()
    }

    pub(super) fn parking_timed_out(&mut self) {
        let now = self.now;
        self.expected.take_if(|expected| expected.until <= now);
        if self.picking.as_ref().and_then(|p| p.until).is_some_and(|until| until <= now) {
            self.nobody_to_pick_up();
        }
        let due = self.parked.as_ref().and_then(|parked| parked.until);
        // Whoever was told that it may pick up is waited for.
        if self.expected.is_none() && due.is_some_and(|until| until <= now) {
            self.unpark("timeout");
        }
    }
}
