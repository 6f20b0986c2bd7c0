//! Blind transfer by a phone (RFC 3515): whoever talks asks us to connect the
//! other party with somebody else.
//!
//! Until that somebody has answered, nothing is lost: the one who asked is still
//! there, and is connected again if it comes to nothing.

use super::Call;
use super::legs::{NewLeg, Purpose};
use super::sound::Owner;
use super::talk::TalkKind;
use crate::effect::{Effect, LegEffect, MediaEffect};
use crate::refer::{Between, ReferTo};
use crate::target::Target;
use serde_json::json;
use strowger_model::{
    Address, CallId, Cause, LegId, Party, Timestamp, TransferKind, TransferRecord,
};

/// How long whom a transfer leads to may ring: as long as a patient caller waits.
const TARGET_RING_MS: u64 = 60_000;
/// How long the flow of a number, or another call, may take to answer: tasks
/// beside ours, not a network away, so only a lost answer takes that long.
pub(super) const ANSWER_MS: u64 = 5_000;
/// What a phone hears that would send somebody to a server of strangers.
const FORBIDDEN: u16 = 403;
/// Transfers kept in the record of one call, so that a phone that keeps asking
/// does not fill it.
const RECORDED: usize = 32;

/// A transfer that is not decided yet.
#[derive(Debug)]
pub(super) struct Transfer {
    /// Index in the record's transfers, if it found room.
    pub record: Option<usize>,
    /// Whose part is given away.
    pub by: LegId,
    pub towards: Towards,
    /// Whether the phone has asked in this call and is told how it goes.
    pub asked_here: bool,
    /// Whoever asked has hung up meanwhile.
    pub left: bool,
    /// Ringback cannot be played.
    pub silent: bool,
}

/// Where a transfer leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Towards {
    /// To somebody who rings.
    Target(LegId),
    /// To a flow that is being fetched.
    Number(Timestamp),
    /// To whoever talks with the same phone in another call.
    Call(CallId, Timestamp),
}

impl Transfer {
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.towards {
            Towards::Target(_) => None,
            Towards::Number(until) | Towards::Call(_, until) => Some(until),
        }
    }
}

impl Call {
    /// A phone wants to give its part away.
    pub(super) fn referred(&mut self, by: LegId, target: Address, to: ReferTo) {
        if let Err(status) = self.may_give_away(by) {
            self.note("transfer.refused", json!({ "leg": by, "sip_status": status }));
            self.leg_effect(by, LegEffect::RejectRefer { status });
            return;
        }
        let kind = match to {
            ReferTo::Leg { .. } => TransferKind::Attended,
            _ => TransferKind::Blind,
        };
        let record = self.record_transfer(kind, by, target.clone());
        self.happened("transfer.asked", json!({ "leg": by, "kind": kind }));
        let refused = match &to {
            ReferTo::Nowhere { sip_status } => Some(*sip_status),
            ReferTo::Leg { call, .. } if *call == self.setup.call => Some(403),
            ReferTo::Target(target) if target.parse::<Target>().is_err() => Some(404),
            _ => None,
        };
        if let Some(status) = refused {
            self.transfer_decided(record, by, status, None);
            self.leg_effect(by, LegEffect::RejectRefer { status });
            return;
        }
        self.leg_effect(by, LegEffect::AcceptRefer);
        match to {
            ReferTo::Target(name) => self.call_target(by, record, &name),
            ReferTo::Number => {
                self.part_talkers();
                let towards = Towards::Number(self.now.plus_ms(ANSWER_MS));
                self.begin_transfer(record, by, towards);
                self.effects.push_back(Effect::FindNumber { number: target });
            }
            ReferTo::Leg { call, leg } => {
                let towards = Towards::Call(call, self.now.plus_ms(ANSWER_MS));
                self.begin_transfer(record, by, towards);
                let keeps = self.stays_with_distribution(by);
                let what = Between::Ask { leg, keeps };
                self.effects.push_back(Effect::Tell { call, what });
            }
            ReferTo::Elsewhere { host } => {
                self.note("transfer.elsewhere", json!({ "leg": by, "host": host }));
                self.transfer_decided(record, by, FORBIDDEN, None);
                self.leg_effect(by, LegEffect::ReferProgress { status: FORBIDDEN });
            }
            ReferTo::Nowhere { .. } => {}
        }
    }

    /// Whether a leg has a part in a conversation that it can give away now;
    /// else the status that says why not.
    pub(super) fn may_give_away(&self, by: LegId) -> Result<LegId, u16> {
        let stays = self.other_party(by).ok_or(403_u16)?;
        if self.transfer.is_some() {
            return Err(491);
        }
        let both = self.is_answered(by) && self.is_answered(stays);
        if both { Ok(stays) } else { Err(403) }
    }

