//! The legs of a call: their states, their records, and how they are made and ended.

use super::{CALLER, Call};
use crate::effect::{Effect, LegEffect};
use crate::input::LegInput;
use crate::target::Target;
use crate::view::{CommandKind, Phase};
use serde_json::json;
use strowger_model::{
    Address, AgentId, Cause, Direction, LegId, LegRecord, OfferId, Party, Timestamp,
};

/// How far a leg has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LegState {
    Trying,
    Ringing,
    Answered,
    Ended,
}

/// What a leg is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Leg 0.
    Caller,
    /// Dialled by the flow (or by the host in its place).
    Dialled,
    /// The phone of an agent, for an offer.
    Offer(OfferId),
    /// Called for a phone that transfers.
    Target,
    /// Came from elsewhere to take somebody's place.
    Moved,
    /// Is to take the place of that leg as soon as it is answered.
    Replacing(LegId),
}

/// One leg. Its times and causes are in the call record, at the same index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leg {
    pub state: LegState,
    pub purpose: Purpose,
    /// When it has rung for long enough.
    pub deadline: Option<Timestamp>,
}

/// A leg to be dialled.
pub(super) struct NewLeg<'a> {
    pub target: &'a Target,
    pub caller_id: String,
    pub timeout_ms: u64,
    pub agent: Option<AgentId>,
    pub purpose: Purpose,
}

impl Call {
    pub(super) fn leg_lives(&self, leg: LegId) -> bool {
        self.leg(leg).is_some_and(|l| l.state != LegState::Ended)
    }

    pub(super) fn leg(&self, leg: LegId) -> Option<&Leg> {
        self.legs.get(leg.0 as usize)
    }

    pub(super) fn leg_mut(&mut self, leg: LegId) -> Option<(&mut Leg, &mut LegRecord)> {
        let index = leg.0 as usize;
        Some((self.legs.get_mut(index)?, self.record.legs.get_mut(index)?))
    }

    /// Answered legs that nobody is connected with.
    pub(super) fn free_legs(&self) -> Vec<LegId> {
        let (subject, peer) = (self.subject, self.talk.as_ref().map(|talk| talk.peer));
        self.legs_where(|leg| leg.state == LegState::Answered && leg.purpose == Purpose::Dialled)
            .filter(move |leg| *leg != subject && Some(*leg) != peer)
            .collect()
    }

