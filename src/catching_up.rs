//! What we lack and others have: asking for it, giving it, comparing, and giving up what nobody has any more.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::broadcast::{Newcomer, limits};
use crate::control::MAX_RUNS;
use crate::node::ChatNode;
use crate::reconcile;
use crate::slots::{Slot, Slots};
use crate::spans::Spans;
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

    fn look_at(&mut self, due: Time) {
        if let Some((at, key)) = self.broadcast.look {
            if at <= due {
                return;
            }
            self.ctx.timers.cancel(key);
        }
        let key = self.ctx.timers.set(self.ctx.now, due, Timer::Repair);
        self.broadcast.look = Some((due, key));
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
        }
        if let Some(due) = self.broadcast.repair.next_due() {
            self.look_at(due);
        }
    }

    fn repair_stream(&mut self, stream: u32, asks: &mut BTreeMap<Slot, Vec<(StreamTag, Run)>>) {
        let (now, patience) = (self.ctx.now, self.ctx.config.gap_patience);
        let taken = self.links.taken();
        let Some(tag) = self.broadcast.streams.tag(stream) else { return };
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
        if lag.gone_at != first.from() {
            (lag.gone, lag.gone_at) = (Slots::NONE, first.from());
        }
        if taken.is_empty() {
            // Nobody can fill it now, and somebody may later.
            lag.hopeless = None;
            lag.due = now + ALONE_PATIENCE;
            return;
        }
        if let Some(asked) = lag.asked.take() {
            lag.unanswered = lag.unanswered.saturating_add(1);
            if lag.unanswered >= IN_VAIN {
                lag.unanswered = 0;
                lag.claimants = lag.claimants.without(Slots::one(asked));
            }
        }
        let able = lag.claimants.and(taken).without(lag.gone);
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
        match self.broadcast.repair.get_mut(stream).filter(|_| more) {
            Some(lag) => lag.due = self.ctx.now,
            None => {
                self.broadcast.repair.forget(stream);
                self.broadcast.streams.disbelieve(stream, gone, head);
            }
        }
    }

    /// A neighbour asks for posts.
    pub(crate) fn pulled_by(&mut self, link: LinkId, credit: u32, runs: &[(StreamTag, Run)]) {
        let slot = self.links.slot(link);
        let mut credit = self.credit(link, credit);
        let mut gone = Vec::new();
        // However long the first is, it goes: else it never would.
        let mut first = credit > 0;
        'runs: for (tag, run) in runs {
            let Some(stream) = self.broadcast.streams.find(*tag) else { continue };
            let mut next = run.from();
            while next <= run.to() {
                let retained = self.broadcast.history.next_from(stream, next);
                let found = retained.filter(|(sequence, _)| *sequence <= run.to());
                let upto = found.map_or(run.to(), |(sequence, _)| sequence.saturating_sub(1));
                if let Some(lost) =
                    Run::of(next, upto).filter(|lost| self.broadcast.streams.has(stream, *lost))
                {
                    gone.push((*tag, lost));
                }
                let Some((sequence, retained)) = found else { break };
                let (message, bytes) = (retained.message.clone(), retained.bytes);
                if core::mem::take(&mut first) {
                    credit = credit.max(u64::from(bytes));
                }
                if !self.serve(link, slot, (stream, sequence), message, bytes, &mut credit) {
                    break 'runs;
                }
                if sequence >= run.to() {
                    break;
                }
                next = sequence.saturating_add(1);
            }
        }
        gone.truncate(MAX_RUNS);
        self.ctx.tell(link, Control::Pulled(gone));
    }

    /// How much may be sent on a link now, in bytes, of what is asked for.
    fn credit(&mut self, link: LinkId, asked: u32) -> u64 {
        let (now, most) = (self.ctx.now, u64::from(self.ctx.config.pull_credit));
        let Some(link) = self.links.get_mut(link) else { return 0 };
        if now.saturating_since(link.served.0) >= SERVING_WINDOW {
            link.served = (now, 0);
        }
        u64::from(asked).min(most).min(most.saturating_mul(SERVINGS).saturating_sub(link.served.1))
    }

    /// Sends one post that was asked for; false if the credit is used up.
    fn serve(
        &mut self,
        link: LinkId,
        slot: Option<Slot>,
        (stream, sequence): (u32, u64),
        message: crate::Message,
        bytes: u32,
        credit: &mut u64,
    ) -> bool {
        let room = self.ctx.has_room(link, bytes as usize);
        let Some(rest) = credit.checked_sub(u64::from(bytes)).filter(|_| room) else {
            *credit = 0;
            return false;
        };
        *credit = rest;
        if let Some(link) = self.links.get_mut(link) {
            link.served.1 = link.served.1.saturating_add(u64::from(bytes));
        }
        if let Some(retained) = self.broadcast.history.get_mut(stream, sequence) {
            retained.known |= Slots::of(slot).bits();
        }
        self.ctx.stats.served = self.ctx.stats.served.saturating_add(1);
        self.ctx.send(link, message);
        true
    }

    /// A neighbour has sent what it could of what we asked it for; `gone` will never come from it.
    pub(crate) fn pull_answered(&mut self, link: LinkId, gone: &[(StreamTag, Run)]) {
        let Some(slot) = self.links.slot(link) else { return };
        if self.broadcast.newcomer == Newcomer::Asked(slot) {
            self.broadcast.newcomer = Newcomer::Done;
        }
        let now = self.ctx.now;
        let asked = self.broadcast.repair.asked_of(slot);
        // Where it had credit for some, the others have to wait, and are no less to be had.
        let some =
            asked.iter().any(|stream| self.broadcast.repair.get(*stream).is_some_and(|lag| lag.progress));
        for stream in asked {
            let tag = self.broadcast.streams.tag(stream);
            let Some(lag) = self.broadcast.repair.get_mut(stream) else { continue };
            (lag.asked, lag.due) = (None, now);
            lag.unanswered = if some { 0 } else { lag.unanswered.saturating_add(1) };
            let missing = self.broadcast.streams.missing(stream, lag.head, 1);
            let Some(first) = missing.first().map(|run| run.from()) else { continue };
            let is_gone =
                |(of, run): &(StreamTag, Run)| Some(*of) == tag && run.from() <= first && first <= run.to();
            if gone.iter().any(is_gone) {
                if lag.gone_at != first {
                    (lag.gone, lag.gone_at) = (Slots::NONE, first);
                }
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
        let spans = reconcile::open(&self.broadcast.streams.entries());
        self.ctx.tell(link, Control::Sync(Spans(spans)));
    }

    fn schedule_sync(&mut self) {
        if self.broadcast.sync.is_none() {
            let wait = self.ctx.rng.jitter(self.ctx.config.sync_interval);
            self.broadcast.sync = Some(self.ctx.timers.set(self.ctx.now, self.ctx.now + wait, Timer::Sync));
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
        self.broadcast.history.expire(&limits(&self.ctx.config), self.ctx.now);
        let taken = self.links.taken();
        let number = self.ctx.rng.below(Slot::COUNT as u32);
        let Some(link) = taken.nth_around(number).and_then(|slot| self.links.at(slot)) else { return };
        self.compare_with(link);
        self.schedule_sync();
    }

    /// A neighbour compares what it has with what we have.
    pub(crate) fn compared(&mut self, link: LinkId, Spans(spans): &Spans) {
        let entries = self.broadcast.streams.entries();
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
                (Newcomer::Fresh | Newcomer::Done, false) => self.broadcast.trees.patience(stream),
            };
            self.claims(slot, stream, head, patience);
        }
    }

    /// A neighbour is new, and asks for the last posts.
    pub(crate) fn catches_up(&mut self, link: LinkId, count: u32, credit: u32) {
        let slot = self.links.slot(link);
        if self.links.get_mut(link).is_none_or(|link| core::mem::replace(&mut link.caught_up, true)) {
            // Once is enough to begin with.
            return;
        }
        let mut credit = self.credit(link, credit);
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(self.ctx.config.max_history);
        let mut starts: BTreeMap<u32, u64> = BTreeMap::new();
        let mut posts = Vec::new();
        for (stream, sequence, retained) in self.broadcast.history.newest(count) {
            let start = starts.entry(stream).or_insert(sequence);
            *start = sequence.min(*start);
            posts.push((stream, sequence, retained.message.clone(), retained.bytes));
        }
        let mut since = Vec::new();
        for (stream, tag, head) in self.broadcast.streams.heads() {
            let start = starts.get(&stream).copied().unwrap_or_else(|| head.saturating_add(1));
            since.extend(Run::of(start, head.max(start)).map(|run| (tag, run)));
        }
        for runs in since.chunks(MAX_RUNS) {
            self.ctx.tell(link, Control::Since(runs.to_vec()));
        }
        for (stream, sequence, message, bytes) in posts {
            if !self.serve(link, slot, (stream, sequence), message, bytes, &mut credit) {
                break;
            }
        }
        self.ctx.tell(link, Control::Pulled(Vec::new()));
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
                if let Some(lag) = self.broadcast.repair.get_mut(stream) {
                    lag.asked = Some(slot);
                }
                self.look_at(due);
            }
        }
    }
}

/// How long a post may take that comes after one that was sent later on the same link.
const IN_ORDER_PATIENCE: Duration = Duration::from_millis(200);
/// How long a pull may go without an answer, at first.
const ANSWER_PATIENCE: Duration = Duration::from_millis(500);
/// How long to wait for neighbours before what is missing is looked at again.
const ALONE_PATIENCE: Duration = Duration::from_secs(60);
/// How long the neighbour that was asked first may say where streams begin.
const NEWCOMER_PATIENCE: Duration = Duration::from_secs(10);
/// After how many pulls without an answer a neighbour is asked no more.
const IN_VAIN: u32 = 4;
/// The most runs of one stream that are asked for at once.
const RUNS_OF_A_STREAM: usize = 32;
/// For how long a link is young.
const YOUNG_LINK: Duration = Duration::from_secs(2);
/// How many times its credit a neighbour may be sent in a window of time.
const SERVING_WINDOW: Duration = Duration::from_secs(1);
const SERVINGS: u64 = 64;
/// The most streams that are known by what others said of them alone.
const MOST_NAMELESS: usize = 4096;
