//! One-to-one messages on their way: over a link, hop by hop, by dialing, or after asking everybody for a way.

use crate::direct::{ARRIVAL_PATIENCE, ROUNDS, Way};
use crate::links::Role;
use crate::node::ChatNode;
use crate::routes::Search;
use crate::slots::Slots;
use crate::target::Wish;
use crate::{
    Address, Body, Content, Control, DialError, Dialect, Dialects, LinkId, Message, MessageId, PeerId,
    Rejection, SendError, Sequence, StreamTag,
};

impl ChatNode {
    pub(crate) fn direct_now(&mut self, to: &PeerId, body: Body) -> Result<MessageId, SendError> {
        self.check_present()?;
        if *to == self.ctx.config.id {
            return Err(SendError::OwnName);
        }
        if self.links.link_of(to).is_none() {
            if self.ctx.config.dialects == Dialects::Classic {
                return Err(SendError::OwnDialect);
            }
            let known = self.peers.get(to);
            if known.is_some_and(|known| known.dialect == Some(Dialect::Classic)) {
                return Err(SendError::ClassicPeer(to.clone()));
            }
            if self.links.linked() == 0 && known.is_none_or(|known| known.address.is_none()) {
                // There is nobody to ask.
                return Err(match known {
                    Some(_) => SendError::NoAddress(to.clone()),
                    None => SendError::UnknownPeer(to.clone()),
                });
            }
        }
        let (id, number) = self.direct.say(&mut self.ctx, to, body)?;
        self.try_ways(number);
        self.direct.schedule(&mut self.ctx);
        Ok(id)
    }

    /// Sends on what is due, by the next way.
    pub(crate) fn deliver_due(&mut self) {
        for number in self.direct.due(self.ctx.now) {
            self.try_ways(number);
        }
        self.direct.schedule(&mut self.ctx);
    }

    /// A peer has been linked: sends it what waits for it.
    pub(crate) fn deliver_waiting(&mut self, peer: &PeerId) {
        for number in self.direct.waiting_for(peer) {
            self.try_ways(number);
        }
        self.direct.schedule(&mut self.ctx);
    }

    /// Nobody could be met at `address`: what was to be said there takes another way.
    pub(crate) fn visit_failed(&mut self, address: &Address, reason: DialError) {
        for number in self.direct.dialing(address) {
            if let Some(outgoing) = self.direct.get_mut(number) {
                outgoing.dialing = None;
                outgoing.reason = reason;
            }
            self.try_ways(number);
        }
        self.direct.schedule(&mut self.ctx);
    }

    /// Tries the next ways until one is under way.
    fn try_ways(&mut self, number: u64) {
        loop {
            let Some(outgoing) = self.direct.get_mut(number) else { return };
            outgoing.due = self.ctx.now + ARRIVAL_PATIENCE;
            let (to, message, way) = (outgoing.to.clone(), outgoing.message.clone(), outgoing.way);
            if let Some(link) = self.links.link_of(&to) {
                // The link may be lost with what is on it: then again, by other ways.
                outgoing.rounds = outgoing.rounds.saturating_add(1);
                if outgoing.rounds > ROUNDS.saturating_mul(2) {
                    self.direct.lose(&mut self.ctx, number, DialError::TimedOut);
                    return;
                }
                outgoing.sent_on(link);
                self.ctx.send(link, message);
                return;
            }
            let under_way = match way {
                Way::Route => {
                    outgoing.way = Way::Dial;
                    let next = self.next_hop(&to, None);
                    if let Some(link) = next {
                        if let Some(outgoing) = self.direct.get_mut(number) {
                            outgoing.sent_on(link);
                        }
                        self.ctx.send(link, message);
                    }
                    next.is_some()
                }
                Way::Dial => {
                    outgoing.way = Way::Find;
                    // The one that was known has led nowhere.
                    self.routes.forget_way(&to);
                    self.dial_for(number, &to)
                }
                Way::Find => {
                    outgoing.way = Way::None;
                    let again = outgoing.rounds > 0;
                    self.find(&to, again)
                }
                Way::None => {
                    outgoing.rounds = outgoing.rounds.saturating_add(1);
                    if outgoing.rounds >= ROUNDS {
                        let reason = outgoing.reason;
                        self.direct.lose(&mut self.ctx, number, reason);
                        return;
                    }
                    outgoing.way = Way::Route;
                    false
                }
            };
            if under_way {
                return;
            }
        }
    }

