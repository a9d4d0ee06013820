//! Neighbours: finding them, letting them in, parting from them. HyParView, strengthened.

use core::time::Duration;

use crate::control::MAX_PEERS;
use crate::links::Role;
use crate::node::{ChatNode, Presence};
use crate::target::Wish;
use crate::views::{MOST_DOUBLINGS, PROBE_PATIENCE};
use crate::{Address, Contact, Control, Dialects, DownReason, Epoch, Intent, LinkId, PeerId};

impl ChatNode {
    /// Whether the node looks after its neighbours itself.
    pub(crate) fn has_views(&self) -> bool {
        self.ctx.config.target_neighbours > 0
            && self.ctx.config.dialects != Dialects::Classic
            && self.presence == Presence::Here
    }

    /// Why we introduce ourselves where there is this much of a wish.
    pub(crate) fn intent(&self, wish: Wish, address: &Address) -> Intent {
        let have = self.links.linked();
        if self.has_views() && self.views.island.as_ref() == Some(address) {
            return Intent::Urgent;
        }
        match wish {
            Wish::Visit => Intent::Visit,
            Wish::Nothing | Wish::Probe | Wish::Learned | Wish::Lasting if !self.has_views() => {
                Intent::Neighbour
            }
            Wish::Lasting if have == 0 => Intent::Join,
            // There are neighbours enough: it is only to be seen whether who listens there is in the same network.
            Wish::Lasting if have >= self.ctx.config.target_neighbours => Intent::Visit,
            // Somebody who was lost may be on the other side of a cut that has healed.
            Wish::Learned => Intent::Urgent,
            Wish::Nothing | Wish::Probe | Wish::Lasting if self.is_in_need(have) => Intent::Urgent,
            Wish::Nothing | Wish::Probe | Wish::Lasting => Intent::Neighbour,
        }
    }

    /// Whether a node with this many neighbours may ask a full one to make room. Where all are full that is the only
    /// way, and costs nobody: who makes room sends on the neighbour that it parts from, so that two are found at once.
    fn is_in_need(&self, have: usize) -> bool {
        let lacks_two = have.saturating_add(2) <= self.ctx.config.target_neighbours;
        have < self.few() || lacks_two && self.views.all_were_full()
    }

    /// With fewer neighbours than this, a node's need is urgent.
    fn few(&self) -> usize {
        FEW.min(self.ctx.config.target_neighbours / 2 + 1)
    }

    /// What to answer one who introduces itself.
    pub(crate) fn answer_to(
        &self,
        peer: &PeerId,
        epoch: Epoch,
        address: Option<&Address>,
        intent: Intent,
    ) -> Intent {
        let linked = self.links.link_to(peer, epoch).and_then(|link| self.links.neighbour(link));
        if linked.is_some_and(|linked| linked.role.is_neighbour()) {
            return Intent::Neighbour;
        }
        if intent == Intent::Visit {
            let room = self.links.visitors() < self.ctx.config.max_links.div_ceil(4);
            return if room { Intent::Visit } else { Intent::Full };
        }
        if !self.has_views() {
            return Intent::Neighbour;
        }
        let (have, most) = (self.links.linked(), self.ctx.config.max_neighbours);
        // Some places are for those whom we choose ourselves, so that nobody can take them all.
        let quota = most.saturating_mul(5).div_ceil(8);
        let urgent = matches!(intent, Intent::Urgent | Intent::Join);
        let quota = if urgent { most.saturating_sub(1).max(1) } else { quota };
        if have < most && self.links.inbound() < quota {
            return Intent::Neighbour;
        }
        let last = self.views.last_split;
        let splits = last.is_none_or(|last| self.ctx.now.saturating_since(last) >= BETWEEN_SPLITS);
        if have <= most && urgent && splits && address.is_some() && self.replaceable(peer).is_some() {
            return Intent::Neighbour;
        }
        Intent::Full
    }

    /// Whether one who takes us in would be one neighbour too many.
    pub(crate) fn is_too_many(&self, peer: &PeerId, epoch: Epoch) -> bool {
        let known = self.links.link_to(peer, epoch).is_some();
        let replaces = self.views.replacing.as_deref().is_some_and(|(replacement, ..)| replacement == peer);
        self.has_views() && !known && !replaces && self.links.linked() >= self.ctx.config.max_neighbours
    }

