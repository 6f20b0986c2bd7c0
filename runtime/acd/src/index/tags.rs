//! Short names for skills and memberships, counted so that a flow that invents
//! a new skill for every call leaves nothing behind.

use super::hash::NumberMap;
use std::collections::HashMap;
use std::sync::Arc;
use strowger_model::QueueId;

/// Marks the tags that stand for membership.
const MEMBERSHIP: u32 = 1 << 31;

/// A skill, or the membership in a queue that not everybody serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tag(u32);

impl Tag {
    /// Whether it stands for a skill, whose level counts.
    pub(crate) fn is_skill(self) -> bool {
        self.0 & MEMBERSHIP == 0
    }
}

/// What a tag stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TagName {
    Skill(String),
    Member(QueueId),
}

/// Tags with levels, sorted by tag: what a contact needs or what an agent has.
pub(crate) type Requirement = Arc<[(Tag, u8)]>;

/// Whether `has` reaches every level of `needs`.
pub(crate) fn satisfies(has: &[(Tag, u8)], needs: &[(Tag, u8)]) -> bool {
    needs.iter().all(|&(tag, level)| {
        has.binary_search_by_key(&tag, |&(tag, _)| tag).is_ok_and(|at| has[at].1 >= level)
    })
}

/// The tags in use.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    by_name: HashMap<TagName, Tag>,
    slots: NumberMap<Tag, Slot>,
    free: Vec<u32>,
    next: u32,
}

#[derive(Debug)]
struct Slot {
    name: TagName,
    uses: usize,
    /// Agents who have it, at any level.
    holders: usize,
}

impl Tags {
    /// The tag for a name, one use of which the caller now holds.
    pub(crate) fn take(&mut self, name: TagName) -> Tag {
        if let Some(&tag) = self.by_name.get(&name) {
            self.keep(tag);
            return tag;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.next += 1;
            self.next
        });
        let tag = Tag(match name {
            TagName::Skill(_) => number,
            TagName::Member(_) => number | MEMBERSHIP,
        });
        self.by_name.insert(name.clone(), tag);
        self.slots.insert(tag, Slot { name, uses: 1, holders: 0 });
        tag
    }

    /// Adds a use.
    fn keep(&mut self, tag: Tag) {
        if let Some(slot) = self.slots.get_mut(&tag) {
            slot.uses += 1;
        }
    }

    /// Gives up a use.
    pub(crate) fn release(&mut self, tag: Tag) {
        let Some(slot) = self.slots.get_mut(&tag) else {
            return;
        };
        slot.uses -= 1;
        if slot.uses == 0
            && let Some(slot) = self.slots.remove(&tag)
        {
            self.by_name.remove(&slot.name);
            self.free.push(tag.0 & !MEMBERSHIP);
        }
    }

    /// Gives up one use of each.
    pub(crate) fn release_all(&mut self, tags: &[(Tag, u8)]) {
        for &(tag, _) in tags {
            self.release(tag);
        }
    }

    /// An agent has these tags from now on, or no longer.
    pub(crate) fn count_holder(&mut self, tags: &[(Tag, u8)], has: bool) {
        for (tag, _) in tags {
            if let Some(slot) = self.slots.get_mut(tag) {
                slot.holders = if has { slot.holders + 1 } else { slot.holders - 1 };
            }
        }
    }

    /// How many are in use.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.slots.len()
    }

    /// How many agents have it.
    pub(crate) fn holders(&self, tag: Tag) -> usize {
        self.slots.get(&tag).map_or(0, |slot| slot.holders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_lives_as_long_as_somebody_uses_it() {
        let mut tags = Tags::default();
        let name = TagName::Skill("german".into());
        let first = tags.take(name.clone());
        assert_eq!(tags.take(name.clone()), first);
        tags.release(first);
        assert_eq!(tags.by_name.get(&name), Some(&first));
        tags.release(first);
        assert_eq!((tags.by_name.len(), tags.slots.len()), (0, 0));
    }

    #[test]
    fn every_need_must_be_met_at_its_level() {
        let mut tags = Tags::default();
        let a = tags.take(TagName::Skill("a".into()));
        let b = tags.take(TagName::Skill("b".into()));
        assert!(satisfies(&[(a, 5), (b, 1)], &[(a, 5)]));
        assert!(!satisfies(&[(a, 5), (b, 1)], &[(a, 5), (b, 2)]));
        assert!(!satisfies(&[(a, 5)], &[(b, 1)]));
        assert!(satisfies(&[], &[]));
    }
}
