//! All links: which to talk on with whom, and the places of the neighbours among them.

mod by_peer;
mod link;
mod watch;

use core::time::Duration;
use std::sync::Arc;

use by_peer::PeerRun;
pub(crate) use link::{Link, Neighbour, Phase, Role, Standing};
use watch::Watch;

use crate::ctx::Ctx;
use crate::slots::{Slot, Slots};
use crate::sorted_map::SortedMap;
use crate::{Address, LinkId, PeerId, Semantics, Time};

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Links {
    /// By their numbers: a new one mostly has the greatest.
    links: SortedMap<LinkId, Box<Link>>,
    /// When to look at each of them: close together, as all are gone through whenever one is due.
    deadlines: SortedMap<LinkId, Time>,
    /// The link to talk on, for each run of each peer that is linked.
    by_peer: SortedMap<PeerRun, LinkId>,
    /// The links to neighbours, in order; made anew when one has come or gone.
    neighbours: Option<Arc<[LinkId]>>,
    /// The links to neighbours by their places; likewise.
    table: Option<Arc<[LinkId]>>,
    taken: Slots,
    /// How many neighbours there are.
    count: usize,
    /// The places of those among them whose names are greater than ours.
    greater: Slots,
    watch: Watch,
}

impl Links {
    pub(crate) fn len(&self) -> usize {
        self.links.len()
    }

    /// How many neighbours there are.
    pub(crate) const fn linked(&self) -> usize {
        self.count
    }

    /// How many links there are to visitors, or from us to those whom we visit.
    pub(crate) fn visitors(&self) -> usize {
        let visits = |link: &Link| matches!(&link.phase, Phase::Linked(it) if it.role == Role::Visitor);
        self.links.values().filter(|link| visits(link)).count()
    }

    /// How many of the neighbours came by themselves.
    pub(crate) fn inbound(&self) -> usize {
        let inbound = |neighbour: &Neighbour| matches!(neighbour.role, Role::Neighbour { inbound: true, .. });
        self.linked_peers().filter(|(neighbour, _)| inbound(neighbour)).count()
    }

    /// Counts a message that costs much, so many times: false if there were too many.
    pub(crate) fn may_cost(&mut self, link: LinkId, now: Time, cost: u32) -> bool {
        self.links.get_mut(&link).is_some_and(|link| link.may_cost(now, cost))
    }

    /// Whether the other end of `link` is no neighbour.
    pub(crate) fn is_visitor(&self, link: LinkId) -> bool {
        self.neighbour(link).is_none_or(|neighbour| neighbour.role == Role::Visitor)
    }

    /// The places that are taken.
    pub(crate) const fn taken(&self) -> Slots {
        self.taken
    }

    /// The places of the neighbours whose names are greater than ours.
    pub(crate) const fn greater(&self) -> Slots {
        self.greater
    }

    /// The place of the neighbour at the other end of `link`.
    pub(crate) fn slot(&self, link: LinkId) -> Option<Slot> {
        match &self.get(link)?.phase {
            Phase::Linked(neighbour) => neighbour.role.slot(),
            Phase::Retiring(neighbour) => {
                // Its place may be somebody else's by now, if the other link is gone.
                let other = self.link_to(&neighbour.peer, neighbour.epoch)?;
                self.neighbour(other)?.role.slot()
            }
            Phase::Accepted | Phase::Introduced | Phase::OneShot => None,
        }
    }

    /// The link to the neighbour at a place.
    pub(crate) fn at(&self, slot: Slot) -> Option<LinkId> {
        if !self.taken.has(slot) {
            return None;
        }
        if let Some(table) = &self.table {
            return table.get(slot.index()).copied();
        }
        self.linked_peers().find(|(neighbour, _)| neighbour.role.slot() == Some(slot)).map(|(_, link)| link)
    }

    /// The links to neighbours by their places.
    pub(crate) fn table(&mut self) -> Arc<[LinkId]> {
        if self.table.is_none() {
            let mut table = Vec::new();
            for (neighbour, link) in self.linked_peers() {
                let Some(slot) = neighbour.role.slot() else { continue };
                if table.len() <= slot.index() {
                    table.resize(slot.index().saturating_add(1), link);
                }
                if let Some(place) = table.get_mut(slot.index()) {
                    *place = link;
                }
            }
            self.table = Some(table.into());
        }
        self.table.clone().unwrap_or_default()
    }

