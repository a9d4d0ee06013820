//! From a bare link to a known peer: introductions in both dialects, and second links.

use crate::classic::Acquaintance;
use crate::dialer::Purpose;
use crate::links::{Neighbour, Phase, Role};
use crate::node::{ChatNode, Presence};
use crate::target::Wish;
use crate::{
    Address, Contact, Content, Control, DialError, Dialect, Dialects, DownReason, Event, Hello, Intent,
    LinkId, Message, Native, PeerId, Rejection, Semantics,
};

impl ChatNode {
    pub(crate) fn link_up(&mut self, link: LinkId, dialed: Option<Address>, semantics: Semantics) {
        if self.links.contains(link) {
            return;
        }
        let full = self.links.len() >= self.ctx.config.max_links;
        let Some(address) = dialed else {
            if self.presence != Presence::Here {
                self.ctx.close(link);
            } else if full {
                self.ctx.reject(link, None, Rejection::Full);
                self.ctx.close(link);
            } else {
                self.links.insert(&mut self.ctx, link, None, semantics, 0);
            }
            return;
        };
        match self.dialer.link_up(&mut self.ctx, &address) {
            Purpose::HandOver(message) => {
                self.ctx.send(link, message);
                self.ctx.close(link);
                self.dialer.handed_over(&mut self.ctx, &address);
            }
            Purpose::Introduce(_) if full => {
                self.ctx.close(link);
                self.introduction_failed(&address, DialError::NoRoom);
            }
            Purpose::Introduce(wish) => self.introduce(link, address, wish, semantics),
            Purpose::Nothing => self.ctx.close(link),
        }
    }

