//! The pulse that keeps the shared tree standing: the node with the least tag beats, everybody passes it on, and
//! hangs on whom it came from first.

use core::time::Duration;

use crate::slots::Slot;
use crate::timers::TimerKey;
use crate::{StreamTag, Time};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Beacon {
    root: StreamTag,
    number: u64,
    /// When the last one came, or was sent.
    heard: Time,
    /// Who brought it first, if it is not our own.
    first: Option<Slot>,
    /// Whether that is not our parent, which has not brought it yet.
    challenged: bool,
    /// When another root was last taken on, from others.
    changed: Time,
    /// Since when the root is what it is, also if that is ourselves for want of another.
    since: Time,
    /// The last number of our own.
    own_number: u64,
    /// The root that fell silent last, its last number, and when that was noticed: for some time, what is still told of it
    /// is old.
    gone: Option<Box<(StreamTag, u64, Time)>>,
    pub(crate) timer: Option<TimerKey>,
}

/// What to do about a beacon.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Heard {
    /// It is the first of its number: pass it on, and hang on whom is named, if anybody.
    News(Option<Slot>),
    /// It is known: hang on whom is named, if anybody.
    Known(Option<Slot>),
    /// It is of a lesser tree.
    Ignored,
}

impl Beacon {
    /// A node that knows of no tree is the root of its own.
    pub(crate) const fn new(own: StreamTag) -> Self {
        Self {
            root: own,
            number: 0,
            heard: Time::ZERO,
            first: None,
            challenged: false,
            changed: Time::ZERO,
            since: Time::ZERO,
            own_number: 0,
            gone: None,
            timer: None,
        }
    }

    /// Whether the root is ourselves, and new: while many join, the tree changes often.
    pub(crate) fn is_young(&self, own: StreamTag) -> bool {
        self.root == own && self.own_number < YOUNG
    }

    /// Who brought the last one first. It had it before us, so that hanging on it makes no circle.
    pub(crate) const fn first(&self) -> Option<Slot> {
        self.first
    }

    /// A neighbour is gone, and its place free.
    pub(crate) fn forget_slot(&mut self, slot: Slot) {
        self.first = self.first.filter(|first| *first != slot);
    }

    /// The last one, to tell a new neighbour.
    pub(crate) const fn last(&self) -> (StreamTag, u64) {
        (self.root, self.number)
    }

    /// Whether one who hears of the root `other` is in another network. Not for sure while a root is being replaced, as
    /// some notice that sooner than others.
    pub(crate) fn is_of_another_network(&self, now: Time, other: StreamTag, interval: Duration) -> bool {
        let replaced = now.saturating_since(self.since) < interval;
        let silent = now.saturating_since(self.heard) > interval.saturating_mul(2);
        let gone = self.gone.as_deref().is_some_and(|(gone, ..)| *gone == other);
        other != self.root && !replaced && !silent && !gone
    }

    /// A beacon came from `slot`, while we hang on `parent`.
    pub(crate) fn heard(
        &mut self,
        now: Time,
        slot: Slot,
        parent: Option<Slot>,
        (root, number): (StreamTag, u64),
        interval: Duration,
    ) -> Heard {
        let remembered = interval.saturating_mul(GONE);
        self.gone = self.gone.take().filter(|gone| now.saturating_since(gone.2) < remembered);
        if self.gone.as_deref().is_some_and(|(gone, last, _)| *gone == root && number <= *last) {
            return Heard::Ignored;
        }
        if root != self.root && self.number > 0 && now.saturating_since(self.changed) < BETWEEN_ROOTS {
            // There cannot be so many: what is true is told again.
            return Heard::Ignored;
        }
        let stale = now.saturating_since(self.heard) > interval.saturating_mul(STALE);
        let better = root < self.root || (stale && root != self.root);
        if root > self.root && !better {
            return Heard::Ignored;
        }
        if root == self.root && number <= self.number {
            let late = now.saturating_since(self.heard);
            // Our parent brought it, but clearly later than somebody else, or not at all: we hang on that one.
            let overtaken = (Some(slot) == parent && late > MARGIN) || parent.is_none();
            if number < self.number {
                return Heard::Known(None);
            }
            let better = self.first.filter(|_| self.challenged && overtaken);
            self.challenged &= !overtaken && Some(slot) != parent;
            return Heard::Known(better);
        }
        // Nobody beats so fast: it is made up, or another one is about to follow. Were any number believed, one that is
        // out of reach would make all true ones old.
        let beats = number.saturating_sub(self.number);
        let most = now.saturating_since(self.heard).as_nanos() / (interval / 8).as_nanos().max(1);
        if root == self.root && self.number > 0 && u128::from(beats) > most.saturating_add(MISSED) {
            return Heard::Ignored;
        }
        if root == self.root && !stale && now.saturating_since(self.heard) < interval / 8 && self.number > 0 {
            return Heard::Ignored;
        }
        if root != self.root {
            (self.changed, self.since) = (now, now);
        }
        let settled = parent.filter(|_| !better && !self.challenged);
        (self.root, self.number, self.heard, self.first) = (root, number, now, Some(slot));
        self.challenged = settled.is_some_and(|parent| parent != slot);
        match settled {
            Some(_) => Heard::News(None),
            None => Heard::News((parent != Some(slot)).then_some(slot)),
        }
    }

    /// Somebody says that we have beaten so often: those who believe it would take our next ones for old. Who knows us
    /// believes only a few too many.
    pub(crate) fn claimed(&mut self, number: u64) {
        if u128::from(number.saturating_sub(self.own_number)) <= MISSED {
            self.own_number = self.own_number.max(number);
        }
    }

    /// It is time: beats if we are the root, or if the root is silent. Says what to send.
    pub(crate) fn beat(&mut self, now: Time, own: StreamTag, interval: Duration) -> Option<(StreamTag, u64)> {
        if self.root != own {
            if now.saturating_since(self.heard) <= interval.saturating_mul(STALE) {
                return None;
            }
            self.gone = Some(Box::new((self.root, self.number, now)));
            (self.root, self.since) = (own, now);
        }
        self.own_number = self.own_number.saturating_add(1);
        self.number = self.own_number;
        self.heard = now;
        (self.first, self.challenged) = (None, false);
        Some((self.root, self.number))
    }
}

/// After how many intervals without a beacon the root is taken for gone.
const STALE: u32 = 3;
/// For how many intervals a root that has gone is remembered: what is told of it has come round by then.
const GONE: u32 = 12;
/// How many beacons a new root sends in quick order.
const YOUNG: u64 = 24;
/// How many beats may be missed beyond those for which there was time, as those that came last may be late ones.
const MISSED: u128 = 4;
/// How long a new root stays, whoever is told to be a better one.
const BETWEEN_ROOTS: Duration = Duration::from_millis(200);
/// By how much another neighbour must be earlier than our parent.
const MARGIN: Duration = Duration::from_millis(2);
