//! Runs follow from the seed, and from nothing else.

use std::collections::BTreeSet;

use crate::support::{datagram, eventful, stream};
use chinwag_memory::NetworkConfig;

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
