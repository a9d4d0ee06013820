//! How messages spread is measured without a word about it on the wire.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use chinwag::{Dialects, Strategy};
use chinwag_memory::{AddError, Fault, LinkModel, Network, NetworkConfig, NodeId, config_for, ms, secs};

/// Nodes that link only where they are told to.
fn add(network: &mut Network, index: usize, dialects: Dialects) -> Result<NodeId, AddError> {
    let mut config = config_for(&format!("peer {index}"))?;
    (config.target_neighbours, config.strategy) = (0, Strategy::Flood);
    config.dialects = dialects;
    network.add_node_with(config)
}

fn network(nodes: usize, dialects: impl Fn(usize) -> Dialects) -> (Network, Vec<NodeId>) {
    let link = LinkModel::stream().latency(ms(10)..ms(10));
    let mut network = Network::new(NetworkConfig::new(1).link(link).track_spread(true));
    let added = (0..nodes).map(|index| add(&mut network, index, dialects(index)));
    let nodes = added.collect::<Result<_, _>>().expect("added");
    (network, nodes)
}

#[test]
fn along_a_line_every_hop_takes_a_latency() {
    let (mut network, nodes) = network(5, |_| Dialects::Both);
    for pair in nodes.windows(2) {
        network.join(pair[1], pair[0]).expect("joined");
    }
    network.run_until_quiet(secs(60)).expect("quiet");
    let id = network.broadcast(nodes[0], "hi").expect("said");
    let said = network.now();
    network.run_until_quiet(secs(60)).expect("quiet");

    let spread = network.spread(&id).expect("followed");
    assert_eq!((spread.id(), spread.author(), spread.published()), (&id, Some(nodes[0]), said));
    let reached: Vec<_> = spread.deliveries().iter().map(|r| (r.node, r.from, r.hops, r.after)).collect();
    let way = |hop: usize| (nodes[hop], Some(nodes[hop - 1]), hop as u16, ms(10 * hop as u64));
    let expected: Vec<_> = (1..5).map(way).collect();
    assert_eq!(reached, expected);
    assert_eq!((spread.copies(), spread.redundancy()), (4, Some(0.0)));
    assert_eq!((spread.last_hop(), spread.last_delivery()), (Some(4), Some(ms(40))));
    assert_eq!(network.spreads(), std::slice::from_ref(spread));
}

#[test]
fn in_a_ring_the_copies_that_nobody_needs_are_counted() {
    let (mut network, nodes) = network(6, |_| Dialects::Both);
    for index in 0..6 {
        network.join(nodes[index], nodes[(index + 1) % 6]).expect("joined");
    }
    network.run_until_quiet(secs(60)).expect("quiet");
    let id = network.broadcast(nodes[0], "hi").expect("said");
    network.run_until_quiet(secs(60)).expect("quiet");
    let spread = network.spread(&id).expect("followed");
    assert_eq!(spread.last_hop(), Some(3));
    // Both ways round: the two in front of the far side send to it, which sends on what it had first.
    assert_eq!((spread.deliveries().len(), spread.copies()), (5, 7));
    assert!(spread.redundancy().is_some_and(|share| (0.39..0.41).contains(&share)));
}

#[test]
fn hops_are_those_of_the_first_copy_also_if_a_later_one_came_a_shorter_way() {
    let mut network = Network::new(NetworkConfig::new(1).track_spread(true));
    let nodes = [0, 1, 2].map(|index| {
        let mut config = config_for(&format!("peer {index}")).expect("a name");
        (config.target_neighbours, config.strategy) = (0, Strategy::Flood);
        network.add_node_with(config).expect("added")
    });
    for (one, other, latency) in [(0, 1, 10), (1, 2, 10), (0, 2, 100)] {
        let (one, other) = (nodes[one], nodes[other]);
        let model = LinkModel::stream().latency(ms(latency)..ms(latency));
        network.inject(Fault::SetLink { one, other, model });
        network.join(one, other).expect("joined");
    }
    network.run_until_quiet(secs(60)).expect("quiet");
    let id = network.broadcast(nodes[0], "hi").expect("said");
    network.run_until_quiet(secs(60)).expect("quiet");
    let spread = network.spread(&id).expect("followed");
    let reached: Vec<_> = spread.deliveries().iter().map(|r| (r.node, r.hops, r.after)).collect();
    assert_eq!(reached, [(nodes[1], 1, ms(10)), (nodes[2], 2, ms(20))]);
    // The long way round to the author, and the direct one to the last: both too late.
    assert_eq!(spread.copies(), 4);
}

#[test]
fn a_message_is_followed_through_both_dialects() {
    let (mut network, nodes) =
        network(3, |index| if index == 1 { Dialects::Both } else { Dialects::Classic });
    network.join(nodes[0], nodes[1]).expect("joined");
    network.join(nodes[2], nodes[1]).expect("joined");
    network.run_until_quiet(secs(60)).expect("quiet");
    let native = network.broadcast(nodes[1], "from the native peer").expect("said");
    let classic = network.broadcast(nodes[0], "from an old one").expect("said");
    network.run_until_quiet(secs(60)).expect("quiet");
    for id in [&native, &classic] {
        let spread = network.spread(id).expect("followed");
        assert!(spread.author().is_some());
        assert_eq!(spread.deliveries().len(), 2, "{spread:?}");
    }
    let hops = |id| network.spread(id).and_then(|spread| spread.last_hop());
    assert_eq!((hops(&native), hops(&classic)), (Some(1), Some(2)));
    assert_eq!(network.check().expect("kept").deliveries, 4);
}
