//! What was spoken lately.

use crate::prompt::Prompt;
use std::collections::HashMap;
use std::sync::Arc;

/// Most memory the cache may take: half an hour of speech.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Most texts: bounds the search for the oldest one.
const MAX_TEXTS: usize = 1_000;

#[derive(Debug)]
struct Entry {
    prompt: Arc<Prompt>,
    used: u64,
}

/// Spoken texts by language and text; the least recently used one goes first.
#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: HashMap<(String, String), Entry>,
    bytes: usize,
    clock: u64,
}

impl Cache {
    pub(super) fn get(&mut self, key: &(String, String)) -> Option<Arc<Prompt>> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(Arc::clone(&entry.prompt))
    }

    pub(super) fn insert(&mut self, key: (String, String), prompt: Arc<Prompt>) {
        self.clock += 1;
        self.bytes += prompt.memory_bytes();
        if let Some(before) = self.entries.insert(key, Entry { prompt, used: self.clock }) {
            self.bytes -= before.prompt.memory_bytes();
        }
        while self.bytes > MAX_BYTES || self.entries.len() > MAX_TEXTS {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.bytes -= entry.prompt.memory_bytes();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: usize) -> (String, String) {
        ("en".to_owned(), number.to_string())
    }

    #[test]
    fn the_least_recently_used_text_makes_room() {
        let mut cache = Cache::default();
        let second = Prompt::shared(&[0; 8_000]);
        for number in 0..MAX_TEXTS {
            cache.insert(key(number), Arc::clone(&second));
        }
        assert!(cache.get(&key(0)).is_some());
        cache.insert(key(MAX_TEXTS), second);
        assert!(cache.get(&key(0)).is_some(), "it was used lately");
        assert!(cache.get(&key(1)).is_none(), "it was the oldest");
    }

    #[test]
    fn memory_is_bounded() {
        let mut cache = Cache::default();
        let minute = Prompt::shared(&[0; 480_000]);
        for number in 0..100 {
            cache.insert(key(number), Arc::clone(&minute));
        }
        assert!(cache.bytes <= MAX_BYTES);
        assert_eq!(cache.bytes, cache.entries.len() * minute.memory_bytes());
        assert!(cache.get(&key(99)).is_some());
    }
}
