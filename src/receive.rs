//! Message type → the part that deals with it, and who may say it.

use crate::links::Standing;
use crate::node::ChatNode;
use crate::{
    Content, Control, Delivery, Dialect, Dialects, DownReason, Event, Hello, Intent, LinkId, Message, Native,
    PeerId, Rejection, Semantics,
};

/// How many peers are named in answer to one request.
const ADVERTISED: usize = 64;

impl ChatNode {
    pub(crate) fn receive(&mut self, link: LinkId, message: Message) {
        let Some(standing) = self.links.heard(link, self.ctx.now) else {
            self.ctx.stats.unknown_link = self.ctx.stats.unknown_link.saturating_add(1);
            return;
        };
        self.ctx.stats.received = self.ctx.stats.received.saturating_add(1);
        match standing {
            Standing::Native => self.receive_native(link, message),
            Standing::Stranger | Standing::Introduced => self.receive_from_stranger(link, message, standing),
        }
    }

    pub(crate) fn receive_native(&mut self, link: LinkId, message: Message) {
        match message.content() {
            Content::Broadcast(_) if self.links.is_visitor(link) => self.refuse(link, Rejection::Stranger),
            Content::Broadcast(_) => self.receive_post(link, message),
            Content::Direct { .. } => self.receive_direct(link, &message),
            Content::Control(control) => self.receive_control(link, control),
            Content::Ping(hello) => self.update(link, &message, hello, true),
            Content::Pong(hello) => self.update(link, &message, hello, false),
            Content::Advertise => {
                let Some(asker) = self.links.peer(link) else { return };
                for (peer, address) in self.peers.to_advertise(&mut self.ctx, &asker, ADVERTISED) {
                    self.ctx.say(link, Content::AdvertiseReply { peer, address });
                }
            }
            Content::AdvertiseReply { .. } => {
                if let Some(by) = self.links.peer(link) {
                    self.receive_advertised(&by, &message, false);
                }
            }
            Content::Retire => self.retired(link),
            Content::Leave => self.peer_left(link),
            Content::Custom { .. } => self.deliver_custom(message),
        }
    }

    /// A message on a link whose other end has not introduced itself as native. Old peers never introduce a link:
    /// they make a new one for each message, so what counts is whom the message says it is from.
    fn receive_from_stranger(&mut self, link: LinkId, message: Message, standing: Standing) {
        if let Content::Ping(hello) | Content::Pong(hello) = message.content() {
            let classic = hello.native.is_none() || self.ctx.config.dialects == Dialects::Classic;
            if standing == Standing::Stranger && classic {
                self.links.one_shot(&mut self.ctx, link);
            }
            self.meet(link, &message, hello, matches!(message.content(), Content::Ping(_)));
            return;
        }
        if let Content::Control(Control::Numbered { .. } | Control::Acknowledge { .. }) = message.content() {
            // On a link without order this may come before the introduction: it comes again.
            return;
        }
        if standing == Standing::Introduced {
            // On a link that reorders, what was said after the answer may come before it.
            self.ctx.reject(link, None, Rejection::OutOfTurn);
            return;
        }
        if self.ctx.config.dialects == Dialects::Native {
            self.refuse(link, Rejection::Dialect);
            return;
        }
        self.links.one_shot(&mut self.ctx, link);
        let from = message.originator().clone();
        let known = self.dialect_of(&from).is_some();
        match message.content() {
            // Old peers number nothing: who says such a thing without an introduction forges an author's numbers.
            Content::Broadcast(post) if post.place.is_some() => self.refuse(link, Rejection::Stranger),
            // Who passes it on does not say who they are: any classic peer may be the one.
            Content::Broadcast(_) if known || self.classic.len() > 0 => self.receive_post(link, message),
            Content::Advertise => self.advertise_to(link, &from),
            Content::AdvertiseReply { .. } if known => self.receive_advertised(&from, &message, true),
            Content::Custom { .. } => self.deliver_custom(message),
            Content::Control(_) | Content::Retire | Content::Leave => {
                self.refuse(link, Rejection::OutOfTurn);
            }
            Content::Broadcast(_)
            | Content::AdvertiseReply { .. }
            | Content::Direct { .. }
            | Content::Ping(_)
            | Content::Pong(_) => self.refuse(link, Rejection::Stranger),
        }
    }

