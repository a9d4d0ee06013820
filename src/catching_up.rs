//! What we lack and others have: asking for it, and giving up what nobody has any more.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::broadcast::Newcomer;
use crate::control::MAX_RUNS;
use crate::node::ChatNode;
use crate::slots::{Slot, Slots};
use crate::timers::Timer;
use crate::{Control, LinkId, Run, StreamTag, Time};

impl ChatNode {
    /// `slot` says to have posts of this stream up to `head` of which we lack some.
    pub(crate) fn claims(&mut self, slot: Slot, stream: u32, head: u64, patience: Duration) {
        if self.broadcast.streams.is_disbelieved(stream, slot, head) {
            return;
        }
        let due = self.ctx.now + patience;
        self.broadcast.repair.claim(self.ctx.now, stream, slot, head, due);
        self.look_at(due);
    }

    /// A post came, from one who should have those before it too.
    pub(crate) fn lacks_before(&mut self, from: Option<Slot>, stream: u32, sequence: u64) {
        if let Some(slot) = from {
            self.claims(slot, stream, sequence, IN_ORDER_PATIENCE);
        }
    }

    pub(crate) fn look_at(&mut self, due: Time) {
        if let Some((at, key)) = self.broadcast.look {
            if at <= due {
                return;
            }
            self.ctx.timers.cancel(key);
        }
        let key = self.ctx.timers.set(self.ctx.now, due, Timer::Repair);
        self.broadcast.look = Some((due, key));
    }

    /// `slot` has become the parent of a stream: what it has announced before, it is not going to push.
    pub(crate) fn hangs_on(&mut self, stream: u32, slot: Slot) {
        let now = self.ctx.now;
        let lag = self.broadcast.repair.get_mut(stream);
        if let Some(lag) = lag.filter(|lag| lag.claimants.has(slot) && lag.asked.is_none()) {
            lag.due = now;
            self.look_at(now);
        }
    }

    /// A parent is gone: what it did not push, nobody is going to.
    pub(crate) fn look_for_orphans(&mut self) {
        let (now, trees) = (self.ctx.now, &self.broadcast.trees);
        if self.broadcast.repair.hasten(now, |stream| trees.is_orphan(stream)) {
            self.look_at(now);
        }
    }

    /// A neighbour is gone: it has nothing for us any more.
    pub(crate) fn lost_claimant(&mut self, slot: Slot) {
        if self.broadcast.newcomer == Newcomer::Asked(slot) {
            self.broadcast.newcomer = Newcomer::Fresh;
        }
        self.broadcast.repair.forget_slot(self.ctx.now, slot);
        if let Some(due) = self.broadcast.repair.next_due() {
            self.look_at(due);
        }
    }

    /// Asks for what is due, and gives up what nobody has.
    pub(crate) fn repair(&mut self) {
        self.broadcast.look = None;
        let now = self.ctx.now;
        let mut asks: BTreeMap<Slot, Vec<(StreamTag, Run)>> = BTreeMap::new();
        for stream in self.broadcast.repair.due(now) {
            self.repair_stream(stream, &mut asks);
        }
        for (slot, runs) in asks {
            let Some(link) = self.links.at(slot) else { continue };
            self.ctx.stats.pulls = self.ctx.stats.pulls.saturating_add(1);
            let credit = self.ctx.config.pull_credit;
            self.ctx.tell(link, Control::Pull { credit, runs });
            self.broadcast.repair.pulls(slot);
        }
        if let Some(due) = self.broadcast.repair.next_due() {
            self.look_at(due);
        }
    }

    fn repair_stream(&mut self, stream: u32, asks: &mut BTreeMap<Slot, Vec<(StreamTag, Run)>>) {
        let (now, patience) = (self.ctx.now, self.ctx.config.gap_patience);
        let longest = LONGEST_SEARCH.max(patience);
        let taken = self.links.taken();
        let Some(tag) = self.broadcast.streams.tag(stream) else { return };
        let unanswered = self.broadcast.repair.take_unanswered(stream);
        let Some(lag) = self.broadcast.repair.get_mut(stream) else { return };
        let missing = self.broadcast.streams.missing(stream, lag.head, RUNS_OF_A_STREAM);
        let Some(first) = missing.first() else {
            let waits = self.broadcast.streams.is_waiting(stream);
            self.broadcast.repair.forget(stream);
            if waits {
                // What is held back waits for numbers that were taken for lost, there being too many gaps.
                self.broadcast.streams.pass_gap(&mut self.ctx, stream, u64::MAX);
            }
            return;
        };
        lag.seek(first.from());
        if taken.is_empty() {
            // Nobody can fill it now, and somebody may later.
            (lag.hopeless, lag.sought) = (None, None);
            lag.due = now + ALONE_PATIENCE;
            return;
        }
        let waits = self.broadcast.streams.is_waiting(stream);
        if waits && lag.sought.is_some_and(|since| now.saturating_since(since) >= longest) {
            // However many say to have it and do not answer.
            self.give_up(stream, *first);
            return;
        }
        if let Some(asked) = unanswered {
            lag.unanswered = lag.unanswered.saturating_add(1);
            if lag.unanswered >= IN_VAIN {
                lag.unanswered = 0;
                lag.claimants = lag.claimants.without(Slots::one(asked));
            }
        }
        let mut able = lag.claimants.and(taken).without(lag.gone);
        if able.is_empty() && waits {
            // What a claimant retains no more, another may, who had no reason to say so.
            able = taken.without(lag.gone).without(lag.others);
            lag.others = lag.others.with(able.nth_around(lag.tries).map_or(Slots::NONE, Slots::one));
        }
        let Some(slot) = able.nth_around(lag.tries) else {
            let since = *lag.hopeless.get_or_insert(now);
            lag.due = since + patience;
            if lag.due <= now {
                self.give_up(stream, *first);
            }
            return;
        };
        lag.hopeless = None;
        let runs = asks.entry(slot).or_default();
        let room = MAX_RUNS.saturating_sub(runs.len());
        if room == 0 {
            lag.due = now + ANSWER_PATIENCE;
            return;
        }
        lag.tries = lag.tries.saturating_add(1);
        lag.asked = Some(slot);
        lag.progress = false;
        lag.due = now + ANSWER_PATIENCE * (1 << lag.unanswered.min(2));
        if waits {
            let since = *lag.sought.get_or_insert(now);
            lag.due = lag.due.min(since + longest);
        }
        runs.extend(missing.into_iter().take(room).map(|run| (tag, run)));
        if !self.broadcast.trees.adopt(stream, slot) {
            return;
        }
        if let Some(link) = self.links.at(slot) {
            self.ctx.stats.grafts = self.ctx.stats.grafts.saturating_add(1);
            self.ctx.tell(link, Control::Graft(Some(tag)));
        }
    }

