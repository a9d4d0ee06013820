//! One address that the dialer deals with: what is wanted there, how far that is, and how long it waits.

use core::time::Duration;
use std::collections::VecDeque;

use crate::ctx::Ctx;
use crate::lazy::Lazy;
use crate::timers::{Timer, TimerKey};
use crate::{Address, Message, PeerId};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Target {
    pub(crate) wish: Wish,
    pub(crate) queue: Lazy<VecDeque<Message>>,
    pub(crate) dial: Dial,
    pub(crate) introduction: Introduction,
    /// A classic peer that is likely who listens here: it called from an address with the same port.
    pub(crate) guessed: Option<Box<PeerId>>,
    pub(crate) failures: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dial {
    Idle,
    UnderWay(TimerKey),
    BackingOff(TimerKey),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Introduction {
    Wanted,
    /// We have introduced ourselves on a link that still stands.
    Sent,
    /// The link has ended without an answer, which an old peer gives by calling back.
    AwaitingCallback(TimerKey),
    /// This peer listens there, and is linked with us or known as a classic peer.
    Done(PeerId),
}

/// How much a link to an address is wanted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Wish {
    /// Not at all: there are only messages to hand over.
    Nothing,
    /// To say something to who is there, and go.
    Visit,
    /// Once, to find a neighbour: given up at the first failure.
    Probe,
    /// There was one, or the application asked a peer for its peers: given up after some failures.
    Learned,
    /// The application asked for it: never given up.
    Lasting,
}

impl Target {
    pub(crate) fn new() -> Self {
        Self {
            wish: Wish::Nothing,
            queue: Lazy::default(),
            dial: Dial::Idle,
            introduction: Introduction::Wanted,
            guessed: None,
            failures: 0,
        }
    }

    pub(crate) fn stop_dialing(&mut self, ctx: &mut Ctx) {
        if let Dial::UnderWay(key) | Dial::BackingOff(key) = self.dial {
            ctx.timers.cancel(key);
        }
        self.dial = Dial::Idle;
    }

    /// The introduction is at this point now.
    pub(crate) fn introduce(&mut self, ctx: &mut Ctx, introduction: Introduction) {
        if let Introduction::AwaitingCallback(key) = self.introduction {
            ctx.timers.cancel(key);
        }
        self.introduction = introduction;
    }

    pub(crate) fn lose_queue(&mut self, ctx: &mut Ctx) -> usize {
        let lost = self.queue.made().map(core::mem::take).map_or(0, |lost| lost.len());
        ctx.stats.classic_lost = ctx.stats.classic_lost.saturating_add(lost as u64);
        lost
    }

    /// Waits before the next dial, unless one is under way. Says how long.
    pub(crate) fn back_off(&mut self, ctx: &mut Ctx, address: &Address) -> Duration {
        if let Dial::UnderWay(_) = self.dial {
            return Duration::ZERO;
        }
        self.stop_dialing(ctx);
        let doublings = self.failures.saturating_sub(1).min(20);
        let most = if self.wish == Wish::Learned { BACKOFF_LEARNED } else { Duration::MAX };
        let wait = ctx.config.backoff.saturating_mul(1 << doublings).min(ctx.config.backoff_max.min(most));
        let wait = ctx.rng.jitter(wait);
        self.dial = Dial::BackingOff(ctx.timers.set(ctx.now, ctx.now + wait, Timer::Redial(address.clone())));
        wait
    }

    /// Leaves an address alone for long, unless neighbours are needed.
    pub(crate) fn park(&mut self, ctx: &mut Ctx, address: &Address) {
        if let Dial::UnderWay(_) = self.dial {
            return;
        }
        self.stop_dialing(ctx);
        self.failures = 0;
        let until = ctx.now + ctx.rng.jitter(PARKED);
        self.dial = Dial::BackingOff(ctx.timers.set(ctx.now, until, Timer::Redial(address.clone())));
    }
}

/// The longest wait between dials to somebody who was lost: a cut that heals should not last because of it.
const BACKOFF_LEARNED: Duration = Duration::from_secs(5);
/// How long an address is left alone where there was no room.
const PARKED: Duration = Duration::from_secs(1800);
