//! What one author says is delivered in the order it was said, each message once, also the same words said twice.
#![cfg(test)]

use core::time::Duration;

use chinwag::{Config, Event, Semantics};
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
fn reordering_and_doubling_happen() {
    let link = LinkModel::datagram().reordering(0.3, ms(100)).duplication(0.2);
    let (mut network, nodes) = line(NetworkConfig::new(1).link(link));
    for number in 0..200 {
        network.run_for(ms(10));
        network.broadcast(nodes[0], number.to_string()).unwrap();
    }
    network.run_until_quiet(secs(60)).unwrap();
    assert!(network.stats().reordered > 100 && network.stats().duplicated > 100, "{:?}", network.stats());
    let expected: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    for node in &nodes[1..] {
        assert_eq!(heard(&network, *node), expected);
    }
}

/// A link that loses every fifth packet costs time, and nothing else.
#[test]
fn what_is_lost_on_the_way_is_sent_again() {
    let (mut network, nodes) = line(NetworkConfig::new(2).link(LinkModel::datagram().loss(0.2)));
    for number in 0..300 {
        network.run_for(ms(20));
        network.broadcast(nodes[0], number.to_string()).unwrap();
    }
    network.run_for(secs(10));
    let expected: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    for node in &nodes[1..] {
        assert_eq!(heard(&network, *node), expected);
        assert_eq!(told_missing(&network, *node), 0);
    }
    assert!(network.stats().dropped.loss > 300, "{:?}", network.stats());
}

/// What nobody retains any more is told as a gap, and what follows it comes without it.
#[test]
fn what_is_lost_for_good_is_told_and_not_waited_for_without_end() {
    let (mut network, nodes) = line_with(NetworkConfig::new(2), |config| config.max_history = 5);
    let say = |network: &mut Network, numbers: core::ops::Range<u32>| {
        for number in numbers {
            network.run_for(ms(20));
            network.broadcast(nodes[0], number.to_string()).unwrap();
        }
    };
    network.run_for(secs(5));
    say(&mut network, 0..10);
    network.run_for(secs(1));
    network.partition(&nodes[..3], &nodes[3..]);
    say(&mut network, 10..100);
    network.run_for(secs(10));
    network.heal();
    network.run_for(secs(20));
    say(&mut network, 100..110);
    network.run_for(secs(10));
    let expected: Vec<u32> = (0..110).collect();
    for node in &nodes[1..3] {
        let heard: Vec<u32> = heard(&network, *node).iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!((heard, told_missing(&network, *node)), (expected.clone(), 0));
    }
    let heard: Vec<u32> = heard(&network, nodes[3]).iter().map(|text| text.parse().unwrap()).collect();
    let missing = told_missing(&network, nodes[3]);
    assert!(
        heard.is_sorted() && heard.contains(&9) && heard.contains(&99) && heard.contains(&109),
        "{heard:?}"
    );
    assert_eq!(missing, 85, "all but the last five that were said meanwhile");
    assert_eq!(heard.len() as u64 + missing, 110, "up to the last one, each was delivered or told");
    network.check().unwrap();
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
    line_with(config, |_| {})
}

fn line_with(config: NetworkConfig, change: fn(&mut Config)) -> (Network, Vec<NodeId>) {
    let mut network = Network::new(config);
    let nodes: Vec<NodeId> = (0..4)
        .map(|number| {
            let mut config = config_for(&format!("peer {number}")).unwrap();
            config.target_neighbours = 0;
            change(&mut config);
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

/// How many messages a node was told to be missing.
fn told_missing(network: &Network, node: NodeId) -> u64 {
    let missing = |event: &Event| {
        if let Event::Gap { from, to, .. } = event { to.get() - from.get() + 1 } else { 0 }
    };
    network.events(node).iter().map(|(_, event)| missing(event)).sum()
}

fn heard(network: &Network, node: NodeId) -> Vec<String> {
    network.heard(node).into_iter().map(|(_, text)| text).collect()
}
