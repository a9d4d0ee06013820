//! What one author says is delivered in the order it was said, each message once, also the same words said twice.
#![cfg(test)]

use core::time::Duration;

use chinwag::{Event, Semantics};
use chinwag_memory::{Fidelity, LinkModel, Network, NetworkConfig, NodeId, config_for, ms, secs};
use proptest::prelude::*;

proptest! {
    #![proptest_config(chinwag_testkit::cases(48))]

    /// As long as nothing is lost and nothing is late by more than the patience for gaps, order costs nothing but
    /// time: everything is there, in both semantics and fidelities.
    #[test]
    fn reordering_is_undone(
        seed in any::<u64>(),
        datagrams in any::<bool>(),
        bytes in any::<bool>(),
        pauses in prop::collection::vec(0..40_u64, 1..60),
    ) {
        let link = if datagrams {
            LinkModel::datagram().reordering(0.3, ms(100)).duplication(0.2)
        } else {
            LinkModel::stream().jitter(ms(50))
        };
        let fidelity = if bytes { Fidelity::Bytes } else { Fidelity::Typed };
        let (mut network, nodes) = line(NetworkConfig::new(seed).link(link).fidelity(fidelity));
        let texts: Vec<String> = (0..pauses.len()).map(|number| format!("text {number}")).collect();
        for (text, pause) in texts.iter().zip(&pauses) {
            network.run_for(ms(*pause));
            network.broadcast(nodes[0], text.as_str()).unwrap();
        }
        network.run_until_quiet(secs(60)).unwrap();
        for node in &nodes[1..] {
            prop_assert_eq!(heard(&network, *node), texts.clone());
        }
        network.check().unwrap();
    }
}

#[test]
fn reordering_happens_and_messages_are_held_for_it() {
    let link = LinkModel::datagram().reordering(0.3, ms(100)).duplication(0.2);
    let (mut network, nodes) = line(NetworkConfig::new(1).link(link));
    for number in 0..200 {
        network.run_for(ms(10));
        network.broadcast(nodes[0], number.to_string()).unwrap();
    }
    network.run_until_quiet(secs(60)).unwrap();
    let held: u64 = nodes.iter().map(|node| network.node(*node).stats().held).sum();
    assert!(network.stats().reordered > 100 && held > 100, "{held} held, {:?}", network.stats());
}

/// What is lost for good is told as a gap, and what follows it comes without it.
#[test]
fn what_is_lost_is_told_and_not_waited_for_without_end() {
    let (mut network, nodes) = line(NetworkConfig::new(2).link(LinkModel::datagram().loss(0.2)));
    for number in 0..300 {
        network.run_for(ms(20));
        network.broadcast(nodes[0], number.to_string()).unwrap();
    }
    network.run_for(secs(10));
    for node in &nodes[1..] {
        let heard: Vec<u32> = heard(&network, *node).iter().map(|text| text.parse().unwrap()).collect();
        assert!(heard.is_sorted() && heard.len() > 100, "{heard:?}");
        let missing: u64 = network
            .events(*node)
            .iter()
            .filter_map(|(_, event)| {
                if let Event::Gap { from, to, .. } = event { Some(to.get() - from.get() + 1) } else { None }
            })
            .sum();
        assert!(missing > 0, "nothing was ever missing");
        let last = u64::from(*heard.last().unwrap()) + 1;
        assert_eq!(heard.len() as u64 + missing, last, "up to the last one, each was delivered or told");
    }
}

/// The same words are as many messages as they are said times, however fast.
#[test]
fn the_same_words_again_and_again_are_all_heard() {
    for semantics in [Semantics::Stream, Semantics::Datagram] {
        let link = if semantics == Semantics::Stream { LinkModel::stream() } else { LinkModel::datagram() };
        let (mut network, nodes) = line(NetworkConfig::new(3).link(link));
        let ids: std::collections::BTreeSet<_> =
            (0..200).map(|_| network.broadcast(nodes[0], "hello?").unwrap()).collect();
        assert_eq!(ids.len(), 200, "each has a name of its own");
        network.run_until_quiet(secs(60)).unwrap();
        for node in &nodes[1..] {
            assert_eq!(heard(&network, *node).len(), 200, "{node} on {semantics:?} links");
        }
    }
}

/// A restarted author begins a new stream: what it says is never taken for an old message.
#[test]
fn a_restarted_author_is_heard_again() {
    let (mut network, nodes) = line(NetworkConfig::new(4));
    network.broadcast(nodes[0], "before").unwrap();
    network.run_for(secs(2));
    network.crash(nodes[0]);
    network.run_for(secs(10));
    network.restart(nodes[0], chinwag_memory::Memory::Lost);
    network.join(nodes[0], nodes[1]).unwrap();
    network.run_for(Duration::from_secs(10));
    network.broadcast(nodes[0], "before").unwrap();
    network.broadcast(nodes[0], "after").unwrap();
    network.run_until_quiet(secs(60)).unwrap();
    for node in &nodes[1..] {
        assert_eq!(heard(&network, *node), ["before", "before", "after"]);
    }
    network.check().unwrap();
}

/// Four nodes in a row, which link with nobody beyond.
fn line(config: NetworkConfig) -> (Network, Vec<NodeId>) {
    let mut network = Network::new(config);
    let nodes: Vec<NodeId> = (0..4)
        .map(|number| {
            let mut config = config_for(&format!("peer {number}")).unwrap();
            config.target_neighbours = 0;
            network.add_node_with(config).unwrap()
        })
        .collect();
    for pair in nodes.windows(2) {
        network.join(pair[1], pair[0]).unwrap();
    }
    let linked = network.run_until(secs(60), |network| {
        network.nodes().map(|node| network.node(node).linked()).eq([1, 2, 2, 1])
    });
    assert!(linked, "a row of four");
    (network, nodes)
}

fn heard(network: &Network, node: NodeId) -> Vec<String> {
    network.heard(node).into_iter().map(|(_, text)| text).collect()
}
