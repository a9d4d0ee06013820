//! From a bare link to a known peer, and back: introductions in both dialects, second links, and losses.

use crate::classic::Acquaintance;
use crate::dialer::{Purpose, Wish};
use crate::keep_alive::Check;
use crate::links::{Neighbour, Phase};
use crate::node::ChatNode;
use crate::{
    Address, Content, DecodeError, DialError, Dialect, Dialects, DownReason, Event, Hello, LinkEnd, LinkId,
    Message, Native, PeerId, Rejection,
};

impl ChatNode {
    pub(crate) fn link_up(&mut self, link: LinkId, dialed: Option<Address>) {
        if self.links.contains(link) {
            return;
        }
        if self.left {
            self.ctx.close(link);
            return;
        }
        if self.links.len() >= self.ctx.config.max_links {
            if let Some(address) = &dialed {
                self.dial_failed(address, DialError::NoRoom);
            } else {
                self.ctx.reject(link, None, Rejection::Full);
            }
            self.ctx.close(link);
            return;
        }
        let Some(address) = dialed else {
            self.links.insert(&mut self.ctx, link, None);
            return;
        };
        self.classic.reached(self.ctx.now, &address);
        match self.dialer.link_up(&mut self.ctx, &address) {
            Purpose::HandOver(message) => {
                self.ctx.send(link, message);
                self.ctx.close(link);
                self.dialer.handed_over(&mut self.ctx, &address);
            }
            Purpose::Introduce => self.introduce(link, address),
            Purpose::Nothing => self.ctx.close(link),
        }
    }

    /// Says who we are on a link that we dialed. A classic node does so as the old program would, and hangs up.
    fn introduce(&mut self, link: LinkId, address: Address) {
        let ping = self.ctx.message(Content::Ping(self.ctx.hello()));
        if self.ctx.config.dialects == Dialects::Classic {
            self.ctx.send(link, ping.to_classic());
            self.ctx.close(link);
            self.dialer.await_callback(&mut self.ctx, &address);
        } else {
            self.ctx.send(link, ping);
            self.links.insert(&mut self.ctx, link, Some(address));
        }
    }

    /// A `PING` or `PONG` from somebody who is not linked as a native peer.
    pub(crate) fn meet(&mut self, link: LinkId, message: &Message, hello: &Hello, asks: bool) {
        match (hello.native, self.ctx.config.dialects) {
            (Some(native), Dialects::Both | Dialects::Native) => {
                self.meet_native(link, message, hello, native, asks)
            }
            (None, Dialects::Native) => {
                self.ctx.reject(link, None, Rejection::Dialect);
                self.hang_up(link, DialError::Dialect);
            }
            (_, Dialects::Classic) | (None, Dialects::Both) => self.meet_classic(link, message, hello, asks),
        }
    }

    fn meet_native(&mut self, link: LinkId, message: &Message, hello: &Hello, native: Native, asks: bool) {
        let dialed = self.links.get(link).and_then(|link| link.dialed.clone());
        if asks == dialed.is_some() {
            // Who dialed asks, and who was dialed answers.
            self.refuse(link, Rejection::OutOfTurn);
            return;
        }
        if asks {
            let pong = Content::Pong(self.ctx.hello());
            self.ctx.say(link, pong);
        }
        if *message.originator() == self.ctx.config.id {
            let reason = if native.epoch == self.ctx.config.epoch {
                DialError::Myself
            } else {
                self.ctx.reject(link, Some(message.originator().clone()), Rejection::SameName);
                DialError::SameName
            };
            self.hang_up(link, reason);
            return;
        }
        let neighbour = Neighbour {
            peer: message.originator().clone(),
            epoch: native.epoch,
            address: hello.listening.clone(),
            retired: false,
        };
        self.establish(link, dialed.as_ref(), neighbour);
    }

