//! What is going to happen, in a total order that does not depend on the order in which it was found out.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use chinwag::Time;

use crate::wheel::Wheel;

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

/// How a network keeps what is going to happen. The order is the same (`tests/meta_equalities/engine.rs`), the cost is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Scheduler {
    /// In a timer wheel, whose cost does not grow with what is on its way.
    #[default]
    Wheel,
    /// In a binary heap: simple, and slow for many nodes. What the wheel is tested against.
    Heap,
}

/// What a queue keeps.
pub(crate) trait Item: Sized {
    /// Whether it follows from its key: such items take no room beside these.
    fn is_implied(&self) -> bool;

    /// The one that follows from a key of this class, if it is one that does.
    fn implied(class: Class, source: u32, sequence: u64) -> Option<Self>;
}

/// What is going to happen: items of `T` by their keys, which must differ.
///
/// Most of what waits in a large network are the alarms of nodes, and most of these are outdated: they are keys alone.
#[derive(Clone, Debug)]
pub(crate) struct Queue<T> {
    order: Order,
    items: Vec<Option<T>>,
    /// Places that are used next, and those that came free since these were found.
    free: Vec<u32>,
    freed: Vec<u32>,
}

#[derive(Clone, Debug)]
enum Order {
    Wheel(Box<Wheel>),
    Heap(BinaryHeap<Reverse<Entry>>),
}

/// A key in the order of its fields, as small as can be, and where its item is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Entry {
    pub(crate) at: Time,
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
/// Stands for the place of an item that follows from its key.
const NOWHERE: u32 = u32::MAX;

impl Entry {
    fn implied<T: Item>(&self) -> Option<T> {
        let class = match self.rank >> SOURCE_BITS {
            0 => Class::Fault,
            1 => Class::Arrival,
            2 => Class::Local,
            _ => Class::Wake,
        };
        T::implied(class, self.rank & ((1 << SOURCE_BITS) - 1), self.sequence)
    }
}

impl<T: Item> Queue<T> {
    pub(crate) fn new(scheduler: Scheduler) -> Self {
        let order = match scheduler {
            Scheduler::Wheel => Order::Wheel(Box::new(Wheel::new())),
            Scheduler::Heap => Order::Heap(BinaryHeap::new()),
        };
        Self { order, items: Vec::new(), free: Vec::new(), freed: Vec::new() }
    }

    pub(crate) fn push(&mut self, key: Key, item: T) {
        let slot = if item.is_implied() { NOWHERE } else { self.keep(item) };
        self.enter(Entry::new(key, slot));
    }

