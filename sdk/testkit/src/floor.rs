//! A contact center's floor for the test of a router: who waits, who is ready.
//!
//! It keeps to the contract's orders, but with plain sorting; the server's own
//! indexes are tested elsewhere.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use strowger_sdk::guest::{Moment, decide};
use strowger_sdk::host::{DistributionHost, Hosts, with_hosts};
use strowger_sdk::{Agent, Contact, Router, RouterTrigger};

/// What a router decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// This contact is offered to this agent.
    Assign {
        /// Whom.
        contact: u64,
        /// To whom.
        agent: u64,
    },
    /// The router wants to be woken about this contact.
    WakeIn {
        /// About whom.
        contact: u64,
        /// When.
        ms: u32,
    },
}

/// Who waits and who is ready. Contacts and agents are numbered from 1 in the
/// order they are added.
#[derive(Clone, Debug, Default)]
pub struct Floor {
    contacts: Vec<Waiting>,
    agents: Vec<Ready>,
    decisions: Vec<Decision>,
}

#[derive(Clone, Debug)]
struct Waiting {
    contact: Contact,
    needs: Vec<(String, u8)>,
    ageing_per_minute: i32,
    facts: BTreeMap<String, String>,
    free: bool,
}

#[derive(Clone, Debug)]
struct Ready {
    agent: Agent,
    skills: Vec<(String, u8)>,
    free: bool,
}

impl Floor {
    /// Nobody there.
    pub fn new() -> Self {
        Self::default()
    }

    /// A contact who has waited for so long.
    pub fn contact(mut self, waited: Duration) -> Self {
        let id = self.contacts.len() as u64 + 1;
        let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
        self.contacts.push(Waiting {
            contact: Contact { id, queue: "queue".into(), priority: 0, waited_ms, offers: 0 },
            needs: Vec::new(),
            ageing_per_minute: 0,
            facts: BTreeMap::new(),
            free: true,
        });
        self
    }

    /// The contact added last has this priority, and gains so much per minute.
    pub fn priority(self, priority: i32, ageing_per_minute: i32) -> Self {
        self.last_contact(|contact| {
            contact.contact.priority = priority;
            contact.ageing_per_minute = ageing_per_minute;
        })
    }

    /// The contact added last needs an agent of at least this level.
    pub fn needs(self, skill: &str, level: u8) -> Self {
        self.last_contact(|contact| contact.needs.push((skill.to_owned(), level)))
    }

    /// A fact of the contact added last, for example `last-agent`.
    pub fn fact(self, name: &str, value: &str) -> Self {
        self.last_contact(|contact| {
            contact.facts.insert(name.to_owned(), value.to_owned());
        })
    }

    /// An agent who has been ready for so long, with skills and their levels.
    pub fn agent(mut self, idle: Duration, skills: &[(&str, u8)]) -> Self {
        let id = self.agents.len() as u64 + 1;
        let idle_ms = u64::try_from(idle.as_millis()).unwrap_or(u64::MAX);
        self.agents.push(Ready {
            agent: Agent { id, idle_ms, served: 0, level: 0 },
            skills: skills.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect(),
            free: true,
        });
        self
    }

    /// The agent added last has served so many.
    pub fn served(mut self, served: u32) -> Self {
        if let Some(agent) = self.agents.last_mut() {
            agent.agent.served = served;
        }
        self
    }

    /// Asks a router. What it decides changes the floor as it would a real one.
    ///
    /// # Errors
    /// What the router returned; then the floor is as it was.
    pub fn ask(
        &mut self,
        router: &mut dyn Router,
        trigger: RouterTrigger,
    ) -> Result<Vec<Decision>, String> {
        let floor = Rc::new(RefCell::new(self.clone()));
        let host = Shared(Rc::clone(&floor));
        let mut hosts = Hosts { distribution: Some(Box::new(host)), ..Hosts::default() };
        let moment = Moment { now_ms: 0, seed: 1 };
        with_hosts(&mut hosts, || decide(router, moment, trigger))?;
        let mut floor = floor.borrow().clone();
        let decisions = std::mem::take(&mut floor.decisions);
        *self = floor;
        Ok(decisions)
    }

    fn last_contact(mut self, change: impl FnOnce(&mut Waiting)) -> Self {
        if let Some(contact) = self.contacts.last_mut() {
            change(contact);
        }
        self
    }

    fn find_contact(&self, id: u64) -> Result<&Waiting, String> {
        let found = self.contacts.iter().find(|c| c.contact.id == id && c.free);
        found.ok_or_else(|| format!("contact {id} does not wait"))
    }

