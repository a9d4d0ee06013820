//! All streams: what has been seen of each, and what may be delivered now.

mod stream;

use core::fmt;
use std::collections::BTreeMap;

use hashbrown::HashMap;
use stream::{Held, Stream};

use crate::ctx::Ctx;
use crate::entries::Entry;
use crate::lazy::empty;
use crate::recency::Recency;
use crate::slots::{Slot, Slots};
use crate::spans::Summary;
use crate::{Message, PeerId, Place, Run, StreamId, StreamTag};

/// The streams of everybody: exact dedup, and delivery in order.
///
/// A table of `max_streams`; when it is full, the longest idle stream goes. Streams that have not lived for some
/// seconds, with some messages, go first once they hold an eighth of the table: so a flood of invented authors pushes
/// out its own, and not those that live (`tests/bounds.rs`).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Streams {
    order: Order,
    index: HashMap<StreamTag, u32>,
    streams: Vec<Stream>,
    free: Vec<u32>,
    newcomers: Recency,
    regulars: Recency,
    /// Messages that wait for one before them, by stream and sequence.
    held: BTreeMap<(u32, u64), Held>,
    /// Streams that were forgotten since this was last taken.
    evicted: Vec<u32>,
    /// The stream that stays: our own.
    own: Option<u32>,
    /// How many streams are known by their tag alone.
    nameless: usize,
}

empty!(Streams, Streams::new(Order::AsSent));

/// In which order the messages of a stream are delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Order {
    /// As their author sent them: what comes too early is held back as long as what is missing may come.
    AsSent,
    /// As they come: for streams that have gaps by nature.
    AsTheyCome,
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Intake {
    /// It is new, and was delivered or is held back for order.
    Fresh(u32),
    /// It has been seen before.
    Duplicate(u32),
    /// It is new, and there is no room to hold it back: it has to come again.
    NoRoom(u32),
    /// Its number is beyond belief.
    Absurd,
}

impl Streams {
    pub(crate) fn new(order: Order) -> Self {
        Self {
            order,
            index: HashMap::new(),
            streams: Vec::new(),
            free: Vec::new(),
            newcomers: Recency::default(),
            regulars: Recency::default(),
            held: BTreeMap::new(),
            evicted: Vec::new(),
            own: None,
            nameless: 0,
        }
    }

    /// The stream of this tag, if it is known.
    pub(crate) fn find(&self, tag: StreamTag) -> Option<u32> {
        self.index.get(&tag).copied()
    }

    pub(crate) fn tag(&self, at: u32) -> Option<StreamTag> {
        self.streams.get(at as usize).map(|stream| stream.tag)
    }

    /// The newest stream of this author that has a tree to go by.
    pub(crate) fn newest_of(&self, author: &PeerId) -> Option<u32> {
        let by = |(_, stream): &(u32, &Stream)| {
            stream.id.as_ref().is_some_and(|id| id.author() == author) && self.find(stream.tag).is_some()
        };
        let streams = (0..).zip(&self.streams).filter(by);
        streams.max_by_key(|(_, stream)| stream.id.as_ref().map(StreamId::epoch)).map(|(at, _)| at)
    }

    /// The stream of this tag, which somebody says to have something of. `None` if it is unknown and there is no room:
    /// nothing that is known makes room for hearsay.
    pub(crate) fn announced(&mut self, ctx: &mut Ctx, tag: StreamTag) -> Option<u32> {
        match self.find(tag) {
            None if self.index.len() >= ctx.config.max_streams && !self.oldest_is_hearsay() => None,
            None => Some(self.open(ctx, tag, None)),
            known => known,
        }
    }

    /// Whether nothing ever came of the newcomer that would have to make room.
    fn oldest_is_hearsay(&self) -> bool {
        let crowd = self.newcomers.len() > self.index.len() / 8;
        let oldest = self.newcomers.oldest().filter(|_| crowd).and_then(|at| self.streams.get(at as usize));
        oldest.is_some_and(|stream| stream.id.is_none() && stream.seen.greatest() == 0)
    }

