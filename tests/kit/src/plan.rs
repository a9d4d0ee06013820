//! Plans of whole networks as plain data: who is there, who joins whom, what is said, and what goes wrong.

use core::time::Duration;
use std::collections::BTreeMap;

use chinwag::Dialects;
use chinwag_memory::{
    Fault, Fidelity, LinkModel, Memory, Network, NetworkConfig, NodeId, Probability, config_for, ms, secs,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A network, from its first join to its last word.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What all of its chance follows from.
    pub seed: u64,
    /// How messages travel.
    pub fidelity: Fidelity,
    /// How links behave.
    pub link: LinkModel,
    /// Which dialects each of the nodes speaks.
    pub nodes: Vec<Dialects>,
    /// How many posts each of them retains.
    pub history: usize,
    /// Who joins whom, in this order.
    pub joins: Vec<(usize, usize)>,
    /// Who says something, and how long after the last thing that was said. What is said is its number.
    pub says: Vec<(usize, Duration)>,
    /// What goes wrong, and how long after the last thing that went wrong.
    pub faults: Vec<(Ill, Duration)>,
}

/// Something that goes wrong, in numbers that fit any network: nodes are counted around.
#[derive(Clone, Copy, Debug)]
pub enum Ill {
    /// A node crashes.
    Crash(usize),
    /// A node that has crashed starts again, with or without its memory.
    Restart(usize, bool),
    /// The nodes whose bit is set are cut off from the others.
    Partition(u8),
    /// The nodes whose bit is set are not heard by the others.
    OneWay(u8),
    /// All partitions end.
    Heal,
    /// The links between two nodes break.
    BreakLinks(usize, usize),
}

impl Plan {
    /// The network with its nodes, in which nothing has happened.
    #[must_use]
    pub fn network(&self) -> Network {
        let config = NetworkConfig::new(self.seed).fidelity(self.fidelity).link(self.link);
        let mut network = Network::new(config);
        for (number, dialects) in self.nodes.iter().enumerate() {
            let mut config = config_for(&format!("peer {number}")).expect("a name");
            config.dialects = *dialects;
            config.max_history = self.history;
            network.add_node_with(config).expect("an address of its own");
        }
        network
    }

    /// The same with all its joins made, and everybody who hears of others linked.
    #[must_use]
    pub fn joined(&self) -> Network {
        let mut network = self.network();
        let nodes: Vec<NodeId> = network.nodes().collect();
        for (who, whom) in &self.joins {
            network.join(nodes[*who], nodes[*whom]).expect("somebody else's address");
            network.run_for(ms(7));
        }
        network.run_until_quiet(secs(120)).expect("a network without faults settles");
        network
    }

    /// Has everything said, with pauses, while things go wrong. Gives the texts of each node that took them.
    pub fn play(&self, network: &mut Network) -> BTreeMap<usize, Vec<String>> {
        let nodes: Vec<NodeId> = network.nodes().collect();
        let mut at = network.now();
        for (ill, pause) in &self.faults {
            at += *pause;
            network.schedule(at, ill.fault(&nodes));
        }
        let mut said = BTreeMap::<usize, Vec<String>>::new();
        for (number, (who, pause)) in self.says.iter().enumerate() {
            network.run_for(*pause);
            let text = format!("text {number}");
            if network.broadcast(nodes[*who], text.as_str()).is_ok() {
                said.entry(*who).or_default().push(text);
            }
        }
        network.run_for(at.max(network.now()).saturating_since(network.now()));
        said
    }
}

impl Ill {
    fn fault(self, nodes: &[NodeId]) -> Fault {
        let node = |number: usize| nodes[number % nodes.len()];
        let groups = |bits: u8| nodes.iter().partition(|node| bits >> (node.index() % 8) & 1 == 1);
        match self {
            Self::Crash(number) => Fault::Crash { node: node(number) },
            Self::Restart(number, kept) => {
                Fault::Restart { node: node(number), memory: if kept { Memory::Kept } else { Memory::Lost } }
            }
            Self::Partition(bits) => {
                let (one, other) = groups(bits);
                Fault::Partition { one, other }
            }
            Self::OneWay(bits) => {
                let (from, to) = groups(bits);
                Fault::OneWay { from, to }
            }
            Self::Heal => Fault::Heal,
            Self::BreakLinks(one, other) => Fault::BreakLinks { one: node(one), other: node(other) },
        }
    }
}

