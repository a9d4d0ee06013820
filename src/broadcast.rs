//! What is said to everybody: publishing, knowing again, delivering, retaining.

use std::collections::VecDeque;

use crate::beacon::Beacon;
use crate::classic::{ClassicWindow, MAX_READ};
use crate::ctx::Ctx;
use crate::history::{History, Limits};
use crate::lazy::{Lazy, empty};
use crate::repair::Repair;
use crate::slots::{Slot, Slots};
use crate::streams::{Intake, Streams};
use crate::timers::TimerKey;
use crate::trees::Trees;
use crate::wall_clock;
use crate::{
    Body, Config, Content, Delivery, Dialects, Event, Message, MessageId, Place, Post, Rejection, SendError,
    Sequence, StreamId, StreamTag, Time,
};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Broadcast {
    pub(crate) streams: Lazy<Streams>,
    pub(crate) trees: Trees,
    pub(crate) history: Lazy<History>,
    pub(crate) repair: Repair,
    pub(crate) beacon: Beacon,
    /// Posts that are to be announced, as the time of that, stream and sequence; those to whom we announce first, and
    /// the others.
    pub(crate) to_announce: Lazy<ToAnnounce>,
    pub(crate) announce: Option<(Time, TimerKey)>,
    /// When something was last announced to those to whom we announce first.
    pub(crate) announced_at: Option<Time>,
    /// When repair is looked at next.
    pub(crate) look: Option<(Time, TimerKey)>,
    pub(crate) sync: Option<TimerKey>,
    pub(crate) newcomer: Newcomer,
    window: ClassicWindow,
    /// The sequence number of the last message of our own.
    published: u64,
    /// Messages of our own that have reached nobody.
    waiting: Lazy<VecDeque<Message>>,
}

pub(crate) type ToAnnounce = [VecDeque<(Time, u32, u64)>; 2];

empty!(ToAnnounce, ToAnnounce::default());
empty!(VecDeque<Message>, VecDeque::new());

/// How far a new node is with catching up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Newcomer {
    /// It has asked nobody yet.
    Fresh,
    /// It waits for what this neighbour sends.
    Asked(Slot),
    /// It knows from where on it takes part.
    Done,
}

/// What to do with a post that came in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It is fresh, the so many-th of a stream: pass it on.
    Fresh(u32, u64),
    /// It has been seen before, as the so many-th of a stream.
    Duplicate(u32, u64),
    /// It has to come again, when there is room to hold it back.
    NoRoom(u32, u64),
    /// It is fresh, and of the old dialect: pass it on to everybody.
    Spread,
    /// It has been seen before, or is our own.
    Drop,
    /// It must not be passed on.
    Reject(Rejection),
}

