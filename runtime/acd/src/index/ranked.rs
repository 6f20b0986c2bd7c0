//! A sorted set that knows the rank of each member.

use super::rack::Key;

/// Most keys in one chunk: moving half of them costs less than a cache miss or
/// two, and fifty thousand keys still make only a few hundred chunks to sum up.
const CHUNK: usize = 512;

/// Keys in ascending order, in chunks that are never empty.
#[derive(Debug, Default)]
pub(crate) struct RankedSet {
    chunks: Vec<Vec<Key>>,
}

impl RankedSet {
    /// Index of the chunk that has the key or would have it.
    fn chunk_for(&self, key: &Key) -> usize {
        self.chunks.partition_point(|chunk| chunk[0] <= *key).saturating_sub(1)
    }

    /// Adds a key; one that is there already stays once.
    pub(crate) fn insert(&mut self, key: Key) {
        if self.chunks.is_empty() {
            self.chunks.push(vec![key]);
            return;
        }
        let at = self.chunk_for(&key);
        let chunk = &mut self.chunks[at];
        if let Err(place) = chunk.binary_search(&key) {
            chunk.insert(place, key);
            if chunk.len() > CHUNK {
                let upper = chunk.split_off(CHUNK / 2);
                self.chunks.insert(at + 1, upper);
            }
        }
    }

    /// Takes a key out, if it is there.
    pub(crate) fn remove(&mut self, key: &Key) {
        let at = self.chunk_for(key);
        if let Some(chunk) = self.chunks.get_mut(at)
            && let Ok(place) = chunk.binary_search(key)
        {
            chunk.remove(place);
            if chunk.is_empty() {
                self.chunks.remove(at);
            }
        }
    }

    /// How many keys are lower.
    pub(crate) fn rank(&self, key: &Key) -> usize {
        let at = self.chunk_for(key);
        let before: usize = self.chunks[..at].iter().map(Vec::len).sum();
        let within = self.chunks.get(at).map_or(0, |chunk| chunk.partition_point(|k| k < key));
        before + within
    }

    /// How many keys there are.
    pub(crate) fn len(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum()
    }

    /// The highest key.
    pub(crate) fn last(&self) -> Option<&Key> {
        self.chunks.last()?.last()
    }

    /// The keys from the one with this rank on.
    pub(crate) fn starting_at(&self, rank: usize) -> impl Iterator<Item = &Key> {
        let mut skip = rank;
        let mut at = 0;
        while let Some(chunk) = self.chunks.get(at)
            && chunk.len() <= skip
        {
            skip -= chunk.len();
            at += 1;
        }
        self.chunks[at..].iter().flatten().skip(skip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn it_agrees_with_a_plain_sorted_set() {
        let mut set = RankedSet::default();
        let mut plain = BTreeSet::new();
        let mut state = 12345_u64;
        for step in 0..20_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = ((state >> 40) as i64 % 3000, 0, 0);
            if step % 3 == 0 {
                set.remove(&key);
                plain.remove(&key);
            } else {
                set.insert(key);
                plain.insert(key);
            }
            if step % 97 == 0 {
                assert_eq!(set.rank(&key), plain.range(..key).count());
                assert_eq!(set.len(), plain.len());
                let rank = set.rank(&key);
                assert_eq!(set.starting_at(rank).next(), plain.range(key..).next());
                assert_eq!(set.last(), plain.last());
            }
        }
        assert!(set.chunks.len() > 4, "the test must reach several chunks");
        for key in plain {
            set.remove(&key);
        }
        assert!(set.chunks.is_empty());
        assert_eq!(set.starting_at(0).next(), None);
    }
}