    /// A native peer has introduced itself on `link`.
    fn establish(&mut self, link: LinkId, dialed: Option<&Address>, neighbour: Neighbour) {
        let (peer, address) = (neighbour.peer.clone(), neighbour.address.clone());
        self.ctx.stats.links_established = self.ctx.stats.links_established.saturating_add(1);
        let second_to = self.links.link_to(&peer, neighbour.epoch);
        let other_run = self.links.link_of(&peer).filter(|_| second_to.is_none());
        self.links.establish(&mut self.ctx, link, neighbour);
        for place in [dialed, address.as_ref()].into_iter().flatten() {
            self.dialer.met(&mut self.ctx, place);
        }
        if let Some(first) = second_to {
            self.retire_one_of(first, link);
            return;
        }
        self.peers.met(&mut self.ctx, &peer, address.as_ref(), Dialect::Native);
        if self.classic.remove(&peer) {
            self.ctx.emit(Event::PeerDown { peer: peer.clone(), reason: DownReason::Closed });
        }
        if let Some(other) = other_run {
            self.resolve_other_run(other, &peer, address.as_ref());
        }
        self.ctx.emit(Event::PeerUp { peer: peer.clone(), address, dialect: Dialect::Native });
        for message in self.broadcast.stop_waiting(&mut self.ctx) {
            self.ctx.send(link, message);
        }
        for message in self.direct.stop_waiting(&peer) {
            self.ctx.send(link, message);
        }
        if self.linked() < self.ctx.config.target_neighbours {
            self.ctx.say(link, Content::Advertise);
        }
    }

    /// There are two links to one peer: the one that the peer with the lesser name dialed stays, or, if the same
    /// one dialed both, the newer. Both ends come to the same choice, and neither closes before both have said
    /// their last, so that nothing is lost (`tests/handshake.rs`).
    fn retire_one_of(&mut self, first: LinkId, second: LinkId) {
        let dialed_by_us = |link| self.links.get(link).is_some_and(|link| link.dialed.is_some());
        let (ours_first, ours_second) = (dialed_by_us(first), dialed_by_us(second));
        let Some(neighbour) = self.links.neighbour(second) else { return };
        let lesser_is_us = self.ctx.config.id < neighbour.peer;
        let (keep, end) = if ours_first != ours_second && ours_first == lesser_is_us {
            (first, second)
        } else {
            (second, first)
        };
        let Some(kept) = self.links.neighbour(keep).cloned() else { return };
        let Some(ended) = self.links.neighbour(end).cloned() else { return };
        self.ctx.stats.links_retired = self.ctx.stats.links_retired.saturating_add(1);
        self.ctx.say(end, Content::Retire);
        if !self.links.retire(&mut self.ctx, end, ended) {
            self.close(end);
        }
        self.links.establish(&mut self.ctx, keep, kept);
    }

    /// The other end will say nothing more on this link.
    pub(crate) fn retired(&mut self, link: LinkId) {
        match self.links.get_mut(link).map(|link| &mut link.phase) {
            Some(Phase::Retiring(_)) => self.close(link),
            Some(Phase::Linked(neighbour)) => neighbour.retired = true,
            Some(Phase::Accepted | Phase::Introduced | Phase::OneShot) | None => {}
        }
    }

    /// Somebody of the same name, in another run, is linked already: its earlier self if it listens at the same
    /// place, and otherwise somebody else.
    fn resolve_other_run(&mut self, other: LinkId, peer: &PeerId, address: Option<&Address>) {
        let theirs = self.links.neighbour(other).and_then(|neighbour| neighbour.address.as_ref());
        if theirs.is_some() && theirs == address {
            self.close(other);
            self.ctx.emit(Event::PeerDown { peer: peer.clone(), reason: DownReason::Closed });
        } else {
            self.ctx.emit(Event::NameConflict { peer: peer.clone() });
        }
    }

