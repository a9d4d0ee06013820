//! The network that is simulated, until the first message is said.

use std::time::Duration;

use anyhow::ensure;
use chinwag::{Command, Config, Input, Seed, Semantics, Strategy};
use chinwag_memory::{Fault, LinkModel, Network, NetworkConfig, NodeId, Overlay, config_for, ms};

use crate::arguments::{LinkKind, OverlayKind, SimArguments, Spreading};
use crate::sim::progress::Progress;
use crate::sim::topology;

/// A network whose nodes have joined.
#[derive(Debug)]
pub(super) struct World {
    pub(super) network: Network,
    /// The nodes of the beginning.
    pub(super) nodes: Vec<NodeId>,
    /// Who was whose neighbour when all had joined.
    pub(super) overlay: Overlay,
    /// What happened while nothing was said; `None` if that was not seen.
    pub(super) idle: Option<Idle>,
    pub(super) progress: Progress,
}

/// A network in which nothing is said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Idle {
    /// What each node sends in a minute.
    pub(super) bytes_per_node_minute: f64,
    /// For how many hours links were watched over, all together, each by both of its ends.
    pub(super) link_hours: f64,
    /// How often a link was taken for dead at one of its ends. All were alive.
    pub(super) false_alarms: u64,
}

/// What chance decides apart from the network itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chance {
    Graph,
    Senders,
    Victims,
    Halves,
    Contact,
}

impl Chance {
    /// The seed of what is drawn for this.
    pub(super) fn seed(self, arguments: &SimArguments) -> Seed {
        Seed::new(arguments.seed).derive(APART).derive(self as u64)
    }
}

impl World {
    /// Builds the network, has all nodes join, and lets it come to rest. `prepare` has the network before there is a node.
    ///
    /// # Errors
    /// If the arguments contradict each other.
    pub(super) fn build(
        arguments: &SimArguments,
        progress: Progress,
        prepare: impl FnOnce(&mut Network),
    ) -> anyhow::Result<Self> {
        let (calm, faulty) = links(arguments)?;
        let config = NetworkConfig::new(arguments.seed)
            .link(if arguments.loss_from_start { faulty } else { calm })
            .keep_events(false)
            .track_spread(true)
            .count_bytes(true);
        let mut network = Network::new(config);
        prepare(&mut network);
        let mut nodes = Vec::new();
        for number in 0..arguments.nodes {
            nodes.push(network.add_node_with(node_config(arguments, number)?)?);
        }
        match arguments.overlay {
            OverlayKind::Hyparview => join_one(&mut network, &nodes, arguments.join_over, &progress),
            OverlayKind::Random => link_at_random(&mut network, &nodes, arguments)?,
        }
        tracing::info!(nodes = nodes.len(), "all have been told to join");
        let warm = arguments.warm.unwrap_or(match arguments.overlay {
            OverlayKind::Hyparview => Duration::from_secs(60),
            OverlayKind::Random => Duration::from_secs(10),
        });
        let idle = warm_up(&mut network, warm, &progress);
        network.inject(Fault::SetAllLinks { model: faulty });
        let overlay = network.overlay();
        Ok(Self { network, nodes, overlay, idle, progress })
    }
}

/// The configuration of a node of the simulation.
///
/// # Errors
/// If its number makes no name.
pub(super) fn node_config(arguments: &SimArguments, number: u32) -> anyhow::Result<Config> {
    let mut config = config_for(&format!("n{number}"))?;
    config.strategy = match arguments.strategy {
        Spreading::Tree => Strategy::Tree,
        Spreading::Flood => Strategy::Flood,
    };
    if let Some(retained) = arguments.retained {
        config.max_history = retained as usize;
    }
    if arguments.joiner.is_some() {
        // Links in memory take any amount at once, so that what is measured is the protocol's round trips alone.
        config.pull_credit = 64 << 20;
    }
    if arguments.overlay == OverlayKind::Random {
        config.target_neighbours = 0;
    }
    Ok(config)
}

/// How links behave while nodes join, and afterwards.
fn links(arguments: &SimArguments) -> anyhow::Result<(LinkModel, LinkModel)> {
    let calm = match arguments.semantics {
        LinkKind::Stream => LinkModel::stream(),
        LinkKind::Datagram => LinkModel::datagram(),
    };
    let faulty = calm
        .loss(arguments.loss)
        .duplication(arguments.duplication)
        .reordering(arguments.reordering, calm.reordering_delay);
    ensure!(
        faulty == calm || calm.semantics == Semantics::Datagram,
        "only datagrams are lost, doubled or reordered: say --semantics datagram"
    );
    Ok((calm, faulty))
}

/// Everybody joins the first node, one after the other.
fn join_one(network: &mut Network, nodes: &[NodeId], over: Duration, progress: &Progress) {
    let Some((first, others)) = nodes.split_first() else { return };
    let start = network.now();
    let count = u32::try_from(others.len()).unwrap_or(u32::MAX).max(1);
    let address = network.address(*first).clone();
    for (number, node) in (0_u32..).zip(others) {
        let at = start + over.mul_f64(f64::from(number) / f64::from(count));
        network.tell_at(at, *node, Input::Command(Command::Join(address.clone())));
    }
    progress.begin("nodes join", count.into());
    for step in 1..=STEPS {
        let at = start + over * step / STEPS;
        network.run_for(at.saturating_since(network.now()));
        progress.at(u64::from(count) * u64::from(step) / u64::from(STEPS));
    }
}

/// A connected random network: the nodes link with whom they are told to, and with nobody else.
fn link_at_random(network: &mut Network, nodes: &[NodeId], arguments: &SimArguments) -> anyhow::Result<()> {
    for (number, friends) in
        topology::random(arguments.nodes, arguments.degree, Chance::Graph.seed(arguments))
    {
        let friends: Vec<NodeId> = friends.iter().map(|friend| nodes[*friend as usize]).collect();
        network.bootstrap(nodes[number as usize], &friends)?;
    }
    Ok(())
}

/// Lets time pass, and says what happened in the second half of it.
fn warm_up(network: &mut Network, warm: Duration, progress: &Progress) -> Option<Idle> {
    let half = warm / 2;
    progress.run(network, "the network settles", warm.saturating_sub(half));
    let alarms = |network: &Network| -> u64 {
        network.nodes().map(|node| network.node(node).stats().links_silent).sum()
    };
    let (before, alarms_before) = (network.traffic().total(), alarms(network));
    progress.run(network, "nothing is said", half);
    let sent = network.traffic().total().since(before);
    let (nodes, hours) = (network.nodes().len() as f64, half.as_secs_f64() / 3600.0);
    (half > ms(0)).then(|| Idle {
        bytes_per_node_minute: sent.bytes as f64 / nodes / hours / 60.0,
        link_hours: network.overlay().degrees().sum::<usize>() as f64 / 2.0 * hours,
        false_alarms: alarms(network) - alarms_before,
    })
}

/// Keeps this chance apart from that of the nodes, which derive theirs from small numbers.
/// How often progress is told while nodes join.
const STEPS: u32 = 100;
const APART: u64 = 0x7369_6d00_0000_0000;
