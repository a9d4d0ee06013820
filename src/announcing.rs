//! Announcements: telling those who were not pushed a post that it is there, and hearing the same from them.

use core::time::Duration;
use std::collections::VecDeque;

use crate::node::ChatNode;
use crate::slots::{Slot, Slots};
use crate::timers::Timer;
use crate::{Control, LinkId, Message, Run, StreamTag};

impl ChatNode {
    pub(crate) fn announce_soon(&mut self, stream: u32, sequence: u64) {
        let known =
            self.broadcast.history.get(stream, sequence).map(|retained| Slots::from_bits(retained.known));
        if known.is_none_or(|known| self.links.taken().without(known).is_empty()) {
            return;
        }
        let [first, others] = &mut self.broadcast.to_announce;
        first.push_back((self.ctx.now + ANNOUNCE_AFTER, stream, sequence));
        others.push_back((self.ctx.now + ANNOUNCE_AFTER + ANNOUNCE_SECOND, stream, sequence));
        self.schedule_announcements();
    }

    fn schedule_announcements(&mut self) {
        let next = self.broadcast.to_announce.iter().filter_map(VecDeque::front).map(|(at, ..)| *at).min();
        let Some(next) = next.filter(|next| self.broadcast.announce.is_none_or(|(at, _)| *next < at)) else {
            return;
        };
        if let Some((_, key)) = self.broadcast.announce.take() {
            self.ctx.timers.cancel(key);
        }
        let key = self.ctx.timers.set(self.ctx.now, next, Timer::Announce);
        self.broadcast.announce = Some((next, key));
    }

    /// Announces what has come lately to the neighbours that have not shown that they have it.
    pub(crate) fn announce(&mut self) {
        self.broadcast.announce = None;
        let first = self.links.announced_first();
        for (queue, to) in [(0, first), (1, self.links.taken().without(first))] {
            let upto = self.ctx.now + TOGETHER;
            let to = to.and(self.links.taken());
            let Some(queue) = self.broadcast.to_announce.get_mut(queue) else { continue };
            let due = queue.partition_point(|(at, ..)| *at <= upto);
            if due == 1 {
                // By far the most common.
                if let Some((_, stream, sequence)) = queue.pop_front() {
                    self.announce_one(to, stream, sequence);
                }
            } else {
                let posts = queue.drain(..due).map(|(_, stream, sequence)| (stream, sequence)).collect();
                self.announce_to(to, posts);
            }
        }
        self.schedule_announcements();
    }

    fn announce_one(&mut self, taken: Slots, stream: u32, sequence: u64) {
        let Some(retained) = self.broadcast.history.get(stream, sequence) else { return };
        let to = taken.without(Slots::from_bits(retained.known));
        if let (Some(tag), Some(run)) = (self.broadcast.streams.tag(stream), Run::of(sequence, sequence)) {
            self.ctx.stats.announced = self.ctx.stats.announced.saturating_add(to.len() as u64);
            self.tell_placed(to, Control::Have(vec![(tag, run)]));
        }
    }

    fn announce_to(&mut self, taken: Slots, mut posts: Vec<(u32, u64)>) {
        posts.sort_unstable();
        // Those that are for the same neighbours go together, and numbers in a row as one run.
        let mut batches: Vec<(Slots, Vec<(StreamTag, Run)>)> = Vec::new();
        let mut last: Option<(u32, u64, Slots)> = None;
        for (stream, sequence) in posts {
            let Some(retained) = self.broadcast.history.get(stream, sequence) else { continue };
            let to = taken.without(Slots::from_bits(retained.known));
            let (Some(tag), Some(run)) = (self.broadcast.streams.tag(stream), Run::of(sequence, sequence))
            else {
                continue;
            };
            if to.is_empty() {
                continue;
            }
            self.ctx.stats.announced = self.ctx.stats.announced.saturating_add(to.len() as u64);
            let batch = match batches.iter().position(|(slots, _)| *slots == to) {
                Some(at) => batches.get_mut(at),
                None => {
                    batches.push((to, Vec::new()));
                    batches.last_mut()
                }
            };
            let Some((_, runs)) = batch else { continue };
            let follows = last == Some((stream, sequence.wrapping_sub(1), to));
            last = Some((stream, sequence, to));
            match runs.last_mut().filter(|(known, _)| follows && *known == tag) {
                Some((_, before)) => *before = Run::of(before.from(), sequence).unwrap_or(run),
                None => runs.push((tag, run)),
            }
        }
        for (to, runs) in batches {
            for runs in runs.chunks(crate::control::MAX_RUNS) {
                self.tell_placed(to, Control::Have(runs.to_vec()));
            }
        }
    }

    /// Tells some neighbours the same.
    pub(crate) fn tell_placed(&mut self, to: Slots, control: Control) {
        if to.is_empty() {
            return;
        }
        let table = self.links.table();
        self.ctx.stats.control = self.ctx.stats.control.saturating_add(to.len() as u64);
        self.ctx.send_placed(&table, to, Message::control(control));
    }

    /// A neighbour announces posts.
    pub(crate) fn announced(&mut self, link: LinkId, runs: &[(StreamTag, Run)]) {
        let Some(slot) = self.links.slot(link) else { return };
        for (tag, run) in runs {
            let known = self.broadcast.streams.find(*tag);
            let own = *tag == self.own_tag();
            if known.is_none() && (own || self.broadcast.streams.nameless() >= NAMELESS) {
                continue;
            }
            let Some(stream) = self.broadcast.streams.announced(&mut self.ctx, *tag) else { continue };
            self.broadcast.forget_evicted();
            // Only the last ones matter, as the others are not about to be announced.
            for sequence in run.from().max(run.to().saturating_sub(64))..=run.to() {
                if let Some(retained) = self.broadcast.history.get_mut(stream, sequence) {
                    retained.known |= Slots::one(slot).bits();
                    self.learn_time(slot, stream, sequence);
                }
            }
            if own || self.broadcast.streams.has(stream, *run) {
                continue;
            }
            let patience = if self.floods() || self.broadcast.trees.is_orphan(stream) {
                Duration::ZERO
            } else {
                self.broadcast.trees.patience(stream)
            };
            self.claims(slot, stream, run.to(), patience);
        }
    }

    /// A neighbour announces a post that we have: it may have had it earlier than our parent.
    fn learn_time(&mut self, slot: Slot, stream: u32, sequence: u64) {
        if self.floods() {
            return;
        }
        let at = self.ctx.now.saturating_sub(announce_delay(self.links.announced_first().has(slot)));
        let moves = self.broadcast.trees.overtaken(stream, slot, sequence, at);
        self.make_moves(stream, moves);
    }
}

/// How long a neighbour waits with an announcement to us, depending on whether we announce first.
pub(crate) const fn announce_delay(we_are_first: bool) -> Duration {
    if we_are_first { ANNOUNCE_AFTER.saturating_add(ANNOUNCE_SECOND) } else { ANNOUNCE_AFTER }
}

/// How long after it came a post is announced: part of the protocol, as the time of an announcement shows when the
/// post came.
const ANNOUNCE_AFTER: Duration = Duration::from_millis(5);
/// By how much later the neighbour with the greater name announces. Twice what most links take, so that in most cases it
/// has heard by then that it need not.
const ANNOUNCE_SECOND: Duration = Duration::from_millis(100);
/// How much too early an announcement may be, to go together with another.
const TOGETHER: Duration = Duration::from_millis(1);
/// The most streams that are known by announcements alone.
const NAMELESS: usize = 256;
