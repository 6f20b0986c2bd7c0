//! Who is next among tenants that all have work waiting: whoever has used least.
//!
//! What a piece of work costs is known only after it was done, so nobody is
//! granted anything in advance: the time that was used is booked afterwards, and
//! the tenant with the least time booked is served next (start-time fair queueing
//! with measured costs: Goyal, Vin and Cheng, SIGCOMM 1996). Pure: no thread and
//! no clock; memory is bounded by the work waiting.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// How much may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FairLimits {
    /// Of one owner.
    pub waiting_each: usize,
    /// Of all owners together.
    pub waiting: usize,
    /// Of one owner under way at the same time.
    pub running_each: usize,
}

/// Work that waits, by owner.
#[derive(Debug)]
pub(crate) struct FairQueue<K, J> {
    limits: FairLimits,
    owners: HashMap<K, Owner<J>>,
    waiting: usize,
    /// What the last owner served had used: whoever comes back from a pause
    /// starts here, for time that was not used is not saved up.
    floor: u64,
}

#[derive(Debug)]
struct Owner<J> {
    waiting: VecDeque<J>,
    running: usize,
    used: u64,
}

impl<K: Eq + Hash + Ord + Copy, J> FairQueue<K, J> {
    pub(crate) fn new(limits: FairLimits) -> Self {
        Self { limits, owners: HashMap::new(), waiting: 0, floor: 0 }
    }

    /// Takes work in, or gives it back if too much waits already.
    pub(crate) fn push(&mut self, owner: K, job: J) -> Result<(), J> {
        if self.waiting >= self.limits.waiting {
            return Err(job);
        }
        let floor = self.floor;
        let entry = self.owners.entry(owner).or_insert_with(|| Owner {
            waiting: VecDeque::new(),
            running: 0,
            used: floor,
        });
        if entry.waiting.len() >= self.limits.waiting_each {
            return Err(job);
        }
        entry.waiting.push_back(job);
        self.waiting += 1;
        Ok(())
    }

    /// Whether [`Self::push`] would take work in.
    pub(crate) fn has_room(&self, owner: K) -> bool {
        self.waiting < self.limits.waiting && self.waiting_of(owner) < self.limits.waiting_each
    }

    /// Work of `owner` that waits.
    pub(crate) fn waiting_of(&self, owner: K) -> usize {
        self.owners.get(&owner).map_or(0, |owner| owner.waiting.len())
    }

    /// The oldest work of whoever has used least and may have more under way.
    pub(crate) fn next(&mut self) -> Option<(K, J)> {
        let (&owner, _) = self
            .owners
            .iter()
            .filter(|(_, o)| !o.waiting.is_empty() && o.running < self.limits.running_each)
            .min_by_key(|(key, o)| (o.used, **key))?;
        let entry = self.owners.get_mut(&owner)?;
        let job = entry.waiting.pop_front()?;
        entry.running += 1;
        self.waiting -= 1;
        self.floor = self.floor.max(entry.used);
        Some((owner, job))
    }

    /// Work of `owner` is over and has taken so long.
    pub(crate) fn done(&mut self, owner: K, used: u64) {
        let Some(entry) = self.owners.get_mut(&owner) else { return };
        entry.running = entry.running.saturating_sub(1);
        entry.used = entry.used.saturating_add(used.max(1));
        // Forgotten once nothing is left to be unfair about.
        let floor = self.floor;
        self.owners.retain(|_, o| !o.waiting.is_empty() || o.running > 0 || o.used > floor);
        if self.waiting == 0 {
            self.owners.retain(|_, o| o.running > 0);
        }
    }

    /// How much waits.
    pub(crate) fn len(&self) -> usize {
        self.waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: FairLimits = FairLimits { waiting_each: 100, waiting: 150, running_each: 1 };

    #[test]
    fn who_takes_ten_times_as_long_is_served_a_tenth_as_often() {
        let mut queue = FairQueue::new(LIMITS);
        for job in 0..60 {
            queue.push("slow", job).unwrap();
            queue.push("quick", job).unwrap();
        }
        let mut served = Vec::new();
        for _ in 0..44 {
            let (owner, _) = queue.next().unwrap();
            queue.done(owner, if owner == "slow" { 10 } else { 1 });
            served.push(owner);
        }
        assert_eq!(served.iter().filter(|owner| **owner == "slow").count(), 4);
    }

    #[test]
    fn a_pause_is_not_saved_up() {
        let mut queue = FairQueue::new(LIMITS);
        for job in 0..50 {
            queue.push("old", job).unwrap();
        }
        for _ in 0..20 {
            let (owner, _) = queue.next().unwrap();
            queue.done(owner, 100);
        }
        for job in 0..50 {
            queue.push("new", job).unwrap();
        }
        let mut served = Vec::new();
        for _ in 0..10 {
            let (owner, _) = queue.next().unwrap();
            queue.done(owner, 100);
            served.push(owner);
        }
        assert!(served.iter().filter(|owner| **owner == "old").count() >= 4, "{served:?}");
    }

    #[test]
    fn one_owner_neither_fills_the_queue_nor_all_threads() {
        let mut queue = FairQueue::new(LIMITS);
        for job in 0..100 {
            queue.push(1, job).unwrap();
        }
        assert_eq!(queue.push(1, 100), Err(100));
        queue.push(2, 0).unwrap();
        assert_eq!(queue.next(), Some((1, 0)));
        assert_eq!(queue.next(), Some((2, 0)));
        assert_eq!(queue.next(), None);
        queue.done(1, 5);
        assert_eq!(queue.next(), Some((1, 1)));
    }

    #[test]
    fn the_order_of_one_owner_is_kept_and_nothing_stays_behind() {
        let mut queue = FairQueue::new(LIMITS);
        for job in 0..10 {
            queue.push(7, job).unwrap();
        }
        for job in 0..10 {
            assert_eq!(queue.next(), Some((7, job)));
            queue.done(7, 1);
        }
        assert_eq!((queue.len(), queue.owners.len()), (0, 0));
    }
}