    pub(super) fn begin_transfer(&mut self, record: Option<usize>, by: LegId, towards: Towards) {
        let (asked_here, left, silent) = (true, false, false);
        self.transfer = Some(Transfer { record, by, towards, asked_here, left, silent });
    }

    fn call_target(&mut self, by: LegId, record: Option<usize>, name: &str) {
        let stays = self.other_party(by);
        let address = stays.and_then(|leg| self.record.legs.get(leg.0 as usize));
        let caller_id = address.map(|leg| leg.address.to_string()).unwrap_or_default();
        let target = name.parse::<Target>().ok();
        let leg = target.and_then(|target| {
            self.originate(NewLeg {
                target: &target,
                caller_id,
                timeout_ms: TARGET_RING_MS,
                agent: None,
                purpose: Purpose::Target,
            })
        });
        match leg {
            Some(leg) => {
                self.part_talkers();
                self.begin_transfer(record, by, Towards::Target(leg));
            }
            None => {
                self.transfer_decided(record, by, 503, None);
                self.leg_effect(by, LegEffect::ReferProgress { status: 503 });
            }
        }
    }

    pub(super) fn target_rings(&mut self, leg: LegId) {
        if let Some(transfer) = &self.transfer
            && transfer.towards == Towards::Target(leg)
            && !transfer.left
        {
            self.leg_effect(transfer.by, LegEffect::ReferProgress { status: 180 });
        }
    }

    /// Whom a transfer leads to has answered, and takes the place of whoever asked.
    pub(super) fn target_answered(&mut self, leg: LegId) {
        let towards = Towards::Target(leg);
        let Some(transfer) = self.transfer.take_if(|t| t.towards == towards) else {
            self.end_leg(leg, Cause::Cancelled);
            return;
        };
        self.silence_if(Owner::Transfer);
        self.transfer_succeeded(&transfer, Some(leg));
        self.take_place(transfer.by, leg, false);
    }

    pub(super) fn target_failed(&mut self, leg: LegId, cause: Cause) {
        if self.transfer.as_ref().is_some_and(|t| t.towards == Towards::Target(leg)) {
            self.transfer_failed(failure(cause));
        }
    }

    /// The phone is told, and let go.
    pub(super) fn transfer_succeeded(&mut self, transfer: &Transfer, leg: Option<LegId>) {
        let by = transfer.by;
        self.transfer_decided(transfer.record, by, 200, leg);
        if transfer.left {
            return;
        }
        if transfer.asked_here {
            self.leg_effect(by, LegEffect::ReferProgress { status: 200 });
            self.leg_effect(by, LegEffect::LetGo);
            self.leg_gone(by, Cause::Normal, None);
        } else {
            self.end_leg(by, Cause::Normal);
        }
    }

    /// It came to nothing: the two talk on. If the one who asked has hung up
    /// meanwhile, the other one is left alone.
    pub(super) fn transfer_failed(&mut self, status: u16) {
        let parted = self.parted();
        let Some(transfer) = self.transfer.take() else { return };
        self.silence_if(Owner::Transfer);
        self.transfer_decided(transfer.record, transfer.by, status, None);
        if transfer.left {
            if transfer.by == self.subject {
                self.end_call(Cause::Normal, Party::Caller);
            } else {
                // What there was to part is parted.
                self.end_parted_talk(Party::Callee);
            }
            return;
        }
        if transfer.asked_here {
            self.leg_effect(transfer.by, LegEffect::ReferProgress { status });
        }
        if parted {
            self.join_talkers();
        }
    }

    /// The conversation ends, whatever was to become of it.
    pub(super) fn drop_transfer(&mut self) {
        let Some(transfer) = self.transfer.take() else { return };
        self.silence_if(Owner::Transfer);
        if let Towards::Target(leg) = transfer.towards {
            self.end_leg(leg, Cause::Cancelled);
        }
        self.transfer_decided(transfer.record, transfer.by, 487, None);
        if transfer.asked_here && !transfer.left && self.leg_lives(transfer.by) {
            self.leg_effect(transfer.by, LegEffect::ReferProgress { status: 487 });
        }
    }

