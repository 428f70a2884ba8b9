//! The deadline table: every machine that waits for something keeps one.

use crate::Instant;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// When to do what. Each key stands in the table at most once; setting it again moves it.
///
/// Setting, stopping and expiring cost O(log n). Deadlines that fall on the same instant expire in the order of
/// their keys, so a run repeats exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(bound = "K: Ord + Serialize + serde::de::DeserializeOwned")]
pub struct Deadlines<K> {
    by_key: BTreeMap<K, Instant>,
    by_time: BTreeSet<(Instant, K)>,
}

impl<K> Default for Deadlines<K> {
    fn default() -> Self {
        Self { by_key: BTreeMap::new(), by_time: BTreeSet::new() }
    }
}

impl<K: Ord + Clone> Deadlines<K> {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Wakes for `key` at `at`, instead of whenever it stood there before.
    pub fn set(&mut self, key: K, at: Instant) {
        if let Some(before) = self.by_key.insert(key.clone(), at) {
            self.by_time.remove(&(before, key.clone()));
        }
        self.by_time.insert((at, key));
    }

    /// Forgets `key`. Returns whether it was set.
    pub fn stop(&mut self, key: &K) -> bool {
        match self.by_key.remove(key) {
            Some(at) => self.by_time.remove(&(at, key.clone())),
            None => false,
        }
    }

    /// When `key` is due.
    pub fn due(&self, key: &K) -> Option<Instant> {
        self.by_key.get(key).copied()
    }

    /// The earliest deadline of all.
    pub fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes the earliest key that is due at `now`, if one is.
    pub fn expire(&mut self, now: Instant) -> Option<K> {
        if self.next()? > now {
            return None;
        }
        let (_, key) = self.by_time.pop_first()?;
        self.by_key.remove(&key);
        Some(key)
    }

    /// Whether nothing is awaited.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// How many deadlines stand.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: u64) -> Instant {
        Instant::from_micros(micros)
    }

    #[test]
    fn a_key_set_twice_expires_once_at_the_later_time() {
        let mut deadlines = Deadlines::new();
        deadlines.set("a", at(1));
        deadlines.set("a", at(5));
        assert_eq!(deadlines.expire(at(4)), None);
        assert_eq!(deadlines.expire(at(5)), Some("a"));
        assert_eq!(deadlines.expire(at(9)), None);
        assert!(deadlines.is_empty());
    }

    #[test]
    fn equal_times_expire_in_key_order() {
        let mut deadlines = Deadlines::new();
        for key in [3, 1, 2] {
            deadlines.set(key, at(7));
        }
        let order: Vec<_> = core::iter::from_fn(|| deadlines.expire(at(7))).collect();
        assert_eq!(order, [1, 2, 3]);
    }

    #[test]
    fn a_stopped_key_never_expires() {
        let mut deadlines = Deadlines::new();
        deadlines.set('x', at(1));
        assert!(deadlines.stop(&'x'));
        assert!(!deadlines.stop(&'x'));
        assert_eq!(deadlines.next(), None);
    }
}