    /// Says who we are on a link that we dialed. A classic node does so as the old program would, and hangs up.
    fn introduce(&mut self, link: LinkId, address: Address, wish: Wish, semantics: Semantics) {
        // Never 0, which means that there is none.
        let session = u32::try_from(self.ctx.rng.next_u64() >> 32).unwrap_or(1).max(1);
        let session = if semantics == Semantics::Datagram { session } else { 0 };
        let hello = self.ctx.hello(self.intent(wish, &address), session);
        let ping = self.ctx.message(Content::Ping(hello));
        if self.ctx.config.dialects == Dialects::Classic && self.ctx.config.listening.is_none() {
            // An old peer would keep, and dial, whatever address it is told, and could not answer.
            self.ctx.close(link);
            self.introduction_failed(&address, DialError::NoAnswer);
        } else if self.ctx.config.dialects == Dialects::Classic {
            self.ctx.send(link, ping.to_classic());
            self.ctx.close(link);
            self.dialer.await_callback(&mut self.ctx, &address);
        } else {
            self.links.insert(&mut self.ctx, link, Some(address), semantics, session);
            self.introduced(link, semantics, session, ping);
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
        if !asks && dialed.is_none() {
            self.refuse(link, Rejection::OutOfTurn);
            return;
        }
        if asks && self.links.get(link).is_some_and(|ours| ours.session > native.session) {
            // Introductions have crossed on a link that promises nothing, and there is to be one session: of the two
            // numbers, which both ends get to know, the greater one's. Ours is said until it is answered.
            return;
        }
        let peer = message.originator();
        let address = hello.listening.as_ref();
        let mut answer = native.intent;
        if asks {
            answer = self.answer_to(peer, native.epoch, address, native.intent);
            self.answer(link, peer, answer, native);
        } else if self.links.get(link).is_none_or(|link| link.session != native.session) {
            return;
        }
        if *peer == self.ctx.config.id {
            let reason = if native.epoch == self.ctx.config.epoch {
                DialError::Myself
            } else {
                self.ctx.reject(link, Some(peer.clone()), Rejection::SameName);
                DialError::SameName
            };
            self.hang_up(link, reason);
            return;
        }
        if self
            .links
            .newest_run(peer)
            .is_some_and(|(epoch, listens)| native.epoch < epoch && listens.is_some() && listens == address)
        {
            // An earlier self of a peer that has come back since.
            self.refuse(link, Rejection::OutOfTurn);
            return;
        }
        let island = dialed.is_some() && self.views.island == dialed;
        if !asks && answer != Intent::Visit && !island && self.is_too_many(peer, native.epoch) {
            // We turned to several at once, and have neighbours enough by now.
            self.ctx.tell_loosely(link, Control::Disconnect);
            answer = Intent::Full;
        }
        if answer == Intent::Full {
            self.turn_away(link, dialed.as_ref(), peer, hello, asks);
            return;
        }
        let role = Self::role(answer, dialed.is_none());
        let first = self.links.link_to(peer, native.epoch).filter(|first| !self.links.is_visitor(*first));
        if let (false, false, Some(first)) = (asks, role.is_neighbour(), first) {
            // We took it for a neighbour, and it does not: it has lost that link.
            self.ctx.close(first);
            self.peer_down(first, DownReason::Closed);
        }
        let neighbour = Neighbour {
            peer: peer.clone(),
            epoch: native.epoch,
            contact: address.map(|address| self.views.contact(peer, address)),
            role,
            retired: false,
        };
        if let Some(known) = self.links.get_mut(link) {
            known.session = native.session;
        }
        self.establish(link, dialed.as_ref(), neighbour, native.intent);
        if !asks {
            self.learn_all(&hello.others);
            self.refill();
        }
    }

    /// Says what becomes of one who has introduced itself.
    pub(crate) fn answer(&mut self, link: LinkId, peer: &PeerId, answer: Intent, asked: Native) {
        let mut pong = self.ctx.hello(answer, asked.session);
        let needy = matches!(asked.intent, Intent::Join | Intent::Urgent) || answer == Intent::Full;
        if needy && self.has_views() {
            pong.others = self.others_for(peer);
        }
        let pong = self.ctx.message(Content::Pong(pong));
        self.ctx.send_loosely(link, pong);
    }

    /// There is no room for one of the two at the other.
    fn turn_away(
        &mut self,
        link: LinkId,
        dialed: Option<&Address>,
        peer: &PeerId,
        hello: &Hello,
        asks: bool,
    ) {
        let address = hello.listening.as_ref();
        if asks {
            self.ctx.stats.turned_away = self.ctx.stats.turned_away.saturating_add(1);
            if let Some(address) = address {
                let joiner = Contact::new(peer.clone(), address.clone());
                if hello.native.is_some_and(|native| native.intent == Intent::Join) {
                    self.walk_joiner(link, &joiner);
                } else {
                    self.views.learn_joiner(&mut self.ctx, joiner);
                }
            }
            self.close(link);
            return;
        }
        self.close(link);
        if let Some(dialed) = dialed {
            let island = self.views.island.as_ref() == Some(dialed);
            let was_lost = self.dialer.turned_away(&mut self.ctx, dialed);
            self.views.answered(dialed);
            if was_lost && !island {
                // It has others by now: if these are of another network, it is to become one with ours.
                let _ = self.dialer.want(&mut self.ctx, dialed, Wish::Visit, None);
            }
            self.visit_failed(dialed, DialError::NoRoom);
            if island {
                self.try_island_again(&hello.others);
            }
        }
        self.turned_away(peer, address.or(dialed), &hello.others);
    }

    /// A native peer has introduced itself on `link`.
    fn establish(&mut self, link: LinkId, dialed: Option<&Address>, neighbour: Neighbour, intent: Intent) {
        let (peer, address, role) = (neighbour.peer.clone(), neighbour.address().cloned(), neighbour.role);
        self.ctx.stats.links_established = self.ctx.stats.links_established.saturating_add(1);
        let second_to = self.links.link_to(&peer, neighbour.epoch);
        let was_neighbour = second_to
            .and_then(|first| self.links.neighbour(first))
            .is_some_and(|neighbour| neighbour.role.is_neighbour());
        let other_run = self.links.link_of(&peer).filter(|_| second_to.is_none());
        self.links.establish(&mut self.ctx, link, neighbour);
        self.start_session(link);
        // Who only visits us is not met there: a dial of ours that is on its way may want more.
        let visits = role == Role::Visitor;
        for place in [dialed, address.as_ref().filter(|_| !visits)].into_iter().flatten() {
            self.dialer.met(&mut self.ctx, place, &peer);
            self.views.answered(place);
        }
        if let Some(place) = dialed {
            self.direct.met_somebody(&mut self.ctx, place, &peer);
        }
        if let Some(first) = second_to {
            self.retire_one_of(first, link);
        }
        if self
            .links
            .link_of(&peer)
            .and_then(|link| self.links.neighbour(link))
            .is_none_or(|it| !it.role.is_neighbour())
        {
            self.begin_visit(link, &peer);
            self.deliver_waiting(&peer);
            return;
        }
        if was_neighbour {
            return;
        }
        match self.classic.address_of(&peer) {
            Some(other) if Some(other) != address.as_ref() => {
                self.ctx.emit(Event::NameConflict { peer: peer.clone() });
            }
            Some(_) => {
                self.classic.remove(&peer);
                self.ctx.emit(Event::PeerDown { peer: peer.clone(), reason: DownReason::Closed });
            }
            None => {}
        }
        self.peers.met(&mut self.ctx, &peer, address.as_ref(), Dialect::Native);
        if let Some(other) = other_run {
            self.resolve_other_run(other, &peer, address.as_ref());
        }
        self.ctx.emit(Event::PeerUp {
            peer: peer.clone(),
            address: address.clone(),
            dialect: Dialect::Native,
        });
        self.deliver_waiting(&peer);
        self.neighbour_up(link, &peer, address.as_ref(), intent);
    }

    /// Somebody of the same name, in another run, is linked already: its earlier self if it listens at the same
    /// place, and otherwise somebody else.
    fn resolve_other_run(&mut self, other: LinkId, peer: &PeerId, address: Option<&Address>) {
        let theirs = self.links.neighbour(other).and_then(|neighbour| neighbour.address());
        if theirs.is_some() && theirs == address {
            let role = self.links.neighbour(other).map(|neighbour| neighbour.role);
            self.close(other);
            if let Some(role) = role.filter(|role| role.is_neighbour()) {
                self.ctx.emit(Event::PeerDown { peer: peer.clone(), reason: DownReason::Closed });
                self.neighbour_down(role);
            }
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
                self.hang_up(link, DialError::Myself);
            } else {
                self.ctx.reject(link, Some(peer.clone()), Rejection::SameName);
            }
            return;
        }
        if self.links.link_of(peer).is_some() {
            // A native peer stays what it is. Anybody can claim its name, so it is answered only where it listens.
            if asks && self.peers.get(peer).is_some_and(|known| known.address.as_ref() == Some(address)) {
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
        let new = acquaintance == Acquaintance::New;
        if let Some(dialed) = self.links.get(link).and_then(|link| link.dialed.clone()) {
            self.dialer.met(&mut self.ctx, &dialed, peer);
            self.close(link);
        } else if self.dialer.knows(address) {
            self.dialer.met(&mut self.ctx, address, peer);
            self.close_introduction(address);
        } else if !asks {
            self.dialer.guess(address, peer, new);
        }
        if new {
            let address = Some(address.clone());
            self.ctx.emit(Event::PeerUp { peer: peer.clone(), address, dialect: Dialect::Classic });
            for message in self.broadcast.stop_waiting_for_classic(&mut self.ctx) {
                self.classic.spread(&mut self.ctx, &mut self.dialer, &message);
            }
            self.direct.give_up(&mut self.ctx, peer, DialError::Dialect);
        }
    }

    /// Calls back, as the old program expects. Who does not listen says nothing: an old peer would keep, and dial,
    /// whatever address it is told.
    fn answer_classic(&mut self, address: &Address) {
        if self.ctx.config.listening.is_none() {
            return;
        }
        let pong = self.ctx.message(Content::Pong(self.ctx.hello(Intent::Neighbour, 0)));
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

    /// Closes a link that has come to nothing. If we introduced ourselves on it, so has the introduction.
    pub(crate) fn hang_up(&mut self, link: LinkId, reason: DialError) {
        let introduced = self.links.get(link).filter(|link| link.phase == Phase::Introduced);
        let dialed = introduced.and_then(|link| link.dialed.clone());
        self.close(link);
        if let Some(address) = dialed {
            self.introduction_failed(&address, reason);
        }
    }

    /// Somebody was heard of: links with them if that is wanted and they are not linked already.
    pub(crate) fn heard_of(&mut self, peer: &PeerId, address: Address, wanted: bool) {
        let own = *peer == self.ctx.config.id || self.ctx.config.listening.as_ref() == Some(&address);
        let linked = self.dialect_of(peer).is_some() || self.links.who_listens_at(&address).is_some();
        if own || linked || self.dialer.knows(&address) {
            return;
        }
        if wanted {
            let _ = self.dialer.want(&mut self.ctx, &address, Wish::Learned, None);
        } else if self.has_views() {
            self.views.learn(&mut self.ctx, Contact::new(peer.clone(), address));
            self.refill();
        }
    }
}
