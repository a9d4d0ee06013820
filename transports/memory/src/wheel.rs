//! A timer wheel of two levels: entries in the order of their keys, at a cost that does not grow with their number.

use core::cmp::Reverse;
use std::collections::BinaryHeap;

use chinwag::Time;

use crate::queue::Entry;

/// Entries by the bucket of time they fall into; a bucket is sorted when its time has come.
///
/// Time is cut into buckets of 2¹⁸ ns, and these into slots of 1,024. The buckets of the present slot are kept one
/// by one (`near`), those of the next 511 slots by slot (`far`), and what is later in a heap (`later`).
#[derive(Clone, Debug)]
pub(crate) struct Wheel {
    /// The present bucket, by number. All before it is empty.
    bucket: u64,
    /// What was in the present bucket when its time came, last first.
    present: Vec<Entry>,
    /// What was added to the present bucket, or before it, since then.
    added: BinaryHeap<Reverse<Entry>>,
    near: Ring,
    far: Ring,
    later: BinaryHeap<Reverse<Entry>>,
}

/// What is in buckets, or in slots, of which the next so many can be told apart.
#[derive(Clone, Debug)]
struct Ring {
    places: Vec<Vec<Entry>>,
    /// Which places hold something, one bit each.
    occupied: Vec<u64>,
}

impl Wheel {
    pub(crate) fn new() -> Self {
        Self {
            bucket: 0,
            present: Vec::new(),
            added: BinaryHeap::new(),
            near: Ring::new(BUCKETS),
            far: Ring::new(SLOTS),
            later: BinaryHeap::new(),
        }
    }

    /// Nothing is in it yet, and nothing comes before `now`.
    pub(crate) fn start(&mut self, now: Time) {
        self.bucket = bucket_of(now);
    }

    /// Takes everything out, in no order that means anything.
    pub(crate) fn take_all(&mut self) -> Vec<Entry> {
        let mut all = core::mem::take(&mut self.present);
        all.extend(self.added.drain().map(|Reverse(entry)| entry));
        self.near.take_all(&mut all);
        self.far.take_all(&mut all);
        all.extend(self.later.drain().map(|Reverse(entry)| entry));
        all
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        let bucket = bucket_of(entry.at);
        let slots_ahead = slot_of(bucket).saturating_sub(slot_of(self.bucket));
        if bucket <= self.bucket {
            self.added.push(Reverse(entry));
        } else if slots_ahead == 0 {
            self.near.push(bucket, entry);
        } else if slots_ahead < SLOTS {
            self.far.push(slot_of(bucket), entry);
        } else {
            self.later.push(Reverse(entry));
        }
    }

    /// When the first entry is due.
    pub(crate) fn next_at(&self) -> Option<Time> {
        let first_of =
            |place: Option<&Vec<Entry>>| place.and_then(|place| place.iter().map(|entry| entry.at).min());
        self.first().map(|entry| entry.at).or_else(|| match self.next_place()? {
            Place::Bucket(bucket) => first_of(self.near.get(bucket)),
            Place::Slot(slot) => first_of(self.far.get(slot)),
            Place::Later(_) => self.later.peek().map(|Reverse(entry)| entry.at),
        })
    }

    /// Takes the first entry, if it is not due after `limit`.
    pub(crate) fn pop_until(&mut self, limit: Time) -> Option<Entry> {
        loop {
            if let Some(first) = self.first() {
                if first.at > limit {
                    return None;
                }
                let is_present = self.present.last() == Some(&first);
                return if is_present {
                    self.present.pop()
                } else {
                    self.added.pop().map(|Reverse(entry)| entry)
                };
            }
            // No further than `limit`: what is added next is due soon after it, and should find its bucket ahead.
            let next = self.next_place()?;
            if next.first_bucket() > bucket_of(limit) {
                return None;
            }
            self.advance(next);
        }
    }

    /// The first entry of the present bucket.
    fn first(&self) -> Option<Entry> {
        match (self.present.last(), self.added.peek()) {
            (Some(present), Some(Reverse(added))) => Some(*present.min(added)),
            (Some(entry), None) | (None, Some(Reverse(entry))) => Some(*entry),
            (None, None) => None,
        }
    }

