//! Authors who say much at once, and neighbours who retain only the last moments of it: while their trees are growing,
//! nobody may wait for what nobody is going to push.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use chinwag::Event;
use chinwag_memory::{LinkModel, Network, NetworkConfig, NodeId, config_for, ms, secs};

#[test]
fn young_trees_lose_nothing_of_what_is_retained_for_a_moment_only() {
    let mut deliveries = 0;
    for seed in 0..SEEDS {
        let link = LinkModel::stream().latency(ms(1)..ms(3)).jitter(ms(10));
        let mut network = Network::new(NetworkConfig::new(seed).link(link));
        let nodes: Vec<NodeId> = (0..NODES).map(|index| add(&mut network, index)).collect();
        for node in &nodes[1..] {
            network.join(*node, nodes[0]).expect("joined");
        }
        network.run_until_quiet(secs(60)).expect("quiet");
        for turn in 0..TURNS {
            for author in &nodes {
                for number in 0..AT_ONCE {
                    network.broadcast(*author, format!("{turn} {number}")).expect("said");
                }
                network.run_for(ms(1));
            }
        }
        network.run_for(secs(10));
        for node in &nodes {
            for (at, event) in network.events(*node) {
                assert!(!matches!(event, Event::Gap { .. }), "seed {seed}, {node:?} at {at:?}: {event:?}");
            }
        }
        let checked = network.check().expect("kept");
        assert_eq!(checked.in_order, (NODES * TURNS * AT_ONCE * (NODES - 1)) as u64, "seed {seed}");
        deliveries += checked.in_order;
    }
    assert_eq!(deliveries, 432_000);
}

fn add(network: &mut Network, index: usize) -> NodeId {
    let mut config = config_for(&format!("peer {index}")).expect("a name");
    // What is said within 80 ms.
    config.max_history = 8 * AT_ONCE * NODES;
    network.add_node_with(config).expect("added")
}

const SEEDS: u64 = 6;
const NODES: usize = 10;
const TURNS: usize = 40;
const AT_ONCE: usize = 20;
