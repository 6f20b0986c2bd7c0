//! A wait in a queue: treatment, offers to agents, and how it ends.
//!
//! The distribution decides; this side rings phones and connects. An agent who
//! answered is connected when the distribution has confirmed it, so that it and
//! the call can never disagree on who talks to whom.

use super::Call;
use super::legs::{LegState, NewLeg, Purpose};
use super::sound::Owner;
use super::talk::TalkKind;
use crate::action::{CommandId, EnqueueOptions};
use crate::effect::QueueEffect;
use crate::target::Target;
use crate::view::CommandKind;
use serde_json::json;
use strowger_model::{
    AgentId, Cause, ContactOutcome, LegId, OfferId, Party, QueueVisit, Timestamp,
};

/// How long the distribution may take to confirm; it is a task beside ours, not
/// a network away, so only a lost answer takes that long.
const CONFIRM_MS: u64 = 5_000;

/// A wait under way.
#[derive(Debug)]
pub(super) struct Wait {
    pub command: CommandId,
    /// Index in the record's visits.
    visit: usize,
    pub entered_at: Timestamp,
    pub position: Option<u32>,
    pub expected_ms: Option<u64>,
    treatment: Treatment,
    /// What the flow asked for, besides.
    options: Box<EnqueueOptions>,
    /// The call's attributes when it did.
    attributes: Vec<(String, String)>,
    offer: Option<Offer>,
    /// The caller is being taken out; until when the distribution may confirm.
    leaving: Option<Leaving>,
}

/// How a wait that is being given up will be told of.
#[derive(Clone, Copy, Debug)]
struct Leaving {
    until: Timestamp,
    word: &'static str,
}

#[derive(Debug)]
enum Treatment {
    Flow(Vec<String>),
    /// What the flow asked for cannot be played: the default music instead.
    Default,
    /// Nor can that.
    Silence,
}

/// An agent's phone, on the way to this caller.
#[derive(Clone, Copy, Debug)]
struct Offer {
    offer: OfferId,
    agent: AgentId,
    leg: LegId,
    /// The agent has answered; until when the distribution may confirm.
    answered: Option<Timestamp>,
}

impl Wait {
    /// What the caller hears; empty for the default music.
    pub fn treatment(&self) -> Option<&[String]> {
        match &self.treatment {
            _ if self.leaving.is_some() => None,
            Treatment::Flow(sources) => Some(sources),
            Treatment::Default => Some(&[]),
            Treatment::Silence => None,
        }
    }

    pub fn next_timeout(&self) -> Option<Timestamp> {
        let confirm = self.offer.and_then(|offer| offer.answered);
        confirm.into_iter().chain(self.leaving.map(|leaving| leaving.until)).min()
    }
}

impl Call {
    pub(super) fn enqueue(&mut self, command: CommandId, mut options: EnqueueOptions) {
        let visit = self.record.queue_visits.len();
        self.record.queue_visits.push(QueueVisit {
            queue: options.queue.clone(),
            entered_at: self.now,
            left_at: None,
            outcome: None,
            agent: None,
            offers: 0,
            talk_ms: 0,
        });
        self.happened("queue.entered", json!({ "queue": options.queue }));
        let mut attributes = self.attributes.as_ref().clone();
        for (name, value) in options.attributes.drain(..) {
            crate::view::put(&mut attributes, &name, &value);
        }
        self.wait = Some(Wait {
            command,
            visit,
            entered_at: self.now,
            position: None,
            expected_ms: None,
            treatment: Treatment::Flow(std::mem::take(&mut options.treatment)),
            options: Box::new(options),
            attributes,
            offer: None,
            leaving: None,
        });
        self.wait_from(None);
    }

    fn wait_from(&mut self, since: Option<Timestamp>) {
        let Some(Wait { options, attributes, .. }) = &self.wait else { return };
        self.queue(QueueEffect::Enqueue {
            queue: options.queue.clone(),
            needs: options.skills.clone(),
            priority: options.priority,
            attributes: attributes.clone(),
            max_wait_ms: u64::from(options.max_wait_ms),
            since,
        });
    }

    /// The distribution has forgotten the call: it waits on at its place. Whoever
    /// was being rung is not, any more.
    pub(super) fn wait_again(&mut self) {
        // What the distribution still owed is not coming.
        self.ends_owed = 0;
        if self.wait.as_ref().is_some_and(|wait| wait.leaving.is_some()) {
            self.close_wait(ContactOutcome::Left, String::new(), None);
            return;
        }
        self.drop_offer();
        self.wait_from(self.wait.as_ref().map(|wait| wait.entered_at));
    }

