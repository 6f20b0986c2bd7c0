//! The queues of a tenant and what is known of each.

use crate::config::{Members, QueueConfig};
use crate::index::RankedSet;
use crate::service_rate::ServiceRate;
use std::collections::{BTreeMap, HashMap};
use strowger_model::{AgentId, QueueId, Timestamp};

/// A queue.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) config: QueueConfig,
    /// Everybody in it, those being offered included, best first: priority with
    /// ageing. The order never changes, because all age at the same rate: who
    /// came `t` minutes earlier is `t` times the rate ahead for ever.
    pub(crate) places: RankedSet,
    pub(crate) rate: ServiceRate,
    /// Agents signed in who may serve it, skills aside.
    pub(crate) staffed: u32,
    /// Places told so far in the pass under way.
    pub(crate) told_up_to: usize,
    /// Whether somebody moved up since the pass began.
    pub(crate) moved: bool,
}

impl Queue {
    pub(crate) fn new(config: QueueConfig, now: Timestamp) -> Self {
        Self {
            config,
            places: RankedSet::default(),
            rate: ServiceRate::new(now),
            staffed: 0,
            told_up_to: 0,
            moved: false,
        }
    }

    /// Whether only some agents serve it.
    pub(crate) fn is_restricted(&self) -> bool {
        matches!(self.config.members, Members::Only(_))
    }

    /// Whether this agent is named as one who serves it.
    pub(crate) fn names_member(&self, agent: AgentId) -> bool {
        matches!(&self.config.members, Members::Only(members) if members.contains(&agent))
    }
}

/// All queues; each has a number that is never used again.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    pub(crate) by_number: BTreeMap<u32, Queue>,
    numbers: HashMap<QueueId, u32>,
    names: HashMap<String, u32>,
    next: u32,
    /// The rates of ageing in use, each with the number of queues that use it.
    ageings: BTreeMap<u32, u32>,
}

impl Queues {
    pub(crate) fn get(&self, number: u32) -> Option<&Queue> {
        self.by_number.get(&number)
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut Queue> {
        self.by_number.get_mut(&number)
    }

    pub(crate) fn number(&self, id: QueueId) -> Option<u32> {
        self.numbers.get(&id).copied()
    }

    pub(crate) fn named(&self, name: &str) -> Option<u32> {
        self.names.get(name).copied()
    }

    /// Rates of ageing in use.
    pub(crate) fn ageings(&self) -> impl Iterator<Item = u32> + '_ {
        self.ageings.keys().copied()
    }

    /// Adds a queue, or gives one a new configuration.
    pub(crate) fn put(&mut self, config: QueueConfig, now: Timestamp) -> u32 {
        let number = match self.number(config.id) {
            Some(number) => {
                self.forget_words(number);
                number
            }
            None => {
                self.next += 1;
                self.next
            }
        };
        self.numbers.insert(config.id, number);
        self.names.insert(config.name.clone(), number);
        *self.ageings.entry(config.ageing_per_minute).or_insert(0) += 1;
        match self.by_number.get_mut(&number) {
            Some(queue) => queue.config = config,
            None => {
                self.by_number.insert(number, Queue::new(config, now));
            }
        }
        number
    }

    pub(crate) fn remove(&mut self, number: u32) -> Option<Queue> {
        self.forget_words(number);
        let queue = self.by_number.remove(&number)?;
        self.numbers.remove(&queue.config.id);
        Some(queue)
    }

    /// Forgets what follows from a queue's present configuration.
    fn forget_words(&mut self, number: u32) {
        let Some(queue) = self.by_number.get(&number) else {
            return;
        };
        if self.names.get(&queue.config.name) == Some(&number) {
            self.names.remove(&queue.config.name);
        }
        let ageing = queue.config.ageing_per_minute;
        if let Some(uses) = self.ageings.get_mut(&ageing) {
            *uses -= 1;
            if *uses == 0 {
                self.ageings.remove(&ageing);
            }
        }
    }
}
