//! Whatever happens, in whatever order: every packet is accounted for, and no promise is broken.

use std::cell::RefCell;

use chinwag::{Dialects, Semantics};
use chinwag_memory::{
    Fault, Fidelity, LinkModel, Memory, Network, NetworkConfig, NodeId, Stats, config_for, ms, secs,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};

/// One step. Nodes are numbers that are taken modulo how many there are.
#[derive(Clone, Debug)]
enum Step {
    Join(usize, usize),
    Broadcast(usize),
    Direct(usize, usize),
    RequestPeers(usize, usize),
    Leave(usize),
    Crash(usize),
    Restart(usize, Memory),
    Partition(u8),
    OneWay(u8),
    Heal,
    Break(usize, usize),
    Run(u64),
}

#[derive(Clone, Debug)]
struct Plan {
    seed: u64,
    nodes: usize,
    /// Which of them speak the old program's dialect, one bit each.
    classic: u8,
    semantics: Semantics,
    fidelity: Fidelity,
    steps: Vec<Step>,
}

fn step() -> impl Strategy<Value = Step> {
    let node = 0..8usize;
    let memory = prop_oneof![Just(Memory::Kept), Just(Memory::Lost)];
    prop_oneof![
        4 => (node.clone(), node.clone()).prop_map(|(node, to)| Step::Join(node, to)),
        6 => node.clone().prop_map(Step::Broadcast),
        2 => (node.clone(), node.clone()).prop_map(|(node, to)| Step::Direct(node, to)),
        1 => (node.clone(), node.clone()).prop_map(|(node, of)| Step::RequestPeers(node, of)),
        1 => Just(0).prop_map(Step::Leave),
        1 => node.clone().prop_map(Step::Crash),
        2 => (node.clone(), memory).prop_map(|(node, memory)| Step::Restart(node, memory)),
        1 => any::<u8>().prop_map(Step::Partition),
        1 => any::<u8>().prop_map(Step::OneWay),
        1 => Just(Step::Heal),
        1 => (node.clone(), node).prop_map(|(one, other)| Step::Break(one, other)),
        8 => (0..3000u64).prop_map(Step::Run),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let semantics = prop_oneof![Just(Semantics::Stream), Just(Semantics::Datagram)];
    let fidelity = prop_oneof![Just(Fidelity::Typed), Just(Fidelity::Bytes)];
    let classic = prop_oneof![2 => Just(0), 1 => any::<u8>()];
    let steps = prop::collection::vec(step(), 1..60);
    (any::<u64>(), 2..8usize, classic, semantics, fidelity, steps).prop_map(
        |(seed, nodes, classic, semantics, fidelity, steps)| Plan {
            seed,
            nodes,
            classic,
            semantics,
            fidelity,
            steps,
        },
    )
}

fn run(plan: &Plan) -> Result<Stats, Box<dyn std::error::Error>> {
    let link = match plan.semantics {
        Semantics::Stream => LinkModel::stream(),
        Semantics::Datagram => LinkModel::datagram().loss(0.1).duplication(0.1).reordering(0.1, ms(50)),
    };
    let config = NetworkConfig::new(plan.seed).link(link.jitter(ms(10))).fidelity(plan.fidelity);
    let mut network = Network::new(config);
    let mut add = |index: usize| {
        let mut config = config_for(&format!("peer {index}"))?;
        if plan.classic >> index & 1 == 1 {
            config.dialects = Dialects::Classic;
        }
        network.add_node_with(config)
    };
    let nodes: Vec<NodeId> = (0..plan.nodes).map(&mut add).collect::<Result<_, _>>()?;
    let pick = |index: &usize| nodes[index % nodes.len()];
    for (number, step) in plan.steps.iter().enumerate() {
        // That a command is refused is fine: most are about peers that are not known.
        match step {
            Step::Join(node, to) => drop(network.join(pick(node), pick(to))),
            Step::Broadcast(node) => drop(network.broadcast(pick(node), format!("{number}, to all"))),
            Step::Direct(node, to) => drop(network.direct(pick(node), pick(to), "to you")),
            Step::RequestPeers(node, of) => drop(network.request_peers(pick(node), pick(of))),
            Step::Leave(node) => drop(network.leave(pick(node))),
            Step::Crash(node) => network.crash(pick(node)),
            Step::Restart(node, memory) => network.restart(pick(node), *memory),
            Step::Partition(sides) => {
                let (one, other) = split(&nodes, *sides);
                network.partition(&one, &other);
            }
            Step::OneWay(sides) => {
                let (from, to) = split(&nodes, *sides);
                network.partition_one_way(&from, &to);
            }
            Step::Heal => network.heal(),
            Step::Break(one, other) => {
                network.inject(Fault::BreakLinks { one: pick(one), other: pick(other) });
            }
            Step::Run(millis) => network.run_for(ms(*millis)),
        }
        network.check()?;
    }
    network.heal();
    nodes.iter().for_each(|node| network.crash(*node));
    network.run_for(secs(5));
    network.check()?;
    let stats = *network.stats();
    if stats.in_flight > 0 {
        return Err(format!("nobody runs, and something is still on its way: {stats:?}").into());
    }
    Ok(stats)
}

#[test]
fn every_packet_is_accounted_for() {
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let seen: RefCell<Vec<Stats>> = RefCell::default();
    TestRunner::new_with_rng(config, rng)
        .run(&plan(), |plan| {
            let stats = run(&plan).map_err(|error| TestCaseError::fail(error.to_string()))?;
            seen.borrow_mut().push(stats);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    let seen = seen.into_inner();
    let total = |count: fn(&Stats) -> u64| seen.iter().map(count).sum::<u64>();
    for (exercised, count) in [
        ("delivered", total(|stats| stats.delivered)),
        ("lost", total(|stats| stats.dropped.loss)),
        ("met a partition as a datagram", total(|stats| stats.dropped.partition)),
        ("reached a crashed node", total(|stats| stats.dropped.crashed)),
        ("was on a link that broke", total(|stats| stats.dropped.broken)),
        ("reached a link that was closed", total(|stats| stats.dropped.closed)),
        ("duplicated", total(|stats| stats.duplicated)),
        ("reordered", total(|stats| stats.reordered)),
        ("met a partition as a stream", total(|stats| stats.held_back)),
        ("chunk", total(|stats| stats.chunks)),
        ("chunk across frames", total(|stats| stats.chunks_across_frames)),
        ("dial answered", total(|stats| stats.dials_answered)),
        ("dial failed", total(|stats| stats.dials_failed)),
        ("link ended", total(|stats| stats.links_ended)),
    ] {
        assert!(count >= 10, "exercised too rarely: {exercised} ({count} times)");
    }
}

fn split(nodes: &[NodeId], sides: u8) -> (Vec<NodeId>, Vec<NodeId>) {
    nodes.iter().partition(|node| sides >> (node.index() % 8) & 1 == 1)
}
