//! Contacts: from `Enqueue` to exactly one outcome.

use crate::acd::Acd;
use crate::candidates::{Anchor, ContactKind};
use crate::effect::{AcdEffect, AcdEvent, ContactEnded};
use crate::index::Key;
use crate::input::Enqueue;
use crate::limits::{MAX_ATTRIBUTES, MAX_CONTACTS, MAX_NEEDS, MAX_OFFERS, MAX_PRIORITY};
use crate::needs;
use crate::routers::RouterIndex;
use crate::timers::Timer;
use strowger_model::{
    Address, AgentId, CallId, ContactId, ContactOutcome, OfferId, SkillNeed, Timestamp,
};

/// A call that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) number: u64,
    pub(crate) call: CallId,
    pub(crate) queue: u32,
    pub(crate) enqueued_at: Timestamp,
    pub(crate) priority: i32,
    /// Decides about it from the beginning to the end.
    pub(crate) router: RouterIndex,
    /// Its own; those of the queue come on top.
    pub(crate) needs: Vec<SkillNeed>,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// Offers that came to nothing.
    pub(crate) offers: u32,
    pub(crate) phase: Phase,
    /// Whether the longest wait passed while an agent's phone was ringing.
    pub(crate) overdue: bool,
    /// The position last told.
    pub(crate) told: u32,
}

/// Where a contact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Free to be chosen; in this group of the index.
    Waiting(usize),
    /// Chosen by a router that has not returned yet.
    Held(u64),
    /// An agent's phone rings for it.
    Offered(OfferId),
}

impl Waiting {
    /// Keys in the orders arrival, priority and priority with ageing. The last
    /// is priority minus what a contact gains by the minute since 1970: the
    /// difference between two contacts of a queue is the same at any time.
    pub(crate) fn keys(&self, ageing_per_minute: u32) -> [Key; 3] {
        let since = self.enqueued_at.0;
        let priority = i64::from(self.priority);
        let aged = (priority * 60_000)
            .saturating_sub(i64::from(ageing_per_minute).saturating_mul(since as i64));
        [
            (0, since, self.number),
            (-priority, since, self.number),
            (aged.saturating_neg(), since, self.number),
        ]
    }
}

impl Acd {
    pub(crate) fn enqueue(&mut self, wish: Enqueue) {
        if self.contact_of_call.contains_key(&wish.call) {
            return;
        }
        let queue_number = match self.admit(&wish) {
            Ok(number) => number,
            Err((outcome, reason)) => {
                self.emit(AcdEffect::ContactEnded(ContactEnded {
                    call: wish.call,
                    contact: ContactId(0),
                    outcome,
                    reason,
                    agent: None,
                    router: None,
                    waited_ms: 0,
                    offers: 0,
                }));
                return;
            }
        };
        let Some(plan) = self.queues.get(queue_number).map(|queue| &queue.config.router) else {
            return;
        };
        let router = self.routers.take(plan.router_for(wish.call));
        let number = self.next_contact;
        self.next_contact += 1;
        let enqueued_at = wish.since.map_or(self.now, |since| since.min(self.now));
        let contact = Waiting {
            number,
            call: wish.call,
            queue: queue_number,
            router,
            enqueued_at,
            priority: wish.priority.clamp(-MAX_PRIORITY, MAX_PRIORITY),
            needs: wish.needs,
            attributes: wish.attributes,
            from: wish.from,
            to: wish.to,
            offers: 0,
            phase: Phase::Held(0),
            overdue: false,
            told: 0,
        };
        let Some(queue) = self.queues.get_mut(queue_number) else {
            return;
        };
        let place = contact.keys(queue.config.ageing_per_minute)[2];
        if queue.places.len() == 0 {
            queue.rate.backlog_began(self.now);
        }
        let passes_others = queue.places.last().is_some_and(|last| *last > place);
        queue.places.insert(place);
        let longest = [queue.config.max_wait_ms, wish.max_wait_ms];
        let longest = longest.into_iter().filter(|&ms| ms > 0).min();
        self.contact_of_call.insert(wish.call, number);
        self.contacts.insert(number, contact);
        if let Some(ms) = longest {
            self.timers.set(Timer::MaxWait(number), enqueued_at.plus_ms(ms));
        }
        self.shelve(number);
        self.tell_position(number);
        self.emit_length(queue_number);
        if passes_others {
            self.positions_changed(queue_number);
        }
        self.push_contact(number, false);
    }

