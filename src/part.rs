//! From a known peer to none: links that end or fall silent, dials that fail, and peers that misbehave.

use crate::dialer::{Attempt, Parting};
use crate::keep_alive::{Check, leeway};
use crate::links::{Phase, Role};
use crate::node::ChatNode;
use crate::{
    Address, Contact, Control, DecodeError, DialError, Dialects, DownReason, Event, LinkEnd, LinkId, PeerId,
    Rejection,
};

impl ChatNode {
    /// A dial came to nothing.
    pub(crate) fn dial_failed(&mut self, address: &Address, reason: DialError) {
        self.attempt_failed(address, reason, Attempt::Dial);
    }

    /// There was a link, and nobody answered our introduction on it.
    pub(crate) fn introduction_failed(&mut self, address: &Address, reason: DialError) {
        self.attempt_failed(address, reason, Attempt::Introduction);
    }

    fn attempt_failed(&mut self, address: &Address, reason: DialError, attempt: Attempt) {
        let given_up = self.dialer.failed(&mut self.ctx, address, reason, attempt);
        self.views.failed(address, self.links.linked() == 0);
        self.visit_failed(address, reason);
        self.scouting_failed(address);
        self.refill();
        let Some(given_up) = given_up else { return };
        for peer in self.classic.unreachable(address) {
            self.classic_gone(peer, DownReason::Unreachable);
        }
        if given_up.forgotten {
            self.peers.forget_at(address);
        }
    }

    /// Looks whether the classic peers are still there.
    pub(crate) fn probe_classic(&mut self) {
        for peer in self.classic.probe(&mut self.ctx, &mut self.dialer) {
            self.classic_gone(peer, DownReason::Silent);
        }
    }

    fn classic_gone(&mut self, peer: PeerId, reason: DownReason) {
        self.peers.forget(&peer);
        self.dialer.parted(&mut self.ctx, &peer, None, Parting::Lost);
        self.ctx.emit(Event::PeerDown { peer, reason });
    }

    pub(crate) fn link_ended(&mut self, link: LinkId, end: LinkEnd) {
        match self.links.get(link).map(|link| (&link.phase, &link.dialed)) {
            Some((Phase::Linked(_), _)) => {
                let reason = match end {
                    LinkEnd::Closed => DownReason::Closed,
                    LinkEnd::Broken => DownReason::Broken,
                    LinkEnd::TooSlow => DownReason::TooSlow,
                };
                self.peer_down(link, reason);
            }
            Some((Phase::Introduced, Some(address))) => {
                let address = address.clone();
                self.end_session(link);
                self.links.remove(link);
                if self.ctx.config.listening.is_some() && self.ctx.config.dialects != Dialects::Native {
                    self.dialer.await_callback(&mut self.ctx, &address);
                } else {
                    self.introduction_failed(&address, DialError::NoAnswer);
                }
            }
            Some((Phase::Accepted | Phase::OneShot | Phase::Retiring(_) | Phase::Introduced, _)) => {
                self.end_session(link);
                self.links.remove(link);
            }
            None => self.ctx.stats.unknown_link = self.ctx.stats.unknown_link.saturating_add(1),
        }
    }

    /// The link to a native peer is gone.
    pub(crate) fn peer_down(&mut self, link: LinkId, reason: DownReason) {
        self.end_session(link);
        let Some(link) = self.links.remove(link) else { return };
        let Phase::Linked(neighbour) = link.phase else { return };
        if self.links.link_to(&neighbour.peer, neighbour.epoch).is_some() {
            return;
        }
        if neighbour.role == Role::Visitor {
            if let Some(place) = link.dialed {
                self.dialer.visited(&mut self.ctx, &place);
            }
            if let (DownReason::Silent | DownReason::Broken, Some(contact)) = (reason, neighbour.contact) {
                self.views.learn(&mut self.ctx, contact);
            }
            // Who was alone knows somebody now.
            self.refill();
            return;
        }
        if self.links.link_of(&neighbour.peer).is_none() {
            self.peers.unlinked(&neighbour.peer);
        }
        let parting = match reason {
            DownReason::Left => Parting::Left,
            DownReason::Misbehaved => Parting::Misbehaved,
            DownReason::Parted => Parting::Enough,
            DownReason::Closed
            | DownReason::Broken
            | DownReason::Silent
            | DownReason::TooSlow
            | DownReason::Unreachable => Parting::Lost,
        };
        let place = link.dialed.or_else(|| neighbour.address().cloned());
        if let (Some(address), Parting::Lost, true) = (&place, parting, self.has_views()) {
            self.views.keep(&mut self.ctx, Contact::new(neighbour.peer.clone(), address.clone()));
        }
        self.dialer.parted(&mut self.ctx, &neighbour.peer, place.as_ref(), parting);
        self.ctx.emit(Event::PeerDown { peer: neighbour.peer, reason });
        self.neighbour_down(neighbour.role);
        if parting == Parting::Lost && self.links.linked() < self.ctx.config.target_neighbours / 2 {
            self.shuffle_quickly();
        }
        self.refill();
    }

