//! Most of a network dies at the moment in which somebody speaks: the others find each other, and all hear it.
#![cfg(test)]

use core::time::Duration;

use chinwag_memory::{Network, NetworkConfig, NodeId, ms, secs};

#[test]
fn half_of_two_hundred() {
    survive(50, ms(500));
}

#[test]
fn four_fifths_of_two_hundred() {
    survive(80, secs(1));
}

#[test]
fn nine_tenths_of_two_hundred() {
    survive(90, ms(1500));
}

/// `percent` of all crash as one of the others says something.
fn survive(percent: usize, one_again: Duration) {
    for seed in 0..SEEDS {
        let mut network = Network::new(NetworkConfig::new(seed));
        let nodes: Vec<NodeId> =
            (0..NODES).map(|number| network.add_node(&format!("peer {number}")).unwrap()).collect();
        for node in &nodes[1..] {
            network.join(*node, nodes[0]).unwrap();
            network.run_for(ms(20));
        }
        network.run_for(secs(20));
        assert_eq!(network.overlay().components(), 1, "seed {seed}: before");

        let (dead, alive) = split(&nodes, seed, percent);
        let id = network.broadcast(alive[0], "still there?").unwrap();
        network.crash_all(dead);
        let start = network.now();
        let whole = network.run_until(one_again, |network| network.overlay().components() == 1);
        assert!(whole, "seed {seed}: {} parts after {one_again:?}", network.overlay().components());
        let heard = |network: &Network, node: NodeId| {
            network.deliveries(node).any(|(_, delivery)| delivery.id().as_ref() == Some(&id))
        };
        let rest = secs(10).saturating_sub(network.now().saturating_since(start));
        network.run_for(rest);
        let deaf: Vec<_> = alive[1..].iter().filter(|node| !heard(&network, **node)).collect();
        assert!(deaf.is_empty(), "seed {seed}: not heard by {deaf:?}");
        assert_eq!(network.overlay().components(), 1, "seed {seed}: in the end");
        assert_eq!(network.overlay().nodes().len(), NODES * (100 - percent) / 100);
        network.check().unwrap();
    }
}

/// Who dies and who lives, by lot.
fn split(nodes: &[NodeId], seed: u64, percent: usize) -> (Vec<NodeId>, Vec<NodeId>) {
    let mut drawn = nodes.to_vec();
    let lot = |node: &NodeId| chinwag::Seed::new(seed).derive(node.index() as u64);
    drawn.sort_by_key(|node| format!("{:?}", lot(node)));
    let alive = drawn.split_off(nodes.len() * percent / 100);
    (drawn, alive)
}

const NODES: usize = 200;
const SEEDS: u64 = 4;
