//! How the engine works inside changes nothing of what happens.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::time::Duration;

use crate::support::{datagram, eventful, stream};
use chinwag::{Event, Time};
use chinwag_memory::{Fault, Fidelity, Network, NetworkConfig, NodeId, Scheduler, Stats, ms};

#[test]
fn wheel_and_heap_run_the_same_network() {
    for link in [stream(), datagram()] {
        for seed in 0..4 {
            let run = |scheduler| seen(&eventful(NetworkConfig::new(seed).link(link).scheduler(scheduler)));
            let wheel = run(Scheduler::Wheel);
            assert!(wheel.stats.inputs > 1000, "{:?}", wheel.stats);
            assert_eq!(wheel, run(Scheduler::Heap), "seed {seed}");
        }
    }
}

/// The hashes are those of the protocol as it is: when what nodes say changes, so do they. That they are the same in
/// every build, on every machine, is what counts.
#[test]
fn every_build_runs_the_same_network() {
    let hash = |link| eventful(NetworkConfig::new(GOLDEN_SEED).link(link)).trace_hash();
    let (stream, datagram) = (hash(stream()), hash(datagram()));
    assert_eq!((stream, datagram), GOLDEN, "now {stream:#018x} and {datagram:#018x}");
}

#[test]
fn a_snapshot_goes_on_as_the_network_does() {
    for link in [stream(), datagram()] {
        for fidelity in [Fidelity::Typed, Fidelity::Bytes] {
            let config = NetworkConfig::new(5).link(link).fidelity(fidelity).track_spread(true);
            let mut network = started(config);
            let (mut snapshots, mut rest) = (Vec::new(), SNAPSHOTS);
            while rest > 0 {
                rest -= 1;
                snapshots.push((rest, network.clone()));
                go_on(&mut network);
            }
            let uninterrupted = seen(&network);
            assert!(uninterrupted.stats.delivered > 500, "{:?}", uninterrupted.stats);
            let busy = snapshots.iter().filter(|(_, snapshot)| snapshot.stats().in_flight > 0).count();
            assert!(busy > 5, "only {busy} snapshots had something on its way");
            for (left, mut snapshot) in snapshots {
                (0..=left).for_each(|_| go_on(&mut snapshot));
                assert_eq!(seen(&snapshot), uninterrupted, "the last {left} steps");
                assert_eq!(snapshot.spreads(), network.spreads());
            }
        }
    }
}

/// Everything that can be seen of what happened.
#[derive(PartialEq, Eq, Debug)]
struct Seen {
    hash: u64,
    stats: Stats,
    events: Vec<Vec<(Time, Event)>>,
}

fn seen(network: &Network) -> Seen {
    let events = network.nodes().map(|node| network.events(node).to_vec()).collect();
    Seen { hash: network.trace_hash(), stats: *network.stats(), events }
}

/// Eight nodes that join; one will crash, and half of them will be cut off for a while.
fn started(config: NetworkConfig) -> Network {
    let mut network = Network::new(config);
    let nodes: Vec<NodeId> =
        (0..8).map(|index| network.add_node(&format!("peer {index}")).expect("added")).collect();
    for pair in nodes.windows(2) {
        network.join(pair[1], pair[0]).expect("joined");
    }
    network.schedule(at(900), Fault::Crash { node: nodes[6] });
    network.schedule(at(1200), Fault::Partition { one: nodes[..3].to_vec(), other: nodes[3..].to_vec() });
    network.schedule(at(1700), Fault::Heal);
    network
}

/// Time passes, by steps that fall between all rhythms of the nodes, and somebody says something.
fn go_on(network: &mut Network) {
    network.run_for(STEP);
    let author = network.nodes().nth(2).expect("a node");
    network.broadcast(author, format!("at {:?}", network.now())).expect("said");
}

fn at(millis: u64) -> Time {
    Time::ZERO + ms(millis)
}

const STEP: Duration = Duration::from_nanos(173_456_789);
const SNAPSHOTS: usize = 16;
const GOLDEN_SEED: u64 = 42;
const GOLDEN: (u64, u64) = (0x2f88_116b_a8bb_a9e6, 0x33a5_f1c5_cc0b_9812);
