//! What a router sees and does while it decides.
//!
//! Choices are held back until the router has returned; see `routing`.

use crate::acd::Acd;
use crate::candidates::{AgentOrder, ContactOrder};
use crate::contacts::{Phase, Waiting};
use crate::decision::{Assignment, Look};
use crate::distribution::{Agent, Contact, Distribution};
use crate::limits::{MAX_DEPTH, MAX_PAGE, WAKE_MS};
use crate::needs;
use crate::timers::Timer;
use std::any::Any;
use strowger_model::AgentState;

/// Part of a list: `limit` is cut to what one answer may hold.
fn page(skip: u32, limit: u32) -> Result<(usize, usize), String> {
    if skip >= MAX_DEPTH {
        return Err(format!("a router may look at the first {MAX_DEPTH} candidates, not further"));
    }
    Ok((skip as usize, limit.min(MAX_PAGE).min(MAX_DEPTH - skip) as usize))
}

impl Acd {
    fn look_at_contacts(
        &mut self,
        agent: u64,
        order: &str,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<Contact>, String> {
        let order = ContactOrder::named(order)?;
        let (skip, limit) = page(skip, limit)?;
        if !self.agents.get(&agent).ok_or_else(|| no_agent(agent))?.is_free() {
            return Ok(Vec::new());
        }
        self.keep_contacts(order);
        let agent = self.agents.get(&agent).ok_or_else(|| no_agent(agent))?;
        let router = self.asking.as_ref().map(|asking| asking.router);
        let found = self.contacts_for(agent, order, router, skip, limit);
        Ok(found.into_iter().filter_map(|number| self.contact_view(number)).collect())
    }

    fn contact_view(&self, number: u64) -> Option<Contact> {
        let contact = self.contacts.get(&number)?;
        Some(Contact {
            id: number,
            queue: self.queues.get(contact.queue)?.config.name.clone(),
            priority: contact.priority,
            waited_ms: self.now.ms_since(contact.enqueued_at),
            offers: contact.offers,
        })
    }

    fn look_at_agents(
        &mut self,
        contact: u64,
        order: &str,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<Agent>, String> {
        let order = AgentOrder::named(order)?;
        let (skip, limit) = page(skip, limit)?;
        self.shelve_fresh();
        if order == AgentOrder::LeastServed {
            let agents = &self.agents;
            self.idle.keep(1, |number| agents.get(&number).map(|agent| agent.keys()[1]));
        }
        let contact = self.seen(contact).ok_or_else(|| no_contact(contact))?;
        let found = self.agents_for(contact, order, skip, limit);
        let view = |(number, level)| {
            let agent = self.agents.get(&number)?;
            let idle_ms = self.now.ms_since(agent.idle_since);
            Some(Agent { id: number, idle_ms, served: agent.served, level })
        };
        Ok(found.into_iter().filter_map(view).collect())
    }

    /// The contact, if it is one of the router that is asked.
    fn seen(&self, number: u64) -> Option<&Waiting> {
        let contact = self.contacts.get(&number)?;
        let router = self.asking.as_ref().map(|asking| asking.router);
        router.is_none_or(|router| contact.router == router).then_some(contact)
    }

    fn find_contact_fact(&self, contact: u64, name: &str) -> Option<String> {
        let contact = self.seen(contact)?;
        match name {
            "from" => Some(contact.from.to_string()),
            "to" => Some(contact.to.to_string()),
            "last-agent" => {
                let agent = self.last_agents.of(&contact.from)?;
                let number = self.agent_numbers.get(&agent)?;
                let agent = self.agents.get(number)?;
                (agent.state != AgentState::SignedOut).then(|| number.to_string())
            }
            _ => {
                if let Some(name) = name.strip_prefix("attribute:") {
                    let found = contact.attributes.iter().find(|(key, _)| key == name)?;
                    return Some(found.1.clone());
                }
                let skill = name.strip_prefix("need:")?;
                let queue = self.queues.get(contact.queue)?;
                let waited_ms = self.now.ms_since(contact.enqueued_at);
                let all = queue.config.needs.iter().chain(&contact.needs);
                needs::levels(all, waited_ms).get(skill).map(u8::to_string)
            }
        }
    }

    fn find_agent_fact(&self, agent: u64, name: &str) -> Option<String> {
        let agent = self.agents.get(&agent)?;
        match name {
            "name" => Some(agent.config.name.clone()),
            "extension" => Some(agent.config.extension.clone()),
            "state" => Some(agent.state.name().to_owned()),
            "idle-ms" => (agent.state == AgentState::Ready)
                .then(|| self.now.ms_since(agent.idle_since).to_string()),
            _ => {
                let skill = name.strip_prefix("skill:")?;
                let levels = agent.config.skills.iter().filter(|known| known.name == skill);
                levels.map(|known| known.level).max().map(|level| level.to_string())
            }
        }
    }

    fn try_assign(&mut self, contact_number: u64, agent_number: u64) -> Result<(), String> {
        if self.asking.is_none() {
            return Err("assignments are made while the router is asked".into());
        }
        let contact = self.seen(contact_number).ok_or_else(|| no_contact(contact_number))?;
        let agent = self.agents.get(&agent_number).ok_or_else(|| no_agent(agent_number))?;
        if !matches!(contact.phase, Phase::Waiting(_)) {
            return Err(format!("contact {contact_number} is being offered already"));
        }
        if !agent.is_free() {
            return Err(format!("agent {agent_number} is not free"));
        }
        if !self.may_serve(agent, contact) {
            return Err(format!(
                "agent {agent_number} lacks a skill or the membership that contact \
                 {contact_number} needs"
            ));
        }
        let assignment = Assignment {
            contact: contact_number,
            call: contact.call,
            agent_number,
            agent: agent.config.id,
        };
        self.unshelve(contact_number, Phase::Held(agent_number));
        self.unshelve_agent(agent_number);
        if let Some(agent) = self.agents.get_mut(&agent_number) {
            agent.held_for = Some(contact_number);
        }
        if let Some(asking) = &mut self.asking {
            asking.decision.assignments.push(assignment);
        }
        Ok(())
    }

    /// Keeps a refusal for the journal and passes it on.
    fn refused<T>(&mut self, result: Result<T, String>) -> Result<T, String> {
        if let Err(reason) = &result {
            self.keep_look(|| Look::Refused { reason: reason.clone() });
        }
        result
    }
}

fn no_agent(number: u64) -> String {
    format!("there is no agent {number}")
}

fn no_contact(number: u64) -> String {
    format!("contact {number} is not waiting")
}

impl Distribution for Acd {
    fn contacts_for_agent(
        &mut self,
        agent: u64,
        order: &str,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<Contact>, String> {
        let found = self.look_at_contacts(agent, order, skip, limit);
        let found = self.refused(found)?;
        self.keep_look(|| Look::Contacts {
            agent,
            order: order.to_owned(),
            skip,
            found: found.clone(),
        });
        Ok(found)
    }

    fn agents_for_contact(
        &mut self,
        contact: u64,
        order: &str,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<Agent>, String> {
        let found = self.look_at_agents(contact, order, skip, limit);
        let found = self.refused(found)?;
        self.keep_look(|| Look::Agents {
            contact,
            order: order.to_owned(),
            skip,
            found: found.clone(),
        });
        Ok(found)
    }

    fn contact_fact(&mut self, contact: u64, name: &str) -> Option<String> {
        let value = self.find_contact_fact(contact, name);
        self.keep_look(|| Look::ContactFact {
            contact,
            name: name.to_owned(),
            value: value.clone(),
        });
        value
    }

    fn agent_fact(&mut self, agent: u64, name: &str) -> Option<String> {
        let value = self.find_agent_fact(agent, name);
        self.keep_look(|| Look::AgentFact { agent, name: name.to_owned(), value: value.clone() });
        value
    }

    fn assign(&mut self, contact: u64, agent: u64) -> Result<(), String> {
        let result = self.try_assign(contact, agent);
        self.refused(result)
    }

    fn wake_in(&mut self, contact: u64, ms: u32) -> Result<(), String> {
        let waits =
            self.seen(contact).is_some_and(|contact| matches!(contact.phase, Phase::Waiting(_)));
        let result = if waits { Ok(()) } else { Err(no_contact(contact)) };
        self.refused(result)?;
        let ms_bounded = u64::from(ms).clamp(*WAKE_MS.start(), *WAKE_MS.end());
        self.timers.set(Timer::Wake(contact), self.now.plus_ms(ms_bounded));
        self.keep_look(|| Look::Wake { contact, ms });
        Ok(())
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}
