//! What a link does to what is sent on it: everything that link models decide about one packet is decided here.

use chinwag::{LinkId, Time};

use crate::draw::{Draw, Place, Purpose};
use crate::fabric::Fabric;
use crate::happening::{Happening, Occurrence, Packet, Payload};
use crate::host::End;
use crate::link_model::LinkModel;
use crate::queue::Class;
use crate::stats::DropReason;
use crate::{Fidelity, NodeId};

impl Fabric {
    /// Dials the other end of a stream.
    pub(crate) fn call(&mut self, node: NodeId, link: LinkId) {
        let seed = self.world.config.seed;
        let Some(end) = self.host(node).ends.get(link) else { return };
        let (peer, place) = (end.peer, place(node, end, 0));
        let model = self.world.models.get(node, peer);
        if Draw::new(seed, Purpose::DialLost, place).hits(model.dial_loss) {
            self.stats.dials_lost += 1;
        } else if Draw::new(seed, Purpose::DialRefused, place).hits(model.dial_refusal) {
            self.stats.dials_refused += 1;
            let round_trip = self.world.models.delay(seed, Purpose::Notice, place) * 2;
            let key = self.key(node, self.now + round_trip, Class::Arrival);
            self.queue.push(key, Happening::ToNode { node, what: Occurrence::Refused { link } });
        } else {
            self.post(node, link, Occurrence::Dialed { from: node, from_link: link });
        }
    }

    pub(crate) fn send_on_stream(&mut self, node: NodeId, link: LinkId, mut packet: Packet) {
        let seed = self.world.config.seed;
        let Some(end) = self.host(node).ends.get(link) else { return };
        let (peer, Some(peer_link)) = (end.peer, end.peer_link.get()) else { return };
        if let (Fidelity::Bytes, Payload::Message(message, _)) = (self.world.config.fidelity, &packet.payload)
        {
            let place = place(node, end, packet.number);
            let corrupt = corruption(self.world.models.get(node, peer), seed, place);
            self.stats.corrupted += u64::from(corrupt.is_some());
            // If the other end is gone, so is its pipe; the packet finds that out when it arrives.
            let there = self.hosts[peer.index()].ends.get_mut(peer_link);
            let offset = there
                .and_then(|there| there.pipe_mut())
                .map_or(0, |pipe| pipe.write(message.encoded(), corrupt));
            packet.payload = Payload::PipeUpTo(offset);
        }
        // Only datagrams are dropped.
        let left = self.departure(node, link, &packet, false).unwrap_or(self.now);
        let number = packet.number;
        self.enqueue_on_stream(node, link, (number, left), Occurrence::Packet { link: peer_link, packet });
    }

    pub(crate) fn send_datagram(&mut self, node: NodeId, link: LinkId, mut packet: Packet) {
        let seed = self.world.config.seed;
        let here = self.place(node);
        let Some(end) = self.hosts[here].ends.get_mut(link) else { return };
        let (peer, peer_link, place) = (end.peer, end.peer_link.get(), place(node, end, packet.number));
        let model = *self.world.models.get(node, peer);
        let (was_in_burst, in_burst) = end.burst(|before| model.burst_loss.next(before, seed, place));
        self.stats.bursts += u64::from(in_burst && !was_in_burst);
        let Some(left) = self.departure(node, link, &packet, true) else {
            self.drop_packet(&packet, DropReason::Overflow);
            return;
        };
        if in_burst && model.burst_loss.loses(seed, place) {
            self.drop_packet(&packet, DropReason::Burst);
            return;
        }
        if Draw::new(seed, Purpose::Loss, place).hits(model.loss) {
            self.drop_packet(&packet, DropReason::Loss);
            return;
        }
        if let (Fidelity::Bytes, Payload::Message(message, _)) = (self.world.config.fidelity, &packet.payload)
        {
            let corrupt = corruption(&model, seed, place);
            self.stats.corrupted += u64::from(corrupt.is_some());
            packet.payload = Payload::Datagram(Box::new(crate::pipe::datagram(message.encoded(), corrupt)));
        }
        let arrival = |packet| match peer_link {
            Some(link) => Occurrence::Packet { link, packet },
            None => Occurrence::FirstContact { from: node, from_link: link, packet },
        };
        if Draw::new(seed, Purpose::Duplicate, place).hits(model.duplication) {
            self.stats.duplicated += 1;
            self.stats.in_flight = self.stats.in_flight.wrapping_add(1);
            self.unrest.packets = self.unrest.packets.wrapping_add(u64::from(!packet.upkeep));
            let at = left + self.world.models.delay(seed, Purpose::DuplicateJitter, place);
            let key = self.key(node, at, Class::Arrival);
            self.happens_at(peer, key, arrival(packet.clone()));
        }
        let held_back = model.held_back(seed, place).unwrap_or_default();
        let at = left + self.world.models.delay(seed, Purpose::Jitter, place) + held_back;
        let key = self.key(node, at, Class::Arrival);
        self.happens_at(peer, key, arrival(packet));
    }

    pub(crate) fn enqueue_on_stream(
        &mut self,
        node: NodeId,
        link: LinkId,
        (number, left): (u64, Time),
        what: Occurrence,
    ) {
        let seed = self.world.config.seed;
        let here = self.place(node);
        let host = &mut self.hosts[here];
        let Some(end) = host.ends.get_mut(link) else { return };
        let place = place(node, end, number);
        let delay = self.world.models.delay_of_packet(seed, &mut end.steady, place);
        end.last_arrival = end.last_arrival.max(left + delay);
        let (at, peer) = (end.last_arrival, end.peer);
        let key = host.key(at, Class::Arrival);
        self.happens_at(peer, key, what);
    }

    /// When a packet has left its sender's machine and passed the link's wire; `None` if it met a full queue and can be
    /// dropped.
    fn departure(&mut self, node: NodeId, link: LinkId, packet: &Packet, droppable: bool) -> Option<Time> {
        let (mut at, mut waited) = (self.now, false);
        let bytes = u64::from(packet.bytes);
        let here = self.place(node);
        let host = &mut self.hosts[here];
        if let Some(hardware) = host.hardware_mut()
            && let Some(uplink) = hardware.machine.uplink
        {
            let departure = hardware.uplink.send(at, bytes, uplink, droppable)?;
            (at, waited) = (departure.at, departure.waited);
        }
        if self.world.models.limited()
            && let Some(end) = host.ends.get_mut(link)
            && let Some(bandwidth) = self.world.models.get(node, end.peer).bandwidth
        {
            let departure = end.more_mut().wire.send(at, bytes, bandwidth, droppable)?;
            (at, waited) = (departure.at, waited || departure.waited);
        }
        self.stats.queued += u64::from(waited);
        Some(at)
    }
}

pub(crate) fn place(node: NodeId, end: &End, sequence: u64) -> Place {
    Place { source: node.get(), destination: end.peer.get(), link: end.link.get(), sequence }
}

fn corruption(model: &LinkModel, seed: u64, place: Place) -> Option<Draw> {
    let hit = Draw::new(seed, Purpose::Corrupt, place).hits(model.corruption);
    hit.then(|| Draw::new(seed, Purpose::CorruptBit, place))
}