    fn meet_classic(&mut self, link: LinkId, message: &Message, hello: &Hello, asks: bool) {
        let peer = message.originator();
        let Some(address) = &hello.listening else {
            self.refuse(link, Rejection::OutOfTurn);
            return;
        };
        if *peer == self.ctx.config.id {
            if self.ctx.config.listening.as_ref() == Some(address) {
                self.dialer.forget(&mut self.ctx, address);
            } else {
                self.ctx.reject(link, Some(peer.clone()), Rejection::SameName);
            }
            return;
        }
        if self.links.link_of(peer).is_some() {
            // A native peer may be asked to introduce itself again; it stays what it is.
            if asks {
                self.answer_classic(address);
            }
            return;
        }
        let acquaintance = self.classic.met(&mut self.ctx, peer, address);
        if acquaintance == Acquaintance::Full {
            self.ctx.reject(link, Some(peer.clone()), Rejection::Full);
            return;
        }
        self.peers.met(&mut self.ctx, peer, Some(address), Dialect::Classic);
        if asks {
            self.answer_classic(address);
        }
        if let Some(dialed) = self.dialer.introduced_as(address) {
            self.dialer.met(&mut self.ctx, &dialed);
            self.close_introduction(&dialed);
        }
        if acquaintance == Acquaintance::New {
            let address = Some(address.clone());
            self.ctx.emit(Event::PeerUp { peer: peer.clone(), address, dialect: Dialect::Classic });
            for message in self.broadcast.stop_waiting(&mut self.ctx) {
                self.classic.spread(&mut self.ctx, &mut self.dialer, &message);
            }
            self.direct.undeliverable(&mut self.ctx, peer, DialError::Dialect);
        }
    }

    /// Calls back, as the old program expects.
    fn answer_classic(&mut self, address: &Address) {
        let pong = self.ctx.message(Content::Pong(self.ctx.hello()));
        let pong = pong.to_classic();
        if self.dialer.post(&mut self.ctx, address, pong).is_err() {
            self.ctx.stats.classic_lost = self.ctx.stats.classic_lost.saturating_add(1);
        }
    }

    /// Closes the link on which we introduced ourselves to somebody who has called back instead.
    fn close_introduction(&mut self, dialed: &Address) {
        let open = |link: &LinkId| {
            self.links
                .get(*link)
                .is_some_and(|link| link.phase == Phase::Introduced && link.dialed.as_ref() == Some(dialed))
        };
        let link = self.links.ids().find(open);
        if let Some(link) = link {
            self.close(link);
        }
    }

    /// Nobody has introduced themselves on `link` in time.
    pub(crate) fn end_handshake(&mut self, link: LinkId) {
        if self.links.get(link).is_some_and(|link| link.phase == Phase::Accepted) {
            self.ctx.reject(link, None, Rejection::Silent);
        }
        self.hang_up(link, DialError::NoAnswer);
    }

    /// Closes a link that has come to nothing. If we dialed it, that counts as a failed dial.
    fn hang_up(&mut self, link: LinkId, reason: DialError) {
        let dialed = self.links.get(link).and_then(|link| link.dialed.clone());
        self.close(link);
        if let Some(address) = dialed {
            self.dial_failed(&address, reason);
        }
    }