    /// Whether there are neighbours without a place.
    pub(crate) const fn is_crowded(&self) -> bool {
        self.count > Slot::COUNT
    }

    pub(crate) fn contains(&self, link: LinkId) -> bool {
        self.links.contains_key(&link)
    }

    pub(crate) fn get(&self, link: LinkId) -> Option<&Link> {
        self.links.get(&link).map(Box::as_ref)
    }

    pub(crate) fn get_mut(&mut self, link: LinkId) -> Option<&mut Link> {
        self.links.get_mut(&link).map(Box::as_mut)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = LinkId> + '_ {
        self.links.keys().copied()
    }

    /// Who is at the other end, if they have said so.
    pub(crate) fn neighbour(&self, link: LinkId) -> Option<&Neighbour> {
        self.links.get(&link)?.neighbour()
    }

    pub(crate) fn peer(&self, link: LinkId) -> Option<PeerId> {
        self.neighbour(link).map(|neighbour| neighbour.peer.clone())
    }

    /// Something was heard on `link`: notes the time and says who the sender is.
    pub(crate) fn heard(&mut self, link: LinkId, now: Time) -> Option<Standing> {
        let link = self.links.get_mut(&link)?;
        link.keep_alive.heard(now);
        Some(match link.phase {
            Phase::Linked(_) | Phase::Retiring(_) => Standing::Native,
            Phase::Introduced => Standing::Introduced,
            Phase::Accepted | Phase::OneShot => Standing::Stranger,
        })
    }

    /// A new link, with the handshake timer running.
    pub(crate) fn insert(
        &mut self,
        ctx: &mut Ctx,
        link: LinkId,
        dialed: Option<Address>,
        semantics: Semantics,
        session: u32,
    ) {
        let end = ctx.now + ctx.config.handshake;
        self.links.insert(link, Box::new(Link::new(ctx.now, dialed, semantics, session)));
        self.deadlines.insert(link, end);
        self.watch.by(ctx, end);
    }

    /// Makes `link` the one to talk on with this peer, and starts to watch over it. A second link takes over what
    /// the peer was to us on the first.
    pub(crate) fn establish(&mut self, ctx: &mut Ctx, link: LinkId, mut neighbour: Neighbour) {
        let first = self.link_to(&neighbour.peer, neighbour.epoch);
        let before = first.and_then(|first| self.neighbour(first)).map(|before| before.role);
        match (before, &mut neighbour.role) {
            (Some(role), _) if role.is_neighbour() => neighbour.role = role,
            (_, Role::Neighbour { slot, .. }) => {
                self.count = self.count.saturating_add(1);
                *slot = self.taken.first_free();
                self.taken = self.taken.with(Slots::of(*slot));
                let greater = if ctx.config.id < neighbour.peer { Slots::of(*slot) } else { Slots::NONE };
                self.greater = self.greater.without(Slots::of(*slot)).with(greater);
            }
            (_, Role::Visitor) => {}
        }
        if let Some(Phase::Linked(same)) =
            first.and_then(|first| self.links.get_mut(&first)).map(|it| &mut it.phase)
        {
            same.role = neighbour.role;
        }
        self.by_peer.insert(PeerRun::of(&neighbour.peer, neighbour.epoch), link);
        self.changed();
        let check = ctx.now + ctx.rng.jitter(ctx.config.idle);
        self.enter(ctx, link, Phase::Linked(neighbour), check);
    }

    /// We have said our last on `link`. False, and nothing has changed, if the other end has too.
    pub(crate) fn retire(&mut self, ctx: &mut Ctx, id: LinkId) -> bool {
        let Some(Link { phase: Phase::Linked(neighbour), .. }) = self.get(id) else { return false };
        if neighbour.retired {
            return false;
        }
        let end = ctx.now + ctx.config.handshake;
        let phase = Phase::Retiring(neighbour.clone());
        self.enter(ctx, id, phase, end);
        true
    }

    /// Another link to the same run of the same peer.
    pub(crate) fn second_to(&self, id: LinkId) -> Option<LinkId> {
        let (peer, epoch) = self.get(id)?.run()?;
        let same = |other: LinkId, link: &Link| other != id && link.leads_to(peer, epoch);
        self.links.iter().find(|(other, link)| same(**other, link)).map(|(other, _)| *other)
    }

