//! What is going to happen, in a total order that does not depend on the order in which it was found out.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use chinwag::Time;

/// What comes first among things that happen at one moment.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Class {
    /// A fault: the world changes before anything moves in it.
    Fault,
    /// Something arrives over the network.
    Arrival,
    /// Something that a node's own machine tells it.
    Local,
    /// A node's deadline, last: what arrives fires due timers anyway.
    Wake,
}

/// When something happens: by time, then class, then who caused it, then in the order that one caused it.
///
/// No number in it is shared by nodes, so that nodes can be run apart from each other and still agree on the order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Key {
    pub(crate) at: Time,
    pub(crate) class: Class,
    pub(crate) source: u32,
    pub(crate) sequence: u64,
}

/// What is going to happen: items of `T` by their keys, which must differ.
#[derive(Clone, Debug)]
pub(crate) struct Queue<T> {
    heap: BinaryHeap<Reverse<Entry>>,
    items: Vec<Option<T>>,
    free: Vec<u32>,
}

/// A key in the order of its fields, as small as can be, and where its item is: the heap is what a large network waits
/// for most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Entry {
    at: Time,
    /// The class, then the source.
    rank: u32,
    sequence: u64,
    slot: u32,
}

impl Entry {
    fn new(key: Key, slot: u32) -> Self {
        // No network has so many nodes that a number would not fit.
        let rank = (key.class as u32) << SOURCE_BITS | (key.source & ((1 << SOURCE_BITS) - 1));
        Self { at: key.at, rank, sequence: key.sequence, slot }
    }
}

const SOURCE_BITS: u32 = 30;

impl<T> Queue<T> {
    pub(crate) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), items: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn push(&mut self, key: Key, item: T) {
        // The heap moves keys only: what happens stays where it was put.
        let slot = self.free.pop().unwrap_or_else(|| {
            self.items.push(None);
            u32::try_from(self.items.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(place) = self.items.get_mut(slot as usize) {
            *place = Some(item);
            self.heap.push(Reverse(Entry::new(key, slot)));
        }
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }

    /// Takes what happens next and says when, if that is not after `limit`.
    pub(crate) fn pop_until(&mut self, limit: Time) -> Option<(Time, T)> {
        if self.next_at()? > limit {
            return None;
        }
        let Reverse(entry) = self.heap.pop()?;
        let item = self.items.get_mut(entry.slot as usize)?.take()?;
        self.free.push(entry.slot);
        Some((entry.at, item))
    }

    /// Everything in it, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_the_keys_whatever_the_order_of_pushing() {
        let mut keys = Vec::new();
        for at in [1, 2] {
            for class in [Class::Fault, Class::Arrival, Class::Local, Class::Wake] {
                for source in 0..3 {
                    for sequence in 0..3 {
                        keys.push(Key { at: Time::from_secs(at), class, source, sequence });
                    }
                }
            }
        }
        let mut queue = Queue::new();
        for step in 0..keys.len() {
            // 25 and 72 have no common factor: every key once, in a scattered order.
            let key = keys[step * 25 % keys.len()];
            queue.push(key, key);
        }
        assert_eq!(queue.iter().count(), keys.len());
        let early: Vec<_> = std::iter::from_fn(|| queue.pop_until(Time::from_secs(1))).collect();
        assert_eq!(early.len(), keys.len() / 2);
        let late = std::iter::from_fn(|| queue.pop_until(Time::MAX));
        let popped: Vec<Key> = early.into_iter().chain(late).map(|(_, item)| item).collect();
        assert_eq!(popped, keys);
        assert_eq!(queue.iter().count(), 0);
    }
}