    fn dial_for(&mut self, number: u64, to: &PeerId) -> bool {
        let Some(address) = self.peers.get(to).and_then(|known| known.address.clone()) else { return false };
        let patience = self.ctx.config.handshake.saturating_mul(4);
        let Some(outgoing) = self.direct.get_mut(number) else { return false };
        outgoing.dialing = Some(address.clone());
        outgoing.due = self.ctx.now + patience;
        if self.dialer.want(&mut self.ctx, &address, Wish::Visit, None).is_err() {
            outgoing.dialing = None;
            return false;
        }
        true
    }

    /// Asks everybody for the way to a peer; false if there is nobody to ask.
    fn find(&mut self, peer: &PeerId, again: bool) -> bool {
        let (now, limit) = (self.ctx.now, self.ctx.config.max_routes);
        // As large as a JSON number keeps exactly.
        let number = self.ctx.rng.next_u64() >> 11;
        let to = self.links.taken();
        if to.is_empty() || !self.routes.search(now, number, None, peer.clone(), limit) {
            return false;
        }
        // Where the shared tree is broken, another neighbour may have a part of it that stands.
        let to = if again { to } else { self.search_to() };
        self.send_find(to, number, peer, again);
        true
    }

    /// Where searches go: along the shared tree, or to all where none stands.
    fn search_to(&self) -> Slots {
        let shared = self.broadcast.trees.shared();
        if shared.is_empty() { self.links.taken() } else { shared.and(self.links.taken()) }
    }

    fn send_find(&mut self, to: Slots, number: u64, peer: &PeerId, wide: bool) {
        let table = self.links.table();
        self.ctx.stats.control = self.ctx.stats.control.saturating_add(to.len() as u64);
        let find = Message::control(Control::Find { number, peer: peer.clone(), wide });
        self.ctx.send_placed(&table, to, find);
    }

    /// Where a message for `to` goes next: to itself, along a way that was found, or along its own tree, where every
    /// parent is nearer to it.
    fn next_hop(&self, to: &PeerId, from: Option<LinkId>) -> Option<LinkId> {
        let usable = |link: &LinkId| Some(*link) != from && self.links.slot(*link).is_some();
        let tree = || {
            let stream = self.broadcast.streams.newest_of(to)?;
            self.links.at(self.broadcast.trees.parent(stream)?)
        };
        let linked = self.links.link_of(to);
        linked.or_else(|| self.routes.way(self.ctx.now, to).filter(usable)).or_else(|| tree().filter(usable))
    }

    pub(crate) fn receive_direct(&mut self, link: LinkId, message: &Message) {
        let Content::Direct { to, post } = message.content() else { return };
        let Some(neighbour) = self.links.neighbour(link) else { return };
        let visitor = neighbour.role == Role::Visitor;
        if visitor && neighbour.peer != *message.originator() {
            self.refuse(link, Rejection::Stranger);
            return;
        }
        let Some(place) = post.place else {
            self.refuse(link, Rejection::OutOfTurn);
            return;
        };
        let (tag, sequence) = (message.stream_tag(place.epoch), place.sequence);
        let for_us = to.as_ref().is_none_or(|to| *to == self.ctx.config.id);
        if for_us {
            match self.direct.take_in(&mut self.ctx, message) {
                Ok(()) => self.ctx.tell(link, Control::Arrived(tag, sequence)),
                Err(reason) => self.refuse(link, reason),
            }
            return;
        }
        let Some(to) = to.as_ref().filter(|_| !visitor) else {
            self.refuse(link, Rejection::NotForMe);
            return;
        };
        let own = *message.originator() == self.ctx.config.id;
        let limit = self.ctx.config.max_routes;
        let next = self.next_hop(to, Some(link)).filter(|_| !own);
        let next = next.filter(|next| {
            self.routes.passes(self.ctx.now, (tag, sequence.get()), (link, *next), to.clone(), limit)
        });
        match next {
            Some(next) => {
                self.ctx.stats.routed = self.ctx.stats.routed.saturating_add(1);
                self.ctx.send(next, message.clone());
            }
            None => self.ctx.tell(link, Control::Stuck(tag, sequence)),
        }
    }

