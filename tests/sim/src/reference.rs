//! A model of the distribution that is too simple to be wrong: plain lists,
//! filtered and sorted at every question.

use strowger_acd::{AgentConfig, Members, Offer, QueueConfig};
use strowger_model::{AgentId, AgentState, CallId, OfferId, SkillNeed, Timestamp};

/// A contact that has not ended.
#[derive(Clone, Debug)]
pub struct Contact {
    pub number: u64,
    pub call: CallId,
    pub queue: String,
    pub priority: i32,
    pub needs: Vec<SkillNeed>,
    pub since: Timestamp,
    pub offer: Option<OfferId>,
}

/// What the distribution should know.
#[derive(Debug, Default)]
pub struct Reference {
    pub queues: Vec<QueueConfig>,
    pub agents: Vec<(AgentConfig, AgentState)>,
    pub contacts: Vec<Contact>,
    accepted: u64,
}

impl Reference {
    /// A contact was taken; the numbers count them.
    pub fn enqueued(
        &mut self,
        now: Timestamp,
        call: CallId,
        queue: String,
        priority: i32,
        needs: Vec<SkillNeed>,
    ) {
        self.accepted += 1;
        let number = self.accepted;
        self.contacts.push(Contact {
            number,
            call,
            queue,
            priority,
            needs,
            since: now,
            offer: None,
        });
    }

    pub fn agent_changed(&mut self, agent: AgentId, state: AgentState) {
        if let Some((_, known)) = self.agents.iter_mut().find(|(config, _)| config.id == agent) {
            *known = state;
        }
    }

    pub fn offer_over(&mut self, offer: OfferId) {
        for contact in &mut self.contacts {
            if contact.offer == Some(offer) {
                contact.offer = None;
            }
        }
    }

    pub fn ended(&mut self, call: CallId) {
        self.contacts.retain(|contact| contact.call != call);
    }

    /// Books an offer; says what is wrong with it.
    pub fn offered(&mut self, now: Timestamp, offer: &Offer) -> Result<(), String> {
        let best = self.best_for(now, offer.agent).map(|contact| contact.number);
        if best != Some(offer.contact.0) {
            return Err(format!(
                "contact {} was offered to {}, but {best:?} comes first among {:#?}",
                offer.contact,
                offer.agent,
                self.contacts.iter().filter(|c| c.offer.is_none()).collect::<Vec<_>>()
            ));
        }
        for contact in &mut self.contacts {
            if contact.number == offer.contact.0 {
                if contact.call != offer.call {
                    return Err(format!("contact {} is not {}'s", offer.contact, offer.call));
                }
                contact.offer = Some(offer.offer);
            }
        }
        Ok(())
    }

    /// Who should be given to this agent now: most points, then first come.
    fn best_for(&self, now: Timestamp, agent: AgentId) -> Option<&Contact> {
        let (agent, _) = self.agents.iter().find(|(config, _)| config.id == agent)?;
        let mut waiting: Vec<&Contact> = self
            .contacts
            .iter()
            .filter(|contact| contact.offer.is_none() && self.may_serve(now, agent, contact))
            .collect();
        waiting.sort_by_key(|contact| {
            (std::cmp::Reverse(self.points(now, contact)), contact.since, contact.number)
        });
        waiting.first().copied()
    }

    fn points(&self, now: Timestamp, contact: &Contact) -> i128 {
        let ageing = self.queue(contact).map_or(0, |queue| queue.ageing_per_minute);
        i128::from(contact.priority) * 60_000
            + i128::from(ageing) * i128::from(now.ms_since(contact.since))
    }

    fn may_serve(&self, now: Timestamp, agent: &AgentConfig, contact: &Contact) -> bool {
        let Some(queue) = self.queue(contact) else { return false };
        let member = match &queue.members {
            Members::All => true,
            Members::Only(these) => these.contains(&agent.id),
        };
        let waited_ms = now.ms_since(contact.since);
        let skilled = queue.needs.iter().chain(&contact.needs).all(|need| {
            let level = need.level_after(waited_ms);
            level == 0 || agent.skills.iter().any(|s| s.name == need.name && s.level >= level)
        });
        member && skilled
    }

    fn queue(&self, contact: &Contact) -> Option<&QueueConfig> {
        self.queues.iter().find(|queue| queue.name == contact.queue)
    }
}