    /// The flow takes the caller out; the distribution has the last word.
    pub(super) fn leave_queue(&mut self) {
        self.give_up_wait("left");
    }

    fn give_up_wait(&mut self, word: &'static str) {
        let until = self.now.plus_ms(CONFIRM_MS);
        let Some(wait) = self.wait.as_mut().filter(|w| w.leaving.is_none()) else { return };
        wait.leaving = Some(Leaving { until, word });
        if wait.offer.is_some_and(|offer| offer.answered.is_none()) {
            self.drop_offer();
        }
        self.silence_if(Owner::Treatment);
        self.queue(QueueEffect::Leave);
    }

    /// The call is over, or its flow is: whatever it has in the distribution ends.
    pub(super) fn forget_wait(&mut self, by: Party) {
        let Some(wait) = self.wait.take() else { return };
        self.ends_owed += 1;
        // An answered offer may be a conversation by now; only this ends that too.
        let unsure = wait.offer.is_some_and(|offer| offer.answered.is_some());
        if let Some(offer) = wait.offer {
            self.end_leg(offer.leg, Cause::Cancelled);
        }
        if unsure || (by == Party::Caller && wait.leaving.is_none()) {
            self.queue(QueueEffect::CallerGone);
        } else if wait.leaving.is_none() {
            self.queue(QueueEffect::Leave);
        }
        let outcome = match by {
            Party::Caller if wait.leaving.is_none() => ContactOutcome::Abandoned,
            _ => ContactOutcome::Left,
        };
        self.visit_ended(&wait, outcome, None);
    }

    pub(super) fn place_told(&mut self, position: u32, expected_ms: u64) {
        let Some(wait) = self.wait.as_mut().filter(|w| w.leaving.is_none()) else { return };
        let moved = wait.position != Some(position);
        wait.position = Some(position);
        wait.expected_ms = Some(expected_ms);
        if moved {
            self.signal("queue.position", position.to_string());
        }
    }

    pub(super) fn offered(&mut self, offer: OfferId, agent: AgentId, target: &str, ring_ms: u64) {
        let refuse = |cause| QueueEffect::OfferFailed { offer, cause };
        let caller_id = self.setup.from.to_string();
        let Some(wait) = self.wait.as_mut().filter(|w| w.leaving.is_none()) else {
            // Our leaving and this offer have crossed.
            self.queue(refuse(Cause::Cancelled));
            return;
        };
        if wait.offer.is_some() {
            self.queue(refuse(Cause::Cancelled));
            return;
        }
        let Some(target) = phone(target) else {
            self.queue(refuse(Cause::NotFound));
            return;
        };
        let visit = wait.visit;
        if let Some(visit) = self.record.queue_visits.get_mut(visit) {
            visit.offers += 1;
        }
        let leg = self.originate(NewLeg {
            target: &target,
            caller_id,
            timeout_ms: ring_ms,
            agent: Some(agent),
            purpose: Purpose::Offer(offer),
        });
        match (leg, &mut self.wait) {
            (Some(leg), Some(wait)) => {
                wait.offer = Some(Offer { offer, agent, leg, answered: None });
            }
            // It is the call that cannot ring anybody any more, not this agent.
            _ => {
                self.queue(refuse(Cause::Cancelled));
                self.give_up_wait("failed");
            }
        }
    }

    pub(super) fn withdrawn(&mut self, offer: OfferId) {
        if self.offer_under_way(offer).is_some() {
            self.drop_offer();
        }
    }

    pub(super) fn offer_rings(&mut self, offer: OfferId) {
        if self.offer_under_way(offer).is_some() {
            self.queue(QueueEffect::OfferRinging { offer });
        }
    }

    pub(super) fn offer_answered(&mut self, offer: OfferId) {
        let until = self.now.plus_ms(CONFIRM_MS);
        if let Some(under_way) = self.offer_under_way(offer) {
            under_way.answered = Some(until);
            self.queue(QueueEffect::OfferAnswered { offer });
        }
    }

    /// The agent's leg has ended before a conversation.
    pub(super) fn offer_leg_gone(&mut self, offer: OfferId, was: LegState, cause: Cause) {
        // After an answer the distribution may have booked a conversation: it is
        // told of its end when it has said so.
        if was == LegState::Answered || self.offer_under_way(offer).is_none() {
            return;
        }
        if let Some(wait) = &mut self.wait {
            wait.offer = None;
        }
        self.queue(QueueEffect::OfferFailed { offer, cause });
    }

