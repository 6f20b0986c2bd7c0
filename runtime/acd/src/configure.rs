//! Changes of configuration while calls wait and agents talk.

use crate::acd::Acd;
use crate::agents::{AgentRecord, Duty, Next};
use crate::config::{AgentConfig, Members, QueueConfig};
use crate::contacts::Phase;
use crate::limits::{MAX_AGEING_PER_MINUTE, MAX_NEEDS};
use crate::timers::Timer;
use strowger_model::{AgentId, AgentState, ContactOutcome, QueueId, Timestamp};

impl Acd {
    /// Everybody in the queue is sorted anew; places are by the new rules from
    /// here on. A configuration that has not changed costs a comparison. Needs that make no sense are left out: configuration is checked
    /// where it is stored, and a queue that takes nobody would be worse.
    pub(crate) fn queue_upsert(&mut self, mut config: QueueConfig) {
        config.ageing_per_minute = config.ageing_per_minute.min(MAX_AGEING_PER_MINUTE);
        config.needs.retain(|need| need.validate().is_ok());
        config.needs.truncate(MAX_NEEDS);
        let known = self.queues.number(config.id);
        let before = known.and_then(|number| self.queues.get(number)).map(|queue| &queue.config);
        if before == Some(&config) {
            return;
        }
        let members_before = before.map_or(&Members::All, |config| &config.members);
        let regroup = *members_before != config.members;
        let (members, waiting) = match known {
            Some(number) => (self.contacts_in(number), true),
            None => (Vec::new(), false),
        };
        let shelved: Vec<u64> = members
            .iter()
            .copied()
            .filter(|number| self.contacts.get(number).is_some_and(|c| is_waiting(c.phase)))
            .collect();
        for &number in &shelved {
            self.unshelve(number, Phase::Held(0));
        }
        if let Some(queue) = known.and_then(|number| self.queues.get_mut(number)) {
            queue.places = Default::default();
        }
        let number = self.queues.put(config, self.now);
        self.recount(number);
        if regroup {
            self.regroup_agents();
        }
        if let Some(queue) = self.queues.get_mut(number) {
            for member in &members {
                if let Some(contact) = self.contacts.get(member) {
                    queue.places.insert(contact.keys(queue.config.ageing_per_minute)[2]);
                }
            }
        }
        for number in shelved {
            self.shelve(number);
        }
        if waiting {
            self.positions_changed(number);
        }
        self.push_everybody();
    }

    pub(crate) fn queue_remove(&mut self, queue: QueueId) {
        let Some(number) = self.queues.number(queue) else {
            return;
        };
        for contact in self.contacts_in(number) {
            self.end_contact(contact, ContactOutcome::Failed, "the queue was removed", None);
        }
        self.timers.cancel(Timer::Positions(number));
        self.queues.remove(number);
        self.regroup_agents();
    }

    pub(crate) fn agent_upsert(&mut self, config: AgentConfig) {
        if let Some(&number) = self.agent_numbers.get(&config.id) {
            if let Some(agent) = self.agents.get_mut(&number) {
                if agent.next == Some(Next::Removed) {
                    agent.next = None;
                }
                if agent.config == config {
                    return;
                }
                agent.config = config;
            }
            self.regroup_agent(number);
            self.push_agent(number);
            return;
        }
        let number = self.next_agent;
        self.next_agent += 1;
        let group = self.enter_group(&config);
        self.agent_numbers.insert(config.id, number);
        let agent = AgentRecord {
            number,
            config,
            shelved: false,
            group,
            state: AgentState::SignedOut,
            since: self.now,
            idle_since: Timestamp(0),
            served: 0,
            held_for: None,
            duty: Duty::None,
            next: None,
        };
        self.agents.insert(number, agent);
    }

    pub(crate) fn agent_remove(&mut self, agent: AgentId) {
        if let Some(&number) = self.agent_numbers.get(&agent) {
            self.leave_after(number, Next::Removed);
        }
    }

    /// Contacts of a queue, best first.
    fn contacts_in(&self, queue: u32) -> Vec<u64> {
        let places = self.queues.get(queue).map(|queue| &queue.places);
        places.map_or_else(Vec::new, |places| places.starting_at(0).map(|key| key.2).collect())
    }

    /// Counts who is signed in for a queue.
    fn recount(&mut self, number: u32) {
        if let Some(queue) = self.queues.get_mut(number) {
            let restricted = queue.is_restricted();
            let staffed = self
                .agents
                .values()
                .filter(|agent| agent.state != AgentState::SignedOut)
                .filter(|agent| !restricted || queue.names_member(agent.config.id))
                .count();
            queue.staffed = staffed as u32;
        }
    }

    fn regroup_agents(&mut self) {
        let mut numbers: Vec<u64> = self.agents.keys().copied().collect();
        numbers.sort_unstable();
        for number in numbers {
            self.regroup_agent(number);
        }
    }

    /// Moves an agent to the group of those with the same skills and memberships.
    fn regroup_agent(&mut self, number: u64) {
        let Some(agent) = self.agents.get(&number) else {
            return;
        };
        let config = agent.config.clone();
        let group = self.enter_group(&config);
        let Some(agent) = self.agents.get_mut(&number) else {
            return;
        };
        let before = std::mem::replace(&mut agent.group, group);
        if agent.shelved && before != group {
            self.idle.remove(before, agent.keys());
            self.idle.insert(group, agent.keys());
        }
        self.leave_group(before);
    }
}

fn is_waiting(phase: Phase) -> bool {
    matches!(phase, Phase::Waiting(_))
}
