//! Runs follow from the seed, and from nothing else.

mod support;

use std::collections::BTreeSet;

use chinwag_memory::{LinkModel, NetworkConfig};
use support::{datagram, eventful, stream};

#[test]
fn the_same_seed_gives_the_same_run_and_its_neighbours_others() {
    for link in [stream(), datagram()] {
        let run = |seed| {
            let network = eventful(NetworkConfig::new(seed).link(link));
            assert!(network.stats().inputs > 1000, "{:?}", network.stats());
            (network.trace_hash(), *network.stats())
        };
        let hashes: BTreeSet<u64> = (0..8).map(|seed| run(seed).0).collect();
        assert_eq!(hashes.len(), 8);
        assert_eq!(run(3), run(3));
    }
}

#[test]
fn watching_changes_nothing() {
    let hash = |config: NetworkConfig| eventful(config).trace_hash();
    let plain = NetworkConfig::new(9).link(stream());
    let expected = hash(plain.clone());
    assert_eq!(hash(plain.clone().record(true)), expected);
    assert_eq!(hash(plain.clone().track_spread(true)), expected);
    assert_eq!(hash(plain.clone().checks(false).keep_events(false)), expected);
    assert_ne!(hash(plain.link(LinkModel::stream())), expected);
}
