//! Entries in words.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::fault_words::Cut;
use super::{Happened, TraceEntry};
use crate::NodeId;

/// Tells entries in words, for which it has to have followed the trace up to there.
#[derive(Clone, Debug, Default)]
pub(super) struct Narrator {
    names: BTreeMap<NodeId, Arc<str>>,
    packets: BTreeMap<u64, Packet>,
}

#[derive(Clone, Debug)]
struct Packet {
    from: NodeId,
    to: NodeId,
    kind: Arc<str>,
    about: Arc<str>,
}

impl Narrator {
    /// Takes note of an entry.
    pub(super) fn follow(&mut self, entry: &TraceEntry) {
        if let Happened::Added { node, name } = &entry.what {
            self.names.insert(*node, Arc::clone(name));
        }
        if let Happened::Sent { packet, from, to, kind, about } = &entry.what {
            let sent = Packet { from: *from, to: *to, kind: Arc::clone(kind), about: Arc::clone(about) };
            self.packets.insert(*packet, sent);
            if self.packets.len() > FOLLOWED {
                self.packets.pop_first();
            }
        }
    }

    /// An entry in words, its time first.
    pub(super) fn tell(&self, entry: &TraceEntry) -> String {
        let what = match &entry.what {
            Happened::Added { node, name } => format!("node {} is there: {name}", node.get()),
            Happened::Published { node, message } => format!("{} says {message}", self.name(*node)),
            Happened::Sent { packet, from, to, .. } => {
                format!("{} sends {} {}", self.name(*from), self.name(*to), self.content(*packet))
            }
            Happened::Received { packet } => {
                let (from, to) = self.ends(*packet);
                format!("{to} receives {} from {from}", self.content(*packet))
            }
            Happened::Held { packet } => {
                let (from, to) = self.ends(*packet);
                format!("a partition holds back {} from {from} to {to}", self.content(*packet))
            }
            Happened::Lost { packet, reason } => {
                let (from, to) = self.ends(*packet);
                format!("{} from {from} to {to} is lost: {reason}", self.content(*packet))
            }
            Happened::Delivered { node, message } => format!("{} delivers {message}", self.name(*node)),
            Happened::GaveUp { node, stream, from, to } => {
                format!("{} gives up {stream}, numbers {from} to {to}", self.name(*node))
            }
            Happened::PeerUp { node, peer } => format!("{} is linked with {peer}", self.name(*node)),
            Happened::PeerDown { node, peer, reason } => {
                format!("{} is not linked with {peer} any more: {reason}", self.name(*node))
            }
            Happened::Crashed { node } => format!("{} crashes", self.name(*node)),
            Happened::Restarted { node, forgot: false } => format!("{} starts again", self.name(*node)),
            Happened::Restarted { node, forgot: true } => {
                format!("{} starts again and has forgotten everything", self.name(*node))
            }
            Happened::Fault { fault, .. } => format!("network: {fault}"),
            Happened::Cut { from, to, both_ways } => {
                format!("network: {}", Cut { from, to, both_ways: *both_ways })
            }
            Happened::Ended { trace_hash } => {
                format!("the run ends; the hash of all that nodes were told and did is {trace_hash:016x}")
            }
        };
        let nanos = entry.at.as_nanos();
        format!("{}.{:09} s  {what}", nanos / 1_000_000_000, nanos % 1_000_000_000)
    }

    fn name(&self, node: NodeId) -> String {
        name(&self.names, node)
    }

    fn ends(&self, packet: u64) -> (String, String) {
        let named = |packet: &Packet| (self.name(packet.from), self.name(packet.to));
        self.packets.get(&packet).map_or_else(|| ("?".to_owned(), "?".to_owned()), named)
    }

    fn content(&self, packet: u64) -> String {
        match self.packets.get(&packet) {
            Some(Packet { kind, about, .. }) if about.is_empty() => kind.to_string(),
            Some(Packet { kind, about, .. }) => format!("{kind} {about}"),
            None => format!("packet {packet}, sent long ago,"),
        }
    }
}

/// What a node goes by: its name, if it has one.
pub(super) fn name(names: &BTreeMap<NodeId, Arc<str>>, node: NodeId) -> String {
    let known = names.get(&node).filter(|name| !name.is_empty());
    known.map_or_else(|| format!("node {}", node.get()), ToString::to_string)
}

/// How many packets are remembered, so that a long trace takes no more memory than a short one.
const FOLLOWED: usize = 1 << 18;
