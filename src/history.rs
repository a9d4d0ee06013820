//! The posts that a node retains for a while, for those who missed them.

use core::fmt;
use core::time::Duration;
use std::collections::VecDeque;

use crate::lazy::empty;
use crate::{Message, Time};

/// How much a [`History`] retains.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Limits {
    pub(crate) count: usize,
    pub(crate) bytes: usize,
    pub(crate) age: Duration,
}

/// A post that is retained.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Retained {
    pub(crate) message: Message,
    /// The neighbours that have shown that they have it: one bit for each slot.
    pub(crate) known: u64,
    pub(crate) received: Time,
    /// What it counts for.
    pub(crate) bytes: u32,
    stream: u32,
    sequence: u64,
}

/// The latest posts of all streams, bounded by count, bytes and age: the oldest arrival goes first.
///
/// A ring in order of arrival holds the posts, and a [`Stretch`] for each stream says where in the ring they are. Once
/// both have grown to what they need, a post that comes and the one that goes for it cost no memory. Streams go by
/// their index in a table, which is trusted to be small. Sequence numbers are not: whatever they are, the stretches
/// together have at most some hundred places for each post that the limits allow, and a few thousand more.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct History {
    /// `None` is where a post was forgotten before its turn.
    ring: VecDeque<Option<Retained>>,
    stretches: Vec<Stretch>,
    bytes: usize,
    /// How many places all stretches have together.
    places: usize,
    /// The arrival number of the front of the ring.
    base: u32,
    count: u32,
}

empty!(History, History::default());

/// The arrival numbers of consecutive sequence numbers of one stream: neither the first nor the last is a hole.
#[derive(Clone, PartialEq, Eq, Default)]
struct Stretch {
    first: u64,
    arrivals: VecDeque<u32>,
    /// How many of them are not holes.
    count: u32,
}

impl History {
    /// Retains a post, unless it is retained already, too large, or too far behind the others of its stream. If it
    /// is too far ahead of them, they are given up.
    #[expect(clippy::too_many_arguments, reason = "each is a plain fact about the one post")]
    pub(crate) fn insert(
        &mut self,
        limits: &Limits,
        now: Time,
        stream: u32,
        sequence: u64,
        message: Message,
        bytes: usize,
        known: u64,
    ) {
        self.expire(limits, now);
        let (Some(count), Some(room)) = (limits.count.checked_sub(1), limits.bytes.checked_sub(bytes)) else {
            return;
        };
        let Ok(size) = u32::try_from(bytes) else { return };
        let at = stream as usize;
        if at >= self.stretches.len() {
            self.stretches.resize_with(at.saturating_add(1), Stretch::default);
        }
        let Some(stretch) = self.stretches.get(at) else { return };
        if stretch.number(sequence).is_some() {
            return;
        }
        if !self.is_near(stretch, sequence, limits) {
            if stretch.is_behind(sequence) {
                return;
            }
            self.forget(stream);
        }
        self.expire(&Limits { count, bytes: room, age: limits.age }, now);
        if self.next_number().is_none() {
            self.renumber();
        }
        let Some(number) = self.next_number() else { return };
        let Some(stretch) = self.stretches.get_mut(at) else { return };
        let before = stretch.arrivals.len();
        stretch.place(sequence, number);
        self.places = self.places.saturating_sub(before).saturating_add(stretch.arrivals.len());
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        self.ring.push_back(Some(Retained { message, known, received: now, bytes: size, stream, sequence }));
    }

    /// Whether a post may join its stream's stretch.
    ///
    /// It may as long as the stretch is then well filled. A sparse one may have what all stretches share, so that a
    /// long gap can still be filled, and a few gaps do not cost a stream what it had.
    fn is_near(&self, stretch: &Stretch, sequence: u64, limits: &Limits) -> bool {
        let before = u64::try_from(stretch.arrivals.len()).unwrap_or(u64::MAX);
        let length = stretch.length_with(sequence);
        let count = u64::from(stretch.count).saturating_add(1);
        if length <= count.saturating_mul(SPREAD).saturating_add(SLACK) {
            return true;
        }
        let added = length.saturating_sub(before);
        let holes = self.places.saturating_sub(self.len());
        let shared = u64::try_from(limits.count).unwrap_or(u64::MAX).saturating_mul(SPREAD);
        let holes_with = u64::try_from(holes).unwrap_or(u64::MAX).saturating_add(added).saturating_sub(1);
        added <= MAX_STEP && holes_with <= shared.saturating_add(MAX_STEP)
    }