    /// A one-to-one message has arrived: ours, or one that was passed on.
    pub(crate) fn receipt(&mut self, link: LinkId, tag: StreamTag, sequence: Sequence) {
        if tag != self.own_tag() {
            if let Some((back, _)) = self.routes.way_back((tag, sequence.get()), link) {
                self.tell_if_linked(back, Control::Arrived(tag, sequence));
            }
            return;
        }
        if !self.direct.was_sent_on(sequence.get(), link) {
            return;
        }
        let Some(to) = self.direct.arrived(&mut self.ctx, sequence.get()) else { return };
        self.direct.schedule(&mut self.ctx);
        let visit = self.links.get(link).is_some_and(|link| link.dialed.is_some())
            && self.links.neighbour(link).is_some_and(|it| it.role == Role::Visitor);
        if visit && self.direct.waiting_for(&to).is_empty() {
            self.part_from(link);
        }
    }

    /// A one-to-one message cannot go on.
    pub(crate) fn stuck(&mut self, link: LinkId, tag: StreamTag, sequence: Sequence) {
        if tag != self.own_tag() {
            if let Some((back, to)) = self.routes.way_back((tag, sequence.get()), link) {
                self.routes.forget_way(&to);
                self.tell_if_linked(back, Control::Stuck(tag, sequence));
            }
            return;
        }
        if !self.direct.was_sent_on(sequence.get(), link) {
            return;
        }
        if let Some(outgoing) = self.direct.get_mut(sequence.get()).filter(|it| it.dialing.is_none()) {
            let to = outgoing.to.clone();
            if self.links.link_of(&to).is_some() {
                // It is linked with us: who else says so knows less.
                return;
            }
            self.routes.forget_way(&to);
            self.try_ways(sequence.get());
            self.direct.schedule(&mut self.ctx);
        }
    }

    fn tell_if_linked(&mut self, link: LinkId, control: Control) {
        if self.links.neighbour(link).is_some() {
            self.ctx.tell(link, control);
        }
    }

    /// Somebody looks for a way to a peer.
    pub(crate) fn searched(&mut self, link: LinkId, number: u64, peer: PeerId, wide: bool) {
        let (now, limit) = (self.ctx.now, self.ctx.config.max_routes);
        let Some(slot) = self.links.slot(link) else { return };
        if !self.routes.search(now, number, Some(link), peer.clone(), limit) {
            return;
        }
        // Only who is linked with it knows for sure: a way that was known may be the one that has led nowhere.
        if peer == self.ctx.config.id || self.links.link_of(&peer).is_some() {
            self.ctx.tell(link, Control::Found { number });
            return;
        }
        let to = if wide { self.links.taken() } else { self.search_to() };
        self.send_find(to.without(Slots::one(slot)), number, &peer, wide);
    }

    /// Somebody knows a way.
    pub(crate) fn found(&mut self, link: LinkId, number: u64) {
        let Some(Search { back, peer }) = self.routes.answered(number) else { return };
        self.routes.found(self.ctx.now, peer.clone(), link, self.ctx.config.max_routes);
        match back {
            Some(back) => self.tell_if_linked(back, Control::Found { number }),
            None => {
                for number in self.direct.waiting_for(&peer) {
                    if let Some(outgoing) = self.direct.get_mut(number).filter(|it| it.way == Way::None) {
                        outgoing.due = self.ctx.now + ARRIVAL_PATIENCE;
                        let message = outgoing.message.clone();
                        outgoing.sent_on(link);
                        self.ctx.send(link, message);
                    }
                }
                self.direct.schedule(&mut self.ctx);
            }
        }
    }
}
