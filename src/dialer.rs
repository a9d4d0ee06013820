//! Which addresses to dial, when, and what for: a lasting link, or one connection for one message.

use std::collections::VecDeque;

use crate::ctx::Ctx;
use crate::sorted_map::SortedMap;
use crate::target::{Dial, Introduction, Target, Wish};
use crate::timers::Timer;
use crate::{Action, Address, DialError, Event, Message, PeerId, SendError};

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Dialer {
    targets: SortedMap<Address, Target>,
}

/// What a new link that we dialed is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// To hand over this message and hang up.
    HandOver(Message),
    /// To introduce ourselves, as a link is wanted so much.
    Introduce(Wish),
    /// Nothing any more.
    Nothing,
}

/// What came to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Attempt {
    Dial,
    Introduction,
}

/// How the link to a peer ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Parting {
    /// It was lost: make another, a little later.
    Lost,
    /// The peer has left: try again only if the application wants it.
    Left,
    /// The peer misbehaved: try again only if the application wants it, and not soon.
    Misbehaved,
    /// One of us had neighbours enough: likewise.
    Enough,
}

/// An address was given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GivenUp {
    /// Whether it will not be dialed any more.
    pub(crate) forgotten: bool,
}

impl Dialer {
    /// Notes that a link to `address` is wanted, and dials unless something is under way. `linked`: who listens
    /// there is linked already.
    pub(crate) fn want(
        &mut self,
        ctx: &mut Ctx,
        address: &Address,
        wish: Wish,
        linked: Option<PeerId>,
    ) -> Result<(), SendError> {
        let target = self.target(ctx, address, wish)?;
        target.wish = target.wish.max(wish);
        if let Dial::BackingOff(_) = target.dial {
            target.stop_dialing(ctx);
        }
        match linked {
            Some(peer) => target.introduce(ctx, Introduction::Done(peer)),
            None if matches!(target.introduction, Introduction::Done(_)) => {
                target.introduction = Introduction::Wanted;
            }
            None => {}
        }
        self.step(ctx, address);
        Ok(())
    }

    /// Has one message handed over at `address`, after those that wait there already.
    pub(crate) fn post(
        &mut self,
        ctx: &mut Ctx,
        address: &Address,
        message: Message,
    ) -> Result<(), SendError> {
        let limit = ctx.config.max_queue;
        let target = self.target(ctx, address, Wish::Nothing)?;
        if target.queue.len() >= limit {
            return Err(SendError::QueueFull(address.clone()));
        }
        target.queue.push_back(message);
        self.step(ctx, address);
        Ok(())
    }

    /// What others tell us to dial may take half of the table; the rest is for the application.
    fn target(&mut self, ctx: &Ctx, address: &Address, wish: Wish) -> Result<&mut Target, SendError> {
        let room =
            if wish == Wish::Lasting { ctx.config.max_links } else { ctx.config.max_links.div_ceil(2) };
        if !self.targets.contains_key(address) && self.targets.len() >= room {
            return Err(SendError::TooManyAddresses);
        }
        Ok(self.targets.get_or_insert_with(address.clone(), Target::new))
    }

    /// Dials `address` if there is reason to, or forgets it if there is none to keep it.
    fn step(&mut self, ctx: &mut Ctx, address: &Address) {
        let Some(target) = self.targets.get_mut(address) else { return };
        if target.dial != Dial::Idle {
            return;
        }
        let introduce = target.wish > Wish::Nothing && target.introduction == Introduction::Wanted;
        if introduce || !target.queue.is_empty() {
            // Far longer than a driver takes, so that one that answers is never overtaken.
            let end = ctx.now + ctx.config.handshake.saturating_mul(4);
            target.dial = Dial::UnderWay(ctx.timers.set(ctx.now, end, Timer::EndDial(address.clone())));
            ctx.stats.dials = ctx.stats.dials.saturating_add(1);
            ctx.out.push(Action::Dial { address: address.clone() });
        } else if target.wish == Wish::Nothing {
            self.forget(ctx, address);
        }
    }

    /// A dial has made a link: says what for. [`handed_over`](Self::handed_over) or an answer to the introduction
    /// follows.
    pub(crate) fn link_up(&mut self, ctx: &mut Ctx, address: &Address) -> Purpose {
        let Some(target) = self.targets.get_mut(address) else { return Purpose::Nothing };
        target.stop_dialing(ctx);
        if let Some(message) = target.queue.made().and_then(VecDeque::pop_front) {
            target.failures = 0;
            return Purpose::HandOver(message);
        }
        if target.wish > Wish::Nothing && target.introduction == Introduction::Wanted {
            target.introduction = Introduction::Sent;
            return Purpose::Introduce(target.wish);
        }
        self.step(ctx, address);
        Purpose::Nothing
    }

    /// A message was handed over at `address`: goes on with what else is wanted there.
    pub(crate) fn handed_over(&mut self, ctx: &mut Ctx, address: &Address) {
        self.step(ctx, address);
    }