    pub(crate) fn get(&self, stream: u32, sequence: u64) -> Option<&Retained> {
        let number = self.stretches.get(stream as usize)?.number(sequence)?;
        self.ring.get(self.position(number)?)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, stream: u32, sequence: u64) -> Option<&mut Retained> {
        let number = self.stretches.get(stream as usize)?.number(sequence)?;
        let position = self.position(number)?;
        self.ring.get_mut(position)?.as_mut()
    }

    /// Drops what is beyond the limits.
    pub(crate) fn expire(&mut self, limits: &Limits, now: Time) {
        let before = self.ring.len();
        while let Some(front) = self.ring.front() {
            if let Some(post) = front
                && self.len() <= limits.count
                && self.bytes <= limits.bytes
                && now.saturating_since(post.received) <= limits.age
            {
                break;
            }
            self.pop();
        }
        if self.ring.len() < before {
            relax(&mut self.ring);
        }
    }

    fn pop(&mut self) {
        let Some(front) = self.ring.pop_front() else { return };
        self.base = self.base.saturating_add(1);
        let Some(post) = front else { return };
        self.count = self.count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(post.bytes as usize);
        let Some(stretch) = self.stretches.get_mut(post.stream as usize) else { return };
        let before = stretch.arrivals.len();
        stretch.clear(post.sequence);
        self.places = self.places.saturating_sub(before).saturating_add(stretch.arrivals.len());
    }

    /// The first post of a stream at `from` or after it, and its number.
    pub(crate) fn next_from(&self, stream: u32, from: u64) -> Option<(u64, &Retained)> {
        let stretch = self.stretches.get(stream as usize)?;
        let skipped = usize::try_from(from.saturating_sub(stretch.first)).ok()?;
        let number = stretch.arrivals.iter().skip(skipped).find(|number| **number != HOLE)?;
        let post = self.ring.get(self.position(*number)?)?.as_ref()?;
        Some((post.sequence, post))
    }

    /// The last `count` posts, with stream and number, in the order in which they came.
    pub(crate) fn newest(&self, count: usize) -> impl Iterator<Item = (u32, u64, &Retained)> {
        let last = self.ring.iter().enumerate().rev().filter(|(_, post)| post.is_some()).take(count);
        let start = last.last().map_or(self.ring.len(), |(position, _)| position);
        self.ring.iter().skip(start).flatten().map(|post| (post.stream, post.sequence, post))
    }

    /// Drops all posts of a stream, whose index may then stand for another.
    pub(crate) fn forget(&mut self, stream: u32) {
        let Some(stretch) = self.stretches.get_mut(stream as usize) else { return };
        self.places = self.places.saturating_sub(stretch.arrivals.len());
        stretch.count = 0;
        for number in stretch.arrivals.drain(..).filter(|number| *number != HOLE) {
            let position = number.saturating_sub(self.base) as usize;
            if let Some(post) = self.ring.get_mut(position).and_then(Option::take) {
                self.count = self.count.saturating_sub(1);
                self.bytes = self.bytes.saturating_sub(post.bytes as usize);
            }
        }
        relax(&mut stretch.arrivals);
        while let Some(None) = self.ring.front() {
            self.pop();
        }
        relax(&mut self.ring);
        // One long-lived post at the front must not keep those behind it from going.
        let forgotten = self.ring.len().saturating_sub(self.len());
        if forgotten > self.len().saturating_add(MAX_FORGOTTEN) {
            self.renumber();
        }
    }

