//! What nodes said to each other, packet by packet.

use std::collections::BTreeMap;

use chinwag::{LinkId, Message, Time};

use crate::NodeId;
use crate::traffic::{carried, is_upkeep};

/// A message on one link, as [`Network::logged_packets`](crate::Network::logged_packets) tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct LoggedPacket {
    /// Who sent it.
    pub from: NodeId,
    /// To whom.
    pub to: NodeId,
    /// When it was sent.
    pub sent: Time,
    /// When it was handed over, the first time if the network doubled it; `None` if it is on its way, or lost.
    pub received: Option<Time>,
    /// What was said.
    pub message: Message,
}

impl LoggedPacket {
    /// Whether it is of the kinds that nodes exchange for ever although nothing happens.
    #[must_use]
    pub fn is_upkeep(&self) -> bool {
        is_upkeep(&self.message)
    }

    /// The type of what was said, without the number that it travels with on a link that promises nothing.
    #[must_use]
    pub fn msg_type(&self) -> &str {
        carried(&self.message).msg_type()
    }
}

/// All packets that were sent since it was begun.
#[derive(Clone, Debug, Default)]
pub(crate) struct PacketLog {
    packets: Vec<LoggedPacket>,
    /// Where those are that were not handed over: by sender, receiver, number on the link, and the sender's link.
    under_way: BTreeMap<(NodeId, NodeId, u64, LinkId), usize>,
}

impl PacketLog {
    pub(crate) fn packets(&self) -> &[LoggedPacket] {
        &self.packets
    }

    pub(crate) fn sent(
        &mut self,
        (from, to): (NodeId, NodeId),
        (link, number): (LinkId, u64),
        now: Time,
        message: &Message,
    ) {
        self.under_way.insert((from, to, number, link), self.packets.len());
        self.packets.push(LoggedPacket { from, to, sent: now, received: None, message: message.clone() });
    }

    /// `link` is the sender's; who has dialed for a datagram link does not know it.
    pub(crate) fn received(
        &mut self,
        (from, to): (NodeId, NodeId),
        (link, number): (Option<LinkId>, u64),
        now: Time,
    ) {
        let any_link = (from, to, number, LinkId::new(0))..=(from, to, number, LinkId::new(u64::MAX));
        let same_link = |(_, _, _, sender): &(_, _, _, LinkId)| link.is_none_or(|link| *sender == link);
        let Some(key) = self.under_way.range(any_link).map(|(key, _)| *key).find(same_link) else { return };
        let place = self.under_way.remove(&key);
        if let Some(packet) = place.and_then(|place| self.packets.get_mut(place)) {
            packet.received = Some(now);
        }
    }
}
