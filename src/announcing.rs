//! Announcements: telling those who were not pushed a post that it is there, and hearing the same from them.

use core::time::Duration;
use std::collections::VecDeque;

use crate::node::ChatNode;
use crate::slots::{Slot, Slots};
use crate::timers::Timer;
use crate::{Control, LinkId, Message, Run, StreamTag};

impl ChatNode {
    pub(crate) fn announce_soon(&mut self, stream: u32, sequence: u64) {
        let first = self.lacking(Turn::First, stream, sequence);
        let second = self.lacking(Turn::Second, stream, sequence);
        let soon = self.broadcast.announced_at.map_or(self.ctx.now, |at| at + BETWEEN_ANNOUNCEMENTS);
        let [for_first, for_second] = &mut *self.broadcast.to_announce;
        let at_once = for_first.is_empty() && soon <= self.ctx.now;
        if !first.is_empty() && !at_once {
            for_first.push_back((soon, stream, sequence));
        }
        if !second.is_empty() {
            for_second.push_back((self.ctx.now + ANNOUNCE_SECOND, stream, sequence));
        }
        if !first.is_empty() && at_once {
            self.broadcast.announced_at = Some(self.ctx.now);
            self.announce_one(first, stream, sequence);
        }
        self.schedule_announcements();
    }

    /// The neighbours whose turn it is to be told of a post, but for those that have shown that they have it.
    fn lacking(&self, turn: Turn, stream: u32, sequence: u64) -> Slots {
        let Some(retained) = self.broadcast.history.get(stream, sequence) else { return Slots::NONE };
        let first = self.told_first(stream, sequence);
        let those = if turn == Turn::First { first } else { self.links.taken().without(first) };
        those.without(Slots::from_bits(retained.known))
    }

    /// The neighbours to whom we announce a post first: of two, one does, and if it is no news to the other, that is
    /// enough. Which one changes with the author and every few posts, so that both hear of each other.
    pub(crate) fn told_first(&self, stream: u32, sequence: u64) -> Slots {
        let tag = self.broadcast.streams.tag(stream).map_or(0, StreamTag::get);
        let (all, greater) = (self.links.taken(), self.links.greater());
        if (tag ^ (sequence / IN_A_ROW)) & 1 == 0 { greater.and(all) } else { all.without(greater) }
    }

    /// Sets the timer for what is to be announced next, or none.
    fn schedule_announcements(&mut self) {
        let next = self.broadcast.to_announce.iter().filter_map(VecDeque::front).map(|(at, ..)| *at).min();
        if self.broadcast.announce.map(|(at, _)| at) == next {
            return;
        }
        if let Some((_, key)) = self.broadcast.announce.take() {
            self.ctx.timers.cancel(key);
        }
        self.broadcast.announce =
            next.map(|next| (next, self.ctx.timers.set(self.ctx.now, next, Timer::Announce)));
    }

    /// A neighbour has shown that it has a post: what all have by now need not be announced a second time.
    pub(crate) fn forget_announced(&mut self) {
        let front = |node: &Self| node.broadcast.to_announce[1].front().copied();
        let mut forgot = false;
        while let Some((_, stream, sequence)) = front(self)
            && self.lacking(Turn::Second, stream, sequence).is_empty()
        {
            self.broadcast.to_announce[1].pop_front();
            forgot = true;
        }
        if forgot {
            self.schedule_announcements();
        }
    }

    /// Announces what has come lately to the neighbours that have not shown that they have it.
    pub(crate) fn announce(&mut self) {
        self.broadcast.announce = None;
        let upto = self.ctx.now + TOGETHER;
        for turn in [Turn::First, Turn::Second] {
            let queue = &mut self.broadcast.to_announce[turn as usize];
            let due = queue.partition_point(|(at, ..)| *at <= upto);
            if turn == Turn::First && due > 0 {
                self.broadcast.announced_at = Some(self.ctx.now);
            }
            if due == 1 {
                // By far the most common.
                if let Some((_, stream, sequence)) = queue.pop_front() {
                    self.announce_one(self.lacking(turn, stream, sequence), stream, sequence);
                }
            } else {
                let posts = queue.drain(..due).map(|(_, stream, sequence)| (stream, sequence)).collect();
                self.announce_all(turn, posts);
            }
        }
        self.schedule_announcements();
    }

