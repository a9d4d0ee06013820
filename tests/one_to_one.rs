//! A message to one peer reaches it wherever it is in the network: once, and its sender is told.
#![cfg(test)]

use std::collections::BTreeSet;

use chinwag::{DialError, Event};
use chinwag_memory::{LinkModel, Network, NodeId, config_for, secs};
use chinwag_testkit::joined;

fn heard_directly(network: &Network, node: NodeId) -> Vec<String> {
    let direct = |event: &Event| {
        let Event::Direct(delivery) = event else { return None };
        Some(delivery.body().to_display().into_owned())
    };
    network.events(node).iter().filter_map(|(_, event)| direct(event)).collect()
}

fn arrived(network: &Network, node: NodeId) -> usize {
    network.events(node).iter().filter(|(_, event)| matches!(event, Event::Arrived { .. })).count()
}

fn are_neighbours(network: &Network, one: NodeId, other: NodeId) -> bool {
    let name = network.node(other).id();
    network.node(one).active_view().any(|peer| peer == name)
}

#[test]
fn it_reaches_those_who_are_no_neighbours_whether_they_ever_spoke_or_not() {
    let (mut far, mut routed) = (0, 0);
    for (seed, spoke) in [(1, false), (2, true), (3, false)] {
        let (mut network, nodes) = joined(seed, 60, LinkModel::stream(), secs(20));
        if spoke {
            for node in &nodes {
                network.broadcast(*node, "here I am").unwrap();
            }
            network.run_for(secs(5));
        }
        for number in 0..nodes.len() {
            let (from, to) = (nodes[number], nodes[(number * 7 + 13) % nodes.len()]);
            if from == to {
                continue;
            }
            far += usize::from(!are_neighbours(&network, from, to));
            let before = heard_directly(&network, to).len();
            network.direct(from, to, format!("psst {number}")).unwrap();
            network.run_for(secs(3));
            let heard = heard_directly(&network, to);
            assert_eq!(heard.len(), before + 1, "seed {seed}: {from} to {to}");
            assert_eq!(heard.last(), Some(&format!("psst {number}")));
            assert_eq!(network.node(from).undelivered(), 0);
        }
        assert!(nodes.iter().map(|node| arrived(&network, *node)).sum::<usize>() >= nodes.len() - 1);
        routed += nodes.iter().map(|node| network.node(*node).stats().routed).sum::<u64>();
        network.check().unwrap();
    }
    assert!(far > 100, "{far} of the recipients were no neighbours");
    assert!(routed > 100, "{routed} messages were passed on");
}

#[test]
fn it_arrives_once_and_is_told_to_have_arrived_on_links_that_lose_and_double() {
    let link = LinkModel::datagram().loss(0.15).duplication(0.1).reordering(0.1, secs(1) / 20);
    let (mut network, nodes) = joined(5, 25, link, secs(20));
    let mut said = BTreeSet::new();
    for number in 0..60 {
        let (from, to) = (nodes[number % 25], nodes[(number * 11 + 3) % 25]);
        if from != to && network.direct(from, to, format!("{number}")).is_ok() {
            said.insert((to, format!("{number}")));
        }
        network.run_for(secs(1));
    }
    network.run_for(secs(30));
    let mut heard = Vec::new();
    for node in &nodes {
        heard.extend(heard_directly(&network, *node).into_iter().map(|text| (*node, text)));
    }
    let once: BTreeSet<_> = heard.iter().cloned().collect();
    assert_eq!(heard.len(), once.len(), "each once");
    assert_eq!(once, said);
    assert_eq!(nodes.iter().map(|node| arrived(&network, *node)).sum::<usize>(), said.len());
    network.check().unwrap();
}

#[test]
fn what_nobody_knows_a_way_for_is_told_to_be_undeliverable_with_the_reason() {
    let (mut network, nodes) = joined(3, 12, LinkModel::stream(), secs(20));
    let mut config = config_for("hermit").unwrap();
    config.target_neighbours = 0;
    let hermit = network.add_client_with(config).unwrap();
    network.direct(nodes[3], hermit, "are you there?").unwrap();
    network.run_for(secs(60));
    let reasons: Vec<DialError> = network
        .events(nodes[3])
        .iter()
        .filter_map(|(_, event)| {
            let Event::Undeliverable { reason, .. } = event else { return None };
            Some(*reason)
        })
        .collect();
    assert_eq!(reasons, [DialError::NoWay]);
    assert_eq!(network.node(nodes[3]).undelivered(), 0);
    assert_eq!(heard_directly(&network, hermit), Vec::<String>::new());
}