    /// From now on, talks on `id` with the peer at its other end.
    pub(crate) fn talk_on(&mut self, id: LinkId) {
        if let Some((peer, epoch)) = self.get(id).and_then(Link::run) {
            self.by_peer.insert(PeerRun::of(peer, epoch), id);
            self.changed();
        }
    }

    fn changed(&mut self) {
        self.neighbours = None;
        self.table = None;
    }

    /// They spoke as the old program does. The time in which they must be done runs from the first message.
    pub(crate) fn one_shot(&mut self, ctx: &mut Ctx, link: LinkId) {
        if self.links.get(&link).is_none_or(|link| link.phase != Phase::Accepted) {
            return;
        }
        let end = ctx.now + ctx.config.handshake;
        self.enter(ctx, link, Phase::OneShot, end);
    }

    fn enter(&mut self, ctx: &mut Ctx, id: LinkId, phase: Phase, deadline: Time) {
        if let Some(link) = self.links.get_mut(&id) {
            link.phase = phase;
            self.deadlines.insert(id, deadline);
            self.watch.by(ctx, deadline);
        }
    }

    /// Sets the next look at a link that is watched over.
    pub(crate) fn check_again(&mut self, ctx: &mut Ctx, id: LinkId, at: Time) {
        if let Some(deadline) = self.deadlines.get_mut(&id) {
            *deadline = at;
            self.watch.by(ctx, at);
        }
    }

    /// The links that are to be looked at now; those that are watched over may be up to so much `early`. Until
    /// [`watch_on`](Self::watch_on) no timer is set for links.
    pub(crate) fn due(&mut self, now: Time, early: Duration) -> Vec<LinkId> {
        self.watch = Watch::Looking;
        let is_watched = |id| matches!(self.get(id).map(|link| &link.phase), Some(Phase::Linked(_)));
        let is_due = |id, at| at <= now || (at <= now + early && is_watched(id));
        self.deadlines.iter().filter(|(id, at)| is_due(**id, **at)).map(|(id, _)| *id).collect()
    }

    /// All that were due have been looked at.
    pub(crate) fn watch_on(&mut self, ctx: &mut Ctx) {
        self.watch = Watch::Off;
        if let Some(next) = self.deadlines.values().min().copied() {
            self.watch.by(ctx, next);
        }
    }

    pub(crate) fn remove(&mut self, id: LinkId) -> Option<Link> {
        let link = self.links.remove(&id)?;
        self.deadlines.remove(&id);
        if let Some(key) = link.run().map(|(peer, epoch)| PeerRun::of(peer, epoch))
            && self.by_peer.get(&key) == Some(&id)
        {
            self.by_peer.remove(&key);
            self.changed();
            let other = self.links.iter().find(|(_, other)| other.leads_to(&key.peer, key.epoch));
            if let Some(other) = other.map(|(other, _)| *other) {
                self.by_peer.insert(key, other);
            } else if let Phase::Linked(Neighbour { role, .. }) = &link.phase {
                let (free, counted) = (role.slot(), role.is_neighbour());
                self.count = self.count.saturating_sub(usize::from(counted));
                self.hand_on(free);
            }
        }
        Some(*link)
    }

    /// A place is free: a neighbour that has none gets it.
    fn hand_on(&mut self, free: Option<Slot>) {
        self.taken = self.taken.without(Slots::of(free));
        let placeless = |link: &Link| {
            matches!(&link.phase, Phase::Linked(Neighbour { role: Role::Neighbour { slot: None, .. }, .. }))
        };
        if free.is_none() || self.count < Slot::COUNT {
            return;
        }
        if let Some(link) = self.links.values_mut().find(|link| placeless(link))
            && let Phase::Linked(Neighbour { role: Role::Neighbour { slot, .. }, .. }) = &mut link.phase
        {
            *slot = free;
            self.taken = self.taken.with(Slots::of(free));
            self.greater = self.greater.without(Slots::of(free));
        }
    }

    /// The links to talk on, one for each neighbour, in order.
    pub(crate) fn neighbours(&mut self) -> Arc<[LinkId]> {
        if self.neighbours.is_none() {
            let mut links: Vec<LinkId> = self.linked_peers().map(|(_, link)| link).collect();
            links.sort_unstable();
            self.neighbours = Some(links.into());
        }
        self.neighbours.clone().unwrap_or_default()
    }
}
