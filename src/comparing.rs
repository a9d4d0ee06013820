//! Comparing what we have with what neighbours have: at a meeting, and now and then; and where a newcomer begins.

use core::time::Duration;

use crate::broadcast::{Newcomer, limits};
use crate::catching_up::ANSWER_PATIENCE;
use crate::entries::Entry;
use crate::node::ChatNode;
use crate::reconcile;
use crate::slots::Slot;
use crate::spans::Spans;
use crate::streams::Streams;
use crate::timers::Timer;
use crate::{Control, LinkId, Run, StreamTag, Time};

impl ChatNode {
    /// Compares what we have with what a new neighbour has, or asks it for what we should begin with.
    pub(crate) fn compare_with_new(&mut self, link: LinkId) {
        self.schedule_sync();
        let Some(slot) = self.links.slot(link) else { return };
        if self.broadcast.newcomer == Newcomer::Fresh {
            let own = self.own_tag();
            if self.broadcast.streams.heads().all(|(_, tag, head)| tag == own || head == 0) {
                self.broadcast.newcomer = Newcomer::Asked(slot);
                let (count, credit) = (self.ctx.config.catch_up, self.ctx.config.pull_credit);
                self.ctx.tell(link, Control::CatchUp { count, credit });
                self.broadcast.repair.pulls(slot);
                return;
            }
            self.broadcast.newcomer = Newcomer::Done;
        }
        if self.links.get(link).is_some_and(|link| link.dialed.is_some()) {
            self.compare_with(link);
        }
    }

    fn compare_with(&mut self, link: LinkId) {
        self.ctx.stats.syncs = self.ctx.stats.syncs.saturating_add(1);
        let spans = reconcile::open(&self.entries());
        self.ctx.tell(link, Control::Sync(Spans(spans)));
    }

    /// What we have of each stream.
    fn entries(&mut self) -> Vec<Entry> {
        self.broadcast.streams.made().map(Streams::entries).unwrap_or_default()
    }

    fn schedule_sync(&mut self) {
        if self.broadcast.sync.is_none() {
            self.broadcast.sync = Some(self.ctx.set_about(self.ctx.config.sync_interval, Timer::Sync));
        }
    }

    /// It is time to compare what we have with what one of the neighbours has.
    pub(crate) fn sync(&mut self) {
        self.broadcast.sync = None;
        self.end_excess();
        if let Newcomer::Asked(slot) = self.broadcast.newcomer {
            let since = self.links.at(slot).and_then(|link| self.links.get(link)).map(|link| link.since);
            if since.is_none_or(|since| self.ctx.now.saturating_since(since) >= NEWCOMER_PATIENCE) {
                self.broadcast.newcomer = Newcomer::Done;
            }
        }
        if let Some(history) = self.broadcast.history.made() {
            history.expire(&limits(&self.ctx.config), self.ctx.now);
        }
        let taken = self.links.taken();
        let number = self.ctx.rng.below(Slot::COUNT as u32);
        let Some(link) = taken.nth_around(number).and_then(|slot| self.links.at(slot)) else { return };
        self.compare_with(link);
        self.schedule_sync();
    }

    /// A neighbour compares what it has with what we have.
    pub(crate) fn compared(&mut self, link: LinkId, Spans(spans): &Spans) {
        let entries = self.entries();
        let streams = &self.broadcast.streams;
        let answer = reconcile::answer(&entries, |tag| streams.summary(tag), spans);
        if !answer.reply.is_empty() {
            self.ctx.tell(link, Control::Sync(Spans(answer.reply)));
        }
        let Some(slot) = self.links.slot(link) else { return };
        // On a young link nothing is under way that would come by itself.
        let since = self.links.get(link).map_or(Time::ZERO, |link| link.since);
        let young = self.ctx.now.saturating_since(since) < YOUNG_LINK;
        for theirs in answer.theirs {
            let head = theirs.beyond.last().map_or(theirs.prefix, |range| range.1);
            let Some(run) = Run::of(1, head).filter(|_| theirs.tag != self.own_tag()) else { continue };
            let known = self.broadcast.streams.find(theirs.tag);
            if known.is_some_and(|stream| self.broadcast.streams.has(stream, run)) {
                continue;
            }
            if known.is_none() && self.broadcast.streams.nameless() >= MOST_NAMELESS {
                continue;
            }
            let Some(stream) = self.broadcast.streams.announced(&mut self.ctx, theirs.tag) else { continue };
            self.broadcast.forget_evicted();
            let patience = match (self.broadcast.newcomer, young) {
                (Newcomer::Asked(_), _) => ANSWER_PATIENCE * 2,
                (Newcomer::Fresh | Newcomer::Done, true) => Duration::ZERO,
                (Newcomer::Fresh | Newcomer::Done, false) => self.broadcast.trees.patience(stream, slot),
            };
            self.claims(slot, stream, head, patience);
        }
    }

    /// The neighbour that we asked says with which numbers we begin.
    pub(crate) fn begins_with(&mut self, link: LinkId, starts: &[(StreamTag, Run)]) {
        let slot = self.links.slot(link);
        let Some(slot) = slot.filter(|slot| self.broadcast.newcomer == Newcomer::Asked(*slot)) else {
            return;
        };
        let own = self.own_tag();
        for (tag, run) in starts.iter().filter(|(tag, _)| *tag != own) {
            let Some(stream) = self.broadcast.streams.announced(&mut self.ctx, *tag) else { continue };
            self.broadcast.forget_evicted();
            if let Some(before) = run.from().checked_sub(1).filter(|before| *before > 0) {
                self.broadcast.streams.begin_after(&mut self.ctx, stream, before);
            }
            if run.from() < run.to() {
                let due = self.ctx.now + ANSWER_PATIENCE * 4;
                self.broadcast.repair.claim(self.ctx.now, stream, slot, run.to(), due);
                self.broadcast.repair.comes(stream, slot);
                self.look_at(due);
            }
        }
    }
}

/// How long the neighbour that was asked first may say where streams begin.
const NEWCOMER_PATIENCE: Duration = Duration::from_secs(10);
/// For how long a link is young.
const YOUNG_LINK: Duration = Duration::from_secs(2);
/// The most streams that are known by what others said of them alone.
const MOST_NAMELESS: usize = 4096;