/// Networks in which nothing goes wrong: connected, of native peers only or of both kinds.
pub fn peaceful(mixed: bool) -> impl Strategy<Value = Plan> {
    let dialects = if mixed {
        prop_oneof![3 => Just(Dialects::Both), 2 => Just(Dialects::Classic)].boxed()
    } else {
        Just(Dialects::Both).boxed()
    };
    (plan(dialects), peaceful_link()).prop_map(|(plan, link)| Plan { link, faults: Vec::new(), ..plan })
}

/// Networks in which everything goes wrong but that no bit flips.
pub fn stormy() -> impl Strategy<Value = Plan> {
    let dialects = prop_oneof![5 => Just(Dialects::Both), 1 => Just(Dialects::Classic)];
    let ill = prop_oneof![
        1 => any::<usize>().prop_map(Ill::Crash),
        3 => any::<(usize, bool)>().prop_map(|(node, kept)| Ill::Restart(node, kept)),
        1 => any::<u8>().prop_map(Ill::Partition),
        1 => any::<u8>().prop_map(Ill::OneWay),
        2 => Just(Ill::Heal),
        1 => any::<(usize, usize)>().prop_map(|(one, other)| Ill::BreakLinks(one, other)),
    ];
    let faults = vec((ill, pause(4000)), 0..12);
    // With next to no history, what is lost is lost for good.
    let history = prop_oneof![0..3_usize, Just(10_000)];
    (plan(dialects), stormy_link(), faults, history).prop_map(|(plan, link, faults, history)| Plan {
        link,
        faults,
        history,
        ..plan
    })
}

fn plan(dialects: impl Strategy<Value = Dialects>) -> impl Strategy<Value = Plan> {
    let fidelity = prop_oneof![Just(Fidelity::Typed), Just(Fidelity::Bytes)];
    (any::<u64>(), fidelity, vec(dialects, 2..8)).prop_flat_map(|(seed, fidelity, nodes)| {
        let count = nodes.len();
        let says = vec((0..count, pause(1500)), 1..25);
        (joins(count), says).prop_map(move |(joins, says)| Plan {
            seed,
            fidelity,
            link: LinkModel::stream(),
            nodes: nodes.clone(),
            history: 10_000,
            joins,
            says,
            faults: Vec::new(),
        })
    })
}

/// A connected graph in any order and direction: each node has an edge to one before it, and there are some more.
fn joins(count: usize) -> impl Strategy<Value = Vec<(usize, usize)>> {
    let tree = vec((any::<prop::sample::Index>(), any::<bool>()), count - 1);
    let more = vec((0..count, 1..count), 0..4);
    (tree, more).prop_flat_map(move |(tree, more)| {
        let mut edges: Vec<(usize, usize)> = tree
            .into_iter()
            .enumerate()
            .map(|(at, (to, turned))| (at + 1, to.index(at + 1), turned))
            .map(|(one, other, turned)| if turned { (other, one) } else { (one, other) })
            .collect();
        edges.extend(more.into_iter().map(|(one, by)| (one, (one + by) % count)));
        Just(edges).prop_shuffle()
    })
}

/// Pauses of up to so many milliseconds, often none at all.
fn pause(most: u64) -> impl Strategy<Value = Duration> {
    prop_oneof![1 => Just(Duration::ZERO), 2 => (0..=most).prop_map(ms)]
}

fn peaceful_link() -> impl Strategy<Value = LinkModel> {
    let model = prop_oneof![Just(LinkModel::stream()), Just(LinkModel::datagram())];
    (model, 1..80_u64, 0..30_u64)
        .prop_map(|(model, latency, jitter)| model.latency(ms(1)..ms(latency)).jitter(ms(jitter)))
}

fn stormy_link() -> impl Strategy<Value = LinkModel> {
    let streams = (1..200_u64, 0..100_u64)
        .prop_map(|(latency, jitter)| LinkModel::stream().latency(ms(1)..ms(latency)).jitter(ms(jitter)));
    let share = |most: u32| (0..most).prop_map(Probability::per_million);
    let datagrams = (share(300_000), share(300_000), share(300_000), 1..2000_u64).prop_map(
        |(loss, duplication, reordering, delay)| {
            LinkModel::datagram().loss(loss).duplication(duplication).reordering(reordering, ms(delay))
        },
    );
    prop_oneof![streams, datagrams]
}
