//! Another phone takes the place of one of our legs (INVITE with Replaces,
//! RFC 3891): of one that talks, or of one that rings.
//!
//! The new leg is answered first; only then does the old one go. An agent's
//! phone that rings for a queue is not picked up by others: the offer is the
//! agent's.

use super::Call;
use super::legs::{LegState, Purpose};
use super::sound::Owner;
use super::transfer::Towards;
use crate::effect::LegEffect;
use crate::refer::LegFacts;
use serde_json::json;
use strowger_model::{Cause, LegId, TransferKind};

/// How long the new phone may take to confirm our answer (RFC 3261 §13.3.1.4:
/// 64 times T1).
const CONFIRM_MS: u64 = 32_000;

impl Call {
    /// Somebody wants to take a leg's place.
    pub(super) fn pick_up(&mut self, old: LegId, by: LegFacts) {
        let room = self.legs.len() < self.setup.limits.legs as usize;
        if !room || !self.can_be_replaced(old) {
            self.note("pick_up.refused", json!({ "leg": old }));
            return;
        }
        let new = self.take_leg(by, Purpose::Replacing(old));
        let deadline = self.now.plus_ms(CONFIRM_MS);
        if let Some((entry, _)) = self.leg_mut(new) {
            entry.deadline = Some(deadline);
        }
        self.leg_effect(new, LegEffect::Answer);
    }

    /// The new phone has picked up.
    pub(super) fn picked_up(&mut self, new: LegId, old: LegId) {
        if !self.can_be_replaced(old) {
            self.end_leg(new, Cause::Cancelled);
            return;
        }
        let address = self.record.legs.get(new.0 as usize).map(|record| record.address.clone());
        let target = address.unwrap_or_else(|| self.setup.from.clone());
        let record = self.record_transfer(TransferKind::PickedUp, old, target);
        self.transfer_decided(record, old, 200, Some(new));
        if let Some((entry, _)) = self.leg_mut(new) {
            entry.purpose = Purpose::Moved;
        }
        if self.other_party(old).is_some() {
            self.silence_if(Owner::Hold);
            if self.talk.as_ref().is_some_and(|talk| !talk.held) {
                self.unbridge_talkers();
            }
            self.end_leg(old, Cause::Normal);
            self.take_place(old, new, false);
        } else if self.is_target(old) {
            if let Some(transfer) = &mut self.transfer {
                transfer.towards = Towards::Target(new);
            }
            self.end_leg(old, Cause::Cancelled);
            self.target_answered(new);
        } else {
            if let Some((entry, _)) = self.leg_mut(new) {
                entry.purpose = Purpose::Dialled;
            }
            self.dialled_instead(old, new);
        }
    }

    pub(super) fn can_be_replaced(&self, old: LegId) -> bool {
        let Some(leg) = self.leg(old) else { return false };
        match leg.state {
            LegState::Ended => false,
            LegState::Answered => self.transfer.is_none() && self.other_party(old).is_some(),
            LegState::Trying | LegState::Ringing => {
                self.is_target(old) || self.is_being_dialled(old)
            }
        }
    }

    fn is_target(&self, leg: LegId) -> bool {
        self.transfer.as_ref().is_some_and(|t| t.towards == Towards::Target(leg))
    }
}
