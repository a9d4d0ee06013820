//! One eventful run, for the tests that compare runs.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use chinwag::Dialects;
use chinwag_memory::{
    AddError, CommandError, Fault, LinkModel, Memory, Network, NetworkConfig, NodeId, config_for, ms, secs,
};

/// Twelve nodes, two of them of the old program's dialect, that join, talk, crash, come back, are cut off and
/// lose their links.
pub(crate) fn eventful(config: NetworkConfig) -> Network {
    eventful_in(Network::new(config))
}

/// The same, in a network without nodes.
pub(crate) fn eventful_in(mut network: Network) -> Network {
    let nodes: Vec<NodeId> = (0..12).map(|index| add(&mut network, index).expect("added")).collect();
    let joined = (1..12).try_for_each(|index| network.join(nodes[index], nodes[index / 2]));
    joined.expect("joined");
    network.run_for(secs(3));
    network.schedule(network.now() + ms(1500), Fault::Crash { node: nodes[3] });
    network.schedule(network.now() + ms(2500), Fault::BreakLinks { one: nodes[0], other: nodes[1] });
    talk(&mut network, &nodes, 4).expect("said");
    network.partition(&nodes[..6], &nodes[6..]);
    talk(&mut network, &nodes, 2).expect("said");
    network.heal();
    network.restart(nodes[3], Memory::Lost);
    network.join(nodes[3], nodes[0]).expect("joined");
    network.crash(nodes[4]);
    network.run_for(secs(1));
    network.restart(nodes[4], Memory::Kept);
    talk(&mut network, &nodes, 3).expect("said");
    network.run_for(secs(10));
    network.check().expect("every promise is kept");
    network
}

pub(crate) fn stream() -> LinkModel {
    LinkModel::stream().jitter(ms(20))
}

pub(crate) fn datagram() -> LinkModel {
    LinkModel::datagram().jitter(ms(20)).loss(0.05).duplication(0.05).reordering(0.05, ms(80))
}

fn add(network: &mut Network, index: usize) -> Result<NodeId, AddError> {
    let mut config = config_for(&format!("peer {index}"))?;
    if index % 6 == 5 {
        config.dialects = Dialects::Classic;
    }
    network.add_node_with(config)
}

/// Every node that runs says something each second.
fn talk(network: &mut Network, nodes: &[NodeId], rounds: u32) -> Result<(), CommandError> {
    for round in 0..rounds {
        for &node in nodes {
            if network.is_running(node) {
                network.broadcast(node, format!("{node} in round {round} at {:?}", network.now()))?;
            }
        }
        network.run_for(secs(1));
    }
    Ok(())
}
