//! Nodes cannot tell whether messages travel as values or as bytes.

use crate::support::{datagram, eventful, stream};
use chinwag_memory::{Fidelity, NetworkConfig, Stats};

#[test]
fn typed_and_bytes_are_told_the_same_at_the_same_times() {
    for link in [stream(), datagram()] {
        for seed in 0..4 {
            let run = |fidelity| {
                let network = eventful(NetworkConfig::new(seed).link(link).fidelity(fidelity));
                (network.trace_hash(), *network.stats())
            };
            let (typed, mut typed_stats) = run(Fidelity::Typed);
            let (bytes, bytes_stats) = run(Fidelity::Bytes);
            assert_eq!(typed, bytes, "seed {seed}");
            assert!(bytes_stats.delivered > 1000);
            if link == stream() {
                assert!(bytes_stats.chunks > bytes_stats.delivered, "{bytes_stats:?}");
                assert!(bytes_stats.chunks_across_frames > 10, "{bytes_stats:?}");
            }
            let Stats { chunks, chunks_across_frames, .. } = bytes_stats;
            typed_stats.chunks = chunks;
            typed_stats.chunks_across_frames = chunks_across_frames;
            assert_eq!(typed_stats, bytes_stats);
        }
    }
}
