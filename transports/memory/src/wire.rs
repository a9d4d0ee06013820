//! What a link does to what is sent on it: everything that link models decide about one packet is decided here.

use chinwag::LinkId;

use crate::draw::{Draw, Place, Purpose};
use crate::fabric::{Fabric, Happening, Occurrence, Packet, Payload};
use crate::host::End;
use crate::link_model::LinkModel;
use crate::queue::Class;
use crate::stats::DropReason;
use crate::{Fidelity, NodeId};

impl Fabric {
    pub(crate) fn send_on_stream(&mut self, node: NodeId, link: LinkId, mut packet: Packet) {
        let seed = self.config.seed;
        let Some(end) = self.hosts[node.index()].ends.get(link) else { return };
        let (peer, Some(peer_link)) = (end.peer, end.peer_link) else { return };
        if let (Fidelity::Bytes, Payload::Message(message, _)) = (self.config.fidelity, &packet.payload) {
            let place = place(node, end, packet.number);
            let corrupt = corruption(self.models.get(node, peer), seed, place);
            self.stats.corrupted += u64::from(corrupt.is_some());
            // If the other end is gone, so is its pipe; the packet finds that out when it arrives.
            let there = self.hosts[peer.index()].ends.get_mut(peer_link);
            let offset = there
                .and_then(|there| there.pipe.as_mut())
                .map_or(0, |pipe| pipe.write(message.encoded(), corrupt));
            packet.payload = Payload::PipeUpTo(offset);
        }
        let number = packet.number;
        self.enqueue_on_stream(node, link, number, Occurrence::Packet { link: peer_link, packet });
    }

    pub(crate) fn send_datagram(&mut self, node: NodeId, link: LinkId, mut packet: Packet) {
        let (now, seed) = (self.now, self.config.seed);
        let Some(end) = self.hosts[node.index()].ends.get(link) else { return };
        let (peer, peer_link, place) = (end.peer, end.peer_link, place(node, end, packet.number));
        let model = *self.models.get(node, peer);
        if Draw::new(seed, Purpose::Loss, place).hits(model.loss) {
            self.drop_packet(&packet, DropReason::Loss);
            return;
        }
        if let (Fidelity::Bytes, Payload::Message(message, _)) = (self.config.fidelity, &packet.payload) {
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
            self.stats.in_flight += 1;
            self.unrest.packets += u64::from(!packet.upkeep);
            let at = now + model.delay(seed, Purpose::DuplicateJitter, place);
            let key = self.key(node, at, Class::Arrival);
            self.queue.push(key, Happening::ToNode { node: peer, what: arrival(packet.clone()) });
        }
        let held_back = model.held_back(seed, place).unwrap_or_default();
        let at = now + model.delay(seed, Purpose::Jitter, place) + held_back;
        let key = self.key(node, at, Class::Arrival);
        self.queue.push(key, Happening::ToNode { node: peer, what: arrival(packet) });
    }

    pub(crate) fn enqueue_on_stream(&mut self, node: NodeId, link: LinkId, number: u64, what: Occurrence) {
        let (now, seed) = (self.now, self.config.seed);
        let host = &mut self.hosts[node.index()];
        let Some(end) = host.ends.get_mut(link) else { return };
        let delay = self.models.get(node, end.peer).delay(seed, Purpose::Jitter, place(node, end, number));
        end.last_arrival = end.last_arrival.max(now + delay);
        let (at, peer) = (end.last_arrival, end.peer);
        let key = host.key(at, Class::Arrival);
        self.queue.push(key, Happening::ToNode { node: peer, what });
    }
}

pub(crate) fn place(node: NodeId, end: &End, sequence: u64) -> Place {
    Place { source: node.get(), destination: end.peer.get(), link: end.link.get(), sequence }
}

fn corruption(model: &LinkModel, seed: u64, place: Place) -> Option<Draw> {
    let hit = Draw::new(seed, Purpose::Corrupt, place).hits(model.corruption);
    hit.then(|| Draw::new(seed, Purpose::CorruptBit, place))
}
