//! `chinwag sim`: broadcasts in a simulated network, on a virtual clock.

mod result;
mod topology;

use std::io::Write as _;
use std::time::Instant;

use anyhow::Context as _;
use chinwag::Seed;
use chinwag_memory::{Network, NetworkConfig, NodeId, config_for, ms, secs};

use crate::arguments::{Format, SimArguments};
use crate::clock;
use crate::exit::Exit;
use result::{Degrees, Outcome};

/// How far apart messages are said, in virtual time: one has mostly spread before the next.
const PACE_MS: u64 = 200;

/// Runs the simulation and prints what came of it: fine if every message reached every node once.
///
/// # Errors
/// When the network does not come to rest, or standard output is closed.
pub(crate) fn run(arguments: &SimArguments) -> anyhow::Result<Exit> {
    let outcome = simulate(arguments)?;
    let printed = match arguments.format {
        Format::Table => outcome.table(),
        Format::Json => outcome.json()?,
    };
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(printed.as_bytes())?;
    stdout.flush()?;
    Ok(if outcome.is_complete() { Exit::Fine } else { Exit::Failed })
}

fn simulate(arguments: &SimArguments) -> anyhow::Result<Outcome> {
    let start = clock::now();
    let (mut network, nodes) = build(arguments)?;
    network.run_until_quiet(secs(120)).context("the network did not come to rest after joining")?;
    let linked = nodes.iter().map(|node| network.node(*node).linked());
    let degrees = Degrees::of(linked);
    let joining = since(start);
    tracing::info!(nodes = nodes.len(), ?joining, "joined");

    let start = clock::now();
    let spoken_from = network.now();
    for message in 0..arguments.messages {
        let drawn = Seed::new(arguments.seed).derive(u64::from(u32::MAX) + u64::from(message)).get();
        let author = nodes[usize::try_from(drawn % nodes.len() as u64)?];
        network.broadcast(author, format!("message {message}")).context("a node could not speak")?;
        network.run_for(ms(PACE_MS));
    }
    network.run_until_quiet(secs(120)).context("the network did not come to rest after the messages")?;
    let kept = network.check().map(drop).map_err(|violation| violation.to_string());
    Ok(Outcome {
        seed: arguments.seed,
        nodes: nodes.len(),
        degrees,
        joining,
        speaking: since(start),
        virtual_time: network.now().saturating_since(spoken_from),
        inputs: network.stats().inputs,
        kept,
        messages: result::Messages::of(network.spreads(), nodes.len()),
    })
}

/// A connected random network: the nodes link with whom they are told to, and with nobody else.
fn build(arguments: &SimArguments) -> anyhow::Result<(Network, Vec<NodeId>)> {
    let config = NetworkConfig::new(arguments.seed).keep_events(false).track_spread(true).quiet_for(ms(500));
    let mut network = Network::new(config);
    let mut nodes = Vec::new();
    for number in 0..arguments.nodes {
        let mut config = config_for(&format!("n{number}"))?;
        config.target_neighbours = 0;
        nodes.push(network.add_node_with(config)?);
    }
    for (number, friends) in topology::random(arguments.nodes, arguments.degree, Seed::new(arguments.seed)) {
        let friends: Vec<NodeId> = friends.iter().map(|friend| nodes[*friend as usize]).collect();
        network.bootstrap(nodes[number as usize], &friends)?;
    }
    Ok((network, nodes))
}

fn since(start: Instant) -> std::time::Duration {
    clock::now().saturating_duration_since(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(seed: u64) -> SimArguments {
        SimArguments { nodes: 60, degree: 4, messages: 5, seed, format: Format::Json }
    }

    #[test]
    fn every_node_hears_every_message_once_and_few_copies_are_too_many() {
        let outcome = simulate(&arguments(3)).unwrap();
        assert!(outcome.is_complete(), "{}", outcome.table());
        assert_eq!(outcome.messages.deliveries, 5 * 59);
        // A tree sends a message once to each node but the author; the first ones find out which links it has.
        let needed = 5 * 59;
        assert!((needed..=needed + needed / 5).contains(&outcome.messages.copies), "{}", outcome.table());
    }

    #[test]
    fn the_seed_decides() {
        let measured = |seed| {
            let outcome = simulate(&arguments(seed)).unwrap();
            (outcome.messages, outcome.inputs)
        };
        assert_eq!(measured(7), measured(7));
        assert_ne!(measured(7), measured(8));
    }
}