    /// The distribution has ended the wait.
    pub(super) fn wait_ended(
        &mut self,
        outcome: ContactOutcome,
        reason: String,
        agent: Option<AgentId>,
    ) {
        if self.ends_owed > 0 {
            self.ends_owed -= 1;
            self.nobody_talks(outcome, agent);
            return;
        }
        self.close_wait(outcome, reason, agent);
    }

    fn close_wait(&mut self, outcome: ContactOutcome, reason: String, agent: Option<AgentId>) {
        let Some(mut wait) = self.wait.take() else {
            self.nobody_talks(outcome, agent);
            return;
        };
        self.silence_if(Owner::Treatment);
        let offer = wait.offer.take();
        self.visit_ended(&wait, outcome, agent);
        match offer.filter(|offer| offer.answered.is_some()) {
            Some(offer) if outcome == ContactOutcome::Served && wait.leaving.is_none() => {
                self.served(&wait, offer);
                return;
            }
            _ => self.nobody_talks(outcome, agent),
        }
        if let Some(offer) = offer {
            self.end_leg(offer.leg, Cause::Cancelled);
        }
        let word = match (wait.leaving, outcome) {
            (Some(leaving), _) => leaving.word,
            (None, ContactOutcome::Served) => "failed",
            (None, other) => other.name(),
        };
        self.complete(wait.command, word, reason, Vec::new());
    }

    /// The distribution may have booked a conversation that we gave up on.
    fn nobody_talks(&mut self, outcome: ContactOutcome, agent: Option<AgentId>) {
        if let (ContactOutcome::Served, Some(agent)) = (outcome, agent) {
            self.queue(QueueEffect::TalkEnded { agent, talk_ms: 0 });
        }
    }

    /// The distribution has booked a conversation with the agent who answered.
    fn served(&mut self, wait: &Wait, offer: Offer) {
        let wait_ms = self.now.ms_since(wait.entered_at);
        let details = vec![
            ("agent".to_owned(), offer.agent.to_string()),
            ("leg".to_owned(), offer.leg.to_string()),
            ("wait-ms".to_owned(), wait_ms.to_string()),
        ];
        let kind = TalkKind::Served { agent: offer.agent, visit: wait.visit };
        self.start_talk(offer.leg, kind);
        self.complete(wait.command, "answered", offer.leg.to_string(), details);
        if !self.is_answered(offer.leg) {
            // The agent hung up while the distribution made up its mind.
            self.end_talk(Party::Callee);
        }
    }

    pub(super) fn waiting_timed_out(&mut self) {
        let now = self.now;
        let Some(wait) = &self.wait else { return };
        if let Some(offer) = wait.offer
            && offer.answered.is_some_and(|until| until <= now)
        {
            self.happened("alarm", json!({ "what": "offer", "reason": "never confirmed" }));
            self.drop_offer();
            self.queue(QueueEffect::OfferFailed { offer: offer.offer, cause: Cause::Internal });
        }
        if self.wait.as_ref().is_some_and(|w| w.leaving.is_some_and(|l| l.until <= now)) {
            self.close_wait(ContactOutcome::Left, String::new(), None);
            self.ends_owed += 1;
        }
    }

    pub(super) fn treatment_failed(&mut self, reason: String) {
        let Some(wait) = &mut self.wait else { return };
        wait.treatment = match &wait.treatment {
            Treatment::Flow(sources) if !sources.is_empty() => Treatment::Default,
            _ => Treatment::Silence,
        };
        self.happened("alarm", json!({ "what": "treatment", "reason": reason }));
    }

    /// Forgets the offer under way and ends its leg.
    fn drop_offer(&mut self) {
        if let Some(offer) = self.wait.as_mut().and_then(|wait| wait.offer.take()) {
            self.end_leg(offer.leg, Cause::Cancelled);
        }
    }

    fn offer_under_way(&mut self, offer: OfferId) -> Option<&mut Offer> {
        self.wait.as_mut()?.offer.as_mut().filter(|o| o.offer == offer)
    }

    fn visit_ended(&mut self, wait: &Wait, outcome: ContactOutcome, agent: Option<AgentId>) {
        let now = self.now;
        if let Some(visit) = self.record.queue_visits.get_mut(wait.visit) {
            visit.left_at = Some(now);
            visit.outcome = Some(outcome);
            visit.agent = agent;
        }
        self.running.retain(|(_, kind)| *kind != CommandKind::Enqueue);
        self.happened(
            "queue.left",
            json!({
                "outcome": outcome.name(),
                "agent": agent,
                "waited_ms": now.ms_since(wait.entered_at),
            }),
        );
    }
}

/// An agent's phone, written as in `dial` or as a bare extension.
fn phone(target: &str) -> Option<Target> {
    target.parse().or_else(|_| target.parse().map(Target::Extension)).ok()
}