    /// Keys only are moved and sorted: what happens stays where it was put.
    fn keep(&mut self, item: T) -> u32 {
        if self.free.is_empty() {
            self.tidy();
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            if self.items.len() == self.items.capacity() {
                // There may be millions: twice as many would be more than the nodes can spare.
                self.items.reserve_exact(self.items.len() / 8 + 64);
            }
            self.items.push(None);
            u32::try_from(self.items.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(place) = self.items.get_mut(slot as usize) {
            *place = Some(item);
        }
        slot
    }

    fn enter(&mut self, entry: Entry) {
        match &mut self.order {
            Order::Wheel(wheel) => wheel.push(entry),
            Order::Heap(heap) => heap.push(Reverse(entry)),
        }
    }

    /// An empty queue for what happens from `now` on.
    pub(crate) fn starting(scheduler: Scheduler, now: Time) -> Self {
        let mut queue = Self::new(scheduler);
        if let Order::Wheel(wheel) = &mut queue.order {
            wheel.start(now);
        }
        queue
    }

    /// Takes everything out, in no order that means anything.
    pub(crate) fn take_all(&mut self) -> Vec<(Entry, T)> {
        let entries = match &mut self.order {
            Order::Wheel(wheel) => wheel.take_all(),
            Order::Heap(heap) => heap.drain().map(|Reverse(entry)| entry).collect(),
        };
        let items = core::mem::take(&mut self.items);
        let mut items: Vec<Option<T>> = items;
        self.free.clear();
        self.freed.clear();
        entries
            .into_iter()
            .filter_map(|entry| {
                let item =
                    items.get_mut(entry.slot as usize).map_or_else(|| entry.implied(), Option::take)?;
                Some((entry, item))
            })
            .collect()
    }

    /// Puts in what was taken out of another queue.
    pub(crate) fn put(&mut self, entry: Entry, item: T) {
        let slot = if entry.slot == NOWHERE { NOWHERE } else { self.keep(item) };
        self.enter(Entry { slot, ..entry });
    }

    pub(crate) fn next_at(&self) -> Option<Time> {
        match &self.order {
            Order::Wheel(wheel) => wheel.next_at(),
            Order::Heap(heap) => heap.peek().map(|Reverse(entry)| entry.at),
        }
    }

    /// Takes what happens next and says when, if that is not after `limit`.
    pub(crate) fn pop_until(&mut self, limit: Time) -> Option<(Time, T)> {
        let entry = match &mut self.order {
            Order::Wheel(wheel) => wheel.pop_until(limit)?,
            Order::Heap(heap) if heap.peek()?.0.at <= limit => heap.pop()?.0,
            Order::Heap(_) => return None,
        };
        if entry.slot == NOWHERE {
            return Some((entry.at, entry.implied()?));
        }
        let item = self.items.get_mut(entry.slot as usize)?.take()?;
        self.freed.push(entry.slot);
        Some((entry.at, item))
    }

    /// Finds places that are free. If these are most, the first are used first, so that what comes moves to the front, and
    /// room behind it, which a burst needed, is given back.
    fn tidy(&mut self) {
        core::mem::swap(&mut self.free, &mut self.freed);
        if self.free.len() <= self.items.len() / 2 {
            return;
        }
        self.free.sort_unstable_by(|one, other| other.cmp(one));
        while let Some(None) = self.items.last() {
            self.items.pop();
        }
        let gone = self.free.partition_point(|slot| *slot as usize >= self.items.len());
        self.free.drain(..gone);
        let room = self.items.len() + self.items.len() / 8;
        self.items.shrink_to(room);
        self.free.shrink_to(room);
        self.freed.shrink_to(room);
    }

    /// Everything in it that does not follow from its key, in no order that means anything.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Of one source's alarms, the keys tell all but when.
    impl Item for Option<Key> {
        fn is_implied(&self) -> bool {
            self.is_none()
        }

        fn implied(class: Class, source: u32, _sequence: u64) -> Option<Self> {
            (class == Class::Wake && source == 3).then_some(None)
        }
    }

    /// An item for a key, as far as it is kept.
    fn item(key: Key) -> Option<Key> {
        Item::implied(key.class, key.source, key.sequence).unwrap_or(Some(key))
    }

    #[test]
    fn the_order_is_that_of_the_keys_whatever_the_order_of_pushing() {
        let mut keys = Vec::new();
        for at in [1, 2] {
            for class in [Class::Fault, Class::Arrival, Class::Local, Class::Wake] {
                for source in 0..4 {
                    for sequence in 0..3 {
                        keys.push(Key { at: Time::from_secs(at), class, source, sequence });
                    }
                }
            }
        }
        for scheduler in [Scheduler::Wheel, Scheduler::Heap] {
            let mut queue = Queue::new(scheduler);
            for step in 0..keys.len() {
                // 25 and 96 have no common factor: every key once, in a scattered order.
                let key = keys[step * 25 % keys.len()];
                queue.push(key, item(key));
            }
            let kept = keys.iter().filter(|key| item(**key).is_some()).count();
            assert_eq!((queue.iter().count(), kept), (kept, keys.len() - 6));
            let early: Vec<_> = std::iter::from_fn(|| queue.pop_until(Time::from_secs(1))).collect();
            assert_eq!(early.len(), keys.len() / 2);
            let late = std::iter::from_fn(|| queue.pop_until(Time::MAX));
            let popped: Vec<_> = early.into_iter().chain(late).collect();
            let expected: Vec<_> = keys.iter().map(|key| (key.at, item(*key))).collect();
            assert_eq!(popped, expected);
            assert_eq!(queue.iter().count(), 0);
        }
    }

    /// What is done to a queue: a push so many nanoseconds after the last limit, or taking all until one.
    #[derive(Clone, Debug)]
    enum Step {
        Push { after: u64, class: Class, source: u32 },
        PopUntil { after: u64 },
    }

    /// From this moment to beyond every slot of the wheel.
    fn span() -> impl Strategy<Value = u64> {
        (0..44_u32, any::<u64>()).prop_map(|(bits, drawn)| drawn & ((1 << bits) - 1))
    }

    fn step() -> impl Strategy<Value = Step> {
        let classes = [Class::Fault, Class::Arrival, Class::Local, Class::Wake];
        prop_oneof![
            4 => (span(), prop::sample::select(classes.to_vec()), 0..4_u32)
                .prop_map(|(after, class, source)| Step::Push { after, class, source }),
            1 => span().prop_map(|after| Step::PopUntil { after }),
        ]
    }

    #[test]
    fn room_for_a_burst_is_given_back() {
        let mut queue = Queue::new(Scheduler::Wheel);
        let key = |number| Key {
            at: Time::from_millis(number),
            class: Class::Arrival,
            source: 0,
            sequence: number,
        };
        (1..=10_000).for_each(|number| queue.push(key(number), Some(key(number))));
        for number in 1..=10_000 {
            assert_eq!(queue.pop_until(Time::MAX), Some((key(number).at, Some(key(number)))));
        }
        for number in 10_001..=60_000 {
            // Some are always there.
            queue.push(key(number), Some(key(number)));
            let oldest = number.checked_sub(100).filter(|oldest| *oldest > 10_000);
            assert!(oldest.is_none_or(|_| queue.pop_until(Time::MAX).is_some()));
        }
        for number in 59_901..=60_000 {
            assert_eq!(queue.pop_until(Time::MAX), Some((key(number).at, Some(key(number)))));
        }
        assert_eq!(queue.pop_until(Time::MAX), None);
        assert!(queue.items.capacity() < 400, "room for {}", queue.items.capacity());
        assert!(queue.free.capacity() + queue.freed.capacity() < 800, "{}", queue.freed.capacity());
    }

    proptest! {
        #[test]
        fn the_wheel_is_the_heap(steps in prop::collection::vec(step(), 1..300)) {
            let (mut wheel, mut heap) = (Queue::new(Scheduler::Wheel), Queue::new(Scheduler::Heap));
            let mut now = 0_u64;
            let last = Step::PopUntil { after: 1 << 45 };
            let (mut pushed, mut popped) = (0, 0);
            for (sequence, step) in (0..).zip(steps.into_iter().chain([last])) {
                match step {
                    Step::Push { after, class, source } => {
                        let key = Key { at: Time::from_nanos(now + after), class, source, sequence };
                        wheel.push(key, item(key));
                        heap.push(key, item(key));
                        pushed += 1;
                    }
                    Step::PopUntil { after } => {
                        now += after;
                        loop {
                            prop_assert_eq!(wheel.next_at(), heap.next_at());
                            let next = heap.pop_until(Time::from_nanos(now));
                            prop_assert_eq!(wheel.pop_until(Time::from_nanos(now)), next);
                            let Some((_, popped_item)) = next else { break };
                            popped += 1;
                            let Some(key) = popped_item else { continue };
                            // What happens causes something else.
                            if key.sequence < 1_000 && key.sequence % 2 == 0 {
                                let at = key.at + core::time::Duration::from_nanos(key.sequence % 7 * 100_000);
                                let key = Key { at, sequence: key.sequence + 1_001, ..key };
                                wheel.push(key, item(key));
                                heap.push(key, item(key));
                                pushed += 1;
                            }
                        }
                    }
                }
            }
            prop_assert_eq!((popped, wheel.iter().count()), (pushed, 0));
        }
    }
}