    /// Which queue takes the call, or why none does.
    fn admit(&self, wish: &Enqueue) -> Result<u32, (ContactOutcome, String)> {
        let Some(number) = self.queues.named(&wish.queue) else {
            let reason = format!("there is no queue called {:?}; create it first", wish.queue);
            return Err((ContactOutcome::Failed, reason));
        };
        let Some(queue) = self.queues.get(number) else {
            return Err((ContactOutcome::Failed, "the queue was removed".into()));
        };
        if let Some(error) = wish.needs.iter().find_map(|need| need.validate().err()) {
            return Err((ContactOutcome::Failed, error.to_string()));
        }
        if queue.config.needs.len() + wish.needs.len() > MAX_NEEDS {
            let reason = format!("queue and contact may need {MAX_NEEDS} skills, not more");
            return Err((ContactOutcome::Failed, reason));
        }
        if wish.attributes.len() > MAX_ATTRIBUTES {
            let reason = format!("a contact has at most {MAX_ATTRIBUTES} attributes");
            return Err((ContactOutcome::Failed, reason));
        }
        let full =
            queue.config.max_waiting > 0 && queue.places.len() >= queue.config.max_waiting as usize;
        if full || self.contacts.len() >= MAX_CONTACTS {
            return Err((ContactOutcome::Overflowed, "the queue is full".into()));
        }
        Ok(number)
    }

    /// Puts a contact into the index, at its place, and watches its needs.
    pub(crate) fn shelve(&mut self, number: u64) {
        let Some(contact) = self.contacts.get_mut(&number) else {
            return;
        };
        let Some(queue) = self.queues.get(contact.queue) else {
            return;
        };
        let waited_ms = self.now.ms_since(contact.enqueued_at);
        let all = || queue.config.needs.iter().chain(&contact.needs);
        let change = needs::next_change_ms(all(), waited_ms);
        let levels = needs::levels(all(), waited_ms);
        let member = queue.is_restricted().then_some(queue.config.id);
        let needs = needs::tagged(&mut self.tags, levels.into_iter(), member.into_iter());
        let ageing = queue.config.ageing_per_minute;
        let router = contact.router;
        let kind = ContactKind { queue: contact.queue, router, needs };
        let tags = &self.tags;
        let (group, new) = self.waiting.enter(&kind, || {
            // The rarest tag: agents who lack it never even meet the group.
            let rarest = kind.needs.iter().map(|(tag, _)| *tag).min_by_key(|t| tags.holders(*t));
            vec![Anchor { tag: rarest, ageing, router }]
        });
        if !new {
            self.tags.release_all(&kind.needs);
        }
        self.waiting.insert(group, contact.keys(ageing));
        self.waiting_count += 1;
        contact.phase = Phase::Waiting(group);
        match change {
            Some(after_ms) => {
                self.timers.set(Timer::Relax(number), contact.enqueued_at.plus_ms(after_ms));
            }
            None => self.timers.cancel(Timer::Relax(number)),
        }
    }

    /// Takes a waiting contact out of the index.
    pub(crate) fn unshelve(&mut self, number: u64, phase: Phase) {
        let Some(contact) = self.contacts.get_mut(&number) else {
            return;
        };
        let Phase::Waiting(group) = std::mem::replace(&mut contact.phase, phase) else {
            return;
        };
        let ageing = self.queues.get(contact.queue).map_or(0, |q| q.config.ageing_per_minute);
        self.waiting.remove(group, contact.keys(ageing));
        self.waiting_count -= 1;
        self.timers.cancel(Timer::Relax(number));
        if let Some(kind) = self.waiting.leave(group) {
            self.tags.release_all(&kind.needs);
        }
    }