    /// Takes the slot of a neighbour that has gone out of what is known of every post.
    pub(crate) fn forget_slot(&mut self, slot: u32) {
        let Some(bit) = 1_u64.checked_shl(slot) else { return };
        for post in self.ring.iter_mut().flatten() {
            post.known &= !bit;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count as usize
    }

    /// What all that is retained counts for.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    fn position(&self, number: u32) -> Option<usize> {
        number.checked_sub(self.base).map(|position| position as usize)
    }

    /// The arrival number of the next post, unless they have run out.
    fn next_number(&self) -> Option<u32> {
        let number = self.base.checked_add(u32::try_from(self.ring.len()).ok()?)?;
        (number != HOLE).then_some(number)
    }

    /// Closes the ring up where posts were forgotten, and counts from 0 again.
    fn renumber(&mut self) {
        self.ring.retain(Option::is_some);
        relax(&mut self.ring);
        self.base = 0;
        for (number, post) in (0..).zip(self.ring.iter().flatten()) {
            if let Some(stretch) = self.stretches.get_mut(post.stream as usize) {
                stretch.place(post.sequence, number);
            }
        }
    }
}

impl Stretch {
    fn number(&self, sequence: u64) -> Option<u32> {
        let at = usize::try_from(sequence.checked_sub(self.first)?).ok()?;
        self.arrivals.get(at).copied().filter(|number| *number != HOLE)
    }

    fn last(&self) -> u64 {
        let length = u64::try_from(self.arrivals.len()).unwrap_or(u64::MAX);
        self.first.saturating_add(length.saturating_sub(1))
    }

    /// Whether there is something after `sequence`.
    fn is_behind(&self, sequence: u64) -> bool {
        !self.arrivals.is_empty() && sequence < self.last()
    }

    /// How many places there would be if `sequence` had one.
    fn length_with(&self, sequence: u64) -> u64 {
        if self.arrivals.is_empty() {
            return 1;
        }
        let (first, last) = (self.first.min(sequence), self.last().max(sequence));
        last.saturating_sub(first).saturating_add(1)
    }

    /// Says where `sequence` is. It must be near.
    fn place(&mut self, sequence: u64, number: u32) {
        if self.arrivals.is_empty() {
            self.first = sequence;
        }
        while sequence < self.first {
            self.arrivals.push_front(HOLE);
            self.first = self.first.saturating_sub(1);
        }
        let at = usize::try_from(sequence.saturating_sub(self.first)).unwrap_or(usize::MAX);
        if at >= self.arrivals.len() {
            self.arrivals.resize(at.saturating_add(1), HOLE);
        }
        if let Some(place) = self.arrivals.get_mut(at) {
            self.count = self.count.saturating_add(u32::from(*place == HOLE));
            *place = number;
        }
    }

    /// Makes `sequence` a hole, and draws in the ends.
    fn clear(&mut self, sequence: u64) {
        let at = usize::try_from(sequence.saturating_sub(self.first)).unwrap_or(usize::MAX);
        if let Some(place) = self.arrivals.get_mut(at) {
            self.count = self.count.saturating_sub(u32::from(*place != HOLE));
            *place = HOLE;
        }
        while self.arrivals.front() == Some(&HOLE) {
            self.arrivals.pop_front();
            self.first = self.first.saturating_add(1);
        }
        while self.arrivals.back() == Some(&HOLE) {
            self.arrivals.pop_back();
        }
        relax(&mut self.arrivals);
    }
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History")
            .field("len", &self.count)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// Gives back memory that was needed once, so that what is taken follows what there is.
fn relax<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() > ALWAYS_KEPT && queue.capacity() / 8 > queue.len() {
        queue.shrink_to(queue.len().saturating_mul(2).max(ALWAYS_KEPT));
    }
}

/// The arrival number of what is not there.
const HOLE: u32 = u32::MAX;
/// How many places a stretch may have for each of its posts, and how many more in any case.
const SPREAD: u64 = 8;
const SLACK: u64 = 64;
/// By how much a sparse stretch may grow at once.
const MAX_STEP: u64 = 4096;
/// How many forgotten posts may be in the ring beyond as many as there are others.
const MAX_FORGOTTEN: usize = 64;
/// How much room a queue keeps even if it is empty.
const ALWAYS_KEPT: usize = 16;

#[cfg(test)]
mod tests;