    /// The link on which we introduced ourselves is gone without an answer: an old peer calls back.
    pub(crate) fn await_callback(&mut self, ctx: &mut Ctx, address: &Address) {
        let Some(target) = self.targets.get_mut(address) else { return };
        if target.introduction == Introduction::Sent {
            let end = ctx.now + ctx.config.handshake;
            let key = ctx.timers.set(ctx.now, end, Timer::EndCallback(address.clone()));
            target.introduction = Introduction::AwaitingCallback(key);
        }
    }

    /// `peer` listens at `address`, and is linked with us or known as a classic peer.
    pub(crate) fn met(&mut self, ctx: &mut Ctx, address: &Address, peer: &PeerId) {
        let Some(target) = self.targets.get_mut(address) else { return };
        target.introduce(ctx, Introduction::Done(peer.clone()));
        target.guessed = None;
        target.failures = 0;
        if let Dial::BackingOff(_) = target.dial {
            target.stop_dialing(ctx);
        }
        self.step(ctx, address);
    }

    /// A classic peer called that says it listens at `address`, which we did not dial. If just one address with the
    /// same port waits for a call, that is likely another name of the same machine: it is tried again only seldom,
    /// but not taken off the list, as anybody can claim any port.
    pub(crate) fn guess(&mut self, address: &Address, peer: &PeerId, new: bool) {
        let waits = |(dialed, target): &(&Address, &Target)| {
            dialed.port() == address.port()
                && (new || target.guessed.as_deref() == Some(peer))
                && matches!(target.introduction, Introduction::Sent | Introduction::AwaitingCallback(_))
        };
        let mut waiting = self.targets.iter().filter(waits).map(|(dialed, _)| dialed.clone());
        let (Some(dialed), None) = (waiting.next(), waiting.next()) else { return };
        drop(waiting);
        if let Some(target) = self.targets.get_mut(&dialed) {
            target.guessed = Some(Box::new(peer.clone()));
        }
    }

    /// The link to `peer` has ended, which listens at `place`: deals with every address that led to it.
    pub(crate) fn parted(&mut self, ctx: &mut Ctx, peer: &PeerId, place: Option<&Address>, parting: Parting) {
        let leads = |target: &Target| {
            matches!(&target.introduction, Introduction::Done(done) if done == peer)
                || target.guessed.as_deref() == Some(peer)
        };
        let mut places: Vec<Address> = self
            .targets
            .iter()
            .filter(|(_, target)| leads(target))
            .map(|(address, _)| address.clone())
            .collect();
        // Where a peer says to listen is its own word: only a few are dialed for it at a time.
        let lost = self.targets.values().filter(|target| target.wish == Wish::Learned).count();
        if let (true, Some(place), Parting::Lost) = (places.is_empty() && lost < MOST_LOST, place, parting) {
            // A peer that was linked may use the room that what is only heard of may not.
            if let Ok(target) = self.target(ctx, place, Wish::Lasting) {
                target.wish = target.wish.max(Wish::Learned);
                places.push(place.clone());
            }
        }
        for place in places {
            let Some(target) = self.targets.get_mut(&place) else { continue };
            target.guessed = None;
            target.introduce(ctx, Introduction::Wanted);
            match (target.wish, parting) {
                (Wish::Lasting, Parting::Misbehaved) => {
                    target.failures = u32::MAX;
                    target.back_off(ctx, &place);
                }
                (Wish::Lasting, Parting::Enough) => target.park(ctx, &place),
                (Wish::Lasting, Parting::Left)
                | (Wish::Probe | Wish::Learned | Wish::Lasting, Parting::Lost) => {
                    target.wish = target.wish.max(Wish::Learned);
                    target.failures = 0;
                    target.back_off(ctx, &place);
                }
                (Wish::Probe | Wish::Learned, _) | (Wish::Nothing | Wish::Visit, _) => {
                    target.wish = Wish::Nothing;
                    self.step(ctx, &place);
                }
            }
        }
    }

    /// A dial, or an introduction, came to nothing. Says so if that was once too often.
    pub(crate) fn failed(
        &mut self,
        ctx: &mut Ctx,
        address: &Address,
        reason: DialError,
        attempt: Attempt,
    ) -> Option<GivenUp> {
        let target = self.targets.get_mut(address)?;
        match attempt {
            Attempt::Dial => target.stop_dialing(ctx),
            Attempt::Introduction => target.introduce(ctx, Introduction::Wanted),
        }
        if target.wish <= Wish::Probe && target.queue.is_empty() {
            self.forget(ctx, address);
            return None;
        }
        ctx.stats.dials_failed = ctx.stats.dials_failed.saturating_add(1);
        if attempt == Attempt::Introduction && target.guessed.is_some() {
            target.failures = u32::MAX;
            target.back_off(ctx, address);
            return None;
        }
        if reason != DialError::NoRoom {
            target.failures = target.failures.saturating_add(1);
        }
        let hopeless = reason == DialError::Myself;
        let given_up = (hopeless || target.failures >= ctx.config.give_up_after)
            .then_some(GivenUp { forgotten: hopeless || target.wish < Wish::Lasting });
        // Somebody who was lost is looked for long, but that is told only at the beginning and at the end.
        let quiet = target.wish < Wish::Lasting && target.failures > 1 && given_up.is_none();
        let lost = if given_up.is_some() { target.lose_queue(ctx) } else { 0 };
        let retry_in = if given_up.as_ref().is_some_and(|given_up| given_up.forgotten) {
            self.forget(ctx, address);
            None
        } else {
            Some(target.back_off(ctx, address))
        };
        if !quiet {
            ctx.emit(Event::DialFailed { address: address.clone(), reason, retry_in, lost });
        }
        given_up
    }

