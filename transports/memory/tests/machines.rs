//! What the machines of nodes do to them, and what faults do that last: slowness, wrong clocks, flapping links, mass
//! failure and mass join.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod support;
mod talker;

use chinwag_memory::{
    Bandwidth, BurstLoss, Clock, Fault, Fidelity, Latency, LinkModel, Machine, Memory, Network,
    NetworkConfig, NodeId, Probability, Regions, ms, secs,
};
use support::{datagram, eventful, stream};
use talker::{Talker, around, finished};

fn chatting(config: NetworkConfig, count: usize) -> (Network, Vec<NodeId>) {
    let mut network = Network::new(config);
    let nodes: Vec<_> =
        (0..count).map(|index| network.add_node(&format!("peer {index}")).expect("added")).collect();
    network.join_all(nodes[1..].iter().copied(), nodes[0]).expect("joined");
    network.run_for(secs(5));
    (network, nodes)
}

fn heard_by_all(network: &mut Network, nodes: &[NodeId], text: &str) {
    network.broadcast(nodes[0], text).expect("said");
    network.run_for(secs(60));
    for node in &nodes[1..] {
        assert!(network.heard(*node).iter().any(|(_, heard)| heard == text), "{node} did not hear {text}");
    }
    network.check().expect("kept");
}

#[test]
fn a_slow_machine_works_on_one_thing_after_the_other() {
    let talker = Talker { left: 50, ..Talker::default() };
    let config = NetworkConfig::new(1).link(LinkModel::stream().latency(ms(20)));
    let (mut network, hub) = around(config, 1, &talker);
    network.set_machine(hub, Machine::new().handling(ms(10)));
    let stats = finished(&mut network);
    let times: Vec<u64> = network.node(hub).heard.iter().map(|(at, _)| at.as_millis()).collect();
    // The dial arrives at 20 ms and is answered at 30; what is said in answer arrives at 70.
    assert_eq!(times, (0..50).map(|number| 80 + 10 * number).collect::<Vec<_>>());
    assert_eq!((stats.delivered, stats.kept_waiting), (50, 49));
}

#[test]
fn a_fast_clock_fires_early_and_a_slow_one_late_in_virtual_time() {
    for (drift, expected) in [(0, 10_000), (250_000, 8_000), (-500_000, 20_000)] {
        let talker = Talker { left: 101, every: ms(100), ..Talker::default() };
        let config = NetworkConfig::new(1).link(LinkModel::stream().latency(ms(20)));
        let (mut network, hub) = around(config, 1, &talker);
        let sender = network.nodes().nth(1).expect("added");
        network.set_machine(sender, Machine::new().clock(Clock::ahead(secs(100)).drift(drift)));
        let stats = finished(&mut network);
        let heard = &network.node(hub).heard;
        let (first, last) = (heard[0].0, heard[100].0);
        assert_eq!(first.as_millis(), 60);
        assert_eq!(last.saturating_since(first), ms(expected), "drift {drift}");
        assert!(stats.misdated > 100 && stats.early_deadlines == 0, "{stats:?}");
    }
}

#[test]
fn nodes_whose_clocks_disagree_understand_each_other() {
    let (mut network, nodes) = chatting(NetworkConfig::new(4), 12);
    for (index, node) in nodes.iter().enumerate() {
        let drift = i32::try_from(index).expect("few") * 10_000 - 60_000;
        network.set_machine(*node, Machine::new().clock(Clock::ahead(secs(index as u64 * 7)).drift(drift)));
    }
    heard_by_all(&mut network, &nodes, "what time is it?");
    assert!(network.stats().misdated > 1_000);
    assert!(network.time_at(nodes[11]) > network.now() + secs(77));
}

#[test]
fn a_flapping_link_breaks_and_comes_back_as_often_as_told() {
    let (mut network, nodes) = chatting(NetworkConfig::new(4), 2);
    let (before, answered) = (network.stats().faults, network.stats().dials_answered);
    let (one, other) = (nodes[0], nodes[1]);
    network.inject(Fault::Flap { one, other, down: secs(2), up: secs(30), times: 3 });
    network.run_for(secs(1));
    assert_eq!(network.overlay().components(), 2);
    network.run_for(secs(120));
    assert_eq!(network.stats().faults - before, 6);
    assert!(network.stats().dials_answered >= answered + 3);
    assert_eq!(network.overlay().components(), 1);
    heard_by_all(&mut network, &nodes, "still there?");
}

