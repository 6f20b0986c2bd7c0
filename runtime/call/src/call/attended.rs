//! Attended transfer (RFC 5589 §7): a phone talks in two calls and asks that
//! those are joined whom it talks with. Two calls are two tasks; one gives its
//! party to the other.
//!
//! Who owns the party: the giving call until it has given; then the message that
//! carries it; then the call that has taken it. A message nobody takes hangs its
//! party up. The call that the distribution has somebody down as talking in
//! keeps its party, so that no agent looks free while talking.

use super::Call;
use super::legs::{Leg, LegState, Purpose};
use super::sound::Owner;
use super::talk::TalkKind;
use super::transfer::{Towards, Transfer};
use crate::effect::{Effect, LegEffect};
use crate::refer::{Between, LegFacts};
use strowger_model::{CallId, Cause, LegId, Party, TransferKind};

impl Call {
    /// Another call says something.
    pub(super) fn between(&mut self, from: CallId, what: Between) {
        match what {
            Between::Ask { leg, keeps } => self.asked_to_join(from, leg, keeps),
            Between::Want if self.joins(from) => {
                if let Some(transfer) = self.transfer.take() {
                    self.give_to(from, transfer);
                }
            }
            Between::Want if self.picks_up_from(from) => self.go_over(from),
            Between::PickUp { leg } => self.asked_to_be_picked_up(from, leg),
            Between::Want => self.tell_call(from, Between::No { sip_status: 481 }),
            Between::No { sip_status } if self.joins(from) => self.transfer_failed(sip_status),
            Between::No { .. } if self.picks_up_from(from) => self.nobody_to_pick_up(),
            Between::Given(facts) if self.joins(from) => self.take_from(from, facts),
            Between::Given(facts) if self.expects(from) => self.picker_came(facts),
            // Too late; what came with it goes with it.
            Between::No { .. } | Between::Given(_) => {}
        }
    }

    /// Whether whoever stays if this leg leaves is somebody whom the
    /// distribution has down as talking in this call.
    pub(super) fn stays_with_distribution(&self, leaves: LegId) -> bool {
        let served =
            self.talk.as_ref().is_some_and(|talk| matches!(talk.kind, TalkKind::Served { .. }));
        served && leaves == self.subject
    }

    fn joins(&self, with: CallId) -> bool {
        self.transfer
            .as_ref()
            .is_some_and(|t| matches!(t.towards, Towards::Call(call, _) if call == with))
    }

    fn asked_to_join(&mut self, from: CallId, leg: LegId, other_keeps: bool) {
        if let Err(sip_status) = self.may_give_away(leg) {
            self.tell_call(from, Between::No { sip_status });
            return;
        }
        let address = self.record.legs.get(leg.0 as usize).map(|record| record.address.clone());
        let target = address.unwrap_or_else(|| self.setup.from.clone());
        let record = self.record_transfer(TransferKind::Attended, leg, target);
        let until = self.now.plus_ms(super::transfer::ANSWER_MS);
        let (left, silent, asked_here) = (false, false, false);
        let towards = Towards::Call(from, until);
        let transfer = Transfer { record, by: leg, towards, asked_here, left, silent };
        if self.stays_with_distribution(leg) && !other_keeps {
            self.transfer = Some(transfer);
            self.tell_call(from, Between::Want);
        } else {
            self.give_to(from, transfer);
        }
    }

    /// Gives our party to the other call; ours is over with that.
    fn give_to(&mut self, to: CallId, transfer: Transfer) {
        let by = transfer.by;
        let Some(leg) = self.other_party(by).filter(|leg| self.is_answered(*leg)) else {
            self.transfer = Some(transfer);
            self.transfer_failed(481);
            self.tell_call(to, Between::No { sip_status: 481 });
            return;
        };
        let Some(facts) = self.facts_of(leg) else { return };
        self.note_other_call(&transfer, to);
        // Before the leg goes: what is under way at it here ends here.
        self.stop_recording();
        self.silence_if(Owner::Hold);
        if self.talk.as_ref().is_some_and(|talk| !talk.held && !talk.gone) {
            self.unbridge_talkers();
        }
        if let Some(talk) = &mut self.talk {
            talk.gone = true;
        }
        self.effects.push_back(Effect::Give { leg, to, facts });
        self.leg_gone(leg, Cause::Normal, None);
        self.transfer_succeeded(&transfer, None);
        let party = if by == self.subject { Party::Caller } else { Party::Callee };
        self.end_call(Cause::Normal, party);
    }

    /// The other call's party takes the place of the phone that joins us.
    fn take_from(&mut self, from: CallId, facts: LegFacts) {
        let room = self.legs.len() < self.setup.limits.legs as usize;
        if !room || self.talk.is_none() {
            self.transfer_failed(503);
            return;
        }
        let Some(transfer) = self.transfer.take() else { return };
        self.note_other_call(&transfer, from);
        let held = facts.held;
        self.silence_if(Owner::Hold);
        let leg = self.take_leg(facts, Purpose::Moved);
        if self.talk.as_ref().is_some_and(|talk| !talk.held && !talk.gone) {
            self.unbridge_talkers();
        }
        self.transfer_succeeded(&transfer, Some(leg));
        self.take_place(transfer.by, leg, held);
    }

    /// A leg that came with the input being handled is ours from now on.
    pub(super) fn take_leg(&mut self, facts: LegFacts, purpose: Purpose) -> LegId {
        let answered = facts.answered_at.is_some();
        let state = if answered { LegState::Answered } else { LegState::Trying };
        let entry = Leg { state, purpose, deadline: None };
        let leg = self.push_leg(entry, facts.direction, facts.address, facts.agent);
        if let Some((_, record)) = self.leg_mut(leg) {
            record.trunk = facts.trunk;
            record.answered_at = facts.answered_at;
            record.codec = facts.codec;
        }
        self.leg_effect(leg, LegEffect::Take);
        leg
    }

    pub(super) fn facts_of(&self, leg: LegId) -> Option<LegFacts> {
        let record = self.record.legs.get(leg.0 as usize)?;
        let held = self.talk.as_ref().is_some_and(|talk| talk.held && talk.peer == leg);
        Some(LegFacts {
            address: record.address.clone(),
            direction: record.direction,
            agent: record.agent,
            trunk: record.trunk,
            answered_at: record.answered_at,
            codec: record.codec.clone(),
            held,
        })
    }

    fn note_other_call(&mut self, transfer: &Transfer, other: CallId) {
        let index = transfer.record;
        if let Some(entry) = index.and_then(|index| self.record.transfers.get_mut(index)) {
            entry.other_call = Some(other);
        }
    }

    pub(super) fn tell_call(&mut self, call: CallId, what: Between) {
        self.effects.push_back(Effect::Tell { call, what });
    }
}
