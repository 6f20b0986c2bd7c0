//! Dialling further parties: one or several targets, at once or in turn.

use super::Call;
use super::legs::{NewLeg, Purpose};
use super::sound::Owner;
use super::talk::TalkKind;
use crate::action::{CommandId, DialOptions, DialStrategy};
use crate::effect::{LegEffect, MediaEffect};
use crate::target::Target;
use crate::view::Phase;
use serde_json::json;
use strowger_model::{Cause, LegId};

/// For whom it is dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DialFor {
    /// `dial`: the flow is told of the answer.
    Flow(CommandId),
    /// `transfer`: caller and target are connected for good.
    Transfer(CommandId),
    /// As `transfer`, for a flow that failed.
    Fallback,
}

/// An attempt under way.
#[derive(Debug)]
pub(super) struct Dialing {
    purpose: DialFor,
    /// Not dialled yet, next one last.
    targets: Vec<Target>,
    timeout_ms: u64,
    caller_id: String,
    ringing: Vec<LegId>,
    /// Why the last target could not be had.
    cause: Cause,
    /// Ringback cannot be played.
    pub silent: bool,
    /// The leg whose sound the caller hears before its answer.
    heard: Option<LegId>,
}

impl Call {
    pub(super) fn start_dialing(&mut self, purpose: DialFor, options: DialOptions) {
        let mut targets: Vec<Target> =
            options.targets.iter().filter_map(|target| target.parse().ok()).collect();
        targets.reverse();
        let caller_id = match options.caller_id {
            empty if empty.is_empty() => self.setup.to.to_string(),
            given => given,
        };
        let at_once = match options.strategy {
            DialStrategy::All => targets.len(),
            DialStrategy::InTurn => 1,
        };
        self.dialing = Some(Dialing {
            purpose,
            targets,
            timeout_ms: u64::from(options.timeout_ms),
            caller_id,
            ringing: Vec::new(),
            cause: Cause::NotFound,
            silent: false,
            heard: None,
        });
        for _ in 0..at_once {
            self.dial_next_target();
        }
        self.dial_on();
    }

    /// A dialled leg was answered: it wins, the others are cancelled.
    pub(super) fn dialled_leg_answered(&mut self, leg: LegId) {
        if self.is_being_dialled(leg) {
            self.stop_hearing_dialled();
        }
        let Some(dialing) = self.dialing.take_if(|d| d.ringing.contains(&leg)) else {
            self.end_leg(leg, Cause::Cancelled);
            return;
        };
        for other in dialing.ringing.into_iter().filter(|other| *other != leg) {
            self.end_leg(other, Cause::Cancelled);
        }
        self.silence_if(Owner::Ringback);
        let details = vec![("leg".to_owned(), leg.to_string())];
        match dialing.purpose {
            DialFor::Flow(command) => self.complete(command, "answered", leg.to_string(), details),
            DialFor::Transfer(command) => {
                self.start_talk(leg, TalkKind::Transferred);
                self.complete(command, "transferred", leg.to_string(), details);
            }
            DialFor::Fallback => self.start_talk(leg, TalkKind::Transferred),
        }
    }

    /// A dialled leg sends sound before its answer: an announcement, or the ringback
    /// of its country. The caller hears it unless there is something better.
    pub(super) fn dialled_leg_is_heard(&mut self, leg: LegId) {
        let only = |d: &Dialing| d.ringing == [leg] && d.targets.is_empty() && d.heard.is_none();
        let nothing_else = self.sound.as_ref().is_none_or(|sound| sound.owner == Owner::Ringback);
        if !self.dialing.as_ref().is_some_and(only) || !nothing_else || self.talk.is_some() {
            return;
        }
        if self.phase == Phase::Ringing && !self.answer_sent {
            self.phase = Phase::Early;
            self.leg_effect(self.subject, LegEffect::EarlyMedia);
        }
        if let Some(dialing) = &mut self.dialing {
            dialing.heard = Some(leg);
        }
        self.silence_if(Owner::Ringback);
        self.media(MediaEffect::Bridge { a: self.subject, b: leg });
        self.happened("leg.early_media", json!({ "leg": leg }));
    }

