//! What is said to one peer.

use std::collections::{BTreeMap, VecDeque};

use crate::broadcast::check_length;
use crate::ctx::Ctx;
use crate::streams::{Intake, Order, Streams};
use crate::timers::{Timer, TimerKey};
use crate::{
    Address, Body, Content, DialError, Event, Message, MessageId, PeerId, Place, Post, Rejection, SendError,
    Sequence, StreamId,
};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Direct {
    /// What was said to us. Each recipient sees only a part of an author's numbers, so gaps mean nothing.
    heard: Streams,
    /// The number of the last message of our own, whomever it was for.
    said: u64,
    /// Messages for peers that are being dialed.
    waiting: BTreeMap<PeerId, Waiting>,
    waiting_count: usize,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Waiting {
    address: Address,
    messages: VecDeque<Message>,
    end: TimerKey,
}

impl Direct {
    pub(crate) fn new() -> Self {
        Self { heard: Streams::new(Order::AsTheyCome), said: 0, waiting: BTreeMap::new(), waiting_count: 0 }
    }

    /// Makes a message for `to`, which counts once it is [`said`](Self::said).
    pub(crate) fn write(
        &self,
        ctx: &mut Ctx,
        to: &PeerId,
        body: Body,
    ) -> Result<(MessageId, Message), SendError> {
        let sequence = Sequence::new(self.said.saturating_add(1)).unwrap_or(Sequence::FIRST);
        let place = Some(Place { epoch: ctx.config.epoch, sequence });
        let post = Post { place, body, signature: None };
        let message = ctx.message(Content::Direct { to: Some(to.clone()), post });
        check_length(ctx, &message)?;
        let stream = StreamId::new(ctx.config.id.clone(), ctx.config.epoch);
        Ok((MessageId::direct(stream, sequence), message))
    }

    /// The last message that was written is on its way.
    pub(crate) fn said(&mut self) {
        self.said = self.said.saturating_add(1);
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

    /// Keeps a message until `to`, which listens at `address`, is linked: for a time.
    pub(crate) fn wait(&mut self, ctx: &mut Ctx, to: &PeerId, address: Address, message: Message) {
        self.waiting_count = self.waiting_count.saturating_add(1);
        if let Some(waiting) = self.waiting.get_mut(to) {
            waiting.messages.push_back(message);
            return;
        }
        let end = ctx.now + ctx.config.handshake.saturating_mul(4);
        let end = ctx.timers.set(ctx.now, end, Timer::EndDirect(to.clone()));
        self.waiting.insert(to.clone(), Waiting { address, messages: VecDeque::from([message]), end });
    }

    /// What waited for this peer.
    pub(crate) fn stop_waiting(&mut self, ctx: &mut Ctx, to: &PeerId) -> VecDeque<Message> {
        let Some(waiting) = self.waiting.remove(to) else { return VecDeque::new() };
        ctx.timers.cancel(waiting.end);
        self.waiting_count = self.waiting_count.saturating_sub(waiting.messages.len());
        waiting.messages
    }

    /// Reports what waited for a peer that was not met.
    pub(crate) fn undeliverable(&mut self, ctx: &mut Ctx, to: &PeerId, reason: DialError) {
        for message in self.stop_waiting(ctx, to) {
            if let Some(id) = message.id() {
                ctx.emit(Event::Undeliverable { id, to: to.clone(), reason });
            }
        }
    }

    /// Reports what waited for peers at `address`.
    pub(crate) fn undeliverable_at(&mut self, ctx: &mut Ctx, address: &Address, reason: DialError) {
        let there = |(_, waiting): &(&PeerId, &Waiting)| waiting.address == *address;
        let peers: Vec<PeerId> = self.waiting.iter().filter(there).map(|(peer, _)| peer.clone()).collect();
        for peer in peers {
            self.undeliverable(ctx, &peer, reason);
        }
    }

    /// `met` was met at `address`: reports what waited there for anybody else.
    pub(crate) fn undeliverable_unless(&mut self, ctx: &mut Ctx, address: &Address, met: &PeerId) {
        if !self.waiting.contains_key(met) {
            self.undeliverable_at(ctx, address, DialError::SomebodyElse);
        }
    }

    /// Reports all that waited.
    pub(crate) fn clear(&mut self, ctx: &mut Ctx) {
        while let Some(peer) = self.waiting.keys().next().cloned() {
            self.undeliverable(ctx, &peer, DialError::Other);
        }
    }
}
