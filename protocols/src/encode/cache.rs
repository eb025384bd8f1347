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
    /// What making them took, as the one who kept them counts.
    effort: u64,
    used: u64,
}

/// What finished bytes are found by.
pub(super) trait Key: Hash + Eq + Clone {
    /// Bytes that it holds on to.
    fn held(&self) -> usize;
}

impl Key for Box<str> {
    fn held(&self) -> usize {
        self.len()
    }
}

/// Bytes an entry costs beside its contents, roughly.
const OVERHEAD: usize = 128;

impl<K: Key> Cache<K> {
    pub(super) fn new(limit: usize) -> Self {
        Self { entries: HashMap::new(), bytes: 0, limit, tick: 0 }
    }

    /// The bytes of a key, which are then the last to go, and what making them took.
    pub(super) fn get<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<(&[u8], u64)>
    where
        K: Borrow<Q>,
    {
        self.tick += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.tick;
        Some((&entry.bytes, entry.effort))
    }

    /// Keeps bytes, if there can be room for them at all.
    pub(super) fn put(&mut self, key: K, bytes: &[u8], effort: u64) {
        let whole = cost(&key, bytes);
        if whole > self.limit {
            return;
        }
        while self.bytes + whole > self.limit {
            let Some(oldest) = self.entries.iter().min_by_key(|(_, e)| e.used).map(|(k, _)| k.clone()) else {
                break;
            };
            if let Some(gone) = self.entries.remove(&oldest) {
                self.bytes -= cost(&oldest, &gone.bytes);
            }
        }
        self.tick += 1;
        let held = key.held();
        let entry = Entry { bytes: bytes.into(), effort, used: self.tick };
        if let Some(replaced) = self.entries.insert(key, entry) {
            self.bytes -= held + replaced.bytes.len() + OVERHEAD;
        }
        self.bytes += whole;
    }
}

fn cost(key: &impl Key, bytes: &[u8]) -> usize {
    key.held() + bytes.len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Key for u8 {
        fn held(&self) -> usize {
            0
        }
    }

    #[test]
    fn the_entry_used_longest_ago_makes_room() {
        let mut cache = Cache::<u8>::new(3 * (100 + OVERHEAD));
        for key in 0..3 {
            cache.put(key, &[key; 100], 0);
        }
        assert_eq!(cache.get(&0), Some(([0; 100].as_slice(), 0)));
        cache.put(3, &[3; 100], 0);
        assert!(cache.get(&1).is_none());
        assert!(cache.get(&0).is_some() && cache.get(&2).is_some() && cache.get(&3).is_some());
    }

    #[test]
    fn what_is_larger_than_the_cache_is_not_kept() {
        let mut cache = Cache::<u8>::new(50);
        cache.put(1, &[0; 100], 0);
        assert!(cache.get(&1).is_none());
        assert_eq!(cache.bytes, 0);
    }

    #[test]
    fn replacing_an_entry_does_not_count_it_twice() {
        let mut cache = Cache::<u8>::new(1000);
        cache.put(1, &[0; 100], 0);
        cache.put(1, &[1; 200], 0);
        assert_eq!(cache.bytes, 200 + OVERHEAD);
    }

    #[test]
    fn what_a_key_holds_counts_too() {
        let mut cache = Cache::<Box<str>>::new(10_000);
        for key in 0..100 {
            cache.put(format!("{key:01000}").into(), &[1], 0);
        }
        assert!(cache.entries.len() < 10, "{} entries", cache.entries.len());
        assert!(cache.bytes <= 10_000);
    }
}