    /// From now on a neighbour is pushed a stream: tells it at once of what it was to be told later, as that is not pushed
    /// any more, and the neighbour must not wait for it.
    pub(crate) fn announce_before_pushing(&mut self, stream: u32, slot: Slot) {
        let to = Slots::one(slot);
        let mut posts = Vec::new();
        for turn in [Turn::First, Turn::Second] {
            let queue = &self.broadcast.to_announce[turn as usize];
            let of_stream = queue.iter().filter(|(_, of, _)| *of == stream).map(|(.., sequence)| *sequence);
            posts.extend(of_stream.filter(|sequence| self.lacking(turn, stream, *sequence).has(slot)));
        }
        posts.sort_unstable();
        for sequence in &posts {
            if let Some(retained) = self.broadcast.history.get_mut(stream, *sequence) {
                retained.known |= to.bits();
            }
        }
        let posts = posts.into_iter().map(|sequence| (stream, sequence, to));
        self.announce_runs(posts);
        self.forget_announced();
    }

    fn announce_one(&mut self, to: Slots, stream: u32, sequence: u64) {
        if to.is_empty() {
            return;
        }
        if let (Some(tag), Some(run)) = (self.broadcast.streams.tag(stream), Run::of(sequence, sequence)) {
            self.ctx.stats.announced = self.ctx.stats.announced.saturating_add(to.len() as u64);
            self.tell_placed(to, Control::Have(vec![(tag, run)]));
        }
    }

    fn announce_all(&mut self, turn: Turn, mut posts: Vec<(u32, u64)>) {
        posts.sort_unstable();
        let posts = posts
            .into_iter()
            .map(|(stream, sequence)| (stream, sequence, self.lacking(turn, stream, sequence)));
        let posts = posts.collect::<Vec<_>>();
        self.announce_runs(posts);
    }

    /// Announces posts, in the order of their streams and numbers, each to those who are named with it.
    fn announce_runs(&mut self, posts: impl IntoIterator<Item = (u32, u64, Slots)>) {
        // Those that are for the same neighbours go together, and numbers in a row as one run.
        let mut batches: Vec<(Slots, Vec<(StreamTag, Run)>)> = Vec::new();
        let mut last: Option<(u32, u64, Slots)> = None;
        for (stream, sequence, to) in posts {
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
            self.forget_announced();
            if own || self.broadcast.streams.has(stream, *run) {
                continue;
            }
            let patience =
                if self.floods() { Duration::ZERO } else { self.broadcast.trees.patience(stream, slot) };
            self.claims(slot, stream, run.to(), patience);
        }
    }

    /// A neighbour announces a post that we have: it may have had it earlier than our parent.
    fn learn_time(&mut self, slot: Slot, stream: u32, sequence: u64) {
        if self.floods() {
            return;
        }
        let at = self.ctx.now.saturating_sub(announce_delay(self.told_first(stream, sequence).has(slot)));
        let moves = self.broadcast.trees.overtaken(stream, slot, sequence, at);
        self.make_moves(stream, moves);
    }
}

/// Whose turn it is to be told of a post.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    /// Those to whom we announce it first.
    First,
    /// Those who should have announced it to us by then.
    Second,
}

/// How long a neighbour waits with an announcement to us, depending on whether we announce first.
pub(crate) const fn announce_delay(we_are_first: bool) -> Duration {
    if we_are_first { ANNOUNCE_SECOND } else { Duration::ZERO }
}

/// How long no second announcement follows a first one: what comes meanwhile goes together.
const BETWEEN_ANNOUNCEMENTS: Duration = Duration::from_millis(5);
/// For how many posts of an author in a row the same of two neighbours announces first.
const IN_A_ROW: u64 = 4;
/// How long after it came the neighbour whose turn is the second announces a post: part of the protocol, as the time of an
/// announcement shows when the post came. Twice what most links take, so that in most cases it has heard by then that it
/// need not.
const ANNOUNCE_SECOND: Duration = Duration::from_millis(100);
/// How much too early an announcement may be, to go together with another.
const TOGETHER: Duration = Duration::from_millis(1);
/// The most streams that are known by announcements alone.
const NAMELESS: usize = 256;
