//! What is said to everybody: publishing, knowing again, delivering. Spreading is by flooding: what is fresh goes
//! to everybody but the one it came from.

use std::collections::VecDeque;

use crate::classic::{ClassicWindow, MAX_READ};
use crate::ctx::Ctx;
use crate::streams::{Intake, Order, Streams};
use crate::wall_clock;
use crate::{
    Body, Content, Delivery, Dialects, Event, Message, MessageId, Place, Post, Rejection, SendError,
    Sequence, StreamId,
};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Broadcast {
    streams: Streams,
    window: ClassicWindow,
    /// The sequence number of the last message of our own.
    published: u64,
    /// Messages of our own that have reached nobody.
    waiting: VecDeque<Message>,
}

/// What to do with a post that came in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It is fresh: pass it on.
    Spread,
    /// It has been seen before.
    Drop,
    /// It must not be passed on.
    Reject(Rejection),
}

impl Broadcast {
    pub(crate) fn new() -> Self {
        Self {
            streams: Streams::new(Order::AsSent),
            window: ClassicWindow::default(),
            published: 0,
            waiting: VecDeque::new(),
        }
    }

    /// Makes a message of our own. Nothing has changed if there is an error.
    pub(crate) fn publish(&mut self, ctx: &mut Ctx, body: Body) -> Result<(MessageId, Message), SendError> {
        let numbered = ctx.config.dialects != Dialects::Classic;
        let place = match Sequence::new(self.published.saturating_add(1)) {
            Some(sequence) if numbered => Some(Place { epoch: ctx.config.epoch, sequence }),
            Some(_) | None => None,
        };
        let message = self.stamped(ctx, Content::Broadcast(Post { place, body, signature: None }));
        check_length(ctx, &message)?;
        let id = message.id().unwrap_or_else(|| MessageId::Classic(message.classic_id()));
        self.published = self.published.saturating_add(1);
        self.note_own(ctx, &message);
        ctx.stats.published = ctx.stats.published.saturating_add(1);
        Ok((id, message))
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
        if *message.originator() == ctx.config.id {
            return self.judge_own(ctx, message, post.place);
        }
        let limit = ctx.config.classic_window;
        let window = &mut self.window;
        let Some(place) = post.place else {
            if !window.note_classic(message.classic_id(), limit) {
                return duplicate(ctx);
            }
            ctx.stats.delivered = ctx.stats.delivered.saturating_add(1);
            ctx.emit(Event::Delivered(Delivery::new(message.clone())));
            return Verdict::Spread;
        };
        let stream = StreamId::new(message.originator().clone(), place.epoch);
        let echoed = || window.note_native(message.classic_id(), limit);
        match self.streams.take_in(ctx, &stream, place.sequence, message, echoed) {
            Intake::Fresh => Verdict::Spread,
            Intake::Duplicate => duplicate(ctx),
            Intake::Absurd => Verdict::Reject(Rejection::AbsurdSequence),
        }
    }

    /// Judges what came in under our own name: an echo of what we said, now or in an earlier run, or a forgery.
    fn judge_own(&self, ctx: &mut Ctx, message: &Message, place: Option<Place>) -> Verdict {
        let ours = match place {
            Some(Place { epoch, sequence }) if epoch == ctx.config.epoch => sequence.get() <= self.published,
            Some(Place { epoch, .. }) => epoch < ctx.config.epoch,
            None => self.window.contains(message.classic_id()),
        };
        if ours { duplicate(ctx) } else { Verdict::Reject(Rejection::ForgedOwnName) }
    }

    pub(crate) fn pass_gaps(&mut self, ctx: &mut Ctx, stream: u32) {
        self.streams.pass_gaps(ctx, stream);
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
        let (fitting, waiting): (VecDeque<_>, VecDeque<_>) = self.waiting.drain(..).partition(fits);
        self.waiting = waiting;
        if !fitting.is_empty() {
            ctx.emit(Event::WaitingSent { count: fitting.len() });
        }
        fitting
    }

    /// Somebody is there: hands over what waited.
    pub(crate) fn stop_waiting(&mut self, ctx: &mut Ctx) -> VecDeque<Message> {
        let waited = core::mem::take(&mut self.waiting);
        if !waited.is_empty() {
            ctx.emit(Event::WaitingSent { count: waited.len() });
        }
        waited
    }
}

fn duplicate(ctx: &mut Ctx) -> Verdict {
    ctx.stats.duplicates = ctx.stats.duplicates.saturating_add(1);
    Verdict::Drop
}

/// Refuses a message that no link of ours would carry.
pub(crate) fn check_length(ctx: &Ctx, message: &Message) -> Result<(), SendError> {
    let (bytes, limit) = (message.encoded().len(), ctx.config.max_frame);
    if bytes > limit { Err(SendError::TooLong { bytes, limit }) } else { Ok(()) }
}

/// How many seconds ahead a message may be stamped, to be told apart from others with the same text.
const STAMP_TRIES: u64 = 256;