    fn find_agent(&self, id: u64) -> Result<&Ready, String> {
        let found = self.agents.iter().find(|a| a.agent.id == id && a.free);
        found.ok_or_else(|| format!("agent {id} is not ready"))
    }
}

impl Ready {
    fn level(&self, skill: &str) -> u8 {
        let known = self.skills.iter().find(|(name, _)| name == skill);
        known.map_or(0, |(_, level)| *level)
    }

    fn may_serve(&self, contact: &Waiting) -> bool {
        contact.needs.iter().all(|(skill, level)| self.level(skill) >= *level)
    }

    fn as_seen_by(&self, contact: &Waiting) -> Agent {
        let level = contact.needs.iter().map(|(skill, _)| u32::from(self.level(skill))).sum();
        Agent { level, ..self.agent.clone() }
    }
}

struct Shared(Rc<RefCell<Floor>>);

fn page<T>(all: Vec<T>, skip: u32, limit: u32) -> Vec<T> {
    all.into_iter().skip(skip as usize).take(limit as usize).collect()
}

impl DistributionHost for Shared {
    fn contacts_for_agent(
        &mut self,
        agent: u64,
        order: &str,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<Contact>, String> {
        let floor = self.0.borrow();
        let agent = floor.find_agent(agent)?;
        let waiting = floor.contacts.iter().filter(|c| c.free && agent.may_serve(c));
        let mut waiting: Vec<&Waiting> = waiting.collect();
        let waited = |c: &Waiting| std::cmp::Reverse(c.contact.waited_ms);
        let aged = |c: &Waiting| {
            let gained = i128::from(c.ageing_per_minute) * i128::from(c.contact.waited_ms);
            std::cmp::Reverse(i128::from(c.contact.priority) * 60_000 + gained)
        };
        match order {
            "arrival" => waiting.sort_by_key(|c| waited(c)),
            "priority" => {
                waiting.sort_by_key(|c| (std::cmp::Reverse(c.contact.priority), waited(c)));
            }
            "aged-priority" => waiting.sort_by_key(|c| (aged(c), waited(c))),
            other => return Err(format!("there is no order `{other}` of contacts")),
        }
        Ok(page(waiting.into_iter().map(|c| c.contact.clone()).collect(), skip, limit))
    }

    fn agents_for_contact(
        &mut self,
        contact: u64,
        order: &str,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<Agent>, String> {
        let floor = self.0.borrow();
        let contact = floor.find_contact(contact)?;
        let ready = floor.agents.iter().filter(|a| a.free && a.may_serve(contact));
        let mut ready: Vec<Agent> = ready.map(|a| a.as_seen_by(contact)).collect();
        let idle = |a: &Agent| std::cmp::Reverse(a.idle_ms);
        match order {
            "longest-idle" => ready.sort_by_key(idle),
            "least-served" => ready.sort_by_key(|a| (a.served, idle(a))),
            "highest-level" => ready.sort_by_key(|a| (std::cmp::Reverse(a.level), idle(a))),
            other => return Err(format!("there is no order `{other}` of agents")),
        }
        Ok(page(ready, skip, limit))
    }

    fn contact_fact(&mut self, contact: u64, name: &str) -> Option<String> {
        self.0.borrow().find_contact(contact).ok()?.facts.get(name).cloned()
    }

    fn agent_fact(&mut self, agent: u64, name: &str) -> Option<String> {
        let floor = self.0.borrow();
        let agent = floor.find_agent(agent).ok()?;
        match name.split_once(':') {
            Some(("skill", skill)) => Some(agent.level(skill).to_string()),
            _ if name == "idle-ms" => Some(agent.agent.idle_ms.to_string()),
            _ => None,
        }
    }

    fn assign(&mut self, contact: u64, agent: u64) -> Result<(), String> {
        let mut floor = self.0.borrow_mut();
        if !floor.find_agent(agent)?.may_serve(floor.find_contact(contact)?) {
            return Err(format!("agent {agent} may not serve contact {contact}"));
        }
        floor.decisions.push(Decision::Assign { contact, agent });
        for waiting in floor.contacts.iter_mut().filter(|c| c.contact.id == contact) {
            waiting.free = false;
        }
        for ready in floor.agents.iter_mut().filter(|a| a.agent.id == agent) {
            ready.free = false;
        }
        Ok(())
    }

    fn wake_in(&mut self, contact: u64, ms: u32) -> Result<(), String> {
        let mut floor = self.0.borrow_mut();
        floor.find_contact(contact)?;
        floor.decisions.push(Decision::WakeIn { contact, ms });
        Ok(())
    }
}
