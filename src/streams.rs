//! All streams: what has been seen of each, and what may be delivered now.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::ctx::Ctx;
use crate::recency::Recency;
use crate::timers::{Timer, TimerKey};
use crate::versions::Seen;
use crate::{Content, Delivery, Event, Message, Sequence, StreamId, Time};

/// The streams of everybody but ourselves: exact dedup, and delivery in order.
///
/// A table of `max_streams`; when it is full, the longest idle stream goes. Streams that have not lived for some
/// seconds, with some messages, go first once they hold an eighth of the table: so a flood of invented authors pushes
/// out its own, and not those that live (`tests/bounds.rs`).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Streams {
    order: Order,
    index: HashMap<StreamId, u32>,
    streams: Vec<Stream>,
    free: Vec<u32>,
    newcomers: Recency,
    regulars: Recency,
    /// Messages that wait for one before them, by stream and sequence.
    held: BTreeMap<(u32, u64), Held>,
}

/// In which order the messages of a stream are delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Order {
    /// As their author sent them: what comes too early is held back for a while.
    AsSent,
    /// As they come: for streams that have gaps by nature.
    AsTheyCome,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Stream {
    id: StreamId,
    seen: Seen,
    /// Everything up to this number was delivered, or reported as missing.
    passed: u64,
    /// When its first message came, and how many came since.
    opened: Time,
    count: u32,
    regular: bool,
    /// How many of its messages are held back.
    held: usize,
    gap_timer: Option<TimerKey>,
    /// A number far beyond those known, and how many in a row fitted to it.
    far: Option<(u64, u32)>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Held {
    message: Message,
    /// When it came: how long it waits for what is missing before it counts from then.
    since: Time,
    /// It was delivered already, in its classic form.
    silent: bool,
}

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Intake {
    /// It is new, and was delivered or is held back for order.
    Fresh,
    /// It has been seen before.
    Duplicate,
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
        }
    }

    /// Takes in the message at `sequence` of `stream`. `silent`: it counts as delivered, but is not delivered again.
    pub(crate) fn take_in(
        &mut self,
        ctx: &mut Ctx,
        id: &StreamId,
        sequence: Sequence,
        message: &Message,
        silent: impl FnOnce() -> bool,
    ) -> Intake {
        let sequence = sequence.get();
        let at = match self.index.get(id) {
            Some(at) => *at,
            None => self.open(ctx, id.clone()),
        };
        let Some(stream) = self.streams.get_mut(at as usize) else { return Intake::Absurd };
        if self.order == Order::AsSent && stream.is_absurd(sequence) {
            return Intake::Absurd;
        }
        if !stream.seen.insert(sequence, ctx.config.max_gaps) {
            return Intake::Duplicate;
        }
        stream.count = stream.count.saturating_add(1);
        if stream.regular {
            self.regulars.touch(at);
        } else if stream.count >= REGULAR_COUNT && ctx.now.saturating_since(stream.opened) >= REGULAR_AGE {
            stream.regular = true;
            self.newcomers.remove(at);
            self.regulars.add(at);
        } else {
            self.newcomers.touch(at);
        }
        let held = Held { message: message.clone(), since: ctx.now, silent: silent() };
        if self.order == Order::AsTheyCome {
            deliver(ctx, &held);
        } else if sequence <= stream.passed {
            ctx.stats.late = ctx.stats.late.saturating_add(1);
        } else if sequence == stream.passed.saturating_add(1) {
            stream.passed = sequence;
            deliver(ctx, &held);
            self.release(ctx, at);
        } else {
            self.hold(ctx, at, sequence, held);
        }
        Intake::Fresh
    }

    fn hold(&mut self, ctx: &mut Ctx, at: u32, sequence: u64, held: Held) {
        ctx.stats.held = ctx.stats.held.saturating_add(1);
        // What is missing before it was seen to be missing when the first message beyond it came.
        let beyond = self.held.range((at, sequence)..=(at, u64::MAX)).next();
        let since = beyond.map_or(held.since, |(_, beyond)| beyond.since);
        self.held.insert((at, sequence), Held { since, ..held });
        let Some(stream) = self.streams.get_mut(at as usize) else { return };
        stream.held = stream.held.saturating_add(1);
        if stream.gap_timer.is_none() {
            stream.gap_timer = Some(set_gap_timer(ctx, at, ctx.now));
        }
        // No stream may take more than an eighth of the room, so that others keep theirs.
        let share = (ctx.config.max_held / 8).max(1);
        if stream.held > share {
            self.pass_gap(ctx, at);
        } else if self.held.len() > ctx.config.max_held {
            self.make_room(ctx);
        }
    }

    /// Has the newcomer that holds most, or else the regular, wait no longer for what is missing.
    fn make_room(&mut self, ctx: &mut Ctx) {
        let holding = (0..).zip(&self.streams).filter(|(_, stream)| stream.held > 0);
        let most = holding.max_by_key(|(_, stream)| (!stream.regular, stream.held)).map(|(at, _)| at);
        if let Some(at) = most {
            self.pass_gap(ctx, at);
        }
    }

    /// Delivers what was held back and has become next in line.
    fn release(&mut self, ctx: &mut Ctx, at: u32) {
        let Some(stream) = self.streams.get_mut(at as usize) else { return };
        let before = stream.held;
        while stream.held > 0
            && let Some(held) = self.held.remove(&(at, stream.passed.saturating_add(1)))
        {
            stream.passed = stream.passed.saturating_add(1);
            stream.held = stream.held.saturating_sub(1);
            deliver(ctx, &held);
        }
        if stream.held == before {
            return;
        }
        // What is still held back waits for another gap, which has its own time.
        if let Some(key) = stream.gap_timer.take() {
            ctx.timers.cancel(key);
        }
        if let Some((_, next)) = first_held(&self.held, at) {
            stream.gap_timer = Some(set_gap_timer(ctx, at, next.since));
        }
    }

    /// Gives up waiting for what is missing, as far as it has been waited for long enough.
    pub(crate) fn pass_gaps(&mut self, ctx: &mut Ctx, at: u32) {
        while first_held(&self.held, at)
            .is_some_and(|(_, held)| held.since + ctx.config.gap_patience <= ctx.now)
        {
            self.pass_gap(ctx, at);
        }
    }

    /// Gives up waiting for what is missing before the first message that is held back in a stream.
    fn pass_gap(&mut self, ctx: &mut Ctx, at: u32) {
        let Some(stream) = self.streams.get_mut(at as usize) else { return };
        if let Some(key) = stream.gap_timer.take() {
            ctx.timers.cancel(key);
        }
        let Some((next, _)) = first_held(&self.held, at) else { return };
        let (from, to) = (stream.passed.saturating_add(1), next.saturating_sub(1));
        if let (Some(first), Some(last)) = (Sequence::new(from), Sequence::new(to))
            && first <= last
        {
            let before_contact = stream.passed == 0;
            ctx.stats.missing = ctx.stats.missing.saturating_add((to - from).saturating_add(1));
            ctx.emit(Event::Gap { stream: stream.id.clone(), from: first, to: last, before_contact });
        }
        stream.passed = to;
        self.release(ctx, at);
    }

    fn open(&mut self, ctx: &mut Ctx, id: StreamId) -> u32 {
        if self.index.len() >= ctx.config.max_streams {
            self.evict(ctx);
        }
        let stream = Stream {
            id: id.clone(),
            seen: Seen::default(),
            passed: 0,
            opened: ctx.now,
            count: 0,
            regular: false,
            held: 0,
            gap_timer: None,
            far: None,
        };
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
        self.index.insert(id, at);
        self.newcomers.add(at);
        at
    }

    fn evict(&mut self, ctx: &mut Ctx) {
        let crowd = self.newcomers.len() > ctx.config.max_streams / 8;
        let (first, second) =
            if crowd { (&self.newcomers, &self.regulars) } else { (&self.regulars, &self.newcomers) };
        let Some(at) = first.oldest().or_else(|| second.oldest()) else { return };
        while first_held(&self.held, at).is_some() {
            self.pass_gap(ctx, at);
        }
        let Some(stream) = self.streams.get_mut(at as usize) else { return };
        if let Some(key) = stream.gap_timer.take() {
            ctx.timers.cancel(key);
        }
        self.index.remove(&stream.id);
        if stream.regular {
            self.regulars.remove(at);
        } else {
            self.newcomers.remove(at);
        }
        self.free.push(at);
        ctx.stats.streams_evicted = ctx.stats.streams_evicted.saturating_add(1);
    }
}

