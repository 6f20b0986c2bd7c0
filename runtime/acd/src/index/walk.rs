//! Going through several sorted groups as if they were one, lazily.

use super::rack::{GroupIndex, Key, Rack, Shelf};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, btree_map, btree_set};
use std::fmt::Debug;
use std::hash::Hash;

/// One of the sorted sequences being merged.
enum Source<'a, const N: usize> {
    /// A rack of which nothing but its first group has been looked at.
    Untouched { rack: &'a Rack<N>, key: Key, group: GroupIndex },
    /// Groups of a rack by first item, the next of which is `group`.
    Rack { heads: btree_map::Range<'a, Key, GroupIndex>, group: GroupIndex },
    /// Items of an opened group.
    Line { items: btree_set::Iter<'a, Key>, group: GroupIndex },
}

/// The items of several groups, best first, with the group each is in.
pub(crate) struct Walk<'a, K, R, F, const N: usize> {
    shelf: &'a Shelf<K, R, N>,
    order: usize,
    fits: F,
    /// Source and what is added to its keys' first part.
    sources: Vec<(Source<'a, N>, i64)>,
    next: BinaryHeap<Reverse<(Key, usize)>>,
}

impl<K, R, const N: usize> Shelf<K, R, N>
where
    K: Clone + Eq + Hash + Debug,
    R: Clone + Eq + Hash + Debug,
{
    /// Walks over the groups on `racks` that `fits` accepts. The number beside
    /// each rack is added to the first part of its keys.
    pub(crate) fn walk<'a, F: Fn(GroupIndex) -> bool>(
        &'a self,
        racks: impl Iterator<Item = (R, i64)>,
        order: usize,
        fits: F,
    ) -> Walk<'a, K, R, F, N> {
        let mut walk = Walk::new(self, order, fits);
        for (name, offset) in racks {
            if let Some(rack) = self.racks.get(&name)
                && let Some((key, group)) = rack.first[order]
            {
                walk.add(Source::Untouched { rack, key, group }, offset, key);
            }
        }
        walk
    }

    /// Walks over these groups, each with a number added to the first part of its keys.
    pub(crate) fn walk_groups<'a>(
        &'a self,
        groups: impl Iterator<Item = (GroupIndex, i64)>,
        order: usize,
    ) -> Walk<'a, K, R, fn(GroupIndex) -> bool, N> {
        let mut walk = Walk::new(self, order, (|_| true) as fn(GroupIndex) -> bool);
        for (group, offset) in groups {
            if let Some(found) = self.group(group) {
                let mut items = found.line[order].iter();
                if let Some(&key) = items.next() {
                    walk.add(Source::Line { items, group }, offset, key);
                }
            }
        }
        walk
    }
}

fn shifted(key: Key, offset: i64) -> Key {
    (key.0.saturating_add(offset), key.1, key.2)
}

impl<'a, K, R, F: Fn(GroupIndex) -> bool, const N: usize> Walk<'a, K, R, F, N>
where
    K: Clone + Eq + Hash + Debug,
    R: Clone + Eq + Hash + Debug,
{
    fn new(shelf: &'a Shelf<K, R, N>, order: usize, fits: F) -> Self {
        Self { shelf, order, fits, sources: Vec::new(), next: BinaryHeap::new() }
    }

    fn add(&mut self, source: Source<'a, N>, offset: i64, key: Key) {
        self.next.push(Reverse((shifted(key, offset), self.sources.len())));
        self.sources.push((source, offset));
    }

    /// Opens a group whose first item has just been met.
    fn open(&mut self, group: GroupIndex, offset: i64) {
        if let Some(found) = self.shelf.group(group) {
            let mut items = found.line[self.order].iter();
            items.next();
            if let Some(&second) = items.next() {
                self.add(Source::Line { items, group }, offset, second);
            }
        }
    }
}

impl<K, R, F: Fn(GroupIndex) -> bool, const N: usize> Iterator for Walk<'_, K, R, F, N>
where
    K: Clone + Eq + Hash + Debug,
    R: Clone + Eq + Hash + Debug,
{
    /// The item's number and its group.
    type Item = (u64, GroupIndex);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Reverse((key, at)) = self.next.pop()?;
            let (source, offset) = &mut self.sources[at];
            let offset = *offset;
            if let Source::Untouched { rack, key, group } = *source {
                *source = Source::Rack { heads: rack.after(self.order, key), group };
            }
            match source {
                Source::Untouched { .. } => {}
                Source::Line { items, group } => {
                    let group = *group;
                    if let Some(&following) = items.next() {
                        self.next.push(Reverse((shifted(following, offset), at)));
                    }
                    return Some((key.2, group));
                }
                Source::Rack { heads, group } => {
                    let met = *group;
                    if let Some((&following, &index)) = heads.next() {
                        *group = index;
                        self.next.push(Reverse((shifted(following, offset), at)));
                    }
                    if (self.fits)(met) {
                        self.open(met, offset);
                        return Some((key.2, met));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_several_racks_come_out_as_one_sorted_sequence() {
        let mut shelf: Shelf<u32, u32, 1> = Shelf::new();
        for number in 0..60_u64 {
            let kind = (number % 6) as u32;
            let (group, _) = shelf.enter(&kind, || vec![kind % 2]);
            shelf.insert(group, [((number * 37 % 60) as i64, 0, number)]);
        }
        let all: Vec<u64> = shelf
            .walk([(0, 0), (1, 0)].into_iter(), 0, |_| true)
            .map(|(n, _)| n * 37 % 60)
            .collect();
        assert_eq!(all, (0..60).collect::<Vec<_>>());

        let odd_first: Vec<u64> =
            shelf.walk([(0, 1000), (1, 0)].into_iter(), 0, |_| true).map(|(n, _)| n % 2).collect();
        assert_eq!(odd_first, [[1; 30], [0; 30]].concat());

        let third = shelf.by_kind_for_test(3);
        let only: Vec<u64> = shelf
            .walk([(0, 0), (1, 0)].into_iter(), 0, |group| group == third)
            .map(|(n, _)| n % 6)
            .collect();
        assert_eq!(only, [3; 10]);
    }

    #[test]
    fn a_group_that_empties_leaves_its_rack() {
        let mut shelf: Shelf<u32, u32, 1> = Shelf::new();
        let (group, new) = shelf.enter(&7, || vec![1]);
        assert!(new);
        shelf.insert(group, [(5, 0, 1)]);
        shelf.insert(group, [(4, 0, 2)]);
        assert_eq!(shelf.rack_len(&1), 1);
        shelf.remove(group, [(4, 0, 2)]);
        assert_eq!(shelf.walk([(1, 0)].into_iter(), 0, |_| true).next(), Some((1, group)));
        shelf.remove(group, [(5, 0, 1)]);
        assert_eq!((shelf.rack_len(&1), shelf.racks.len()), (0, 0));
        assert_eq!(shelf.leave(group), Some(7));
        assert!(shelf.kind(group).is_none());
    }
}