impl Broadcast {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            streams: Lazy::default(),
            trees: Trees::default(),
            history: Lazy::default(),
            repair: Repair::default(),
            beacon: Beacon::new(StreamTag::of(&config.id, config.epoch)),
            to_announce: Lazy::default(),
            announce: None,
            announced_at: None,
            look: None,
            sync: None,
            newcomer: Newcomer::Fresh,
            window: ClassicWindow::new(config.max_history < config.classic_window),
            published: 0,
            waiting: Lazy::default(),
        }
    }

    /// Makes a message of our own. Nothing has changed if there is an error.
    ///
    /// With it comes its stream's number, if it has a place in one.
    pub(crate) fn publish(
        &mut self,
        ctx: &mut Ctx,
        body: Body,
    ) -> Result<(MessageId, Message, Option<u32>), SendError> {
        let numbered = ctx.config.dialects != Dialects::Classic;
        let place = match Sequence::new(self.published.saturating_add(1)) {
            Some(sequence) if numbered => Some(Place { epoch: ctx.config.epoch, sequence }),
            Some(_) | None => None,
        };
        let message =
            self.stamped(ctx, Content::Broadcast(Post { place, room: None, body, signature: None }));
        check_length(ctx, &message)?;
        let id = message.id().unwrap_or_else(|| MessageId::Classic(message.classic_id()));
        self.published = self.published.saturating_add(1);
        self.note_own(ctx, &message);
        ctx.stats.published = ctx.stats.published.saturating_add(1);
        let stream = place.map(|place| {
            let id = StreamId::new(ctx.config.id.clone(), place.epoch);
            let at = self.streams.published(ctx, &id, place.sequence.get());
            self.forget_evicted();
            self.retain(ctx, at, place.sequence.get(), &message, 0);
            at
        });
        Ok((id, message, stream))
    }

    /// Keeps a post for those who lack it.
    pub(crate) fn retain(&mut self, ctx: &Ctx, at: u32, sequence: u64, message: &Message, known: u64) {
        let limits = limits(&ctx.config);
        // What a frame of it takes, without encoding it for that.
        let bytes = message.post().map_or(0, |post| post.body.json_len()).saturating_add(ENVELOPE);
        self.history.insert(&limits, ctx.now, at, sequence, message.clone(), bytes, known);
    }

    /// Lets go of everything about the streams that had to make room.
    pub(crate) fn forget_evicted(&mut self) {
        let Some(streams) = self.streams.made() else { return };
        for at in streams.take_evicted() {
            self.trees.forget(at);
            self.history.forget(at);
            self.repair.forget(at);
        }
    }

    /// The number of the last message of our own.
    pub(crate) const fn published(&self) -> u64 {
        self.published
    }

    /// Remembers a message of our own, to know its echo.
    pub(crate) fn note_own(&mut self, ctx: &Ctx, message: &Message) {
        self.window.note_native(message.classic_id(), ctx.config.classic_window);
    }

    /// Gives the message a time at which we have not said the same before. Old peers tell messages apart by text
    /// and second: the same text twice in a second carries two seconds, so that they too take it for two messages.
    fn stamped(&self, ctx: &mut Ctx, content: Content) -> Message {
        let first = ctx.message(content.clone());
        if !self.window.contains(first.classic_id()) {
            return first;
        }
        let now = wall_clock::seconds(&ctx.config, ctx.now);
        (1..STAMP_TRIES)
            .map(|later| {
                let time = wall_clock::ctime(now.saturating_add(later));
                Message::new(ctx.config.id.clone(), time, content.clone())
            })
            .find(|message| !self.window.contains(message.classic_id()))
            .unwrap_or(first)
    }

    /// Judges a message to everybody that came in, and delivers it if it is fresh and its turn.
    pub(crate) fn take_in(&mut self, ctx: &mut Ctx, message: &Message) -> Verdict {
        let Some(post) = message.post() else { return Verdict::Drop };
        let own = *message.originator() == ctx.config.id;
        // What we said in an earlier run is taken in for others, who may lack it.
        if own && post.place.is_none_or(|place| place.epoch >= ctx.config.epoch) {
            return self.judge_own(ctx, message, post.place);
        }
        let limit = ctx.config.classic_window;
        let window = &mut self.window;
        let Some(place) = post.place else {
            if !window.is_awake() {
                let retained = self.history.newest(limit).map(|(.., retained)| &retained.message);
                window.wake(retained, limit);
            }
            if !window.note_classic(message.classic_id(), limit) {
                ctx.stats.duplicates = ctx.stats.duplicates.saturating_add(1);
                return Verdict::Drop;
            }
            ctx.stats.delivered = ctx.stats.delivered.saturating_add(1);
            ctx.emit(Event::Delivered(Delivery::new(message.clone())));
            return Verdict::Spread;
        };
        let sequence = place.sequence.get();
        let echoed = || window.is_awake() && window.note_native(message.classic_id(), limit) || own;
        let intake = self.streams.take_in(ctx, message.originator(), place, message, echoed);
        self.forget_evicted();
        match intake {
            Intake::Fresh(at) => Verdict::Fresh(at, sequence),
            Intake::Duplicate(at) => {
                ctx.stats.duplicates = ctx.stats.duplicates.saturating_add(1);
                Verdict::Duplicate(at, sequence)
            }
            Intake::NoRoom(at) => Verdict::NoRoom(at, sequence),
            Intake::Absurd => Verdict::Reject(Rejection::AbsurdSequence),
        }
    }

    /// Judges what came in under our own name: an echo of what we said, now or in an earlier run, or a forgery.
    fn judge_own(&mut self, ctx: &mut Ctx, message: &Message, place: Option<Place>) -> Verdict {
        let ours = match place {
            Some(Place { epoch, sequence }) => epoch == ctx.config.epoch && sequence.get() <= self.published,
            None => self.window.contains(message.classic_id()),
        };
        if !ours {
            if let Some(place) = place
                && let Some(at) = self.streams.find(message.stream_tag(place.epoch))
            {
                // Nor is it asked for again.
                self.streams.disbelieve(at, Slots::from_bits(u64::MAX), place.sequence.get());
            }
            return Verdict::Reject(Rejection::ForgedOwnName);
        }
        ctx.stats.duplicates = ctx.stats.duplicates.saturating_add(1);
        match (place.filter(|place| place.epoch == ctx.config.epoch), self.streams.find(ctx.own_tag)) {
            (Some(place), Some(at)) => Verdict::Duplicate(at, place.sequence.get()),
            (Some(_) | None, _) => Verdict::Drop,
        }
    }

    /// How many messages of our own wait for the first peer.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Keeps a message of our own until somebody is there to hear it.
    pub(crate) fn wait(&mut self, ctx: &mut Ctx, id: MessageId, message: Message) {
        self.waiting.push_back(message);
        ctx.emit(Event::Waiting { id });
    }

    /// An old peer is there: hands over what waited and is short enough for it. The rest waits on.
    pub(crate) fn stop_waiting_for_classic(&mut self, ctx: &mut Ctx) -> VecDeque<Message> {
        let fits = |message: &Message| message.to_classic().encoded().len() < MAX_READ;
        let Some(waited) = self.waiting.made() else { return VecDeque::new() };
        let (fitting, waiting): (VecDeque<_>, VecDeque<_>) = waited.drain(..).partition(fits);
        *waited = waiting;
        if !fitting.is_empty() {
            ctx.emit(Event::WaitingSent { count: fitting.len() });
        }
        fitting
    }

    /// Somebody is there: hands over what waited.
    pub(crate) fn stop_waiting(&mut self, ctx: &mut Ctx) -> VecDeque<Message> {
        let waited = self.waiting.made().map(core::mem::take).unwrap_or_default();
        if !waited.is_empty() {
            ctx.emit(Event::WaitingSent { count: waited.len() });
        }
        waited
    }
}

/// What a node retains.
pub(crate) const fn limits(config: &Config) -> Limits {
    Limits { count: config.max_history, bytes: config.max_history_bytes, age: config.max_history_age }
}

/// About how many bytes a post takes beside its text.
const ENVELOPE: usize = 160;

/// Refuses a message that no link of ours would carry.
pub(crate) fn check_length(ctx: &Ctx, message: &Message) -> Result<(), SendError> {
    let (bytes, limit) = (message.encoded().len(), ctx.config.max_frame);
    if bytes > limit { Err(SendError::TooLong { bytes, limit }) } else { Ok(()) }
}

/// How many seconds ahead a message may be stamped, to be told apart from others with the same text.
const STAMP_TRIES: u64 = 256;
