//! On however many threads a network runs, the same happens.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chinwag::{Event, Time};
use chinwag_memory::scenario::Scenario;
use chinwag_memory::{
    Apart, Checked, Fidelity, LinkModel, Network, NetworkConfig, NodeId, Spread, Stats, ms, secs,
};

use super::support::{datagram, eventful, stream};

#[test]
fn a_network_is_the_same_on_one_thread_two_and_three() {
    let mut apart = 0;
    for link in [stream(), datagram(), stream().latency(ms(5)), datagram().latency_per_packet(true)] {
        for seed in 0..4 {
            let run =
                |threads| eventful(NetworkConfig::new(seed).link(link).track_spread(true).threads(threads));
            let one = run(1);
            assert_eq!(one.ran_in_parts(), Apart::default());
            for threads in [2, 3] {
                let several = run(threads);
                apart += several.ran_in_parts().exchanged;
                assert!(seen(&several) == seen(&one), "seed {seed}, {threads} threads");
            }
        }
    }
    assert!(apart > 10_000, "{apart} things happened at another part than where they were caused");
}

/// Random networks with every fault there is, hostile nodes, and every check on.
#[test]
fn a_scenario_has_the_same_outcome_on_one_thread_two_and_three() {
    let (mut inputs, mut failures) = (0, 0);
    for seed in 0..SCENARIOS {
        let scenario = Scenario::swarm(seed).at_most(24);
        let one = scenario.play().unwrap();
        inputs += one.figures.inputs;
        failures += u64::from(one.failure.is_some());
        for threads in [2, 3] {
            assert_eq!(scenario.play_on(threads).unwrap(), one, "seed {seed}, {threads} threads");
        }
    }
    assert!(inputs > 100_000, "{inputs}");
    assert_eq!(failures, 0);
}

#[test]
fn five_hundred_nodes_are_the_same_and_several_threads_work_on_them() {
    let one = crowd(1);
    for threads in [2, 3] {
        let several = crowd(threads);
        let apart = several.ran_in_parts();
        assert!(apart.windows > 100 && apart.shared > 50 && apart.exchanged > 10_000, "{apart:?}");
        assert!(seen(&several) == seen(&one), "{threads} threads");
    }
    assert!(one.spreads().iter().all(|spread| spread.deliveries().len() == 499));
}

#[test]
fn what_several_threads_cannot_do_one_does() {
    let two = |config: NetworkConfig| {
        let mut network = Network::new(config.threads(2));
        for number in 0..8 {
            network.add_node(&format!("n{number}")).unwrap();
        }
        network
    };
    let config = NetworkConfig::new(1);
    assert_eq!(two(config.clone()).threads(), 2);
    assert_eq!(two(config.clone().fidelity(Fidelity::Bytes)).threads(), 1);
    assert_eq!(two(config.clone().record(true)).threads(), 1);
    assert_eq!(two(config.clone().link(LinkModel::stream().latency(ms(0)))).threads(), 1);
    let mut logged = two(config.clone());
    logged.log_packets(true);
    assert_eq!(logged.threads(), 1);
    let mut traced = two(config);
    traced.write_trace("a test", std::io::sink());
    assert_eq!(traced.threads(), 1);
}

/// 500 nodes that join and talk, until all is quiet.
fn crowd(threads: usize) -> Network {
    let mut network = Network::new(NetworkConfig::new(9).track_spread(true).threads(threads));
    let nodes: Vec<NodeId> =
        (0..500).map(|number| network.add_node(&format!("n{number}")).unwrap()).collect();
    for number in 1..nodes.len() {
        // Anybody who is there, far and near.
        network.join(nodes[number], nodes[number * 40_503 / 64 % number]).unwrap();
    }
    network.run_for(secs(10));
    for round in 0..5 {
        network.broadcast(nodes[round * 97], format!("in round {round}")).unwrap();
        network.run_for(ms(300));
    }
    network.run_until_quiet(secs(60)).unwrap();
    network
}

type Seen<'a> = (
    u64,
    Time,
    Stats,
    Checked,
    Vec<&'a [(Time, Event)]>,
    &'a [Spread],
    Vec<(&'a str, chinwag_memory::Amount)>,
);

fn seen(network: &Network) -> Seen<'_> {
    (
        network.trace_hash(),
        network.now(),
        *network.stats(),
        network.check().unwrap(),
        network.nodes().map(|node| network.events(node)).collect(),
        network.spreads(),
        network.traffic_by_type().collect(),
    )
}

const SCENARIOS: u64 = 12;
