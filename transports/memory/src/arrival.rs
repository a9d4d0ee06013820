//! What happens at a node's end of the network, and what the node is told of it.

use chinwag::{DialError, Input, LinkEnd, LinkId, Semantics};

use crate::NodeId;
use crate::draw::{Place, Purpose};
use crate::fabric::Fabric;
use crate::fingerprint;
use crate::happening::{Occurrence, Packet, Payload};
use crate::host::{EndState, Held, PeerLink};
use crate::pipe::{self, Decoded};
use crate::queue::Class;
use crate::stats::DropReason;

/// What one node is told, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inbox {
    pub(crate) inputs: Vec<Told>,
    decoded: Vec<Decoded>,
}

#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) input: Input,
    /// The fingerprint of the message in it.
    pub(crate) fingerprint: u64,
}

impl Told {
    pub(crate) const fn of(input: Input) -> Self {
        Self { input, fingerprint: 0 }
    }
}

impl Inbox {
    fn tell(&mut self, input: Input) {
        self.inputs.push(Told::of(input));
    }

    /// Tells what the bytes said that `decode` decodes.
    fn tell_decoded(&mut self, link: LinkId, decode: impl FnOnce(&mut Vec<Decoded>)) {
        decode(&mut self.decoded);
        for decoded in self.decoded.drain(..) {
            self.inputs.push(match decoded {
                Ok(message) => {
                    let fingerprint = fingerprint::message(&message);
                    Told { input: Input::Received { link, message }, fingerprint }
                }
                Err(error) => Told::of(Input::Malformed { link, error }),
            });
        }
    }
}

impl Fabric {
    /// Something happens at a node's machine.
    pub(crate) fn happens(&mut self, node: NodeId, what: Occurrence, inbox: &mut Inbox) {
        match what {
            Occurrence::Packet { link, packet } => self.packet_arrives(node, link, packet, inbox),
            Occurrence::FirstContact { from, from_link, packet } => {
                self.first_contact(node, (from, from_link), packet, inbox);
            }
            Occurrence::Dialed { from, from_link } => self.dialed(node, from, from_link, inbox),
            Occurrence::Accepted { link, from, from_link } => {
                self.accepted(node, link, (from, from_link), inbox);
            }
            Occurrence::Refused { link } => self.dial_ends(node, link, DialError::Refused, inbox),
            Occurrence::DialTimedOut { dial } => {
                if let Some(link) = self.host(node).ends.dialing(dial) {
                    self.dial_ends(node, link, DialError::TimedOut, inbox);
                }
            }
            Occurrence::Unresolvable { address } => self.unresolvable(node, address, inbox),
            Occurrence::Opened { link } => self.opened(node, link, inbox),
            Occurrence::Ended { link, end } => self.ended(node, link, end, inbox),
            Occurrence::NoticedBreak { link } => self.noticed_break(node, link, inbox),
        }
    }

    fn packet_arrives(&mut self, node: NodeId, link: LinkId, packet: Packet, inbox: &mut Inbox) {
        let host = self.host(node);
        let Some(end) = host.ends.get(link) else {
            let reason = if host.running { DropReason::Closed } else { DropReason::Crashed };
            return self.drop_packet(&packet, reason);
        };
        if end.state != EndState::Up {
            return self.drop_packet(&packet, DropReason::Broken);
        }
        let severed = self.severed(end.peer, node);
        match end.semantics {
            Semantics::Datagram if severed => self.drop_packet(&packet, DropReason::Partition),
            Semantics::Stream if severed || end.holds() => {
                self.stats.held_back += 1;
                self.tracer.held(self.now, packet.traced);
                self.unrest.packets = self.unrest.packets.wrapping_sub(u64::from(!packet.upkeep));
                self.hold(node, link, Held::Packet(packet));
            }
            Semantics::Datagram | Semantics::Stream => self.hand_over(node, link, packet, inbox),
        }
    }

