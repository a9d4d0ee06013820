//! Who joins is well connected, whoever it joined through; and islands find each other.
#![cfg(test)]

use std::collections::BTreeSet;

use chinwag_memory::{LinkModel, Network, NetworkConfig, NodeId, ms, secs};

fn add(network: &mut Network, names: &str, count: usize) -> Vec<NodeId> {
    (0..count).map(|number| network.add_node(&format!("{names}{number}")).expect("a name")).collect()
}

fn join_all(network: &mut Network, nodes: &[NodeId], contact: NodeId) {
    for node in nodes.iter().filter(|node| **node != contact) {
        network.join(*node, contact).expect("a join");
    }
}

#[test]
fn everybody_joining_through_one_contact_at_once_gives_a_well_mixed_overlay() {
    for (seed, link) in [(1, LinkModel::stream()), (2, LinkModel::datagram().loss(0.05))] {
        let mut network = Network::new(NetworkConfig::new(seed).link(link));
        let nodes = add(&mut network, "n", 150);
        join_all(&mut network, &nodes, nodes[0]);
        network.run_for(secs(30));
        let overlay = network.overlay();
        assert_eq!(overlay.components(), 1, "seed {seed}");
        let degrees: Vec<usize> = overlay.degrees().collect();
        let mean = degrees.iter().sum::<usize>() as f64 / degrees.len() as f64;
        assert!(mean >= 5.8, "seed {seed}: {mean}");
        assert!(degrees.iter().all(|degree| (4..=9).contains(degree)), "seed {seed}: {degrees:?}");
        // The contact is no hub, and those who came at the same time do not cling together: few of a node's
        // neighbours are neighbours of each other.
        let clustered =
            nodes.iter().map(|node| clustering(&network, *node)).sum::<f64>() / nodes.len() as f64;
        assert!(clustered < 0.15, "seed {seed}: {clustered}");
        network.check().unwrap();
    }
}

/// Which share of the pairs of a node's neighbours are neighbours themselves.
fn clustering(network: &Network, node: NodeId) -> f64 {
    let overlay = network.overlay();
    let near: Vec<NodeId> = overlay.neighbours(node).to_vec();
    let mut pairs = 0;
    let mut linked = 0;
    for (at, one) in near.iter().enumerate() {
        let theirs: BTreeSet<NodeId> = overlay.neighbours(*one).iter().copied().collect();
        for other in &near[at + 1..] {
            pairs += 1;
            linked += usize::from(theirs.contains(other));
        }
    }
    f64::from(linked as u32) / f64::from(pairs.max(1))
}

#[test]
fn one_who_joins_somebody_of_another_network_makes_one_of_the_two() {
    let mut network = Network::new(NetworkConfig::new(4));
    let (one, other) = (add(&mut network, "a", 20), add(&mut network, "b", 20));
    join_all(&mut network, &one, one[0]);
    join_all(&mut network, &other, other[0]);
    network.run_for(secs(30));
    assert_eq!(network.overlay().components(), 2);
    network.join(one[7], other[3]).unwrap();
    network.run_for(secs(60));
    assert_eq!(network.overlay().components(), 1);
    network.broadcast(other[11], "hello, all of you").unwrap();
    network.run_for(secs(10));
    for node in one.iter().chain(&other).filter(|node| **node != other[11]) {
        let heard = network.heard(*node);
        assert!(heard.contains(&("b11".to_owned(), "hello, all of you".to_owned())), "{node}: {heard:?}");
    }
    network.check().unwrap();
}

#[test]
fn islands_that_were_cut_apart_for_long_merge_when_the_cut_is_healed() {
    let mut network = Network::new(NetworkConfig::new(5));
    let nodes = add(&mut network, "n", 30);
    join_all(&mut network, &nodes, nodes[0]);
    network.run_for(secs(60));
    let (one, other) = nodes.split_at(15);
    network.partition(one, other);
    network.run_for(secs(1200));
    let apart = network.overlay().components();
    assert!(apart >= 2, "{apart}");
    network.heal();
    let merged = network.run_until(secs(900), |network| network.overlay().components() == 1);
    assert!(merged, "{} components", network.overlay().components());
    network.broadcast(nodes[0], "together").unwrap();
    network.run_for(secs(10));
    assert!(nodes[1..].iter().all(|node| !network.heard(*node).is_empty()));
    network.check().unwrap();
}

#[test]
fn one_who_lost_everybody_finds_back_through_those_it_knew() {
    let mut network = Network::new(NetworkConfig::new(6));
    let nodes = add(&mut network, "n", 40);
    join_all(&mut network, &nodes, nodes[0]);
    network.run_for(secs(30));
    // Everybody whom node 9 is linked with dies, and so does the contact through which it joined.
    let neighbours: BTreeSet<NodeId> = network.overlay().neighbours(nodes[9]).iter().copied().collect();
    for node in neighbours.iter().copied().chain([nodes[0]]) {
        network.crash(node);
    }
    let found = network.run_until(secs(10), |network| network.node(nodes[9]).linked() >= 4);
    assert!(found, "{} linked", network.node(nodes[9]).linked());
    network.run_for(ms(100));
    network.check().unwrap();
}