    /// A contact's needs have softened.
    pub(crate) fn relax(&mut self, number: u64) {
        let waits = self
            .contacts
            .get(&number)
            .is_some_and(|contact| matches!(contact.phase, Phase::Waiting(_)));
        if waits {
            self.unshelve(number, Phase::Held(0));
            self.shelve(number);
            self.push_contact(number, false);
        }
    }

    /// A contact has waited as long as it may. While a phone rings for it, it
    /// is given that chance.
    pub(crate) fn waited_enough(&mut self, number: u64) {
        let Some(contact) = self.contacts.get_mut(&number) else {
            return;
        };
        if matches!(contact.phase, Phase::Waiting(_)) {
            self.end_contact(number, ContactOutcome::TimedOut, "", None);
        } else {
            contact.overdue = true;
        }
    }

    /// A contact that was chosen in vain goes back to its place in the queue.
    pub(crate) fn put_back(&mut self, number: u64, was_offered: bool) {
        let Some(contact) = self.contacts.get_mut(&number) else {
            return;
        };
        if was_offered {
            contact.offers += 1;
        }
        if contact.overdue {
            self.end_contact(number, ContactOutcome::TimedOut, "", None);
        } else if contact.offers >= MAX_OFFERS {
            let reason = "every offer came to nothing";
            self.end_contact(number, ContactOutcome::Failed, reason, None);
        } else {
            self.shelve(number);
            self.push_contact(number, false);
        }
    }

    pub(crate) fn leave(&mut self, call: CallId) {
        if let Some(&number) = self.contact_of_call.get(&call) {
            self.end_contact(number, ContactOutcome::Left, "", None);
        }
    }

    pub(crate) fn caller_gone(&mut self, call: CallId) {
        if let Some(&number) = self.contact_of_call.get(&call) {
            self.end_contact(number, ContactOutcome::Abandoned, "", None);
        }
        if let Some(&agent) = self.talking_in.get(&call) {
            self.end_talk(agent, None);
        }
    }

    /// Ends a contact; takes back an offer that is out for it.
    pub(crate) fn end_contact(
        &mut self,
        number: u64,
        outcome: ContactOutcome,
        reason: &str,
        agent: Option<AgentId>,
    ) {
        match self.contacts.get(&number).map(|contact| contact.phase) {
            Some(Phase::Waiting(_)) => self.unshelve(number, Phase::Held(0)),
            Some(Phase::Offered(offer)) => self.withdraw(offer),
            Some(Phase::Held(_)) | None => {}
        }
        let Some(contact) = self.contacts.remove(&number) else {
            return;
        };
        self.contact_of_call.remove(&contact.call);
        for timer in [
            Timer::MaxWait(number),
            Timer::Relax(number),
            Timer::Wake(number),
            Timer::ReaskContact(number),
        ] {
            self.timers.cancel(timer);
        }
        let router = Some(self.routers.choice(contact.router));
        self.routers.release(contact.router);
        let mut others_move = false;
        if let Some(queue) = self.queues.get_mut(contact.queue) {
            let place = contact.keys(queue.config.ageing_per_minute)[2];
            queue.places.remove(&place);
            others_move = queue.places.last().is_some_and(|last| *last > place);
        }
        self.emit(AcdEffect::ContactEnded(ContactEnded {
            call: contact.call,
            contact: ContactId(number),
            outcome,
            reason: reason.to_owned(),
            agent,
            router,
            waited_ms: self.now.ms_since(contact.enqueued_at),
            offers: contact.offers,
        }));
        self.emit_length(contact.queue);
        if others_move {
            self.positions_changed(contact.queue);
        }
    }

    fn emit_length(&mut self, queue: u32) {
        let Some(queue) = self.queues.get(queue) else {
            return;
        };
        let event = AcdEvent::QueueLength {
            queue: queue.config.id,
            name: queue.config.name.clone(),
            waiting: queue.places.len() as u32,
        };
        self.emit(AcdEffect::Event(event));
    }
}
