//! Whom to turn to when neighbours are lost: HyParView's passive view, and how it is kept well mixed.

use core::time::Duration;
use std::collections::VecDeque;

use crate::ctx::Ctx;
use crate::lazy::{Lazy, empty};
use crate::passive::{LONGEST_REST, Passive};
use crate::timers::{Timer, TimerKey};
use crate::{Address, Contact, LinkId, PeerId, Time, thrift};

/// The passive view, and what goes on to fill the active one from it.
///
/// Leitão, Pereira, Rodrigues, "HyParView", DSN 2007, with more places and parallel probes, so that mass failure
/// heals (see `docs/protocol.md`).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Views {
    passive: Passive,
    /// Addresses that were turned to lately, and when.
    probes: Vec<(Address, Time)>,
    /// On which link a shuffle came that was passed on: its answer goes back there.
    ways_back: Lazy<WaysBack>,
    /// Our own last shuffle, and whom it named: they go first when its answer needs room.
    shuffled: Option<(u64, Vec<Contact>)>,
    /// Who is to take a neighbour's place, that neighbour, and since when.
    pub(crate) replacing: Option<Box<(PeerId, LinkId, Time)>>,
    /// Where somebody of another network was found, until that is tried to be made one with ours.
    pub(crate) island: Option<Address>,
    pub(crate) island_tries: u32,
    /// Who was visited last, until that has failed; and how many may be, until there is one.
    pub(crate) scouted: Option<Address>,
    pub(crate) scouts: u8,
    /// When a neighbour was last asked to let another one take our place.
    pub(crate) last_split: Option<Time>,
    pub(crate) refill: Option<(Time, TimerKey)>,
    pub(crate) shuffle: Option<TimerKey>,
    /// Until so many shuffles were begun, one follows the other in quick order.
    pub(crate) quick_until: u64,
    /// How many have joined through us.
    joiners: u32,
    /// How often in a row there was nobody to turn to.
    pub(crate) fruitless: u32,
    /// How many of those turned to did not answer, since there were neighbours enough.
    failures: usize,
    /// How many had no room since a neighbour was found, and when the last.
    refusals: (u32, Time),
}

type WaysBack = VecDeque<(u64, LinkId)>;

empty!(WaysBack, WaysBack::new());

impl Views {
    /// How many peers are known beside the neighbours.
    pub(crate) fn passive(&self) -> impl Iterator<Item = &Contact> {
        self.passive.iter()
    }

    /// A peer that listens at an address: the very contact by which it is known, if it is, as many share that.
    pub(crate) fn contact(&self, peer: &PeerId, address: &Address) -> Contact {
        let known = self.passive.find(peer).and_then(|place| self.passive.get(place));
        let known = known.filter(|known| known.address() == address);
        known.cloned().unwrap_or_else(|| Contact::new(peer.clone(), address.clone()))
    }

    /// Notes a peer to turn to. When there is no room, one of those that our last shuffle named goes, or any.
    pub(crate) fn learn(&mut self, ctx: &mut Ctx, contact: Contact) {
        let Some(place) = self.passive.find(contact.peer()) else { return self.add(ctx, contact) };
        if self.passive.get(place).is_some_and(|known| known.address() != contact.address()) {
            self.passive.moved(place, contact);
        }
    }

    /// Notes a peer that was lost, if there is room: where many are lost at once, the one in whose place it came may be
    /// the only one left that lives.
    pub(crate) fn keep(&mut self, ctx: &mut Ctx, contact: Contact) {
        if self.passive.len() < ctx.config.passive_view {
            self.learn(ctx, contact);
        }
    }

    /// Notes a peer that others name. What they say of one who is known does not change what we know.
    pub(crate) fn hear_of(&mut self, ctx: &mut Ctx, contact: &Contact) {
        if self.passive.find(contact.peer()).is_none() {
            self.add(ctx, contact.clone());
        }
    }

    fn add(&mut self, ctx: &mut Ctx, contact: Contact) {
        if *contact.peer() == ctx.config.id || Some(contact.address()) == ctx.config.listening.as_ref() {
            return;
        }
        let (known, most) = (self.passive.len(), ctx.config.passive_view);
        if known < most {
            self.passive.push(contact, most);
            return;
        }
        let named = self.shuffled.as_mut().and_then(|(_, named)| named.pop());
        let goes = named
            .and_then(|named| self.passive.find(named.peer()))
            .unwrap_or_else(|| ctx.rng.below(u32::try_from(known).unwrap_or(u32::MAX)) as usize);
        self.passive.replace(goes, contact);
    }