    /// Whom to name to one who needs neighbours: some whom we know, and of our own neighbours if these are few.
    pub(crate) fn others_for(&mut self, asker: &PeerId) -> Vec<Contact> {
        let sample = self.views.sample(&mut self.ctx, NAMED);
        let mut others: Vec<Contact> = sample.filter(|contact| contact.peer() != asker).cloned().collect();
        if others.len() < NAMED {
            others.extend(self.neighbour_contacts(asker).cloned());
            others.truncate(NAMED);
        }
        others
    }

    pub(crate) fn neighbour_contacts<'a>(&'a self, but: &'a PeerId) -> impl Iterator<Item = &'a Contact> {
        let others = self.links.linked_peers().filter(move |(neighbour, _)| neighbour.peer != *but);
        others.filter_map(|(neighbour, _)| neighbour.contact.as_ref())
    }

    /// Somebody has become a neighbour.
    pub(crate) fn neighbour_up(
        &mut self,
        link: LinkId,
        peer: &PeerId,
        address: Option<&Address>,
        intent: Intent,
    ) {
        self.views.forget(peer);
        self.views.found();
        let replaced = self.views.replacing.take_if(|replacing| replacing.0 == *peer).map(|it| *it);
        let patience = self.ctx.config.handshake;
        if let Some((_, old, since)) = replaced
            && self.ctx.now.saturating_since(since) < patience
        {
            self.part_from(old);
        }
        if self.has_views() {
            self.schedule_shuffle();
            if intent == Intent::Join
                && let Some(address) = address
            {
                self.walk_joiner(link, &Contact::new(peer.clone(), address.clone()));
            }
            if self.links.linked() <= self.ctx.config.target_neighbours {
                self.shuffle_with(link, 0);
            }
            self.make_room(peer);
            self.refill();
        }
        self.greet_neighbour(link);
    }

    /// There are more neighbours than there should be, or none of them was chosen by us: asks one of them to let the
    /// newest one take our place.
    fn make_room(&mut self, newest: &PeerId) {
        let most = self.ctx.config.max_neighbours;
        if self.links.linked() <= most && self.links.inbound() < most.max(2) {
            return;
        }
        let Some(link) = self.replaceable(newest) else { return };
        let newest_at = self.links.link_of(newest).and_then(|link| self.links.neighbour(link));
        let Some(contact) = newest_at.and_then(|newest| newest.contact.clone()) else { return };
        self.views.last_split = Some(self.ctx.now);
        self.ctx.stats.splits = self.ctx.stats.splits.saturating_add(1);
        self.ctx.tell(link, Control::Instead(contact));
    }

    /// There still are more neighbours than there should be, and the one that was asked has not gone: parts from the
    /// newest but one: the newest may be the only way to another part of the network, and whoever comes in ever new names
    /// takes only the place of the last of them.
    pub(crate) fn end_excess(&mut self) {
        if !self.has_views() || self.links.linked() <= self.ctx.config.max_neighbours {
            return;
        }
        let since = |link: LinkId| self.links.get(link).map(|link| link.since);
        let newest = self.links.linked_peers().map(|(_, link)| link).max_by_key(|link| (since(*link), *link));
        let parts = newest.and_then(|newest| {
            let peer = self.links.peer(newest)?;
            self.replaceable(&peer).or_else(|| self.chance_neighbour(newest, None))
        });
        if let Some(link) = parts {
            self.part_from(link);
        }
    }

    /// Which of our neighbours could go: not the longest known, as these are the hardest to fake.
    fn replaceable(&self, but: &PeerId) -> Option<LinkId> {
        let since = |link: LinkId| self.links.get(link).map(|link| link.since);
        let others = self
            .links
            .linked_peers()
            .filter(|(neighbour, _)| neighbour.peer != *but && neighbour.contact.is_some());
        others.map(|(_, link)| link).max_by_key(|link| (since(*link), *link))
    }

    /// A neighbour has neighbours enough, and asks us to link with somebody else instead.
    pub(crate) fn replace(&mut self, link: LinkId, by: Contact) {
        if !self.has_views() || *by.peer() == self.ctx.config.id {
            return;
        }
        let now = self.ctx.now;
        let replacing = self.views.replacing.as_deref();
        if replacing.is_some_and(|(.., since)| now.saturating_since(*since) < BETWEEN_SPLITS) {
            // Who asks more often asks us to dial whomever it likes.
            return;
        }
        if self.links.link_of(by.peer()).is_some() {
            if self.links.linked() > self.ctx.config.target_neighbours {
                self.part_from(link);
            }
            return;
        }
        self.views.replacing = Some(Box::new((by.peer().clone(), link, self.ctx.now)));
        let _ = self.dialer.want(&mut self.ctx, by.address(), Wish::Probe, None);
    }

