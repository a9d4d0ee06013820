//! What is said to one peer: what was heard, and what of our own has not arrived yet.

use core::time::Duration;
use std::collections::BTreeMap;

use crate::broadcast::check_length;
use crate::ctx::Ctx;
use crate::streams::{Intake, Order, Streams};
use crate::timers::{Timer, TimerKey};
use crate::{
    Address, Body, Content, DialError, Event, LinkId, Message, MessageId, PeerId, Place, Post, Rejection,
    SendError, Sequence, StreamId, Time,
};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Direct {
    /// What was said to us. Each recipient sees only a part of an author's numbers, so gaps mean nothing.
    /// Most nodes are never said anything.
    heard: Option<Box<Streams>>,
    /// The number of the last message of our own, whomever it was for.
    said: u64,
    /// Our own messages that have not arrived, by their numbers.
    outgoing: BTreeMap<u64, Outgoing>,
    timer: Option<(Time, TimerKey)>,
}

/// A message of our own that has not arrived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Outgoing {
    pub(crate) to: PeerId,
    pub(crate) message: Message,
    /// The next way to try.
    pub(crate) way: Way,
    /// The links it was sent on: only from there a receipt can come.
    links: Vec<LinkId>,
    /// Where its recipient is being dialed for it.
    pub(crate) dialing: Option<Address>,
    /// How often all ways were tried.
    pub(crate) rounds: u32,
    /// Why the last way came to nothing.
    pub(crate) reason: DialError,
    /// When to try the next.
    pub(crate) due: Time,
}

/// How a one-to-one message may reach its recipient. A link is always taken if there is one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Way {
    /// Hop by hop, along a way that is known.
    Route,
    /// By dialing the recipient.
    Dial,
    /// By asking everybody for a way.
    Find,
    /// There is no other.
    None,
}

impl Outgoing {
    pub(crate) fn sent_on(&mut self, link: LinkId) {
        if !self.links.contains(&link) {
            self.links.push(link);
        }
    }
}

impl Direct {
    pub(crate) fn new() -> Self {
        Self { heard: None, said: 0, outgoing: BTreeMap::new(), timer: None }
    }

    /// Makes a message for `to`, and keeps it until it has arrived. Nothing has changed if there is an error.
    pub(crate) fn say(
        &mut self,
        ctx: &mut Ctx,
        to: &PeerId,
        body: Body,
    ) -> Result<(MessageId, u64), SendError> {
        if self.outgoing.len() >= ctx.config.max_waiting {
            return Err(SendError::WaitingFull { limit: ctx.config.max_waiting });
        }
        let number = self.said.saturating_add(1);
        let sequence = Sequence::new(number).unwrap_or(Sequence::FIRST);
        let place = Some(Place { epoch: ctx.config.epoch, sequence });
        let post = Post { place, room: None, body, signature: None };
        let message = ctx.message(Content::Direct { to: Some(to.clone()), post });
        check_length(ctx, &message)?;
        self.said = number;
        let outgoing = Outgoing {
            to: to.clone(),
            message,
            way: Way::Route,
            links: Vec::new(),
            dialing: None,
            rounds: 0,
            reason: DialError::NoWay,
            due: ctx.now,
        };
        self.outgoing.insert(number, outgoing);
        let stream = StreamId::new(ctx.config.id.clone(), ctx.config.epoch);
        Ok((MessageId::direct(stream, sequence), number))
    }

    /// Delivers what is said to us, once.
    pub(crate) fn take_in(&mut self, ctx: &mut Ctx, message: &Message) -> Result<(), Rejection> {
        let place = message.post().and_then(|post| post.place).ok_or(Rejection::OutOfTurn)?;
        let heard = self.heard.get_or_insert_with(|| Box::new(Streams::new(Order::AsTheyCome)));
        match heard.take_in(ctx, message.originator(), place, message, || false) {
            Intake::Fresh(_) => Ok(()),
            Intake::Duplicate(_) => {
                ctx.stats.duplicates = ctx.stats.duplicates.saturating_add(1);
                Ok(())
            }
            Intake::NoRoom(_) | Intake::Absurd => Err(Rejection::AbsurdSequence),
        }
    }

