//! Groups of items and the racks on which they stand, sorted by first item.

use super::hash::NumberMap;
use std::collections::{BTreeMap, BTreeSet, btree_map};
use std::fmt::Debug;
use std::hash::Hash;
use std::ops::Bound;

/// Where an item stands in an order: what the order goes by, then since when,
/// then its number, which makes the key unique. Lowest first.
pub(crate) type Key = (i64, u64, u64);

/// Index of a group on its shelf.
pub(crate) type GroupIndex = usize;

/// Groups of kind `K` on racks named `R`, each sorted in up to `N` orders.
///
/// The first order is always kept. The others are kept from the moment somebody
/// asks for one: a tenant's router uses one or two, and each costs time and
/// memory whenever an item comes or goes.
#[derive(Debug)]
pub(crate) struct Shelf<K, R, const N: usize> {
    groups: Vec<Option<Group<K, R, N>>>,
    free: Vec<GroupIndex>,
    by_kind: NumberMap<K, GroupIndex>,
    kept: [bool; N],
    pub(super) racks: NumberMap<R, Rack<N>>,
}

#[derive(Debug)]
pub(super) struct Group<K, R, const N: usize> {
    kind: K,
    /// Those who hold the group open, whether or not they are in its line now.
    users: usize,
    racks: Vec<R>,
    pub(super) line: [BTreeSet<Key>; N],
}

#[derive(Debug)]
pub(super) struct Rack<const N: usize> {
    heads: [BTreeMap<Key, GroupIndex>; N],
    /// The first of each order, beside the rack itself: of many racks that are
    /// looked at, few are gone into.
    pub(super) first: [Option<(Key, GroupIndex)>; N],
}