    /// Ends a link politely with one who lives on.
    pub(crate) fn part_from(&mut self, link: LinkId) {
        let Some(neighbour) = self.links.neighbour(link).cloned() else { return };
        self.ctx.tell_loosely(link, Control::Disconnect);
        if let Some(contact) = neighbour.contact {
            self.views.learn(&mut self.ctx, contact);
        }
        self.ctx.close(link);
        self.peer_down(link, DownReason::Parted);
    }

    /// A neighbour has neighbours enough without us.
    pub(crate) fn parted(&mut self, link: LinkId) {
        let Some(neighbour) = self.links.neighbour(link).cloned() else { return };
        if let Some(contact) = neighbour.contact {
            self.views.learn(&mut self.ctx, contact);
        }
        self.ctx.close(link);
        self.peer_down(link, DownReason::Parted);
    }

    /// Turns to as many known peers as it takes to have neighbours enough, several at once.
    pub(crate) fn refill(&mut self) {
        self.turn_to_others(false);
    }

    /// It is time to look for neighbours again.
    pub(crate) fn refill_again(&mut self) {
        self.turn_to_others(true);
    }

    fn turn_to_others(&mut self, again: bool) {
        if again {
            // The timer has fired.
            self.views.refill = None;
        }
        if !self.has_views() {
            self.views.stop_refilling(&mut self.ctx);
            return;
        }
        let (have, target) = (self.links.linked(), self.ctx.config.target_neighbours);
        let Some(missing) = target.checked_sub(have).filter(|missing| *missing > 0) else {
            self.views.filled();
            self.views.stop_refilling(&mut self.ctx);
            return;
        };
        let now = self.ctx.now;
        let rest = self.views.rest_until(have < self.few());
        if now < rest {
            // All are full: in such a network not everybody can have as many as it would like.
            self.views.refill_at(&mut self.ctx, rest);
            return;
        }
        // As many as are missing; more where many are found dead.
        let most = if have == 0 { 16 } else { 8 };
        let abreast = missing.saturating_add(self.views.failures()).min(most);
        while self.views.probing(now, PROBE_PATIENCE) < abreast {
            let (links, dialer) = (&self.links, &self.dialer);
            let fits = |contact: &Contact| {
                links.link_of(contact.peer()).is_none() && !dialer.is_busy(contact.address())
            };
            let Some(contact) = self.views.choose(&mut self.ctx, fits) else { break };
            if self.dialer.want(&mut self.ctx, contact.address(), Wish::Probe, None).is_err() {
                self.views.answered(contact.address());
                break;
            }
        }
        let next = match self.views.probe_deadline(PROBE_PATIENCE) {
            Some(deadline) => deadline,
            None => {
                // Nobody to turn to: those whom the application named, and then whoever was turned to before.
                if again && have < self.few() {
                    self.dialer.hurry(&mut self.ctx);
                }
                let doublings = self.views.fruitless.min(MOST_DOUBLINGS);
                self.views.fruitless = self.views.fruitless.saturating_add(u32::from(again));
                now + self.ctx.rng.jitter(Duration::from_secs(1 << doublings))
            }
        };
        self.views.refill_at(&mut self.ctx, next);
    }

    /// Somebody who was turned to, or named, answered that there is no room.
    pub(crate) fn turned_away(&mut self, peer: &PeerId, address: Option<&Address>, others: &[Contact]) {
        self.views.refused(self.ctx.now);
        if let Some(address) = address {
            self.views.answered(address);
            self.views.learn(&mut self.ctx, Contact::new(peer.clone(), address.clone()));
        }
        self.learn_all(others);
        self.refill();
    }

    pub(crate) fn learn_all(&mut self, contacts: &[Contact]) {
        for contact in contacts.iter().take(MAX_PEERS) {
            if self.links.link_of(contact.peer()).is_none() {
                self.views.hear_of(&mut self.ctx, contact);
            }
        }
    }

    /// The role of one who is taken in, or takes us in.
    pub(crate) const fn role(answer: Intent, inbound: bool) -> Role {
        match answer {
            Intent::Visit => Role::Visitor,
            Intent::Neighbour | Intent::Urgent | Intent::Join | Intent::Full => {
                Role::Neighbour { slot: None, inbound }
            }
        }
    }
}

/// With fewer neighbours than this, or than about half of what it should have if that is less, a node's need is urgent.
const FEW: usize = 4;
/// How many peers are named to one who needs neighbours.
const NAMED: usize = 16;
/// How long a full node leaves its neighbours alone after one of them was asked to let somebody else take our place.
const BETWEEN_SPLITS: Duration = Duration::from_millis(500);
