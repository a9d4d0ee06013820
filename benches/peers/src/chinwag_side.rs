//! Our side: `chinwag-memory`.

use std::time::Duration;

use chinwag::Time;
use chinwag_memory::{LinkModel, Network, NetworkConfig, NodeId, config_for, ms};

use crate::process::{cpu_seconds, resident};
use crate::scenario::{Heard, Outcome, PATIENCE, Phase, Scenario};

/// Runs the scenario.
pub(crate) fn run(scenario: &Scenario) -> anyhow::Result<Outcome> {
    let link = LinkModel::stream().latency(ms(10)..ms(50));
    // Deliveries are counted, and followed for hops and times; nothing is kept, checked or encoded.
    let config =
        NetworkConfig::new(scenario.seed).link(link).keep_events(false).checks(false).track_spread(true);
    let mut network = Network::new(config);
    let before = resident()?;
    let (nodes, bootstrap) = meter(&mut network, |network| bootstrap(network, scenario))?;
    let resident = (resident()? - before) / scenario.nodes as f64;
    let degree = network.overlay().degrees().sum::<usize>() as f64 / scenario.nodes as f64;
    let (heard, rounds) = meter(&mut network, |network| broadcasts(network, scenario, &nodes))?;
    let copies = nodes.iter().map(|node| {
        let stats = network.node(*node).stats();
        stats.delivered + stats.duplicates
    });
    Ok(Outcome { bootstrap, resident, degree, rounds, heard, copies: copies.sum() })
}

/// Everybody joins. Not inlined, so that its instructions can be counted.
#[inline(never)]
fn bootstrap(network: &mut Network, scenario: &Scenario) -> anyhow::Result<Vec<NodeId>> {
    let mut nodes = Vec::with_capacity(scenario.nodes);
    for number in 0..scenario.nodes {
        run_until(network, Time::ZERO + scenario.joins_at(number));
        let node = network.add_node_with(config_for(&format!("n{number}"))?)?;
        nodes.push(node);
        if number > 0 {
            network.join(node, nodes[0])?;
        }
    }
    run_until(network, Time::ZERO + scenario.join + scenario.settle);
    Ok(nodes)
}

/// Somebody says something, again and again. Not inlined, so that its instructions can be counted.
#[inline(never)]
fn broadcasts(network: &mut Network, scenario: &Scenario, nodes: &[NodeId]) -> anyhow::Result<Heard> {
    let mut heard = Heard::default();
    for round in 0..scenario.rounds {
        let (author, text) = scenario.said_in(round);
        let start = network.now();
        let id = network.broadcast(nodes[author], text)?;
        wait_for_everybody(network, scenario.audience());
        if let Some(spread) = network.take_spread(&id) {
            heard.deliveries += spread.deliveries().len() as u64;
            heard.last_hops += u64::from(spread.last_hop().unwrap_or(0));
            heard.last_seconds += spread.last_delivery().unwrap_or_default().as_secs_f64();
        }
        run_until(network, start + scenario.gap);
    }
    Ok(heard)
}

fn wait_for_everybody(network: &mut Network, audience: u64) {
    // What is missing after the patience is missing in the count.
    let _complete = network.run_until(PATIENCE, |network| {
        network.spreads().last().is_none_or(|spread| spread.deliveries().len() as u64 >= audience)
    });
}

fn run_until(network: &mut Network, at: Time) {
    network.run_for(at.saturating_since(network.now()));
}

fn meter<R>(
    network: &mut Network,
    part: impl FnOnce(&mut Network) -> anyhow::Result<R>,
) -> anyhow::Result<(R, Phase)> {
    let (events, now, cpu) = (network.stats().inputs, network.now(), cpu_seconds());
    let result = part(network)?;
    let cpu_seconds = cpu_seconds() - cpu;
    let passed: Duration = network.now().saturating_since(now);
    let events = network.stats().inputs - events;
    Ok((result, Phase { cpu_seconds, virtual_seconds: passed.as_secs_f64(), events }))
}