    /// These neighbours could not give what is said to be there up to `head`: hears no more of that from them.
    pub(crate) fn disbelieve(&mut self, at: u32, whom: Slots, head: u64) {
        let Some(stream) = self.streams.get_mut(at as usize).filter(|_| !whom.is_empty()) else { return };
        stream.disbelieved = (stream.disbelieved.0.with(whom), stream.disbelieved.1.max(head));
        self.nameless = self.nameless.saturating_sub(usize::from(core::mem::take(&mut stream.nameless)));
    }

    /// Whether that is what nobody could give.
    pub(crate) fn is_disbelieved(&self, at: u32, who: Slot, head: u64) -> bool {
        let said = |stream: &Stream| stream.disbelieved.0.has(who) && head <= stream.disbelieved.1;
        self.streams.get(at as usize).is_some_and(|stream| said(stream) && stream.held == 0)
    }

    /// A neighbour is gone, and its place free.
    pub(crate) fn forget_slot(&mut self, slot: Slot) {
        for stream in &mut self.streams {
            stream.disbelieved.0 = stream.disbelieved.0.without(Slots::one(slot));
        }
    }

    /// Notes a message of our own.
    pub(crate) fn published(&mut self, ctx: &mut Ctx, id: &StreamId, sequence: u64) -> u32 {
        let tag = StreamTag::of(id.author(), id.epoch());
        let at = self.find(tag).unwrap_or_else(|| self.open(ctx, tag, Some(id.clone())));
        self.own = Some(at);
        if let Some(stream) = self.streams.get_mut(at as usize) {
            stream.id = Some(id.clone());
            self.nameless = self.nameless.saturating_sub(usize::from(core::mem::take(&mut stream.nameless)));
            stream.seen.insert(sequence, ctx.config.max_gaps);
            stream.passed = stream.passed.max(sequence);
            stream.hash = None;
        }
        at
    }

    /// Takes in the message at `sequence` of `stream`. `silent`: it counts as delivered, but is not delivered again.
    pub(crate) fn take_in(
        &mut self,
        ctx: &mut Ctx,
        author: &PeerId,
        place: Place,
        message: &Message,
        silent: impl FnOnce() -> bool,
    ) -> Intake {
        let sequence = place.sequence.get();
        let tag = message.stream_tag(place.epoch);
        let at = match self.find(tag) {
            Some(at) => at,
            None => self.open(ctx, tag, Some(StreamId::new(author.clone(), place.epoch))),
        };
        let share = (ctx.config.max_held / 8).max(1);
        let crowded = self.held.len() >= ctx.config.max_held;
        let Some(stream) = self.streams.get_mut(at as usize) else { return Intake::Absurd };
        match &stream.id {
            Some(id) if id.author() == author && id.epoch() == place.epoch => {}
            // Two streams of one tag: made on purpose.
            Some(_) => return Intake::Absurd,
            None => stream.id = Some(StreamId::new(author.clone(), place.epoch)),
        }
        self.nameless = self.nameless.saturating_sub(usize::from(core::mem::take(&mut stream.nameless)));
        if self.order == Order::AsSent && stream.is_absurd(sequence) {
            return Intake::Absurd;
        }
        let next = sequence <= stream.passed.saturating_add(1);
        let hold = self.order == Order::AsSent && !next;
        if hold && (crowded || stream.held >= share) && !stream.seen.contains(sequence) {
            return Intake::NoRoom(at);
        }
        if !stream.seen.insert(sequence, ctx.config.max_gaps) {
            return Intake::Duplicate(at);
        }
        stream.hash = None;
        stream.count = stream.count.saturating_add(1);
        if stream.regular {
            self.regulars.touch(at);
        } else if stream.has_lived(ctx.now) {
            stream.regular = true;
            self.newcomers.remove(at);
            self.regulars.add(at);
        } else {
            self.newcomers.touch(at);
        }
        let held = Held { message: message.clone(), silent: silent() };
        if self.order == Order::AsTheyCome {
            held.deliver(ctx);
        } else if next {
            stream.tell_gap(ctx);
            stream.passed = sequence;
            held.deliver(ctx);
            self.release(ctx, at);
        } else {
            ctx.stats.held = ctx.stats.held.saturating_add(1);
            stream.held = stream.held.saturating_add(1);
            self.held.insert((at, sequence), held);
        }
        Intake::Fresh(at)
    }