    /// Whoever asked for a transfer hung up before it was decided; whether that
    /// is what happened. Most phones do so as soon as they hear a 202.
    pub(super) fn referrer_left(&mut self, leg: LegId) -> bool {
        let Some(transfer) = self.transfer.as_mut().filter(|t| t.by == leg && !t.left) else {
            return false;
        };
        transfer.left = true;
        let was_held = self.talk.as_ref().is_some_and(|talk| talk.held);
        if matches!(self.transfer, Some(Transfer { towards: Towards::Call(..), .. })) && !was_held {
            self.unbridge_talkers();
        }
        if let Some(talk) = &mut self.talk {
            talk.gone = true;
        }
        if leg != self.subject {
            self.agent_done();
        }
        true
    }

    pub(super) fn is_referrer(&self, leg: LegId) -> bool {
        self.transfer.as_ref().is_some_and(|t| t.by == leg && !t.left)
    }

    /// A leg takes another one's place in the conversation, which from now on is
    /// for good: its end is the end of the call.
    pub(super) fn take_place(&mut self, old: LegId, new: LegId, held: bool) {
        let Some(talk) = &self.talk else {
            self.end_leg(new, Cause::Normal);
            return;
        };
        let of_peer = talk.peer == old;
        if of_peer {
            self.agent_done();
        }
        let now = self.now;
        let Some(talk) = &mut self.talk else { return };
        talk.for_good = true;
        talk.gone = false;
        if of_peer {
            talk.peer = new;
            talk.kind = TalkKind::Transferred;
            talk.held = held;
            talk.silent = false;
            talk.since = now;
        } else {
            self.subject = new;
        }
        let talk_held = talk.held;
        self.silence_if(Owner::Hold);
        if !talk_held {
            self.bridge_talkers();
        }
        self.happened("talk.transferred", json!({ "from": old, "to": new }));
        self.signal("transferred", if of_peer { "callee" } else { "caller" }.to_owned());
    }

    pub(super) fn record_transfer(
        &mut self,
        kind: TransferKind,
        by: LegId,
        target: Address,
    ) -> Option<usize> {
        if self.record.transfers.len() >= RECORDED {
            return None;
        }
        let agent = self.record.legs.get(by.0 as usize).and_then(|leg| leg.agent);
        self.record.transfers.push(TransferRecord {
            kind,
            by,
            agent,
            target,
            leg: None,
            other_call: None,
            asked_at: self.now,
            ended_at: None,
            sip_status: None,
        });
        Some(self.record.transfers.len() - 1)
    }

    pub(super) fn transfer_decided(
        &mut self,
        record: Option<usize>,
        by: LegId,
        status: u16,
        leg: Option<LegId>,
    ) {
        let now = self.now;
        if let Some(entry) = record.and_then(|index| self.record.transfers.get_mut(index)) {
            entry.ended_at = Some(now);
            entry.sip_status = Some(status);
            entry.leg = leg;
        }
        let name = if status < 300 { "transfer.done" } else { "transfer.failed" };
        self.happened(name, json!({ "by": by, "leg": leg, "sip_status": status }));
    }

    pub(super) fn transfer_timed_out(&mut self) {
        let now = self.now;
        let due = self.transfer.as_ref().and_then(Transfer::deadline);
        if due.is_some_and(|until| until <= now) {
            self.transfer_failed(504);
        }
    }

    /// Whether the two are apart because one of them is being connected elsewhere.
    pub(super) fn parted(&self) -> bool {
        self.transfer.as_ref().is_some_and(|t| !matches!(t.towards, Towards::Call(..)))
    }

    /// Who hears ringback until somebody has answered.
    pub(super) fn waits_for_transfer(&self) -> Option<LegId> {
        let transfer = self.transfer.as_ref()?;
        let rings = matches!(transfer.towards, Towards::Target(_)) && !transfer.silent;
        self.other_party(transfer.by).filter(|leg| rings && self.is_answered(*leg))
    }

    fn part_talkers(&mut self) {
        self.silence_if(Owner::Hold);
        if self.talk.as_ref().is_some_and(|talk| !talk.held) {
            self.unbridge_talkers();
        }
    }

    fn join_talkers(&mut self) {
        if self.talk.as_ref().is_some_and(|talk| !talk.held) {
            self.bridge_talkers();
        }
    }

    fn bridge_talkers(&mut self) {
        if let Some(talk) = &self.talk {
            self.media(MediaEffect::Bridge { a: self.subject, b: talk.peer });
        }
    }

    pub(super) fn unbridge_talkers(&mut self) {
        if let Some(talk) = &self.talk {
            self.media(MediaEffect::Unbridge { a: self.subject, b: talk.peer });
        }
    }
}

/// What a phone is told of a target that could not be had.
fn failure(cause: Cause) -> u16 {
    match cause.sip_status() {
        status @ 300.. => status,
        _ => 480,
    }
}
