//! Virtual networks to begin a test with.

use core::time::Duration;

use chinwag_memory::{LinkModel, Network, NetworkConfig, NodeId};

/// A network in which everybody joined through the first this long ago, and nobody has said anything.
#[must_use]
pub fn joined(seed: u64, nodes: usize, link: LinkModel, ago: Duration) -> (Network, Vec<NodeId>) {
    let mut network = Network::new(NetworkConfig::new(seed).link(link));
    let nodes: Vec<NodeId> =
        (0..nodes).map(|number| network.add_node(&format!("n{number}")).expect("a name")).collect();
    for node in nodes.iter().skip(1) {
        network.join(*node, nodes[0]).expect("a join");
    }
    network.run_for(ago);
    (network, nodes)
}
