//! Offers: one contact, one agent's phone, and an end in any case.
//!
//! An offer ends by answer, failure, withdrawal or expiry, whichever comes
//! first; what is reported later finds no offer and does nothing. So no agent
//! stays reserved or ringing, whatever fails between here and the phone.

use crate::acd::Acd;
use crate::agents::{Duty, Next, PHONE_GONE};
use crate::config::AfterNoAnswer;
use crate::contacts::Phase;
use crate::effect::{AcdEffect, AcdEvent, Offer};
use crate::limits::OFFER_GRACE_MS;
use crate::timers::Timer;
use strowger_model::{AgentState, Cause, ContactId, ContactOutcome, OfferId};

/// The reason of an agent who did not answer.
const NO_ANSWER: &str = "no_answer";

/// An offer that is out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfferRecord {
    pub(crate) contact: u64,
    pub(crate) agent: u64,
    ring_ms: u64,
}

impl Acd {
    /// Makes the offer that a router has chosen. Both are held for each other.
    pub(crate) fn make_offer(&mut self, contact_number: u64, agent_number: u64) {
        let offer = OfferId(self.next_offer);
        let Some(contact) = self.contacts.get_mut(&contact_number) else {
            return;
        };
        let Some(agent) = self.agents.get_mut(&agent_number) else {
            return;
        };
        self.next_offer += 1;
        contact.phase = Phase::Offered(offer);
        agent.duty = Duty::Offer(offer);
        let ring_ms = self.queues.get(contact.queue).map_or(0, |q| q.config.ring_ms);
        let effect = Offer {
            offer,
            contact: ContactId(contact_number),
            call: contact.call,
            agent: agent.config.id,
            extension: agent.config.extension.clone(),
            ring_ms,
        };
        let record = OfferRecord { contact: contact_number, agent: agent_number, ring_ms };
        self.offers.insert(offer, record);
        self.set_offer_timer(offer, ring_ms);
        self.change_agent(agent_number, AgentState::Reserved, false);
        self.emit(AcdEffect::Offer(effect));
    }

    fn set_offer_timer(&mut self, offer: OfferId, ring_ms: u64) {
        let at = self.now.plus_ms(ring_ms.saturating_add(OFFER_GRACE_MS));
        self.timers.set(Timer::Offer(offer), at);
    }

    pub(crate) fn offer_ringing(&mut self, offer: OfferId) {
        let Some(record) = self.offers.get(&offer).copied() else {
            return;
        };
        // Only the first report counts: repeated ones must not keep it ringing.
        let reserved =
            self.agents.get(&record.agent).is_some_and(|a| a.state == AgentState::Reserved);
        if reserved {
            self.set_offer_timer(offer, record.ring_ms);
            self.change_agent(record.agent, AgentState::Ringing, false);
        }
    }

    pub(crate) fn offer_answered(&mut self, offer: OfferId) {
        let Some(record) = self.take_offer(offer) else {
            return;
        };
        let agent_id = self.agents.get(&record.agent).map(|agent| agent.config.id);
        if let Some(contact) = self.contacts.get_mut(&record.contact) {
            contact.phase = Phase::Held(0);
            if let Some(agent) = agent_id {
                self.last_agents.remember(&contact.from, agent);
            }
            let (call, queue) = (contact.call, contact.queue);
            if let Some(queue) = self.queues.get_mut(queue) {
                queue.rate.served(self.now);
            }
            self.begin_talk(record.agent, call, queue);
            self.end_contact(record.contact, ContactOutcome::Served, "", agent_id);
        }
    }

    pub(crate) fn offer_failed(&mut self, offer: OfferId, cause: Cause) {
        match cause {
            // The call let go of the agent's leg: no fault of the agent's.
            Cause::Cancelled => {
                if let Some(record) = self.take_offer(offer) {
                    self.emit_missed(offer, record, cause.name(), false);
                    self.change_agent(record.agent, AgentState::Ready, true);
                    self.put_back(record.contact, true);
                }
            }
            Cause::Unreachable | Cause::NotFound => self.offer_missed(offer, PHONE_GONE, false),
            _ => self.offer_missed(offer, cause.name(), false),
        }
    }

    /// Nobody reported how the offer ended: it has failed like an unanswered one.
    pub(crate) fn offer_expired(&mut self, offer: OfferId) {
        self.offer_missed(offer, NO_ANSWER, true);
    }

    /// An offer came to nothing by the agent's side; `still_out` if the agent's
    /// leg may be alive. The agent becomes what was asked for meanwhile, else
    /// not ready for this reason; the contact goes back to its place.
    pub(crate) fn offer_missed(&mut self, offer: OfferId, reason: &str, still_out: bool) {
        let Some(record) = self.take_offer(offer) else {
            return;
        };
        self.emit_missed(offer, record, reason, still_out);
        let stays_ready = reason == NO_ANSWER
            && self
                .contacts
                .get(&record.contact)
                .and_then(|contact| self.queues.get(contact.queue))
                .is_some_and(|queue| queue.config.after_no_answer == AfterNoAnswer::Ready);
        if let Some(agent) = self.agents.get_mut(&record.agent)
            && !stays_ready
        {
            agent.next.get_or_insert_with(|| Next::NotReady(reason.to_owned()));
        }
        self.after_work(record.agent);
        self.put_back(record.contact, true);
    }

    /// Takes back an offer whose contact is no more. It is not the agent's
    /// fault: the agent keeps the place among the idle ones.
    pub(crate) fn withdraw(&mut self, offer: OfferId) {
        if let Some(record) = self.take_offer(offer) {
            self.emit_missed(offer, record, "withdrawn", true);
            self.change_agent(record.agent, AgentState::Ready, true);
        }
    }

    fn take_offer(&mut self, offer: OfferId) -> Option<OfferRecord> {
        let record = self.offers.remove(&offer)?;
        self.timers.cancel(Timer::Offer(offer));
        if let Some(agent) = self.agents.get_mut(&record.agent) {
            agent.duty = Duty::None;
        }
        Some(record)
    }

    fn emit_missed(&mut self, offer: OfferId, record: OfferRecord, reason: &str, still_out: bool) {
        let Some(call) = self.contacts.get(&record.contact).map(|contact| contact.call) else {
            return;
        };
        if still_out {
            self.emit(AcdEffect::Withdraw { offer, call });
        }
        if let Some(agent) = self.agents.get(&record.agent) {
            let event = AcdEvent::OfferMissed {
                offer,
                call,
                agent: agent.config.id,
                reason: reason.to_owned(),
            };
            self.emit(AcdEffect::Event(event));
        }
    }
}