    /// Delivers what was held back and has become next in line.
    fn release(&mut self, ctx: &mut Ctx, at: u32) {
        let Some(stream) = self.streams.get_mut(at as usize) else { return };
        while stream.held > 0
            && let Some(held) = self.held.remove(&(at, stream.passed.saturating_add(1)))
        {
            stream.tell_gap(ctx);
            stream.passed = stream.passed.saturating_add(1);
            stream.held = stream.held.saturating_sub(1);
            held.deliver(ctx);
        }
    }

    /// Whether all of these numbers have been seen, or given up.
    pub(crate) fn has(&self, at: u32, run: Run) -> bool {
        self.streams.get(at as usize).is_some_and(|stream| stream.seen.contains_all(run.from(), run.to()))
    }

    /// What is missing up to `head`, at most so many runs.
    pub(crate) fn missing(&self, at: u32, head: u64, limit: usize) -> Vec<Run> {
        let Some(stream) = self.streams.get(at as usize) else { return Vec::new() };
        let head = head.max(stream.seen.greatest());
        stream.seen.missing(head).take(limit).filter_map(|(from, to)| Run::of(from, to)).collect()
    }

    /// Whether messages are held back in a stream.
    pub(crate) fn is_waiting(&self, at: u32) -> bool {
        self.streams.get(at as usize).is_some_and(|stream| stream.held > 0)
    }

    /// A stream of which nothing was seen begins after `upto` for us.
    pub(crate) fn begin_after(&mut self, ctx: &mut Ctx, at: u32, upto: u64) {
        let Some(stream) = self.streams.get_mut(at as usize) else { return };
        if stream.is_blank(upto) {
            self.nameless = self.nameless.saturating_sub(usize::from(core::mem::take(&mut stream.nameless)));
            self.give_up(ctx, at, upto);
        }
    }

    /// Gives up everything up to `upto` that has not come: what was held back behind it is delivered.
    fn give_up(&mut self, ctx: &mut Ctx, at: u32, upto: u64) {
        self.start_after(ctx, at, upto);
        while let Some((next, _)) = first_held(&self.held, at)
            && next <= upto
        {
            let Some(stream) = self.streams.get_mut(at as usize) else { return };
            stream.pass_to(next.saturating_sub(1));
            self.release(ctx, at);
        }
        let Some(stream) = self.streams.get_mut(at as usize) else { return };
        stream.pass_to(upto);
        self.release(ctx, at);
    }

    /// Takes everything up to `upto` for seen.
    fn start_after(&mut self, ctx: &mut Ctx, at: u32, upto: u64) {
        let Some(stream) = self.streams.get_mut(at as usize) else { return };
        let lost = stream.seen.fill(upto);
        stream.hash = None;
        ctx.stats.missing = ctx.stats.missing.saturating_add(lost);
    }

    /// Gives up waiting for what is missing before the first message that is held back in a stream, and not beyond
    /// `upto`. False if none is held back.
    pub(crate) fn pass_gap(&mut self, ctx: &mut Ctx, at: u32, upto: u64) -> bool {
        let Some((next, _)) = first_held(&self.held, at) else { return false };
        self.give_up(ctx, at, next.saturating_sub(1).min(upto));
        true
    }

    /// What has been seen of each stream, in short, in the order of their tags.
    pub(crate) fn entries(&mut self) -> Vec<Entry> {
        let mut entries = Vec::with_capacity(self.index.len());
        for (at, stream) in (0..).zip(&mut self.streams) {
            if self.index.get(&stream.tag) != Some(&at) || stream.seen.greatest() == 0 {
                continue;
            }
            entries.push(Entry { tag: stream.tag, hash: stream.hash() });
        }
        entries.sort_unstable_by_key(|entry| entry.tag);
        entries
    }

