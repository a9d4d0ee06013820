//! Giving others the posts that they ask for, within what a link may carry of them.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::control::MAX_RUNS;
use crate::node::ChatNode;
use crate::slots::{Slot, Slots};
use crate::{Control, LinkId, Message, Run, StreamTag};

impl ChatNode {
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
        let (since, bytes) = link.served();
        if now.saturating_since(*since) >= SERVING_WINDOW {
            (*since, *bytes) = (now, 0);
        }
        u64::from(asked).min(most).min(most.saturating_mul(SERVINGS).saturating_sub(*bytes))
    }

    /// Sends one post that was asked for; false if the credit is used up.
    fn serve(
        &mut self,
        link: LinkId,
        slot: Option<Slot>,
        (stream, sequence): (u32, u64),
        message: Message,
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
            let (_, sum) = link.served();
            *sum = sum.saturating_add(u64::from(bytes));
        }
        if let Some(retained) = self.broadcast.history.get_mut(stream, sequence) {
            retained.known |= Slots::of(slot).bits();
        }
        self.ctx.stats.served = self.ctx.stats.served.saturating_add(1);
        self.ctx.send(link, message);
        true
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
}

/// How many times its credit a neighbour may be sent in a window of time.
const SERVING_WINDOW: Duration = Duration::from_secs(1);
const SERVINGS: u64 = 64;