    pub(crate) fn dial_failed(&mut self, address: &Address, reason: DialError) {
        for peer in self.peers.at(address) {
            self.direct.undeliverable(&mut self.ctx, &peer, reason);
        }
        let Some(given_up) = self.dialer.failed(&mut self.ctx, address, reason) else { return };
        self.ctx.stats.classic_lost = self.ctx.stats.classic_lost.saturating_add(given_up.lost as u64);
        for peer in self.classic.unreachable(address) {
            self.peers.forget(&peer);
            self.ctx.emit(Event::PeerDown { peer, reason: DownReason::Unreachable });
        }
        if given_up.forgotten {
            self.peers.forget_at(address);
        }
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
                self.links.remove(&mut self.ctx, link);
                if self.ctx.config.listening.is_some() && self.ctx.config.dialects != Dialects::Native {
                    self.dialer.await_callback(&mut self.ctx, &address);
                } else {
                    self.dial_failed(&address, DialError::NoAnswer);
                }
            }
            Some((Phase::Accepted | Phase::OneShot | Phase::Retiring(_) | Phase::Introduced, _)) => {
                self.links.remove(&mut self.ctx, link);
            }
            None => self.ctx.stats.unknown_link = self.ctx.stats.unknown_link.saturating_add(1),
        }
    }

    /// The link to a native peer is gone.
    pub(crate) fn peer_down(&mut self, link: LinkId, reason: DownReason) {
        let Some(link) = self.links.remove(&mut self.ctx, link) else { return };
        let Phase::Linked(neighbour) = link.phase else { return };
        if self.links.link_of(&neighbour.peer).is_none() {
            self.peers.unlinked(&neighbour.peer);
        }
        self.ctx.emit(Event::PeerDown { peer: neighbour.peer, reason });
        let places: Vec<Address> =
            [link.dialed.clone(), neighbour.address.clone()].into_iter().flatten().collect();
        match (reason, link.dialed.or(neighbour.address)) {
            (DownReason::Left, _) => places.iter().for_each(|place| self.dialer.left(&mut self.ctx, place)),
            (DownReason::Misbehaved, _) => {
                places.iter().for_each(|place| self.dialer.forget(&mut self.ctx, place))
            }
            (_, Some(place)) => self.dialer.lost(&mut self.ctx, &place),
            (_, None) => {}
        }
    }

    /// Looks whether a native peer is still there. While most are silent at once the cause is likely here, so the
    /// patience with each is doubled before anybody is given up.
    pub(crate) fn check_link(&mut self, id: LinkId) {
        let Some(link) = self.links.get(id) else { return };
        let (now, resumed, config) = (self.ctx.now, self.ctx.resumed, &self.ctx.config);
        let idle = config.idle;
        let mut check = link.keep_alive.check(now, resumed, idle, config, config.dead);
        if check == Check::Dead && self.is_doubtful() {
            check = link.keep_alive.check(now, resumed, idle, config, config.dead.saturating_mul(2));
        }
        match check {
            Check::Wait(at) => self.links.check_again(&mut self.ctx, id, at),
            Check::Ping(at) => {
                let number = self.ctx.rng.next_u64() >> 11;
                self.ctx.stats.keep_alives = self.ctx.stats.keep_alives.saturating_add(1);
                self.ctx.say(id, Content::KeepAlive(number));
                if let Some(link) = self.links.get_mut(id) {
                    link.keep_alive.asked(number, now);
                }
                self.links.check_again(&mut self.ctx, id, at);
            }
            Check::Dead => {
                self.ctx.stats.links_silent = self.ctx.stats.links_silent.saturating_add(1);
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
            let silence = link.keep_alive.silence(self.ctx.now, self.ctx.resumed);
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
        let peer = self.links.peer(link);
        self.ctx.reject(link, peer, reason);
        if linked && enough {
            self.ctx.close(link);
            self.peer_down(link, DownReason::Misbehaved);
        } else if !linked {
            self.hang_up(link, DialError::NoAnswer);
        }
    }

    /// Somebody was heard of: links with them if that is wanted and they are not linked already.
    pub(crate) fn heard_of(&mut self, peer: &PeerId, address: Address, wanted: bool) {
        let own = *peer == self.ctx.config.id || self.ctx.config.listening.as_ref() == Some(&address);
        if own || self.dialect_of(peer).is_some() || self.links.reaches(&address) {
            return;
        }
        let in_sight = self.linked().saturating_add(self.dialer.in_hope());
        if wanted || in_sight < self.ctx.config.target_neighbours {
            let _ = self.dialer.want(&mut self.ctx, address, Wish::Learned, false);
        }
    }
}
