//! How things stand, for screens and checks.

use crate::acd::Acd;
use crate::agents::Duty;
use crate::routers::RouterChoice;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use strowger_model::{AgentId, AgentState, CallId, QueueId, Timestamp};

/// An agent now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentView {
    /// Which agent.
    pub agent: AgentId,
    /// The number by which routers know the agent.
    pub number: u64,
    /// Shown name.
    pub name: String,
    /// What to dial.
    pub extension: String,
    /// The state.
    pub state: AgentState,
    /// Since when.
    pub since: Timestamp,
    /// The call the agent talks in.
    pub call: Option<CallId>,
    /// Contacts served since signing in.
    pub served: u32,
}

/// A queue now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueView {
    /// Which queue.
    pub queue: QueueId,
    /// Its name.
    pub name: String,
    /// Contacts in it, those being offered included.
    pub waiting: u32,
    /// How long the one has waited who came first of these.
    pub longest_wait_ms: u64,
    /// What a contact that came last would probably wait.
    pub expected_wait_ms: u64,
    /// Agents signed in who may serve it, skills aside.
    pub staffed: u32,
}

impl Acd {
    /// Every agent, in no particular order.
    pub fn agents(&self) -> impl Iterator<Item = AgentView> + '_ {
        self.agents.values().map(|agent| AgentView {
            agent: agent.config.id,
            number: agent.number,
            name: agent.config.name.clone(),
            extension: agent.config.extension.clone(),
            state: agent.state.clone(),
            since: agent.since,
            call: match agent.duty {
                Duty::Talk { call, .. } => Some(call),
                Duty::Offer(_) | Duty::None => None,
            },
            served: agent.served,
        })
    }

    /// The routers that have contacts, or are asked right now.
    pub fn routers(&self) -> impl Iterator<Item = &RouterChoice> {
        self.routers.choices()
    }

    /// One agent.
    pub fn agent_state(&self, agent: AgentId) -> Option<&AgentState> {
        Some(&self.agents.get(self.agent_numbers.get(&agent)?)?.state)
    }

    /// Every queue, in the order of configuration.
    pub fn queues(&self) -> impl Iterator<Item = QueueView> + '_ {
        let mut first: HashMap<u32, Timestamp> = HashMap::new();
        for contact in self.contacts.values() {
            let first = first.entry(contact.queue).or_insert(contact.enqueued_at);
            *first = contact.enqueued_at.min(*first);
        }
        self.queues.by_number.iter().map(move |(number, queue)| {
            let waiting = queue.places.len() as u32;
            QueueView {
                queue: queue.config.id,
                name: queue.config.name.clone(),
                waiting,
                longest_wait_ms: first.get(number).map_or(0, |&since| self.now.ms_since(since)),
                expected_wait_ms: queue.rate.expected_wait_ms(self.now, waiting, queue.staffed),
                staffed: queue.staffed,
            }
        })
    }

    /// A call's place in its queue, counted from 1, and its expected wait.
    pub fn place(&self, call: CallId) -> Option<(u32, u64)> {
        let contact = self.contacts.get(self.contact_of_call.get(&call)?)?;
        let queue = self.queues.get(contact.queue)?;
        let place = contact.keys(queue.config.ageing_per_minute)[2];
        let position = queue.places.rank(&place) as u32 + 1;
        Some((position, queue.rate.expected_wait_ms(self.now, position, queue.staffed)))
    }
}