    /// What a native peer says about the link, the network, or what it has.
    fn receive_control(&mut self, link: LinkId, control: &Control) {
        let cost = cost(control);
        if cost > 0 && !self.links.may_cost(link, self.ctx.now, cost) {
            self.ctx.stats.throttled = self.ctx.stats.throttled.saturating_add(1);
            return;
        }
        match control {
            Control::KeepAlive(number) => self.ctx.tell_loosely(link, Control::KeepAliveReply(*number)),
            Control::KeepAliveReply(number) => {
                if let Some(known) = self.links.get_mut(link) {
                    known.keep_alive.answered(*number, self.ctx.now);
                }
            }
            Control::Disconnect => self.parted(link),
            Control::Unknown => {
                self.ctx.stats.unknown_control = self.ctx.stats.unknown_control.saturating_add(1);
            }
            Control::Arrived(stream, sequence) => self.receipt(link, *stream, *sequence),
            Control::Numbered { session, number, message } => {
                self.receive_numbered(link, *session, *number, message.clone())
            }
            Control::Acknowledge { session, upto, beyond } => {
                self.acknowledged(link, *session, *upto, *beyond)
            }
            Control::Beacon { root, .. } if self.links.is_visitor(link) => self.visit_compared(link, *root),
            _ if self.links.is_visitor(link) => self.refuse(link, Rejection::Stranger),
            Control::Walk { peer, hops_left } => self.walk(link, peer.clone(), *hops_left),
            Control::Shuffle { number, hops_left, peers } => self.shuffled(link, *number, *hops_left, peers),
            Control::Peers { answers, peers } => self.told_peers(*answers, peers.clone()),
            Control::Instead(peer) => self.replace(link, peer.clone()),
            Control::Beacon { root, number } => self.beacon_heard(link, *root, *number),
            Control::Have(runs) => self.announced(link, runs),
            Control::Graft(stream) => self.grafted(link, *stream),
            Control::Prune(stream) => self.pruned(link, *stream),
            Control::Pull { credit, runs } => self.pulled_by(link, *credit, runs),
            Control::Pulled(gone) => self.pull_answered(link, gone),
            Control::CatchUp { count, credit } => self.catches_up(link, *count, *credit),
            Control::Since(starts) => self.begins_with(link, starts),
            Control::Sync(spans) => self.compared(link, spans),
            Control::Find { number, peer, wide } => self.searched(link, *number, peer.clone(), *wide),
            Control::Found { number } => self.found(link, *number),
            Control::Stuck(stream, sequence) => self.stuck(link, *stream, *sequence),
        }
    }

    /// A linked peer says again who it is: it may have begun to listen elsewhere, or, on a link without an end of
    /// its own, have started anew.
    fn update(&mut self, link: LinkId, message: &Message, hello: &Hello, asks: bool) {
        let Some(neighbour) = self.links.neighbour(link) else { return };
        let (Some(native), true) = (hello.native, neighbour.peer == *message.originator()) else {
            self.refuse(link, Rejection::OutOfTurn);
            return;
        };
        let session = self.links.get(link).map_or(0, |link| link.session);
        let anew = asks && native.session != 0 && native.session != session;
        if neighbour.epoch != native.epoch || anew {
            let semantics = self.links.get(link).map_or(Semantics::Stream, |link| link.semantics);
            self.peer_down(link, DownReason::Closed);
            self.links.insert(&mut self.ctx, link, None, semantics, 0);
            self.meet(link, message, hello, asks);
            return;
        }
        if let Some(peer) = self.links.listens_at(link, hello.listening.clone())
            && !self.links.is_visitor(link)
        {
            self.peers.met(&mut self.ctx, &peer, hello.listening.as_ref(), Dialect::Native);
        }
        if asks {
            self.answer_again(link, native);
        }
    }

    /// A linked peer has introduced itself again: it may not have heard our answer, or may want to be more than a
    /// visitor.
    fn answer_again(&mut self, link: LinkId, native: Native) {
        let answer = if self.links.is_visitor(link) { Intent::Visit } else { Intent::Neighbour };
        let session = self.links.get(link).map_or(0, |link| link.session);
        let Some(peer) = self.links.peer(link) else { return };
        self.answer(link, &peer, answer, Native { intent: answer, session, ..native });
    }

    fn advertise_to(&mut self, link: LinkId, asker: &PeerId) {
        let Some(address) = self.classic.address_of(asker).cloned() else {
            self.refuse(link, Rejection::Stranger);
            return;
        };
        for (peer, listens) in self.peers.to_advertise(&mut self.ctx, asker, ADVERTISED) {
            let reply = self.ctx.message(Content::AdvertiseReply { peer, address: listens });
            let _ = self.dialer.post(&mut self.ctx, &address, reply);
        }
    }

    /// `by` names a peer. The old program links with everybody who is named to it; we do if the application asked
    /// for that, or if we have few.
    fn receive_advertised(&mut self, by: &PeerId, message: &Message, classic: bool) {
        let Content::AdvertiseReply { peer, address } = message.content() else { return };
        self.ctx.emit(Event::Advertised { by: by.clone(), peer: peer.clone(), address: address.clone() });
        let asked = self.peers.get(by).is_some_and(|known| known.asked);
        self.heard_of(peer, address.clone(), asked || classic);
    }

    fn deliver_custom(&mut self, message: Message) {
        self.ctx.stats.custom = self.ctx.stats.custom.saturating_add(1);
        self.ctx.emit(Event::Custom(Delivery::new(message)));
    }
}

/// How much more a message can cost than it weighs: one that goes to everybody more than one that goes to one.
const fn cost(control: &Control) -> u32 {
    match control {
        Control::Find { .. } => 8,
        Control::Walk { .. }
        | Control::Shuffle { .. }
        | Control::Peers { .. }
        | Control::Instead(_)
        | Control::Pull { .. }
        | Control::CatchUp { .. }
        | Control::Sync(_) => 1,
        Control::KeepAlive(_)
        | Control::KeepAliveReply(_)
        | Control::Disconnect
        | Control::Unknown
        | Control::Beacon { .. }
        | Control::Have(_)
        | Control::Graft(_)
        | Control::Prune(_)
        | Control::Pulled(_)
        | Control::Since(_)
        | Control::Found { .. }
        | Control::Arrived(..)
        | Control::Stuck(..)
        | Control::Numbered { .. }
        | Control::Acknowledge { .. } => 0,
    }
}
