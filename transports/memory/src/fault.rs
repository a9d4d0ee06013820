//! What can go wrong, as plain data.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{LinkModel, Machine, NodeId, Probability};

/// Something that goes wrong, or right again. A list of these with their times is a test's plan of faults.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// A node stops. What it had sent still arrives; then its streams break at their other ends, while nobody is
    /// told of its datagram links. A node that has crashed already stays so.
    Crash {
        /// Which.
        node: NodeId,
    },
    /// A crashed node starts again. A node that runs is left alone.
    Restart {
        /// Which.
        node: NodeId,
        /// What it still knows.
        memory: Memory,
    },
    /// Nothing passes between two groups of nodes, either way, until [`Heal`](Self::Heal): datagrams and dials
    /// are lost on arrival, streams are held back and go on where they stopped.
    Partition {
        /// One group.
        one: Vec<NodeId>,
        /// The other.
        other: Vec<NodeId>,
    },
    /// Nothing passes from one group to another; the other way is open.
    OneWay {
        /// From these
        from: Vec<NodeId>,
        /// to these.
        to: Vec<NodeId>,
    },
    /// All partitions end.
    Heal,
    /// The partitions end that were made with just these two groups, in either direction.
    HealBetween {
        /// One group.
        one: Vec<NodeId>,
        /// The other.
        other: Vec<NodeId>,
    },
    /// The links between two nodes come and go: they [break](Self::BreakLinks) and nothing passes for a while, then all is
    /// well for a while, and so on. A partition of just these two ends with it.
    Flap {
        /// One of the two.
        one: NodeId,
        /// The other.
        other: NodeId,
        /// How long nothing passes.
        down: Duration,
        /// How long all is well before the next time.
        up: Duration,
        /// How often. Each time counts as a fault that took effect, and so does its end.
        times: u32,
    },
    /// A drawn share of the nodes that run crash at one moment, rounded to the nearest number of nodes. Which they are
    /// follows from the seed and from when it happens.
    CrashShare {
        /// How many of those that run.
        share: Probability,
    },
    /// All crashed nodes start again at one moment.
    RestartAll {
        /// What they still know.
        memory: Memory,
    },
    /// All streams between two nodes break: what is on its way is lost, and each end is told a latency later.
    /// Datagram links have nothing that could break.
    BreakLinks {
        /// One of the two.
        one: NodeId,
        /// The other.
        other: NodeId,
    },
    /// From now on, links between two nodes behave so. Standing links keep their semantics.
    SetLink {
        /// One of the two.
        one: NodeId,
        /// The other.
        other: NodeId,
        /// How.
        model: LinkModel,
    },
    /// From now on, all links behave so but those that were set one by one.
    SetAllLinks {
        /// How.
        model: LinkModel,
    },
    /// From now on, a node runs on such a machine. Links that it has stay, however many.
    SetMachine {
        /// Which.
        node: NodeId,
        /// On what.
        machine: Machine,
    },
}

/// What a node knows when it starts again.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Memory {
    /// Everything; it is told that its links and dials are gone.
    Kept,
    /// Nothing but its configuration: a new run with a greater epoch.
    Lost,
}

/// Nothing passes from one group of nodes to another.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cut {
    from: NodeSet,
    to: NodeSet,
}

impl Cut {
    pub(crate) fn new(from: &[NodeId], to: &[NodeId]) -> Self {
        Self { from: NodeSet::new(from), to: NodeSet::new(to) }
    }

    pub(crate) fn severs(&self, from: NodeId, to: NodeId) -> bool {
        self.from.contains(from) && self.to.contains(to)
    }
}

/// A set of nodes, one bit each.
#[derive(Clone, PartialEq, Eq, Debug)]
struct NodeSet(Vec<u64>);

impl NodeSet {
    fn new(nodes: &[NodeId]) -> Self {
        let mut bits = Vec::new();
        for node in nodes {
            let word = node.index() / 64;
            if bits.len() <= word {
                bits.resize(word + 1, 0);
            }
            bits[word] |= 1 << (node.index() % 64);
        }
        Self(bits)
    }

    fn contains(&self, node: NodeId) -> bool {
        self.0.get(node.index() / 64).is_some_and(|word| word >> (node.index() % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_severs_one_way_and_only_its_nodes() {
        let nodes: Vec<NodeId> = (0..130).map(NodeId::from_index).collect();
        let cut = Cut::new(&nodes[..2], &nodes[128..]);
        let severed: Vec<_> = nodes
            .iter()
            .flat_map(|&from| nodes.iter().map(move |&to| (from, to)))
            .filter(|&(from, to)| cut.severs(from, to))
            .map(|(from, to)| (from.index(), to.index()))
            .collect();
        assert_eq!(severed, [(0, 128), (0, 129), (1, 128), (1, 129)]);
    }
}