    /// What has been seen of the stream of this tag.
    pub(crate) fn summary(&self, tag: StreamTag) -> Summary {
        let stream = self.find(tag).and_then(|at| self.streams.get(at as usize));
        stream.map_or_else(|| Summary { tag, prefix: 0, beyond: Vec::new() }, Stream::summary)
    }

    /// For each stream the number up to which everything has been seen.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = (StreamTag, u64)> {
        let known = |(at, stream): &(u32, &Stream)| self.index.get(&stream.tag) == Some(at);
        (0..).zip(&self.streams).filter(known).map(|(_, stream)| (stream.tag, stream.seen.prefix()))
    }

    /// The greatest number seen in each stream.
    pub(crate) fn heads(&self) -> impl Iterator<Item = (u32, StreamTag, u64)> {
        let known = |(at, stream): &(u32, &Stream)| self.index.get(&stream.tag) == Some(at);
        (0..).zip(&self.streams).filter(known).map(|(at, stream)| (at, stream.tag, stream.seen.greatest()))
    }

    /// How many streams are known by their tag alone.
    pub(crate) const fn nameless(&self) -> usize {
        self.nameless
    }

    /// Streams that were forgotten since this was last asked.
    pub(crate) fn take_evicted(&mut self) -> Vec<u32> {
        core::mem::take(&mut self.evicted)
    }

    fn open(&mut self, ctx: &mut Ctx, tag: StreamTag, id: Option<StreamId>) -> u32 {
        if self.index.len() >= ctx.config.max_streams {
            self.evict(ctx);
        }
        let nameless = id.is_none();
        let stream = Stream::new(tag, id, ctx.now);
        let at = match self.free.pop() {
            Some(at) => {
                if let Some(slot) = self.streams.get_mut(at as usize) {
                    *slot = stream;
                }
                at
            }
            None => {
                self.streams.push(stream);
                u32::try_from(self.streams.len().saturating_sub(1)).unwrap_or(u32::MAX)
            }
        };
        self.nameless = self.nameless.saturating_add(usize::from(nameless));
        self.index.insert(tag, at);
        self.newcomers.add(at);
        at
    }

    fn evict(&mut self, ctx: &mut Ctx) {
        // Our own stays: it is the newest from now on.
        for recency in [&mut self.newcomers, &mut self.regulars] {
            if recency.len() > 1
                && recency.oldest() == self.own
                && let Some(own) = self.own
            {
                recency.touch(own);
            }
        }
        let crowd = self.newcomers.len() > ctx.config.max_streams / 8;
        let (first, second) =
            if crowd { (&self.newcomers, &self.regulars) } else { (&self.regulars, &self.newcomers) };
        let Some(at) = first.oldest().or_else(|| second.oldest()) else { return };
        while self.pass_gap(ctx, at, u64::MAX) {}
        self.remove(at);
        ctx.stats.streams_evicted = ctx.stats.streams_evicted.saturating_add(1);
    }

    fn remove(&mut self, at: u32) {
        let Some(stream) = self.streams.get_mut(at as usize) else { return };
        self.index.remove(&stream.tag);
        self.nameless = self.nameless.saturating_sub(usize::from(stream.nameless));
        if stream.regular {
            self.regulars.remove(at);
        } else {
            self.newcomers.remove(at);
        }
        if self.own == Some(at) {
            self.own = None;
        }
        self.free.push(at);
        if self.order == Order::AsSent {
            self.evicted.push(at);
        }
    }
}

/// Without the index, whose order differs between equal tables.
impl fmt::Debug for Streams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streams")
            .field("streams", &self.streams)
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

/// The first message that is held back in a stream, and its number.
fn first_held(held: &BTreeMap<(u32, u64), Held>, at: u32) -> Option<(u64, &Held)> {
    held.range((at, 0)..=(at, u64::MAX)).next().map(|((_, sequence), held)| (*sequence, held))
}
