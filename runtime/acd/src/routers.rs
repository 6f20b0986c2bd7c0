//! Which router decides about a contact: chosen when it begins to wait, and the
//! same for as long as it waits.

use crate::limits::MAX_ROUTERS;
use serde::{Deserialize, Serialize};
use strowger_model::{CallId, VersionId, tries_canary};

/// Which router is to be run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouterChoice {
    /// The one that the tenant has chosen for queues without a choice of their own.
    #[default]
    Tenant,
    /// The stock router of this name.
    Named(String),
    /// A version that the tenant has uploaded.
    Version(VersionId),
    /// The usual stock router: no other can be run, or the one chosen has failed
    /// at this very trigger.
    Stock,
}

/// Which routers a queue's contacts get.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterPlan {
    /// All of them, but for those that try the canary.
    pub router: RouterChoice,
    /// A version that some try.
    #[serde(default)]
    pub canary: Option<RouterCanary>,
}

/// A version that some contacts try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterCanary {
    /// Which.
    pub version: VersionId,
    /// How many of them, 0 to 100; see [`tries_canary`].
    pub share_percent: u32,
}

impl RouterPlan {
    /// The router of this call's contact: always the same one, also after a
    /// restart, as long as the plan is.
    pub fn router_for(&self, call: CallId) -> RouterChoice {
        match self.canary {
            Some(canary) if tries_canary(call, canary.share_percent) => {
                RouterChoice::Version(canary.version)
            }
            _ => self.router.clone(),
        }
    }
}

/// A router that has contacts, by a short number.
pub(crate) type RouterIndex = u32;

/// The routers that have contacts now. A number is given out anew once nobody
/// holds it.
#[derive(Debug, Default)]
pub(crate) struct Routers {
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    choice: RouterChoice,
    /// Contacts that have it, and questions to it.
    uses: usize,
}

impl Routers {
    /// The number of a router, one use of which the caller now holds. Beyond the
    /// most there may be, it is the stock router's.
    pub(crate) fn take(&mut self, choice: RouterChoice) -> RouterIndex {
        let mut free = None;
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if slot.uses == 0 {
                free = Some(index);
            } else if slot.choice == choice {
                slot.uses += 1;
                return index as RouterIndex;
            }
        }
        if free.is_none() && self.slots.len() >= MAX_ROUTERS && choice != RouterChoice::Stock {
            return self.take(RouterChoice::Stock);
        }
        let slot = Slot { choice, uses: 1 };
        match free {
            Some(index) => {
                self.slots[index] = slot;
                index as RouterIndex
            }
            None => {
                self.slots.push(slot);
                (self.slots.len() - 1) as RouterIndex
            }
        }
    }

    /// Adds a use.
    pub(crate) fn keep(&mut self, router: RouterIndex) {
        if let Some(slot) = self.slots.get_mut(router as usize) {
            slot.uses += 1;
        }
    }

    /// Gives up a use.
    pub(crate) fn release(&mut self, router: RouterIndex) {
        if let Some(slot) = self.slots.get_mut(router as usize) {
            slot.uses -= 1;
        }
    }

    /// Which router has this number.
    pub(crate) fn choice(&self, router: RouterIndex) -> RouterChoice {
        self.slots.get(router as usize).map_or(RouterChoice::Stock, |slot| slot.choice.clone())
    }

    /// This one alone; without, all that have contacts.
    pub(crate) fn among(
        &self,
        router: Option<RouterIndex>,
    ) -> impl Iterator<Item = RouterIndex> + Clone + '_ {
        let range = match router {
            Some(one) => one..one + 1,
            None => 0..self.slots.len() as RouterIndex,
        };
        range.filter(|router| self.slots.get(*router as usize).is_some_and(|slot| slot.uses > 0))
    }

    /// The only one that has contacts, if there is just one.
    pub(crate) fn only(&self) -> Option<RouterIndex> {
        let mut used = self.among(None);
        used.next().filter(|_| used.next().is_none())
    }

    /// Those that have contacts.
    pub(crate) fn choices(&self) -> impl Iterator<Item = &RouterChoice> {
        self.slots.iter().filter(|slot| slot.uses > 0).map(|slot| &slot.choice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn version(n: u128) -> RouterChoice {
        RouterChoice::Version(VersionId(Uuid::from_u128(n)))
    }

    #[test]
    fn a_number_lives_as_long_as_somebody_uses_it() {
        let mut routers = Routers::default();
        let first = routers.take(version(1));
        assert_eq!(routers.take(version(1)), first);
        let second = routers.take(version(2));
        assert_eq!((routers.only(), routers.among(None).count()), (None, 2));
        routers.release(first);
        routers.release(first);
        assert_eq!(routers.only(), Some(second));
        assert_eq!((routers.take(version(3)), routers.slots.len()), (first, 2));
        assert_eq!(routers.choice(first), version(3));
    }

    #[test]
    fn beyond_the_most_there_may_be_the_stock_router_decides() {
        let mut routers = Routers::default();
        for n in 0..MAX_ROUTERS as u128 {
            routers.take(version(n));
        }
        let beyond = routers.take(version(1_000));
        assert_eq!(routers.choice(beyond), RouterChoice::Stock);
        assert_eq!(routers.take(version(1_001)), beyond);
        assert_eq!(routers.choice(routers.among(None).next().unwrap()), version(0));
    }
}