#[test]
fn healing_between_two_groups_leaves_other_partitions() {
    let (mut network, nodes) = chatting(NetworkConfig::new(4), 3);
    network.partition(&nodes[..1], &nodes[1..2]);
    network.partition(&nodes[..1], &nodes[2..]);
    network.inject(Fault::HealBetween { one: nodes[1..2].to_vec(), other: nodes[..1].to_vec() });
    network.crash(nodes[1]);
    network.run_for(secs(1));
    network.broadcast(nodes[0], "hello").expect("said");
    network.run_for(secs(1));
    assert!(network.heard(nodes[2]).is_empty());
    network.inject(Fault::HealBetween { one: nodes[..1].to_vec(), other: nodes[2..].to_vec() });
    network.run_for(secs(1));
    assert_eq!(network.heard(nodes[2]).len(), 1);
}

#[test]
fn a_share_of_the_nodes_crashes_and_all_come_back() {
    let (mut network, nodes) = chatting(NetworkConfig::new(4), 40);
    let running = |network: &Network| nodes.iter().filter(|node| network.is_running(**node)).count();
    let half = || Fault::CrashShare { share: Probability::from(0.5) };
    let mut other = network.clone();
    network.inject(half());
    assert_eq!(running(&network), 20);
    other.run_for(ms(1));
    other.inject(half());
    let crashed = |network: &Network| nodes.iter().map(|node| network.is_running(*node)).collect::<Vec<_>>();
    assert_ne!(crashed(&network), crashed(&other), "another moment, another draw");
    network.inject(half());
    assert_eq!(running(&network), 10);
    network.run_for(secs(10));
    network.inject(Fault::RestartAll { memory: Memory::Kept });
    assert_eq!(running(&network), 40);
    network.run_for(secs(60));
    heard_by_all(&mut network, &nodes, "all well?");
}

#[test]
fn models_that_never_take_effect_change_nothing() {
    for link in [stream(), datagram()] {
        let never = link.burst_loss(BurstLoss::new(0.0, 0.5)).dial_refusal(0.0).dial_loss(0.0);
        let unlimited = Machine::new().handling(ms(0)).clock(Clock::RIGHT).accept_limit(u32::MAX);
        let plain = eventful(NetworkConfig::new(5).link(link));
        let modelled = eventful(NetworkConfig::new(5).link(never).machine(unlimited));
        assert_eq!(modelled.trace_hash(), plain.trace_hash());
        assert_eq!(modelled.stats(), plain.stats());
    }
}

#[test]
fn all_models_at_once_give_one_run_for_a_seed_in_either_fidelity() {
    let link = |link: LinkModel| {
        link.latency(Latency::log_normal(ms(30), 0.6))
            .latency_per_packet(true)
            .bandwidth(Bandwidth::bits_per_second(400_000))
            .burst_loss(BurstLoss::new(0.01, 0.3))
            .dial_refusal(0.05)
            .dial_loss(0.05)
    };
    let machine = Machine::new()
        .handling(ms(1))
        .uplink(Bandwidth::bits_per_second(800_000))
        .accept_limit(8)
        .clock(Clock::ahead(secs(1)).drift(500));
    for link in [link(stream()), link(datagram())] {
        let run = |seed, fidelity| {
            let config = NetworkConfig::new(seed).link(link).machine(machine).fidelity(fidelity);
            let network = eventful(config);
            let stats = network.stats();
            assert!(stats.queued > 100 && stats.kept_waiting > 100 && stats.misdated > 1_000, "{stats:?}");
            network.trace_hash()
        };
        assert_eq!(run(1, Fidelity::Typed), run(1, Fidelity::Typed));
        assert_eq!(run(1, Fidelity::Typed), run(1, Fidelity::Bytes));
        assert_ne!(run(1, Fidelity::Typed), run(2, Fidelity::Typed));
        let spread = NetworkConfig::new(1).link(link).regions(Regions::five_continents());
        assert_ne!(eventful(spread).trace_hash(), run(1, Fidelity::Typed));
    }
}
