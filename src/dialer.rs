//! Which addresses to dial, when, and what for: a lasting link, or one connection for one message.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::ctx::Ctx;
use crate::timers::{Timer, TimerKey};
use crate::{Action, Address, DialError, Event, Message, SendError};

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Dialer {
    targets: BTreeMap<Address, Target>,
}

/// How much a link to an address is wanted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Wish {
    /// Not at all: there are only messages to hand over.
    Nothing,
    /// It was heard of, or there was one: given up after some failures.
    Learned,
    /// The application asked for it: never given up.
    Lasting,
}

/// What a new link that we dialed is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Purpose {
    /// To hand over this message and hang up.
    HandOver(Message),
    /// To introduce ourselves.
    Introduce,
    /// Nothing any more.
    Nothing,
}

/// What is lost when an address is given up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct GivenUp {
    /// How many messages waited to be handed over there.
    pub(crate) lost: usize,
    /// Whether it will not be dialed any more.
    pub(crate) forgotten: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Target {
    wish: Wish,
    queue: VecDeque<Message>,
    dial: Dial,
    introduction: Introduction,
    failures: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Dial {
    Idle,
    UnderWay(TimerKey),
    BackingOff(TimerKey),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Introduction {
    Wanted,
    /// We have introduced ourselves on a link that still stands.
    Sent,
    /// The link has ended without an answer, which an old peer gives by calling back.
    AwaitingCallback(TimerKey),
    /// Who listens there is linked with us, or known as a classic peer.
    Done,
}

impl Dialer {
    /// Notes that a link to `address` is wanted, and dials unless something is under way. `linked`: there is one.
    pub(crate) fn want(
        &mut self,
        ctx: &mut Ctx,
        address: Address,
        wish: Wish,
        linked: bool,
    ) -> Result<(), SendError> {
        let target = self.target(ctx, &address)?;
        target.wish = target.wish.max(wish);
        if linked {
            target.introduction = Introduction::Done;
        } else if let Dial::BackingOff(_) = target.dial {
            target.stop_dialing(ctx);
        }
        self.step(ctx, &address);
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
        let target = self.target(ctx, address)?;
        if target.queue.len() >= limit {
            return Err(SendError::QueueFull(address.clone()));
        }
        target.queue.push_back(message);
        self.step(ctx, address);
        Ok(())
    }

    fn target(&mut self, ctx: &Ctx, address: &Address) -> Result<&mut Target, SendError> {
        if !self.targets.contains_key(address) && self.targets.len() >= ctx.config.max_links {
            return Err(SendError::TooManyAddresses);
        }
        Ok(self.targets.entry(address.clone()).or_insert_with(|| Target {
            wish: Wish::Nothing,
            queue: VecDeque::new(),
            dial: Dial::Idle,
            introduction: Introduction::Wanted,
            failures: 0,
        }))
    }

    /// Dials `address` if there is reason to, or forgets it if there is none to keep it.
    fn step(&mut self, ctx: &mut Ctx, address: &Address) {
        let Some(target) = self.targets.get_mut(address) else { return };
        if target.dial != Dial::Idle {
            return;
        }
        let introduce = target.wish > Wish::Nothing && target.introduction == Introduction::Wanted;
        if introduce || !target.queue.is_empty() {
            // Twice the driver's own limit, so that a driver that answers is never overtaken.
            let end = ctx.now + ctx.config.handshake.saturating_mul(4);
            target.dial = Dial::UnderWay(ctx.timers.set(ctx.now, end, Timer::EndDial(address.clone())));
            ctx.stats.dials = ctx.stats.dials.saturating_add(1);
            ctx.out.push(Action::Dial { address: address.clone() });
        } else if target.wish == Wish::Nothing {
            self.forget(ctx, address);
        }
    }

    /// A dial has made a link: says what for. The next step follows with [`handed_over`](Self::handed_over) or an
    /// answer to the introduction.
    pub(crate) fn link_up(&mut self, ctx: &mut Ctx, address: &Address) -> Purpose {
        let Some(target) = self.targets.get_mut(address) else { return Purpose::Nothing };
        target.stop_dialing(ctx);
        if let Some(message) = target.queue.pop_front() {
            target.failures = 0;
            return Purpose::HandOver(message);
        }
        if target.wish > Wish::Nothing && target.introduction == Introduction::Wanted {
            target.introduction = Introduction::Sent;
            return Purpose::Introduce;
        }
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

    /// Which address with an open introduction a classic peer that says it listens at `address` must be: that
    /// very one, or else one with the same port, as the same machine has many names.
    pub(crate) fn introduced_as(&self, address: &Address) -> Option<Address> {
        let open = |target: &Target| {
            matches!(target.introduction, Introduction::Sent | Introduction::AwaitingCallback(_))
        };
        if self.targets.contains_key(address) {
            return Some(address.clone());
        }
        self.targets
            .iter()
            .find(|(dialed, target)| dialed.port() == address.port() && open(target))
            .map(|(dialed, _)| dialed.clone())
    }

    /// Who listens at `address` is linked with us, or known as a classic peer.
    pub(crate) fn met(&mut self, ctx: &mut Ctx, address: &Address) {
        let Some(target) = self.targets.get_mut(address) else { return };
        target.stop_introducing(ctx);
        target.introduction = Introduction::Done;
        target.failures = 0;
        if let Dial::BackingOff(_) = target.dial {
            target.stop_dialing(ctx);
        }
        self.step(ctx, address);
    }

    /// The link to `address` is lost: makes another, a little later.
    pub(crate) fn lost(&mut self, ctx: &mut Ctx, address: &Address) {
        let Ok(target) = self.target(ctx, address) else { return };
        target.wish = target.wish.max(Wish::Learned);
        target.stop_introducing(ctx);
        target.introduction = Introduction::Wanted;
        target.failures = 0;
        if target.dial == Dial::Idle {
            let _ = self.back_off(ctx, address);
        }
    }

    /// Who listened at `address` has left: tries again only if the application wants it.
    pub(crate) fn left(&mut self, ctx: &mut Ctx, address: &Address) {
        match self.targets.get(address).map(|target| target.wish) {
            Some(Wish::Lasting) => self.lost(ctx, address),
            Some(Wish::Learned | Wish::Nothing) => self.forget(ctx, address),
            None => {}
        }
    }

    /// A dial, or an introduction, came to nothing. Says what is lost if that was once too often.
    pub(crate) fn failed(&mut self, ctx: &mut Ctx, address: &Address, reason: DialError) -> Option<GivenUp> {
        let target = self.targets.get_mut(address)?;
        ctx.stats.dials_failed = ctx.stats.dials_failed.saturating_add(1);
        target.stop_dialing(ctx);
        if target.introduction != Introduction::Done {
            target.stop_introducing(ctx);
            target.introduction = Introduction::Wanted;
        }
        target.failures = target.failures.saturating_add(1);
        let hopeless = reason == DialError::Myself;
        let given_up = (hopeless || target.failures >= ctx.config.give_up_after).then(|| {
            target.introduction = Introduction::Wanted;
            let lost = core::mem::take(&mut target.queue).len();
            GivenUp { lost, forgotten: hopeless || target.wish < Wish::Lasting }
        });
        let retry_in = if given_up.as_ref().is_some_and(|given_up| given_up.forgotten) {
            self.forget(ctx, address);
            None
        } else {
            self.back_off(ctx, address)
        };
        ctx.emit(Event::DialFailed { address: address.clone(), reason, retry_in });
        given_up
    }

    fn back_off(&mut self, ctx: &mut Ctx, address: &Address) -> Option<Duration> {
        let target = self.targets.get_mut(address)?;
        let doublings = target.failures.saturating_sub(1).min(20);
        let wait = ctx.config.backoff.saturating_mul(1 << doublings).min(ctx.config.backoff_max);
        let wait = ctx.rng.jitter(wait);
        let key = ctx.timers.set(ctx.now, ctx.now + wait, Timer::Redial(address.clone()));
        target.dial = Dial::BackingOff(key);
        Some(wait)
    }

    /// The back-off has passed.
    pub(crate) fn redial(&mut self, ctx: &mut Ctx, address: &Address) {
        if let Some(target) = self.targets.get_mut(address) {
            target.dial = Dial::Idle;
            self.step(ctx, address);
        }
    }

    pub(crate) fn forget(&mut self, ctx: &mut Ctx, address: &Address) {
        if let Some(mut target) = self.targets.remove(address) {
            target.stop_dialing(ctx);
            target.stop_introducing(ctx);
        }
    }

    pub(crate) fn clear(&mut self, ctx: &mut Ctx) {
        for (_, mut target) in core::mem::take(&mut self.targets) {
            target.stop_dialing(ctx);
            target.stop_introducing(ctx);
        }
    }

    /// How many addresses are on their way to become links.
    pub(crate) fn in_hope(&self) -> usize {
        let hoped = |target: &&Target| {
            target.wish > Wish::Nothing
                && target.introduction != Introduction::Done
                && !matches!(target.dial, Dial::BackingOff(_))
        };
        self.targets.values().filter(hoped).count()
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

impl Target {
    fn stop_dialing(&mut self, ctx: &mut Ctx) {
        if let Dial::UnderWay(key) | Dial::BackingOff(key) = self.dial {
            ctx.timers.cancel(key);
        }
        self.dial = Dial::Idle;
    }

    fn stop_introducing(&mut self, ctx: &mut Ctx) {
        if let Introduction::AwaitingCallback(key) = self.introduction {
            ctx.timers.cancel(key);
        }
    }
}