    /// A native peer has left: all its links go.
    pub(crate) fn peer_left(&mut self, link: LinkId) {
        if let Some(peer) = self.links.peer(link) {
            self.views.forget(&peer);
        }
        while let Some(second) = self.links.second_to(link) {
            self.close(second);
        }
        self.ctx.close(link);
        self.peer_down(link, DownReason::Left);
    }

    /// Looks at the links whose time has come.
    pub(crate) fn look_at_links(&mut self) {
        let early = leeway(&self.ctx.config).saturating_mul(2);
        for link in self.links.due(self.ctx.now, early) {
            match self.links.get(link).map(|link| &link.phase) {
                Some(Phase::Linked(_)) => self.check_link(link),
                Some(Phase::Retiring(_)) => self.close(link),
                Some(Phase::Accepted | Phase::Introduced | Phase::OneShot) => self.end_handshake(link),
                None => {}
            }
        }
        self.links.watch_on(&mut self.ctx);
    }

    /// Looks whether a native peer is still there. While most are silent at once the cause is likely here, so the
    /// patience with each is doubled before anybody is given up.
    fn check_link(&mut self, id: LinkId) {
        if self.is_overdue(id) {
            self.part_from(id);
            return;
        }
        let (now, resumed, config) = (self.ctx.now, self.ctx.resumed, &self.ctx.config);
        let second = self.links.peer(id).is_some_and(|peer| peer < config.id);
        let Some(link) = self.links.get_mut(id) else { return };
        link.keep_alive.forgive(resumed);
        let keep_alive = link.keep_alive.clone();
        let mut check = keep_alive.check(now, config, config.dead, second);
        if check == Check::Dead && self.is_doubtful() {
            check = keep_alive.check(now, config, config.dead.saturating_mul(2), second);
        }
        match check {
            Check::Wait(at) => self.links.check_again(&mut self.ctx, id, at),
            Check::Ping(at) => {
                // Small, as it is sent so often, and still not to be guessed by one who does not hear it.
                let number = self.ctx.rng.next_u64() >> 40;
                self.ctx.stats.keep_alives = self.ctx.stats.keep_alives.saturating_add(1);
                self.ctx.tell_loosely(id, Control::KeepAlive(number));
                if let Some(link) = self.links.get_mut(id) {
                    link.keep_alive.asked(number, now);
                }
                self.links.check_again(&mut self.ctx, id, at);
            }
            Check::Dead => {
                // The end of a visit may be lost, which is no reason for alarm.
                let neighbour = u64::from(!self.links.is_visitor(id));
                self.ctx.stats.links_silent = self.ctx.stats.links_silent.saturating_add(neighbour);
                self.ctx.close(id);
                self.peer_down(id, DownReason::Silent);
            }
        }
    }

    /// Whether more than half of at least three native peers are silent.
    fn is_doubtful(&self) -> bool {
        let (mut silent, mut all) = (0_usize, 0_usize);
        for (_, link) in self.links.linked_peers() {
            let Some(link) = self.links.get(link) else { continue };
            all = all.saturating_add(1);
            let silence = link.keep_alive.silence(self.ctx.now);
            silent = silent.saturating_add(usize::from(silence >= self.ctx.config.dead / 2));
        }
        all >= 3 && silent.saturating_mul(2) > all
    }

    /// Refuses something that came on `link`, and closes the link when it is once too often.
    pub(crate) fn refuse(&mut self, link: LinkId, reason: Rejection) {
        let limit = self.ctx.config.max_malformed;
        let Some(known) = self.links.get_mut(link) else {
            self.ctx.stats.unknown_link = self.ctx.stats.unknown_link.saturating_add(1);
            return;
        };
        known.malformed = known.malformed.saturating_add(1);
        let unreadable = matches!(reason, Rejection::Malformed(DecodeError::TooLong { .. }));
        let enough = known.malformed > limit || unreadable;
        let linked = matches!(known.phase, Phase::Linked(_));
        let retiring = matches!(known.phase, Phase::Retiring(_));
        let peer = self.links.peer(link);
        self.ctx.reject(link, peer, reason);
        if linked && enough {
            self.ctx.close(link);
            self.peer_down(link, DownReason::Misbehaved);
        } else if retiring && enough {
            self.close(link);
        } else if !linked && !retiring {
            self.hang_up(link, DialError::NoAnswer);
        }
    }
}
