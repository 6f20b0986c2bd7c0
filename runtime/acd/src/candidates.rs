//! Who may serve whom, best first.

use crate::acd::Acd;
use crate::agents::AgentRecord;
use crate::contacts::{Phase, Waiting};
use crate::index::{Key, Requirement, Tag, satisfies};
use crate::routers::RouterIndex;

/// Contacts of one queue with the same router and the same needs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ContactKind {
    pub(crate) queue: u32,
    pub(crate) router: RouterIndex,
    pub(crate) needs: Requirement,
}

/// Where a group of contacts stands: under one of its needs, so that an agent
/// meets it at most once and only with that skill; by ageing, because only those
/// who age alike stay in order; and by router, which sees none but its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Anchor {
    pub(crate) tag: Option<Tag>,
    pub(crate) ageing: u32,
    pub(crate) router: RouterIndex,
}

/// Where a group of agents stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AgentRack {
    /// Every group.
    All,
    /// Groups that have this at exactly this level.
    Level(Tag, u8),
}

/// How waiting contacts are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContactOrder {
    Arrival = 0,
    Priority = 1,
    AgedPriority = 2,
}

/// How ready agents are ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AgentOrder {
    LongestIdle,
    LeastServed,
    HighestLevel,
}

/// Highest skill level.
const MAX_LEVEL: u8 = 10;

impl ContactOrder {
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        match name {
            "arrival" => Ok(Self::Arrival),
            "priority" => Ok(Self::Priority),
            "aged-priority" => Ok(Self::AgedPriority),
            other => Err(format!(
                "there is no order {other:?} of contacts; use arrival, priority or aged-priority"
            )),
        }
    }
}

impl AgentOrder {
    pub(crate) fn named(name: &str) -> Result<Self, String> {
        match name {
            "longest-idle" => Ok(Self::LongestIdle),
            "least-served" => Ok(Self::LeastServed),
            "highest-level" => Ok(Self::HighestLevel),
            other => Err(format!(
                "there is no order {other:?} of agents; use longest-idle, least-served or \
                 highest-level"
            )),
        }
    }
}

impl Acd {
    /// Numbers of waiting contacts that the agent may serve, best first: those of
    /// one router, or without one those of all.
    pub(crate) fn contacts_for(
        &self,
        agent: &AgentRecord,
        order: ContactOrder,
        router: Option<RouterIndex>,
        skip: usize,
        limit: usize,
    ) -> Vec<u64> {
        let Some(tags) = self.idle.kind(agent.group) else {
            return Vec::new();
        };
        let now = i64::try_from(self.now.0).unwrap_or(i64::MAX);
        let anchors = tags.iter().map(|(tag, _)| Some(*tag)).chain([None]);
        let racks = self.routers.among(router).flat_map(|router| {
            anchors.clone().flat_map(move |tag| {
                self.queues.ageings().map(move |ageing| {
                    // What everybody of this rate has gained since 1970: makes
                    // priorities of different rates comparable at this moment.
                    let gained = match order {
                        ContactOrder::AgedPriority => -i64::from(ageing).saturating_mul(now),
                        ContactOrder::Arrival | ContactOrder::Priority => 0,
                    };
                    (Anchor { tag, ageing, router }, gained)
                })
            })
        });
        self.waiting
            .walk(racks, order as usize, |group| {
                self.waiting.kind(group).is_some_and(|kind| satisfies(tags, &kind.needs))
            })
            .skip(skip)
            .take(limit)
            .map(|(number, _)| number)
            .collect()
    }

    /// Numbers of ready agents who may serve the contact, best first, each with
    /// the sum of levels over the skills needed.
    pub(crate) fn agents_for(
        &self,
        contact: &Waiting,
        order: AgentOrder,
        skip: usize,
        limit: usize,
    ) -> Vec<(u64, u32)> {
        let Phase::Waiting(group) = contact.phase else {
            return Vec::new();
        };
        let Some(needs) = self.waiting.kind(group).map(|kind| &*kind.needs) else {
            return Vec::new();
        };
        let Some(racks) = self.narrowest(needs) else {
            return Vec::new();
        };
        let fits = |group| self.idle.kind(group).is_some_and(|tags| satisfies(tags, needs));
        let level = |group| self.idle.kind(group).map_or(0, |tags| sum_of_levels(tags, needs));
        let page = |found: &mut dyn Iterator<Item = (u64, usize)>| {
            found.skip(skip).take(limit).map(|(number, group)| (number, level(group))).collect()
        };
        let unshifted = racks.iter().map(|&rack| (rack, 0));
        match order {
            AgentOrder::LongestIdle => page(&mut self.idle.walk(unshifted, 0, fits)),
            AgentOrder::LeastServed => page(&mut self.idle.walk(unshifted, 1, fits)),
            AgentOrder::HighestLevel => {
                // Sums differ from group to group, not within one: every group
                // that fits is looked at, but only the best are opened.
                let groups: Vec<_> = self
                    .idle
                    .groups_on(racks.iter().copied())
                    .filter(|&group| fits(group))
                    .map(|group| (group, -i64::from(level(group))))
                    .collect();
                page(&mut self.idle.walk_groups(groups.into_iter(), 0))
            }
        }
    }

