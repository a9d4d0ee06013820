//! A map for few entries, in the order of their keys: one piece of memory, and nothing of it where there is none.

use core::borrow::Borrow;

use crate::thrift;

/// Looking up takes a binary search; inserting and removing move what lies behind. Where a node has eight neighbours
/// that is several times smaller and faster than a tree, and where it has thousands of links still no burden.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SortedMap<K, V> {
    entries: Vec<(K, V)>,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: Ord, V> SortedMap<K, V> {
    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        self.entries.get(at).map(|(_, value)| value)
    }

    pub(crate) fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        self.entries.get_mut(at).map(|(_, value)| value)
    }

    pub(crate) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.place(key).is_ok()
    }

    /// Sets the value of a key, and gives back the one it had.
    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(at) => self.entries.get_mut(at).map(|(_, old)| core::mem::replace(old, value)),
            Err(at) => {
                self.put(at, key, value);
                None
            }
        }
    }

    /// The value of a key, made by `new` if it has none.
    pub(crate) fn get_or_insert_with(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        let at = self.place(&key).unwrap_or_else(|at| {
            self.put(at, key, new());
            at
        });
        // `at` is where the entry was found or has just been put.
        &mut self.entries[at].1
    }

    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let at = self.place(key).ok()?;
        let value = self.entries.remove(at).1;
        thrift::shrink(&mut self.entries);
        Some(value)
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.entries.retain_mut(|(key, value)| keep(key, value));
        thrift::shrink(&mut self.entries);
    }

    pub(crate) fn clear(&mut self) {
        self.entries = Vec::new();
    }

    /// The last entry for whose key this holds, which it does for all before it.
    pub(crate) fn last_where(&self, holds: impl Fn(&K) -> bool) -> Option<(&K, &V)> {
        let end = self.entries.partition_point(|(there, _)| holds(there));
        self.entries.get(end.checked_sub(1)?).map(|(key, value)| (key, value))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&K, &mut V)> {
        self.entries.iter_mut().map(|(key, value)| (&*key, value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.iter().map(|(key, _)| key)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    fn put(&mut self, at: usize, key: K, value: V) {
        thrift::grow(&mut self.entries);
        self.entries.insert(at, (key, value));
    }

    fn place<Q: Ord + ?Sized>(&self, key: &Q) -> Result<usize, usize>
    where
        K: Borrow<Q>,
    {
        self.entries.binary_search_by(|(there, _)| there.borrow().cmp(key))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_does_what_a_tree_does(steps in prop::collection::vec((0_u8..4, 0_u8..12, any::<u16>()), 0..80)) {
            let (mut map, mut model) = (SortedMap::default(), BTreeMap::new());
            for (what, key, value) in steps {
                match what {
                    0 => prop_assert_eq!(map.insert(key, value), model.insert(key, value)),
                    1 => prop_assert_eq!(map.remove(&key), model.remove(&key)),
                    2 => {
                        let (ours, theirs) =
                            (map.get_or_insert_with(key, || value), model.entry(key).or_insert(value));
                        prop_assert_eq!(&*ours, &*theirs);
                        *ours ^= 1;
                        *theirs ^= 1;
                    }
                    _ => {
                        map.retain(|at, kept| at % 3 != key % 3 || *kept > value);
                        model.retain(|at, kept| at % 3 != key % 3 || *kept > value);
                    }
                }
                prop_assert_eq!(map.get(&key), model.get(&key));
                prop_assert_eq!(map.contains_key(&key), model.contains_key(&key));
                prop_assert_eq!(map.last_where(|at| *at <= key), model.range(..=key).next_back());
                prop_assert!(map.iter().eq(&model));
                prop_assert_eq!((map.len(), map.is_empty()), (model.len(), model.is_empty()));
            }
        }
    }
}