impl Stream {
    /// Whether a number is so far beyond those known that it is taken for a lie: unless several in a row say so.
    fn is_absurd(&mut self, sequence: u64) -> bool {
        let known = self.seen.greatest();
        if known == 0 || sequence.saturating_sub(known) <= MAX_JUMP {
            self.far = None;
            return false;
        }
        let fitting = match self.far {
            Some((far, count)) if far.abs_diff(sequence) <= MAX_JUMP && far != sequence => {
                count.saturating_add(1)
            }
            Some(_) | None => 1,
        };
        self.far = Some((sequence, fitting));
        fitting < BELIEVED_AFTER
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

fn set_gap_timer(ctx: &mut Ctx, at: u32, since: Time) -> TimerKey {
    ctx.timers.set(ctx.now, since + ctx.config.gap_patience, Timer::PassGap(at))
}

fn deliver(ctx: &mut Ctx, held: &Held) {
    if held.silent {
        return;
    }
    let delivery = Delivery::new(held.message.clone());
    if let Content::Direct { .. } = held.message.content() {
        ctx.stats.direct = ctx.stats.direct.saturating_add(1);
        ctx.emit(Event::Direct(delivery));
    } else {
        ctx.stats.delivered = ctx.stats.delivered.saturating_add(1);
        ctx.emit(Event::Delivered(delivery));
    }
}

/// How far ahead of what is known a sequence number may jump before it is doubted.
const MAX_JUMP: u64 = 1 << 20;
/// How many doubted numbers in a row, near each other, are believed after all.
const BELIEVED_AFTER: u32 = 3;
/// How many messages a stream must have brought, and how long it must have lived, to be a regular.
const REGULAR_COUNT: u32 = 4;
const REGULAR_AGE: Duration = Duration::from_secs(10);