    /// Whether the caller hears somebody who has not answered.
    pub(super) fn hears_dialled(&self) -> bool {
        self.dialing.as_ref().is_some_and(|dialing| dialing.heard.is_some())
    }

    /// Something else is to be heard, or the leg has answered or is gone.
    pub(super) fn stop_hearing_dialled(&mut self) {
        let heard = self.dialing.as_mut().and_then(|dialing| dialing.heard.take());
        if let Some(b) = heard {
            self.media(MediaEffect::Unbridge { a: self.subject, b });
        }
    }

    /// Whether a leg rings for a dial under way.
    pub(super) fn is_being_dialled(&self, leg: LegId) -> bool {
        self.dialing.as_ref().is_some_and(|dialing| dialing.ringing.contains(&leg))
    }

    /// Somebody else has answered in the place of a leg that rings.
    pub(super) fn dialled_instead(&mut self, old: LegId, new: LegId) {
        if let Some(dialing) = self.dialing.as_mut().filter(|d| d.ringing.contains(&old)) {
            dialing.ringing.push(new);
        }
        self.dialled_leg_answered(new);
    }

    /// A dialled leg came to nothing.
    pub(super) fn dialled_leg_failed(&mut self, leg: LegId, cause: Cause) {
        if self.dialing.as_ref().is_some_and(|dialing| dialing.heard == Some(leg)) {
            self.stop_hearing_dialled();
        }
        let Some(dialing) = &mut self.dialing else { return };
        dialing.ringing.retain(|ringing| *ringing != leg);
        dialing.cause = cause;
        self.dial_on();
    }

    /// Ends the attempt for its flow.
    pub(super) fn stop_dialing(&mut self) {
        if let Some(purpose) = self.drop_dialing() {
            self.dialing_ended(purpose, "stopped", Cause::Cancelled);
        }
    }

    /// Ends the attempt without telling anybody.
    pub(super) fn drop_dialing(&mut self) -> Option<DialFor> {
        self.stop_hearing_dialled();
        let dialing = self.dialing.take()?;
        for leg in dialing.ringing {
            self.end_leg(leg, Cause::Cancelled);
        }
        self.silence_if(Owner::Ringback);
        Some(dialing.purpose)
    }

    /// Dials on when nothing rings any more; gives up when nobody is left.
    fn dial_on(&mut self) {
        while self.dialing.as_ref().is_some_and(|d| d.ringing.is_empty()) {
            if self.dial_next_target() {
                continue;
            }
            let Some(dialing) = self.dialing.take() else { return };
            self.silence_if(Owner::Ringback);
            self.dialing_ended(dialing.purpose, outcome(dialing.cause), dialing.cause);
        }
    }

    /// Dials the next target; `false` if there is none left.
    fn dial_next_target(&mut self) -> bool {
        let Some(dialing) = &mut self.dialing else { return false };
        let Some(target) = dialing.targets.pop() else { return false };
        let (caller_id, timeout_ms) = (dialing.caller_id.clone(), dialing.timeout_ms);
        let leg = self.originate(NewLeg {
            target: &target,
            caller_id,
            timeout_ms,
            agent: None,
            purpose: Purpose::Dialled,
        });
        let Some(dialing) = &mut self.dialing else { return false };
        match leg {
            Some(leg) => dialing.ringing.push(leg),
            None => dialing.cause = Cause::Congestion,
        }
        true
    }

    fn dialing_ended(&mut self, purpose: DialFor, outcome: &str, cause: Cause) {
        match purpose {
            DialFor::Flow(command) | DialFor::Transfer(command) => {
                let details = vec![("cause".to_owned(), cause.name().to_owned())];
                self.complete(command, outcome, String::new(), details);
            }
            DialFor::Fallback => self.end_for_fault(),
        }
    }
}

/// The word for the flow.
fn outcome(cause: Cause) -> &'static str {
    match cause {
        Cause::Busy => "busy",
        Cause::NoAnswer => "no_answer",
        Cause::Rejected => "rejected",
        Cause::Forbidden => "forbidden",
        _ => "failed",
    }
}