    /// The racks of the need that the fewest kinds of idle agents meet. None if
    /// there is a need that nobody idle meets.
    fn narrowest(&self, needs: &[(Tag, u8)]) -> Option<Vec<AgentRack>> {
        let mut best = (self.idle.rack_len(&AgentRack::All), vec![AgentRack::All]);
        for &(tag, level) in needs {
            let racks: Vec<_> = (level..=MAX_LEVEL)
                .map(|level| AgentRack::Level(tag, level))
                .filter(|rack| self.idle.rack_len(rack) > 0)
                .collect();
            let count = racks.iter().map(|rack| self.idle.rack_len(rack)).sum();
            if count < best.0 {
                best = (count, racks);
            }
        }
        (best.0 > 0).then_some(best.1)
    }

    /// Whether anybody idle may serve the contact.
    pub(crate) fn somebody_for(&self, contact: &Waiting) -> bool {
        !self.agents_for(contact, AgentOrder::LongestIdle, 0, 1).is_empty()
    }

    /// Whether the agent may serve anybody who waits.
    pub(crate) fn anything_for(&self, agent: &AgentRecord) -> bool {
        !self.contacts_for(agent, ContactOrder::Arrival, None, 0, 1).is_empty()
    }

    /// The routers that have a contact which the agent may serve: the one whose
    /// best contact comes first by priority with ageing, then the others, last
    /// first.
    pub(crate) fn routers_for(&mut self, agent: u64) -> Option<(RouterIndex, Vec<RouterIndex>)> {
        if let Some(only) = self.routers.only() {
            return Some((only, Vec::new()));
        }
        self.keep_contacts(ContactOrder::AgedPriority);
        let agent = self.agents.get(&agent)?;
        let mut best: Vec<_> = self
            .routers
            .among(None)
            .filter_map(|router| {
                let order = ContactOrder::AgedPriority;
                let first = *self.contacts_for(agent, order, Some(router), 0, 1).first()?;
                Some((self.aged(first)?, router))
            })
            .collect();
        best.sort_unstable_by_key(|best| std::cmp::Reverse(*best));
        let (_, first) = best.pop()?;
        Some((first, best.into_iter().map(|(_, router)| router).collect()))
    }

    /// Where a contact stands now by priority with ageing, whatever its queue's
    /// rate is.
    fn aged(&self, number: u64) -> Option<Key> {
        let contact = self.contacts.get(&number)?;
        let ageing = self.queues.get(contact.queue)?.config.ageing_per_minute;
        let (aged, since, number) = contact.keys(ageing)[ContactOrder::AgedPriority as usize];
        let now = i64::try_from(self.now.0).unwrap_or(i64::MAX);
        Some((aged.saturating_sub(i64::from(ageing).saturating_mul(now)), since, number))
    }

    /// Keeps an order of contacts from now on.
    pub(crate) fn keep_contacts(&mut self, order: ContactOrder) {
        let (contacts, queues) = (&self.contacts, &self.queues);
        self.waiting.keep(order as usize, |number| {
            let contact = contacts.get(&number)?;
            let ageing = queues.get(contact.queue)?.config.ageing_per_minute;
            Some(contact.keys(ageing)[order as usize])
        });
    }

    /// Whether this agent may serve this contact.
    pub(crate) fn may_serve(&self, agent: &AgentRecord, contact: &Waiting) -> bool {
        let Phase::Waiting(group) = contact.phase else {
            return false;
        };
        match (self.idle.kind(agent.group), self.waiting.kind(group)) {
            (Some(tags), Some(kind)) => satisfies(tags, &kind.needs),
            _ => false,
        }
    }
}

/// The agent's levels over the skills needed; membership is no skill.
fn sum_of_levels(tags: &[(Tag, u8)], needs: &[(Tag, u8)]) -> u32 {
    needs
        .iter()
        .filter(|(tag, _)| tag.is_skill())
        .filter_map(|(tag, _)| tags.binary_search_by_key(tag, |(tag, _)| *tag).ok())
        .map(|at| u32::from(tags[at].1))
        .sum()
}