    /// Nobody has `run`, or the one who said so was wrong.
    ///
    /// Only what lies before a post in hand is given up for good: that there is anything beyond is hearsay, and who
    /// says so must not be able to silence an author.
    fn give_up(&mut self, stream: u32, run: Run) {
        let passed = self.broadcast.streams.pass_gap(&mut self.ctx, stream, run.to());
        let lag = self.broadcast.repair.get(stream);
        let (head, gone) = lag.map_or((0, Slots::NONE), |lag| (lag.head, lag.gone));
        let more = passed && !self.broadcast.streams.missing(stream, head, 1).is_empty();
        let now = self.ctx.now;
        match self.broadcast.repair.get_mut(stream) {
            Some(lag) if more => lag.due = now,
            Some(lag) if !passed && lag.crowded => {
                // With room by then, there will be a post in hand.
                lag.start_over();
                (lag.crowded, lag.hopeless, lag.due) = (false, None, now + ROOM_PATIENCE);
            }
            Some(_) | None => {
                self.broadcast.repair.forget(stream);
                self.broadcast.streams.disbelieve(stream, gone, head);
            }
        }
    }

    /// A neighbour has sent what it could of what we asked it for; `gone` will never come from it.
    pub(crate) fn pull_answered(&mut self, link: LinkId, gone: &[(StreamTag, Run)]) {
        let Some(slot) = self.links.slot(link) else { return };
        if self.broadcast.newcomer == Newcomer::Asked(slot) {
            self.broadcast.newcomer = Newcomer::Done;
        }
        let now = self.ctx.now;
        let asked = self.broadcast.repair.answered(slot);
        // Where it had credit for some, the others have to wait, and are no less to be had.
        let some =
            asked.iter().any(|stream| self.broadcast.repair.get(*stream).is_some_and(|lag| lag.progress));
        for stream in asked {
            let tag = self.broadcast.streams.tag(stream);
            let Some(lag) = self.broadcast.repair.get_mut(stream) else { continue };
            lag.due = now;
            // It may be looking for the same itself: where posts wait, it is asked as long as they may.
            let patient = some || self.broadcast.streams.is_waiting(stream);
            lag.unanswered = if patient { 0 } else { lag.unanswered.saturating_add(1) };
            let missing = self.broadcast.streams.missing(stream, lag.head, 1);
            let Some(first) = missing.first().map(|run| run.from()) else { continue };
            let is_gone =
                |(of, run): &(StreamTag, Run)| Some(*of) == tag && run.from() <= first && first <= run.to();
            if gone.iter().any(is_gone) {
                lag.seek(first);
                lag.gone = lag.gone.with(Slots::one(slot));
            } else if lag.unanswered >= IN_VAIN {
                lag.unanswered = 0;
                lag.claimants = lag.claimants.without(Slots::one(slot));
            } else if !some {
                lag.due = now + ANSWER_PATIENCE;
            }
        }
        self.look_at(now);
    }
}

/// How long a post may take that comes after one that was sent later on the same link.
const IN_ORDER_PATIENCE: Duration = Duration::from_millis(200);
/// How long a pull may go without an answer, at first.
pub(crate) const ANSWER_PATIENCE: Duration = Duration::from_millis(500);
/// How long posts wait while others are asked for what is before them, and nothing of it comes. A little more than one
/// neighbour that does not answer may take.
const LONGEST_SEARCH: Duration = Duration::from_secs(6);
/// How long to wait for room to hold posts back.
const ROOM_PATIENCE: Duration = Duration::from_secs(2);
/// How long to wait for neighbours before what is missing is looked at again.
const ALONE_PATIENCE: Duration = Duration::from_secs(60);
/// After how many pulls without an answer a neighbour is asked no more.
const IN_VAIN: u32 = 4;
/// The most runs of one stream that are asked for at once.
const RUNS_OF_A_STREAM: usize = 32;
