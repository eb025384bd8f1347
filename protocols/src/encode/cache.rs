//! Finished bytes of pictures, bounded in bytes; what was not used longest goes first.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Most recently used entries up to a number of bytes.
pub(super) struct Cache<K> {
    entries: HashMap<K, Entry>,
    bytes: usize,
    limit: usize,
    tick: u64,
}

struct Entry {
    bytes: Box<[u8]>,
    used: u64,
}

/// Bytes an entry costs beside its contents, roughly.
const OVERHEAD: usize = 128;

impl<K: Hash + Eq + Clone> Cache<K> {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: HashMap::new(), bytes: 0, limit, tick: 0 }
    }

    /// The bytes of a key, which are then the last to go.
    pub(super) fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&[u8]>
    where
        K: Borrow<Q>,
    {
        self.tick += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.tick;
        Some(&entry.bytes)
    }

    /// Keeps bytes, if there can be room for them at all.
    pub(super) fn put(&mut self, key: K, bytes: &[u8]) {
        let cost = bytes.len() + OVERHEAD;
        if cost > self.limit {
            return;
        }
        while self.bytes + cost > self.limit {
            let Some(oldest) = self.entries.iter().min_by_key(|(_, e)| e.used).map(|(k, _)| k.clone()) else {
                break;
            };
            if let Some(gone) = self.entries.remove(&oldest) {
                self.bytes -= gone.bytes.len() + OVERHEAD;
            }
        }
        self.tick += 1;
        let entry = Entry { bytes: bytes.into(), used: self.tick };
        if let Some(replaced) = self.entries.insert(key, entry) {
            self.bytes -= replaced.bytes.len() + OVERHEAD;
        }
        self.bytes += cost;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_used_longest_ago_makes_room() {
        let mut cache = Cache::<u8>::new(3 * (100 + OVERHEAD));
        for key in 0..3 {
            cache.put(key, &[key; 100]);
        }
        assert_eq!(cache.get(&0), Some([0; 100].as_slice()));
        cache.put(3, &[3; 100]);
        assert!(cache.get(&1).is_none());
        assert!(cache.get(&0).is_some() && cache.get(&2).is_some() && cache.get(&3).is_some());
    }

    #[test]
    fn what_is_larger_than_the_cache_is_not_kept() {
        let mut cache = Cache::<u8>::new(50);
        cache.put(1, &[0; 100]);
        assert!(cache.get(&1).is_none());
        assert_eq!(cache.bytes, 0);
    }

    #[test]
    fn replacing_an_entry_does_not_count_it_twice() {
        let mut cache = Cache::<u8>::new(1000);
        cache.put(1, &[0; 100]);
        cache.put(1, &[1; 200]);
        assert_eq!(cache.bytes, 200 + OVERHEAD);
    }
}