    /// Notes one who has just joined through us. When there is no room, all who ever did stay with the same chance
    /// (Vitter's algorithm R): were it the last ones only, those who join at the same time would know nobody else.
    pub(crate) fn learn_joiner(&mut self, ctx: &mut Ctx, contact: Contact) {
        self.joiners = self.joiners.saturating_add(1);
        let drawn = ctx.rng.below(self.joiners) as usize;
        if self.passive.len() < ctx.config.passive_view || drawn < ctx.config.passive_view {
            self.learn(ctx, contact);
        }
    }

    pub(crate) fn forget(&mut self, peer: &PeerId) {
        if let Some(place) = self.passive.find(peer) {
            self.passive.remove(place);
        }
    }

    /// Somebody is turned to.
    pub(crate) fn probe(&mut self, now: Time, address: &Address) {
        thrift::grow(&mut self.probes);
        self.probes.push((address.clone(), now));
    }

    /// A link is gone: nothing goes back over it.
    pub(crate) fn forget_link(&mut self, link: LinkId) {
        if let Some(ways_back) = self.ways_back.made() {
            ways_back.retain(|(_, back)| *back != link);
        }
        self.replacing = self.replacing.take().filter(|replacing| replacing.1 != link);
    }

    /// How many of those turned to did not answer, since there were neighbours enough.
    pub(crate) const fn failures(&self) -> usize {
        self.failures
    }

    /// Somebody had no room.
    pub(crate) fn refused(&mut self, now: Time) {
        self.refusals = (self.refusals.0.saturating_add(1), now);
    }

    /// A neighbour was found.
    pub(crate) fn found(&mut self) {
        self.refusals.0 = 0;
    }

    /// Whether so many in a row had no room that likely nobody has.
    pub(crate) const fn all_were_full(&self) -> bool {
        self.refusals.0 >= PATIENT
    }

    /// When to turn to somebody again, after so many had no room: soon at first, and the sooner the more `urgent`.
    pub(crate) fn rest_until(&self, urgent: bool) -> Time {
        let (count, last) = self.refusals;
        let (free, first) = if urgent { (2 * PATIENT, REST_URGENT) } else { (PATIENT, REST) };
        match count.checked_sub(free) {
            Some(more) => last + first * (1 << more.min(7)),
            None => Time::ZERO,
        }
    }

    /// Has a node that lacks neighbours look for some at `at`, or when it will anyway.
    pub(crate) fn refill_at(&mut self, ctx: &mut Ctx, at: Time) {
        if self.refill.is_some_and(|(earlier, _)| earlier <= at) {
            return;
        }
        self.stop_refilling(ctx);
        self.refill = Some((at, ctx.timers.set(ctx.now, at, Timer::Refill)));
    }

    pub(crate) fn stop_refilling(&mut self, ctx: &mut Ctx) {
        if let Some((_, key)) = self.refill.take() {
            ctx.timers.cancel(key);
        }
    }

    /// There are neighbours enough.
    pub(crate) fn filled(&mut self) {
        self.found();
        self.fruitless = 0;
        self.failures = 0;
    }

    /// Nobody could be met at `address`, which is forgotten; unless we are `alone`, as then it may be on us that nobody can
    /// be met.
    pub(crate) fn failed(&mut self, address: &Address, alone: bool) {
        let probes = self.probes.len();
        self.island = self.island.take().filter(|island| island != address);
        self.probes.retain(|(probed, _)| probed != address);
        thrift::shrink(&mut self.probes);
        self.failures = self.failures.saturating_add(probes.saturating_sub(self.probes.len()));
        let there = |known: &Contact| known.address() == address;
        while !alone && let Some(place) = self.passive.iter().position(there) {
            self.passive.remove(place);
        }
    }

    /// Somebody answered at `address`, whatever the answer.
    pub(crate) fn answered(&mut self, address: &Address) {
        self.island = self.island.take().filter(|island| island != address);
        self.probes.retain(|(probed, _)| probed != address);
        thrift::shrink(&mut self.probes);
    }