impl<K, R, const N: usize> Shelf<K, R, N>
where
    K: Clone + Eq + Hash + Debug,
    R: Clone + Eq + Hash + Debug,
{
    pub(crate) fn new() -> Self {
        Self {
            groups: Vec::new(),
            free: Vec::new(),
            by_kind: NumberMap::default(),
            kept: std::array::from_fn(|order| order == 0),
            racks: NumberMap::default(),
        }
    }

    /// Holds the group of this kind open; `racks` is asked for where a new group
    /// is to stand. Says whether the group is new.
    pub(crate) fn enter(&mut self, kind: &K, racks: impl FnOnce() -> Vec<R>) -> (GroupIndex, bool) {
        if let Some(&index) = self.by_kind.get(kind) {
            if let Some(group) = self.groups[index].as_mut() {
                group.users += 1;
            }
            return (index, false);
        }
        let group = Group {
            kind: kind.clone(),
            users: 1,
            racks: racks(),
            line: std::array::from_fn(|_| BTreeSet::new()),
        };
        let index = match self.free.pop() {
            Some(index) => {
                self.groups[index] = Some(group);
                index
            }
            None => {
                self.groups.push(Some(group));
                self.groups.len() - 1
            }
        };
        self.by_kind.insert(kind.clone(), index);
        (index, true)
    }

    /// Lets go of a group. Gives its kind back if nobody holds it any more; its
    /// line must then be empty.
    pub(crate) fn leave(&mut self, index: GroupIndex) -> Option<K> {
        let slot = self.groups.get_mut(index)?;
        let group = slot.as_mut()?;
        group.users -= 1;
        if group.users > 0 {
            return None;
        }
        let group = slot.take()?;
        debug_assert!(group.line[0].is_empty(), "a group was closed with items in its line");
        self.by_kind.remove(&group.kind);
        self.free.push(index);
        Some(group.kind)
    }

    /// What the members of a group have in common.
    pub(crate) fn kind(&self, index: GroupIndex) -> Option<&K> {
        self.group(index).map(|group| &group.kind)
    }

    pub(super) fn group(&self, index: GroupIndex) -> Option<&Group<K, R, N>> {
        self.groups.get(index)?.as_ref()
    }

    /// Keeps an order from now on; `key` says where in it an item stands. Sorts
    /// what is there, once.
    pub(crate) fn keep(&mut self, order: usize, key: impl Fn(u64) -> Option<Key>) {
        if std::mem::replace(&mut self.kept[order], true) {
            return;
        }
        for index in 0..self.groups.len() {
            let items = self.groups[index].iter().flat_map(|group| &group.line[0]);
            let keys: Vec<Key> = items.filter_map(|item| key(item.2)).collect();
            for key in keys {
                self.insert_in(order, index, key);
            }
        }
    }

    /// Puts an item into its group's line.
    pub(crate) fn insert(&mut self, index: GroupIndex, keys: [Key; N]) {
        for (order, key) in keys.into_iter().enumerate() {
            if self.kept[order] {
                self.insert_in(order, index, key);
            }
        }
    }

    fn insert_in(&mut self, order: usize, index: GroupIndex, key: Key) {
        let Some(group) = self.groups.get_mut(index).and_then(Option::as_mut) else {
            return;
        };
        let before = group.line[order].first().copied();
        group.line[order].insert(key);
        if before.is_some_and(|before| before < key) {
            return;
        }
        for name in &group.racks {
            let rack = self.racks.entry(name.clone()).or_insert_with(Rack::new);
            rack.change(order, before, Some(key), index);
        }
    }

    /// Takes an item out of its group's line.
    pub(crate) fn remove(&mut self, index: GroupIndex, keys: [Key; N]) {
        let Some(group) = self.groups.get_mut(index).and_then(Option::as_mut) else {
            return;
        };
        for (order, key) in keys.into_iter().enumerate().filter(|(order, _)| self.kept[*order]) {
            let was_first = group.line[order].first() == Some(&key);
            group.line[order].remove(&key);
            if !was_first {
                continue;
            }
            let next = group.line[order].first().copied();
            for name in &group.racks {
                let Some(rack) = self.racks.get_mut(name) else {
                    continue;
                };
                rack.change(order, Some(key), next, index);
                if rack.first.iter().all(Option::is_none) {
                    self.racks.remove(name);
                }
            }
        }
    }

    /// How many groups on this rack have anybody in line.
    pub(crate) fn rack_len(&self, name: &R) -> usize {
        self.racks.get(name).map_or(0, |rack| rack.heads[0].len())
    }

    /// The groups on these racks that have anybody in line.
    pub(crate) fn groups_on<'a>(
        &'a self,
        racks: impl Iterator<Item = R> + 'a,
    ) -> impl Iterator<Item = GroupIndex> + 'a {
        racks
            .filter_map(|name| self.racks.get(&name))
            .flat_map(|rack| rack.heads[0].values().copied())
    }
}

impl<const N: usize> Rack<N> {
    fn new() -> Self {
        Self { heads: std::array::from_fn(|_| BTreeMap::new()), first: [None; N] }
    }

    /// A group's first item in an order has changed.
    fn change(&mut self, order: usize, before: Option<Key>, after: Option<Key>, index: GroupIndex) {
        let heads = &mut self.heads[order];
        if let Some(before) = before {
            heads.remove(&before);
        }
        if let Some(after) = after {
            heads.insert(after, index);
        }
        let first = &mut self.first[order];
        match (before, after, *first) {
            (_, Some(after), None) => *first = Some((after, index)),
            (_, Some(after), Some((key, _))) if after < key => *first = Some((after, index)),
            (Some(before), _, Some((key, _))) if before == key => {
                *first = heads.first_key_value().map(|(key, index)| (*key, *index));
            }
            _ => {}
        }
    }

    /// The groups after the one with this first item.
    pub(super) fn after(&self, order: usize, key: Key) -> btree_map::Range<'_, Key, GroupIndex> {
        self.heads[order].range((Bound::Excluded(key), Bound::Unbounded))
    }
}

#[cfg(test)]
impl<K: Eq + Hash, R, const N: usize> Shelf<K, R, N> {
    pub(super) fn by_kind_for_test(&self, kind: K) -> GroupIndex {
        self.by_kind[&kind]
    }
}
