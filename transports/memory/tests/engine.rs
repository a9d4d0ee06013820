//! How the engine works inside changes nothing of what happens.

mod support;

use chinwag_memory::{Network, NetworkConfig, Scheduler, Stats};
use support::{datagram, eventful, stream};

#[test]
fn wheel_and_heap_run_the_same_network() {
    for link in [stream(), datagram()] {
        for seed in 0..4 {
            let run = |scheduler| seen(&eventful(NetworkConfig::new(seed).link(link).scheduler(scheduler)));
            let wheel = run(Scheduler::Wheel);
            assert!(wheel.1.inputs > 1000, "{:?}", wheel.1);
            assert_eq!(wheel, run(Scheduler::Heap), "seed {seed}");
        }
    }
}

fn seen(network: &Network) -> (u64, Stats) {
    (network.trace_hash(), *network.stats())
}