    /// How many peers that were turned to may still answer in time.
    pub(crate) fn probing(&mut self, now: Time, patience: Duration) -> usize {
        let probes = self.probes.len();
        self.probes.retain(|(_, since)| now.saturating_since(*since) < patience);
        thrift::shrink(&mut self.probes);
        self.failures = self.failures.saturating_add(probes.saturating_sub(self.probes.len()));
        self.probes.len()
    }

    /// When the oldest of them is too late.
    pub(crate) fn probe_deadline(&self, patience: Duration) -> Option<Time> {
        self.probes.iter().map(|(_, since)| *since + patience).min()
    }

    /// Chooses somebody to turn to, by chance among those not tried lately for whom `fits` holds; never one who was
    /// tried before as long as there is one who was not.
    pub(crate) fn choose(&mut self, ctx: &mut Ctx, fits: impl Fn(&Contact) -> bool) -> Option<Contact> {
        let rest = BETWEEN_TRIES * (1 << self.fruitless.min(MOST_DOUBLINGS));
        let mut second_choice = None;
        let mut chosen = None;
        // A shuffle that ends with the first who fits (Fisher and Yates).
        for place in 0..self.passive.len() {
            let left = u32::try_from(self.passive.len().saturating_sub(place)).unwrap_or(u32::MAX);
            self.passive.swap(place, place.saturating_add(ctx.rng.below(left) as usize));
            let Some(known) = self.passive.get(place) else { break };
            let fresh = self.passive.is_fresh(place);
            let worth = fresh || second_choice.is_none() && self.passive.is_rested(place, ctx.now, rest);
            if !worth || !fits(known) {
                continue;
            }
            if fresh {
                chosen = Some(place);
                break;
            }
            second_choice = Some(place);
        }
        let place = chosen.or(second_choice)?;
        let chosen = self.passive.get(place)?.clone();
        self.passive.tried(place, ctx.now);
        thrift::grow(&mut self.probes);
        self.probes.push((chosen.address().clone(), ctx.now));
        Some(chosen)
    }

    /// Some of the passive view, by chance.
    pub(crate) fn sample(&mut self, ctx: &mut Ctx, count: usize) -> impl Iterator<Item = &Contact> {
        let count = count.min(self.passive.len());
        for place in 0..count {
            let left = u32::try_from(self.passive.len().saturating_sub(place)).unwrap_or(u32::MAX);
            self.passive.swap(place, place.saturating_add(ctx.rng.below(left) as usize));
        }
        self.passive().take(count)
    }

    /// We begin an exchange: notes its number and whom we name.
    pub(crate) fn shuffling(&mut self, number: u64, named: &[Contact]) {
        self.shuffled = Some((number, named.to_vec()));
    }

    /// Notes the way back of an exchange that was passed on.
    pub(crate) fn passed_on(&mut self, number: u64, from: LinkId) {
        if self.ways_back.len() >= WAYS_BACK {
            self.ways_back.pop_front();
        }
        self.ways_back.push_back((number, from));
    }

    /// The way back of an exchange, once.
    pub(crate) fn way_back(&mut self, number: u64) -> Option<LinkId> {
        let ways_back = self.ways_back.made()?;
        let at = ways_back.iter().position(|(known, _)| *known == number)?;
        ways_back.remove(at).map(|(_, link)| link)
    }

    /// Whether this is the answer to our own exchange.
    pub(crate) fn is_ours(&self, number: u64) -> bool {
        self.shuffled.as_ref().is_some_and(|(ours, _)| *ours == number)
    }
}

/// How many may have no room before that gives pause.
const PATIENT: u32 = 8;
/// How long to rest after many had no room, at first.
const REST_URGENT: Duration = Duration::from_millis(50);
const REST: Duration = Duration::from_millis(250);
/// How often the time is doubled at most after which all are turned to again.
pub(crate) const MOST_DOUBLINGS: u32 = 4;
/// How long somebody is left in peace who was turned to, at first.
const BETWEEN_TRIES: Duration = Duration::from_secs(3);
const _: () = assert!(BETWEEN_TRIES.as_millis() << MOST_DOUBLINGS <= LONGEST_REST.as_millis());
/// The most exchanges whose way back is remembered.
const WAYS_BACK: usize = 64;
/// How long to wait for one who was turned to before turning to another as well.
pub(crate) const PROBE_PATIENCE: Duration = Duration::from_millis(250);