    pub(super) fn legs_where<'a>(
        &'a self,
        wanted: impl Fn(&Leg) -> bool + 'a,
    ) -> impl Iterator<Item = LegId> + 'a {
        // A call has at most `limits.legs` legs, so the index fits.
        self.legs
            .iter()
            .enumerate()
            .filter(move |(_, leg)| wanted(leg))
            .map(|(index, _)| LegId(index as u32))
    }

    pub(super) fn add_caller_leg(&mut self) {
        self.push_leg(
            Leg { state: LegState::Trying, purpose: Purpose::Caller, deadline: None },
            Direction::Inbound,
            self.setup.from.clone(),
            self.setup.from_agent,
        );
    }

    /// For a call that we make: its first leg is dialled, the flow waits for the answer.
    pub(super) fn dial_caller_leg(&mut self) {
        let to = self.setup.to.clone();
        let target = if self.setup.trunk.is_some() || to.is_e164() {
            Target::Number(to)
        } else {
            Target::Extension(to)
        };
        self.originate(NewLeg {
            target: &target,
            caller_id: self.setup.from.to_string(),
            timeout_ms: self.setup.limits.unanswered_ms,
            agent: None,
            purpose: Purpose::Caller,
        });
    }

    /// Dials a leg; none if the call has had too many.
    pub(super) fn originate(&mut self, new: NewLeg<'_>) -> Option<LegId> {
        if self.legs.len() >= self.setup.limits.legs as usize {
            self.happened("alarm", json!({ "what": "legs", "limit": self.setup.limits.legs }));
            return None;
        }
        let deadline = Some(self.now.plus_ms(new.timeout_ms));
        let leg = self.push_leg(
            Leg { state: LegState::Trying, purpose: new.purpose, deadline },
            Direction::Outbound,
            new.target.address().clone(),
            new.agent,
        );
        self.happened("leg.dialled", json!({ "leg": leg, "agent": new.agent }));
        self.leg_effect(
            leg,
            LegEffect::Originate {
                target: new.target.to_string(),
                caller_id: new.caller_id,
                timeout_ms: new.timeout_ms,
                agent: new.agent,
            },
        );
        Some(leg)
    }

    pub(super) fn push_leg(
        &mut self,
        leg: Leg,
        direction: Direction,
        address: Address,
        agent: Option<AgentId>,
    ) -> LegId {
        let id = LegId(self.legs.len() as u32);
        self.legs.push(leg);
        self.record.legs.push(LegRecord {
            leg: id,
            direction,
            address,
            agent,
            trunk: if id == CALLER { self.setup.trunk } else { None },
            started_at: self.now,
            ringing_at: None,
            answered_at: None,
            ended_at: None,
            cause: None,
            sip_status: None,
            codec: None,
            media: None,
        });
        id
    }

    pub(super) fn leg_effect(&mut self, leg: LegId, effect: LegEffect) {
        self.effects.push_back(Effect::Leg(leg, effect));
    }

    /// Ends a leg from our side, as its state asks for.
    pub(super) fn end_leg(&mut self, leg: LegId, cause: Cause) {
        let caller_told = leg == CALLER && self.answer_sent;
        let Some((entry, record)) = self.leg_mut(leg) else { return };
        let answer_sent = caller_told || matches!(entry.purpose, Purpose::Replacing(_));
        let effect = match (entry.state, record.direction) {
            (LegState::Ended, _) => return,
            // A 200 on its way cannot be taken back, only followed by a BYE.
            (LegState::Answered, _) => LegEffect::HangUp { cause },
            (_, Direction::Inbound) if answer_sent => LegEffect::HangUp { cause },
            (_, Direction::Outbound) => LegEffect::Cancel,
            (_, Direction::Inbound) => {
                LegEffect::Reject { status: refusal(cause), reason: String::new() }
            }
        };
        self.leg_effect(leg, effect);
        self.leg_gone(leg, cause, None);
    }

    /// The caller is refused with a status of the flow's choice.
    pub(super) fn reject_caller(&mut self, status: u16, reason: String) {
        self.leg_effect(CALLER, LegEffect::Reject { status, reason });
        self.leg_gone(CALLER, Cause::from_sip_status(status), Some(status));
    }

    /// Books the end of a leg, whoever ended it.
    pub(super) fn leg_gone(&mut self, leg: LegId, cause: Cause, sip_status: Option<u16>) {
        let now = self.now;
        let Some((entry, record)) = self.leg_mut(leg) else { return };
        if entry.state == LegState::Ended {
            return;
        }
        entry.state = LegState::Ended;
        entry.deadline = None;
        record.ended_at = Some(now);
        record.cause = Some(cause);
        record.sip_status = record.sip_status.or(sip_status);
        self.happened(
            "leg.ended",
            json!({ "leg": leg, "cause": cause.name(), "sip_status": sip_status }),
        );
    }

    pub(super) fn leg_rings(&mut self, leg: LegId) {
        let now = self.now;
        let Some((entry, record)) = self.leg_mut(leg) else { return };
        if entry.state != LegState::Trying {
            return;
        }
        entry.state = LegState::Ringing;
        record.ringing_at = Some(now);
        self.happened("leg.ringing", json!({ "leg": leg }));
    }

    pub(super) fn leg_answered(&mut self, leg: LegId, codec: String) {
        let now = self.now;
        let Some((entry, record)) = self.leg_mut(leg) else { return };
        entry.state = LegState::Answered;
        entry.deadline = None;
        record.answered_at.get_or_insert(now);
        record.codec = Some(codec);
        self.happened("leg.answered", json!({ "leg": leg }));
    }

    /// News of the caller's leg, digits excepted.
    pub(super) fn caller_input(&mut self, input: LegInput) {
        match input {
            LegInput::Ringing { .. } => self.leg_rings(self.subject),
            LegInput::Answered { codec } => self.caller_answered(codec),
            LegInput::Failed { cause, sip_status } => {
                if let Some(command) = self.command_of(CommandKind::Answer) {
                    self.complete(command, "failed", cause.name().to_owned(), Vec::new());
                }
                self.leg_gone(self.subject, cause, sip_status);
                let by = match self.setup.direction {
                    Direction::Inbound => Party::Caller,
                    Direction::Outbound => Party::Callee,
                };
                self.end_call(cause, by);
            }
            LegInput::HungUp { cause } => {
                let cause = match self.phase {
                    Phase::Answered => cause,
                    _ => Cause::Cancelled,
                };
                self.leg_gone(self.subject, cause, None);
                if !self.referrer_left(self.subject) {
                    self.end_call(cause, Party::Caller);
                }
            }
            LegInput::Held => self.signal("hold", "caller".into()),
            LegInput::Resumed => self.signal("resume", "caller".into()),
            LegInput::MediaTimeout if self.is_referrer(self.subject) => {
                self.end_leg(self.subject, Cause::MediaTimeout);
                self.referrer_left(self.subject);
            }
            LegInput::MediaTimeout => self.end_call(Cause::MediaTimeout, Party::Host),
            LegInput::Digit { .. } | LegInput::Referred { .. } => {}
        }
    }

    fn caller_answered(&mut self, codec: String) {
        if self.phase == Phase::Answered {
            return;
        }
        // An inbound leg can only be answered because we asked for it.
        if self.setup.direction == Direction::Inbound && !self.answering() {
            return;
        }
        self.phase = Phase::Answered;
        self.leg_answered(self.subject, codec);
        self.record.answered_at = Some(self.now);
        self.happened("call.answered", json!({}));
        if let Some(command) = self.command_of(CommandKind::Answer) {
            self.complete(command, "ok", String::new(), Vec::new());
        }
        if !self.started {
            self.start_flow();
        }
        self.pick_up_once_answered();
    }

    /// Whether `Answer` was sent and is not confirmed yet.
    pub(super) fn answering(&self) -> bool {
        self.answer_sent && self.phase != Phase::Answered
    }

    /// Answers the caller where that has not happened: somebody wants to talk.
    pub(super) fn answer_caller(&mut self) {
        if self.answer_sent || !matches!(self.phase, Phase::Ringing | Phase::Early) {
            return;
        }
        self.answer_sent = true;
        self.leg_effect(self.subject, LegEffect::Answer);
    }

    /// News of any other leg, digits excepted.
    pub(super) fn party_input(&mut self, leg: LegId, input: LegInput) {
        let Some(entry) = self.leg(leg).copied() else { return };
        match input {
            LegInput::Ringing { early_media } => {
                self.leg_rings(leg);
                match entry.purpose {
                    Purpose::Dialled if early_media => self.dialled_leg_is_heard(leg),
                    Purpose::Offer(offer) => self.offer_rings(offer),
                    Purpose::Target => self.target_rings(leg),
                    _ => {}
                }
            }
            LegInput::Answered { codec } if entry.state != LegState::Answered => {
                self.leg_answered(leg, codec);
                match entry.purpose {
                    Purpose::Offer(offer) => self.offer_answered(offer),
                    Purpose::Dialled => self.dialled_leg_answered(leg),
                    Purpose::Target => self.target_answered(leg),
                    Purpose::Replacing(old) => self.picked_up(leg, old),
                    Purpose::Caller | Purpose::Moved => {}
                }
            }
            LegInput::Failed { cause, sip_status } => {
                self.leg_gone(leg, cause, sip_status);
                self.party_gone(leg, entry, cause);
            }
            LegInput::HungUp { cause } => {
                self.leg_gone(leg, cause, None);
                self.party_gone(leg, entry, cause);
            }
            LegInput::MediaTimeout if entry.state == LegState::Answered => {
                self.end_leg(leg, Cause::MediaTimeout);
                self.party_gone(leg, entry, Cause::MediaTimeout);
            }
            LegInput::Held => self.peer_held(leg),
            LegInput::Resumed => self.peer_resumed(leg),
            LegInput::Answered { .. }
            | LegInput::MediaTimeout
            | LegInput::Digit { .. }
            | LegInput::Referred { .. } => {}
        }
    }

    /// A leg other than the caller's is gone; `was` is what it was before.
    pub(super) fn party_gone(&mut self, leg: LegId, was: Leg, cause: Cause) {
        if self.referrer_left(leg) {
            return;
        }
        if self.talk.as_ref().is_some_and(|talk| talk.peer == leg) {
            self.end_talk(Party::Callee);
            return;
        }
        match was.purpose {
            Purpose::Offer(offer) => self.offer_leg_gone(offer, was.state, cause),
            Purpose::Dialled if was.state == LegState::Answered => {
                self.signal("leg.ended", leg.to_string());
            }
            Purpose::Dialled => self.dialled_leg_failed(leg, cause),
            Purpose::Target => self.target_failed(leg, cause),
            Purpose::Caller | Purpose::Moved | Purpose::Replacing(_) => {}
        }
    }

    pub(super) fn ringing_timed_out(&mut self) {
        let due: Vec<LegId> = {
            let now = self.now;
            self.legs_where(|leg| leg.deadline.is_some_and(|at| at <= now)).collect()
        };
        for leg in due {
            let Some(was) = self.leg(leg).copied() else { continue };
            self.end_leg(leg, Cause::NoAnswer);
            if leg == self.subject {
                self.end_call(Cause::NoAnswer, Party::Callee);
            } else {
                self.party_gone(leg, was, Cause::NoAnswer);
            }
        }
    }
}

/// The final response for a caller who is not answered: success is none.
fn refusal(cause: Cause) -> u16 {
    match cause {
        Cause::Normal => 480,
        other => other.sip_status(),
    }
}