    pub(crate) fn get_mut(&mut self, number: u64) -> Option<&mut Outgoing> {
        self.outgoing.get_mut(&number)
    }

    pub(crate) fn forget_link(&mut self, link: LinkId) {
        for outgoing in self.outgoing.values_mut() {
            outgoing.links.retain(|sent| *sent != link);
        }
    }

    /// Whether a message of our own was sent on this link.
    pub(crate) fn was_sent_on(&self, number: u64, link: LinkId) -> bool {
        self.outgoing.get(&number).is_some_and(|outgoing| outgoing.links.contains(&link))
    }

    /// How many messages of our own have not arrived.
    pub(crate) fn outgoing(&self) -> usize {
        self.outgoing.len()
    }

    /// The messages that wait for this peer.
    pub(crate) fn waiting_for(&self, to: &PeerId) -> Vec<u64> {
        self.outgoing.iter().filter(|(_, it)| it.to == *to).map(|(number, _)| *number).collect()
    }

    /// The messages whose recipient is dialed at `address`.
    pub(crate) fn dialing(&self, address: &Address) -> Vec<u64> {
        let there = |it: &Outgoing| it.dialing.as_ref() == Some(address);
        self.outgoing.iter().filter(|(_, it)| there(it)).map(|(number, _)| *number).collect()
    }

    /// The messages for which it is time to try another way.
    pub(crate) fn due(&mut self, now: Time) -> Vec<u64> {
        self.timer = None;
        self.outgoing.iter().filter(|(_, it)| it.due <= now).map(|(number, _)| *number).collect()
    }

    /// Sets the timer for what is due next.
    pub(crate) fn schedule(&mut self, ctx: &mut Ctx) {
        let next = self.outgoing.values().map(|it| it.due).min();
        if self.timer.map(|(at, _)| at) == next {
            return;
        }
        if let Some((_, key)) = self.timer.take() {
            ctx.timers.cancel(key);
        }
        self.timer = next.map(|at| (at, ctx.timers.set(ctx.now, at, Timer::Deliver)));
    }

    /// A message has arrived: says which, and at whom.
    pub(crate) fn arrived(&mut self, ctx: &mut Ctx, number: u64) -> Option<PeerId> {
        let outgoing = self.outgoing.remove(&number)?;
        if let Some(id) = outgoing.message.id() {
            ctx.emit(Event::Arrived { id, to: outgoing.to.clone() });
        }
        Some(outgoing.to)
    }

    /// Gives up a message.
    pub(crate) fn lose(&mut self, ctx: &mut Ctx, number: u64, reason: DialError) {
        let Some(outgoing) = self.outgoing.remove(&number) else { return };
        if let Some(id) = outgoing.message.id() {
            ctx.emit(Event::Undeliverable { id, to: outgoing.to, reason });
        }
    }

    /// Gives up what waits for a peer.
    pub(crate) fn give_up(&mut self, ctx: &mut Ctx, to: &PeerId, reason: DialError) {
        for number in self.waiting_for(to) {
            self.lose(ctx, number, reason);
        }
    }

    /// `met` was met at `address`: who is dialed there for something else is not there.
    pub(crate) fn met_somebody(&mut self, ctx: &mut Ctx, address: &Address, met: &PeerId) {
        for number in self.dialing(address) {
            let Some(outgoing) = self.outgoing.get_mut(&number) else { continue };
            outgoing.dialing = None;
            if outgoing.to != *met {
                (outgoing.reason, outgoing.due) = (DialError::SomebodyElse, ctx.now);
            }
        }
        self.schedule(ctx);
    }

    /// Reports all that has not arrived.
    pub(crate) fn clear(&mut self, ctx: &mut Ctx) {
        while let Some((number, _)) = self.outgoing.first_key_value() {
            let number = *number;
            self.lose(ctx, number, DialError::Other);
        }
    }
}

/// How long to wait for a message to arrive before the next way is tried.
pub(crate) const ARRIVAL_PATIENCE: Duration = Duration::from_secs(2);
/// How often all ways are tried.
pub(crate) const ROUNDS: u32 = 2;