    fn first_contact(
        &mut self,
        node: NodeId,
        (from, from_link): (NodeId, LinkId),
        packet: Packet,
        inbox: &mut Inbox,
    ) {
        let fidelity = self.world.config.fidelity;
        let host = self.host(node);
        if !host.running {
            return self.drop_packet(&packet, DropReason::Crashed);
        }
        if self.severed(from, node) {
            return self.drop_packet(&packet, DropReason::Partition);
        }
        let known = host.ends.accepted_from(from, from_link);
        if known.is_none() && host.listening && host.is_full() {
            self.stats.accepts_refused += 1;
            return self.drop_packet(&packet, DropReason::Closed);
        }
        if known.is_none() && !host.listening {
            return self.drop_packet(&packet, DropReason::Closed);
        }
        let link = known.unwrap_or_else(|| {
            let semantics = Semantics::Datagram;
            let host = self.host_mut(node);
            let link = host.open(from, Some(from_link), semantics, EndState::Up, fidelity);
            self.linked(node, from);
            inbox.tell(Input::LinkUp { link, dialed: None, semantics });
            link
        });
        self.hand_over(node, link, packet, inbox);
    }

    fn dialed(&mut self, node: NodeId, from: NodeId, from_link: LinkId, inbox: &mut Inbox) {
        if self.severed(from, node) {
            return;
        }
        let (fidelity, semantics) = (self.world.config.fidelity, Semantics::Stream);
        let host = self.host_mut(node);
        let full = host.running && host.listening && host.is_full();
        if !host.running || !host.listening || full {
            self.stats.accepts_refused += u64::from(full);
            let refused = Occurrence::Refused { link: from_link };
            return self.notify(node, (from, from_link), refused);
        }
        let link = host.open(from, Some(from_link), semantics, EndState::Up, fidelity);
        self.linked(node, from);
        self.post(node, link, Occurrence::Accepted { link: from_link, from: node, from_link: link });
        inbox.tell(Input::LinkUp { link, dialed: None, semantics });
    }

    fn accepted(
        &mut self,
        node: NodeId,
        link: LinkId,
        (from, from_link): (NodeId, LinkId),
        inbox: &mut Inbox,
    ) {
        let severed = self.severed(from, node);
        let host = self.host_mut(node);
        match host.ends.get_mut(link).filter(|_| !severed) {
            Some(end) => {
                end.peer_link = PeerLink::new(Some(from_link));
                self.opened(node, link, inbox);
            }
            // Who accepted believes in a link that the dialer never had, or has given up.
            None => {
                let end = LinkEnd::Broken;
                let reset = Occurrence::Ended { link: from_link, end };
                self.notify(node, (from, from_link), reset);
            }
        }
    }

    /// A dial has led to a link.
    fn opened(&mut self, node: NodeId, link: LinkId, inbox: &mut Inbox) {
        let Some(end) = self.host_mut(node).ends.get_mut(link) else { return };
        (end.state, end.newest) = (EndState::Up, 0);
        let (peer, semantics) = (end.peer, end.semantics);
        self.stats.dials_answered += 1;
        self.linked(node, peer);
        let dialed = Some(self.world.address(peer).clone());
        inbox.tell(Input::LinkUp { link, dialed, semantics });
    }

    /// Notes the first link of a node.
    fn linked(&mut self, node: NodeId, peer: NodeId) {
        let now = self.now;
        self.host_mut(node).first_link.get_or_insert((now, peer));
    }

    fn dial_ends(&mut self, node: NodeId, link: LinkId, reason: DialError, inbox: &mut Inbox) {
        let Some(end) = self.host(node).ends.get(link).filter(|end| end.state == EndState::Dialing) else {
            return;
        };
        let peer = end.peer;
        if reason == DialError::Refused && self.severed(peer, node) {
            return;
        }
        self.remove_end(node, link, DropReason::Closed);
        let address = self.world.address(peer).clone();
        let failed = self.dial_failed(address, reason);
        inbox.tell(failed);
    }

    fn unresolvable(&mut self, node: NodeId, address: chinwag::Address, inbox: &mut Inbox) {
        let failed = self.dial_failed(address, DialError::Unresolvable);
        if self.host(node).running {
            inbox.tell(failed);
        }
    }

    fn ended(&mut self, node: NodeId, link: LinkId, how: LinkEnd, inbox: &mut Inbox) {
        let Some(end) = self.host(node).ends.get(link).filter(|end| end.state == EndState::Up) else {
            return;
        };
        if self.severed(end.peer, node) || end.holds() {
            return self.hold(node, link, Held::End(how));
        }
        self.tell_end(node, link, how, inbox);
    }