    /// Who listens at `address` has no room for us. If the application wants it, that is tried again, but not soon.
    /// Says whether it was somebody who had been lost.
    pub(crate) fn turned_away(&mut self, ctx: &mut Ctx, address: &Address) -> bool {
        let Some(target) = self.targets.get_mut(address) else { return false };
        let wish = target.wish;
        target.introduce(ctx, Introduction::Wanted);
        if wish == Wish::Lasting {
            target.park(ctx, address);
        } else {
            target.wish = Wish::Nothing;
            self.step(ctx, address);
        }
        wish == Wish::Learned
    }

    /// Who listens at `address` was visited, and the visit is over.
    pub(crate) fn visited(&mut self, ctx: &mut Ctx, address: &Address) {
        let Some(target) = self.targets.get_mut(address) else { return };
        target.introduce(ctx, Introduction::Wanted);
        if target.wish > Wish::Visit {
            target.park(ctx, address);
        } else {
            target.wish = Wish::Nothing;
            self.step(ctx, address);
        }
    }

    /// Neighbours are needed: tries what the application named, without waiting longer.
    pub(crate) fn hurry(&mut self, ctx: &mut Ctx) {
        let waits = |target: &Target| {
            target.wish == Wish::Lasting && target.failures == 0 && matches!(target.dial, Dial::BackingOff(_))
        };
        let parked: Vec<Address> = self
            .targets
            .iter()
            .filter(|(_, target)| waits(target))
            .map(|(address, _)| address.clone())
            .collect();
        for address in parked {
            if let Some(target) = self.targets.get_mut(&address) {
                target.stop_dialing(ctx);
            }
            self.step(ctx, &address);
        }
    }

    /// Whether a link to `address` is there or on its way, or is being tried.
    pub(crate) fn is_busy(&self, address: &Address) -> bool {
        self.targets
            .get(address)
            .is_some_and(|target| !matches!(target.dial, Dial::BackingOff(_)) && target.wish > Wish::Nothing)
    }

    /// The back-off has passed.
    pub(crate) fn redial(&mut self, ctx: &mut Ctx, address: &Address) {
        if let Some(target) = self.targets.get_mut(address) {
            target.dial = Dial::Idle;
            self.step(ctx, address);
        }
    }

    /// Wants nothing at `address` any more. It is remembered until a dial that is under way is answered, so that
    /// there are never two.
    pub(crate) fn forget(&mut self, ctx: &mut Ctx, address: &Address) {
        let Some(target) = self.targets.get_mut(address) else { return };
        target.introduce(ctx, Introduction::Wanted);
        target.lose_queue(ctx);
        target.wish = Wish::Nothing;
        if !matches!(target.dial, Dial::UnderWay(_)) {
            target.stop_dialing(ctx);
            self.targets.remove(address);
        }
    }

    /// The node leaves: wants no more links, and tries only once more to hand over what waits.
    pub(crate) fn finish(&mut self, ctx: &mut Ctx) {
        let addresses: Vec<Address> = self.targets.keys().cloned().collect();
        for address in addresses {
            let Some(target) = self.targets.get_mut(&address) else { continue };
            if target.queue.is_empty() || matches!(target.dial, Dial::BackingOff(_)) {
                target.stop_dialing(ctx);
                self.forget(ctx, &address);
            } else {
                target.introduce(ctx, Introduction::Wanted);
                target.wish = Wish::Nothing;
                target.failures = u32::MAX;
            }
        }
    }

    /// Gives up everything.
    pub(crate) fn clear(&mut self, ctx: &mut Ctx) {
        for target in self.targets.values_mut() {
            target.stop_dialing(ctx);
            target.introduce(ctx, Introduction::Wanted);
            target.lose_queue(ctx);
        }
        self.targets.clear();
    }

    /// Whether nothing is wanted anywhere.
    pub(crate) fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// How many messages wait to be handed over.
    pub(crate) fn queued(&self) -> usize {
        self.targets.values().map(|target| target.queue.len()).sum()
    }

    /// Whether anything is wanted at `address` already.
    pub(crate) fn knows(&self, address: &Address) -> bool {
        self.targets.contains_key(address)
    }

    /// Whether a dial to `address` is being waited for.
    pub(crate) fn is_dialing(&self, address: &Address) -> bool {
        self.targets.get(address).is_some_and(|target| matches!(target.dial, Dial::UnderWay(_)))
    }
}

/// How many lost peers are looked for at a time.
const MOST_LOST: usize = 16;
