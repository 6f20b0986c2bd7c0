//! The server was restarted and the call was made again from its journal. The
//! world around it has forgotten everything: it is told once more what it has to
//! do, and the call is told which of its legs are still there.

use super::Call;
use super::guest::Seat;
use super::legs::LegState;
use super::talk::TalkKind;
use crate::action::{CommandId, DetectOptions};
use crate::effect::{Effect, MediaEffect, QueueEffect};
use crate::fault::{Fault, FaultKind};
use crate::input::{LegFate, LegInput};
use crate::view::{CommandKind, Phase};
use serde_json::json;
use strowger_model::LegId;

impl Call {
    /// What is found of the legs comes first: all else depends on who is there.
    pub(super) fn recovered(&mut self, legs: Vec<(LegId, LegFate)>) {
        self.happened("call.recovered", json!({ "legs": legs }));
        let until = self.now.plus_ms(self.setup.limits.turn_ms);
        self.guest.asked_again(until);
        // Before any leg goes: nobody waits for a phone that rang before.
        if self.wait.is_some() {
            self.wait_again();
        }
        for (leg, fate) in legs {
            self.learn_fate(leg, fate);
        }
        self.services_forgot();
        self.record_again();
        if self.phase == Phase::Ended {
            return;
        }
        self.talk_again();
        self.sound_again();
        self.enter_again();
        if self.listening != DetectOptions::default() {
            let options = self.listening;
            self.media(MediaEffect::Detect { leg: self.subject, options });
        }
        if let Some(parked) = &self.parked {
            self.effects.push_back(Effect::Park { slot: parked.slot().to_owned() });
        }
        if let Seat::Awaited(_) = self.guest.seat {
            let fault = Fault::new(FaultKind::Host, "the server was restarted");
            let blame = fault.blame;
            self.effects.push_back(Effect::UseFallback { fault, blame });
        }
    }

    fn learn_fate(&mut self, leg: LegId, fate: LegFate) {
        if !self.leg_lives(leg) {
            return;
        }
        let answered = self.is_answered(leg);
        match fate {
            LegFate::Up { .. } if answered => {}
            LegFate::Up { codec } => self.leg_input(leg, LegInput::Answered { codec }),
            LegFate::Gone { cause } if answered => {
                self.leg_input(leg, LegInput::HungUp { cause });
            }
            LegFate::Gone { cause } => {
                self.leg_input(leg, LegInput::Failed { cause, sip_status: None });
            }
        }
    }

    /// Whatever was asked of a store or a service: whether it was done, nobody
    /// knows, and asking again might do it twice.
    fn services_forgot(&mut self) {
        let asked = |kind| matches!(kind, CommandKind::Kv | CommandKind::Http);
        let lost: Vec<CommandId> =
            self.running.iter().filter(|(_, kind)| asked(*kind)).map(|(id, _)| *id).collect();
        for command in lost {
            let reason = "the server was restarted before the answer came".to_owned();
            self.complete(command, "failed", reason, Vec::new());
        }
    }

    fn talk_again(&mut self) {
        let Some(talk) = &self.talk else { return };
        let (peer, since, held) = (talk.peer, talk.since, talk.held);
        let served = match talk.kind {
            TalkKind::Served { agent, visit } => Some((agent, visit)),
            _ => None,
        };
        if !held && !talk.gone && !self.parted() {
            self.media(MediaEffect::Bridge { a: self.subject, b: peer });
        }
        if let Some((agent, visit)) = served {
            let visit = self.record.queue_visits.get(visit);
            let queue = visit.map(|visit| visit.queue.clone()).unwrap_or_default();
            self.queue(QueueEffect::Talking { agent, queue, since });
            if held {
                self.queue(QueueEffect::Hold { agent });
            }
        }
    }

    /// The legs that are not over, with whether they are answered.
    pub fn living_legs(&self) -> Vec<(LegId, bool)> {
        self.legs_where(|leg| leg.state != LegState::Ended)
            .map(|leg| (leg, self.is_answered(leg)))
            .collect()
    }
}