    fn next_place(&self) -> Option<Place> {
        let later = || self.later.peek().map(|Reverse(entry)| Place::Later(slot_of(bucket_of(entry.at))));
        let next_slot = slot_of(self.bucket) + 1;
        let near = self.near.next(self.bucket + 1, next_slot * BUCKETS).map(Place::Bucket);
        let far = || self.far.next(next_slot, next_slot + SLOTS - 1).map(Place::Slot);
        near.or_else(far).or_else(later)
    }

    /// Makes a place the present one, when everything before it is done.
    fn advance(&mut self, next: Place) {
        if let Place::Bucket(bucket) = next {
            self.bucket = bucket;
            self.near.swap(bucket, &mut self.present);
            self.present.sort_unstable_by(|one, other| other.cmp(one));
            return;
        }
        self.bucket = next.first_bucket();
        if let Place::Slot(slot) = next {
            let mut entries = Vec::new();
            self.far.swap(slot, &mut entries);
            entries.into_iter().for_each(|entry| self.push(entry));
        }
        let horizon = slot_of(self.bucket) + SLOTS;
        while self.later.peek().is_some_and(|Reverse(entry)| slot_of(bucket_of(entry.at)) < horizon) {
            if let Some(Reverse(entry)) = self.later.pop() {
                self.push(entry);
            }
        }
    }
}

/// Where the next entries are.
#[derive(Clone, Copy, Debug)]
enum Place {
    Bucket(u64),
    Slot(u64),
    /// Beyond all slots that are told apart.
    Later(u64),
}

impl Place {
    const fn first_bucket(self) -> u64 {
        match self {
            Self::Bucket(bucket) => bucket,
            Self::Slot(slot) | Self::Later(slot) => slot * BUCKETS,
        }
    }
}

impl Ring {
    fn new(length: u64) -> Self {
        let length = usize::try_from(length).unwrap_or(0);
        Self { places: vec![Vec::new(); length], occupied: vec![0; length / 64] }
    }

    fn push(&mut self, number: u64, entry: Entry) {
        let at = self.index(number);
        self.places[at].push(entry);
        self.occupied[at / 64] |= 1 << (at % 64);
    }

    fn take_all(&mut self, into: &mut Vec<Entry>) {
        for place in &mut self.places {
            into.append(place);
        }
        self.occupied.fill(0);
    }

    fn get(&self, number: u64) -> Option<&Vec<Entry>> {
        self.places.get(self.index(number))
    }

    /// Puts what is in a place into `into`, which is empty, and its buffer into the place.
    fn swap(&mut self, number: u64, into: &mut Vec<Entry>) {
        let at = self.index(number);
        core::mem::swap(&mut self.places[at], into);
        if self.places[at].capacity() > KEPT_CAPACITY {
            self.places[at] = Vec::new();
        }
        self.occupied[at / 64] &= !(1 << (at % 64));
    }

    /// The first number from `from` to before `to` whose place holds something.
    fn next(&self, from: u64, to: u64) -> Option<u64> {
        let mut number = from;
        while number < to {
            let at = self.index(number);
            let rest = self.occupied[at / 64] >> (at % 64);
            if rest != 0 {
                return Some(number + u64::from(rest.trailing_zeros())).filter(|&found| found < to);
            }
            number += 64 - at as u64 % 64;
        }
        None
    }

    fn index(&self, number: u64) -> usize {
        // The length is a power of two: the remainder is all that counts.
        number as usize & (self.places.len() - 1)
    }
}

const fn bucket_of(at: Time) -> u64 {
    at.as_nanos() >> BUCKET_BITS
}

const fn slot_of(bucket: u64) -> u64 {
    bucket / BUCKETS
}

/// A bucket is 0.26 ms: a fraction of the latencies of links, so that little is added to the present one.
const BUCKET_BITS: u32 = 18;
/// Buckets in a slot, which is 0.27 s: most latencies. A power of two, as is the next.
const BUCKETS: u64 = 1024;
/// Slots that are told apart, 137 s: most timers.
const SLOTS: u64 = 512;
/// Buffers of more entries than this are given back: a burst would leave one in each bucket it went through.
const KEPT_CAPACITY: usize = 64;
