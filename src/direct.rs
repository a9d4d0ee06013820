//! What is said to one peer.

use std::collections::{BTreeMap, VecDeque};

use crate::broadcast::check_length;
use crate::ctx::Ctx;
use crate::streams::{Intake, Order, Streams};
use crate::{
    Body, Content, DialError, Event, Message, MessageId, PeerId, Place, Post, Rejection, SendError, Sequence,
    StreamId,
};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Direct {
    /// What was said to us. Each recipient sees only a part of an author's numbers, so gaps mean nothing.
    heard: Streams,
    /// The number of the last message of our own, whomever it was for.
    said: u64,
    /// Messages for peers that are being dialed.
    waiting: BTreeMap<PeerId, VecDeque<Message>>,
    waiting_count: usize,
}

impl Direct {
    pub(crate) fn new() -> Self {
        Self { heard: Streams::new(Order::AsTheyCome), said: 0, waiting: BTreeMap::new(), waiting_count: 0 }
    }

    /// Makes a message for `to`. Nothing has changed if there is an error.
    pub(crate) fn write(
        &mut self,
        ctx: &mut Ctx,
        to: &PeerId,
        body: Body,
    ) -> Result<(MessageId, Message), SendError> {
        let sequence = Sequence::new(self.said.saturating_add(1)).unwrap_or(Sequence::FIRST);
        let place = Some(Place { epoch: ctx.config.epoch, sequence });
        let post = Post { place, body, signature: None };
        let message = ctx.message(Content::Direct { to: Some(to.clone()), post });
        check_length(ctx, &message)?;
        self.said = sequence.get();
        let stream = StreamId::new(ctx.config.id.clone(), ctx.config.epoch);
        Ok((MessageId::native(stream, sequence), message))
    }

    /// Delivers what is said to us, once.
    pub(crate) fn take_in(&mut self, ctx: &mut Ctx, message: &Message) -> Result<(), Rejection> {
        let place = message.post().and_then(|post| post.place).ok_or(Rejection::OutOfTurn)?;
        let stream = StreamId::new(message.originator().clone(), place.epoch);
        match self.heard.take_in(ctx, &stream, place.sequence, message, || false) {
            Intake::Fresh => Ok(()),
            Intake::Duplicate => {
                ctx.stats.duplicates = ctx.stats.duplicates.saturating_add(1);
                Ok(())
            }
            Intake::Absurd => Err(Rejection::AbsurdSequence),
        }
    }

    /// Whether another message may wait for a peer to be dialed.
    pub(crate) fn has_room(&self, ctx: &Ctx) -> bool {
        self.waiting_count < ctx.config.max_waiting
    }

    pub(crate) fn wait(&mut self, to: &PeerId, message: Message) {
        self.waiting.entry(to.clone()).or_default().push_back(message);
        self.waiting_count = self.waiting_count.saturating_add(1);
    }

    /// What waited for this peer.
    pub(crate) fn stop_waiting(&mut self, to: &PeerId) -> VecDeque<Message> {
        let waited = self.waiting.remove(to).unwrap_or_default();
        self.waiting_count = self.waiting_count.saturating_sub(waited.len());
        waited
    }

    /// Reports what waited for a peer that cannot be dialed.
    pub(crate) fn undeliverable(&mut self, ctx: &mut Ctx, to: &PeerId, reason: DialError) {
        for message in self.stop_waiting(to) {
            if let Some(id) = message.id() {
                ctx.emit(Event::Undeliverable { id, to: to.clone(), reason });
            }
        }
    }
}