    fn noticed_break(&mut self, node: NodeId, link: LinkId, inbox: &mut Inbox) {
        if self.host(node).ends.get(link).is_some_and(|end| end.state == EndState::Broken) {
            self.tell_end(node, link, LinkEnd::Broken, inbox);
        }
    }

    /// Hands over the next of what a partition had held back on a link; false if there is nothing more to come.
    pub(crate) fn release_next(&mut self, node: NodeId, link: LinkId, inbox: &mut Inbox) -> bool {
        let Some(peer) = self.host(node).ends.get(link).map(|end| end.peer) else { return false };
        if self.severed(peer, node) {
            return false;
        }
        let end = self.host_mut(node).ends.get_mut(link);
        match end.and_then(|end| end.pop_held()) {
            Some(Held::Packet(packet)) => {
                self.unrest.packets = self.unrest.packets.wrapping_add(u64::from(!packet.upkeep));
                self.hand_over(node, link, packet, inbox);
                true
            }
            Some(Held::End(how)) => {
                self.tell_end(node, link, how, inbox);
                false
            }
            None => false,
        }
    }

    fn hold(&mut self, node: NodeId, link: LinkId, held: Held) {
        if let Some(end) = self.host_mut(node).ends.get_mut(link) {
            end.more_mut().held.push_back(held);
        }
    }

    fn hand_over(&mut self, node: NodeId, link: LinkId, packet: Packet, inbox: &mut Inbox) {
        self.stats.delivered += 1;
        self.stats.in_flight = self.stats.in_flight.wrapping_sub(1);
        if !packet.upkeep {
            self.unrest.packets = self.unrest.packets.wrapping_sub(1);
            self.unrest.last = self.now;
        }
        let counting = self.world.config.count_bytes;
        let seed = self.world.config.seed;
        let here = self.place(node);
        let host = &mut self.hosts[here];
        if counting {
            host.exchanged_mut().received.count(packet.kind, u64::from(packet.bytes));
        }
        let Some(end) = host.ends.get_mut(link) else { return };
        if let Some(tag) = packet.tag {
            self.ledger.received(node, end.peer, tag);
        }
        if let Some(log) = &mut self.packet_log {
            log.received((end.peer, node), (end.peer_link.get(), packet.number), self.now);
        }
        self.tracer.received(self.now, packet.traced);
        self.stats.reordered += u64::from(packet.number < end.newest);
        end.newest = end.newest.max(packet.number);
        match packet.payload {
            Payload::Message(message, fingerprint) => {
                inbox.inputs.push(Told { input: Input::Received { link, message }, fingerprint });
            }
            Payload::Datagram(bytes) => {
                let max_frame = host.max_frame;
                inbox.tell_decoded(link, |into| pipe::decode_datagram(&bytes, max_frame, into));
            }
            Payload::PipeUpTo(offset) => {
                let place =
                    Place { source: end.peer.get(), destination: node.get(), link: link.get(), sequence: 0 };
                let Some(pipe) = end.pipe_mut() else { return };
                let stats = &mut self.stats;
                inbox.tell_decoded(link, |into| {
                    let fed = pipe.read_to(offset, seed, place, into);
                    stats.chunks += fed.chunks;
                    stats.chunks_across_frames += fed.across_frames;
                });
            }
        }
    }

    fn tell_end(&mut self, node: NodeId, link: LinkId, end: LinkEnd, inbox: &mut Inbox) {
        self.stats.links_ended += 1;
        if let Some(pipe) = self.host_mut(node).ends.get_mut(link).and_then(|end| end.pipe_mut()) {
            inbox.tell_decoded(link, |into| pipe.finish(into));
        }
        let reason = if end == LinkEnd::Broken { DropReason::Broken } else { DropReason::Closed };
        self.remove_end(node, link, reason);
        let now = self.now;
        self.host_mut(node).ended(now, link);
        inbox.tell(Input::LinkDown { link, end });
    }

    /// Sends something to the other end of a link of which this node has no end.
    fn notify(&mut self, node: NodeId, (to, to_link): (NodeId, LinkId), what: Occurrence) {
        let place = Place { source: node.get(), destination: to.get(), link: to_link.get(), sequence: 0 };
        let delay = self.world.models.delay(self.world.config.seed, Purpose::Notice, place);
        let key = self.key(node, self.now + delay, Class::Arrival);
        self.happens_at(to, key, what);
    }
}
