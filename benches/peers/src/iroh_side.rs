//! The other side: the simulator that `iroh-gossip` brings with it, with the options its own scenarios have.

use std::fmt::{self, Debug, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use iroh_gossip::proto::sim::{LatencyConfig, Network, NetworkConfig};
use iroh_gossip::proto::{Command, Config, DeliveryScope, Event, Scope, TopicId};
use rand::SeedableRng as _;
use rand::rngs::ChaCha12Rng;
use serde::Deserialize;

use crate::process::{cpu_seconds, resident};
use crate::scenario::{Heard, Outcome, PATIENCE, Phase, Scenario};

type Swarm = Network<u64, ChaCha12Rng>;

/// Runs the scenario.
pub(crate) fn run(scenario: &Scenario) -> anyhow::Result<Outcome> {
    let config = NetworkConfig { latency: LatencyConfig::random_ms(10, 50), proto: Config::default() };
    let mut swarm = Swarm::new(config, ChaCha12Rng::seed_from_u64(scenario.seed));
    let before = resident()?;
    let ((), bootstrap) = meter(&mut swarm, |swarm| bootstrap(swarm, scenario))?;
    let resident = (resident()? - before) / scenario.nodes as f64;
    let neighbours = |node| swarm.neighbors(&node, &TOPIC).map_or(0, |neighbours| neighbours.len());
    let degree = swarm.peer_ids().map(neighbours).sum::<usize>() as f64 / scenario.nodes as f64;
    let (heard, rounds) = meter(&mut swarm, |swarm| broadcasts(swarm, scenario))?;
    let states = swarm.peer_states().filter_map(|state| state.state(&TOPIC));
    let copies = states.map(|state| state.gossip_stats().payload_messages_received).sum();
    Ok(Outcome { bootstrap, resident, degree, rounds, heard, copies })
}

/// Everybody joins. Not inlined, so that its instructions can be counted.
#[inline(never)]
fn bootstrap(swarm: &mut Swarm, scenario: &Scenario) {
    for number in 0..scenario.nodes {
        run_until(swarm, scenario.joins_at(number));
        let contacts = if number == 0 { Vec::new() } else { vec![0] };
        swarm.insert_and_join(number as u64, TOPIC, contacts);
    }
    run_until(swarm, scenario.join + scenario.settle);
    drop(swarm.events());
}

/// Somebody says something, again and again. Not inlined, so that its instructions can be counted.
#[inline(never)]
fn broadcasts(swarm: &mut Swarm, scenario: &Scenario) -> Heard {
    let mut heard = Heard::default();
    for round in 0..scenario.rounds {
        let (author, text) = scenario.said_in(round);
        let start = swarm.elapsed();
        let text = Bytes::from(text);
        swarm.command(author as u64, TOPIC, Command::Broadcast(text.clone(), Scope::Swarm));
        wait_for_everybody(swarm, &text, scenario.audience(), &mut heard);
        heard.last_seconds += (swarm.elapsed() - start).as_secs_f64();
        run_until(swarm, start + scenario.gap);
    }
    heard
}

/// The simulator stops right after the event that `run_while_…` was told of.
fn wait_for_everybody(swarm: &mut Swarm, text: &Bytes, audience: u64, heard: &mut Heard) {
    let (mut deliveries, mut last_hop) = (0, 0);
    swarm.run_while_with_timeout(PATIENCE, |_, _, event| {
        if let Event::Received(received) = event
            && received.content == text
        {
            deliveries += 1;
            last_hop = last_hop.max(hops(received.scope));
        }
        deliveries < audience
    });
    heard.deliveries += deliveries;
    heard.last_hops += last_hop;
}

fn run_until(swarm: &mut Swarm, at: Duration) {
    swarm.run_duration(at.saturating_sub(swarm.elapsed()));
}

/// How many links a text has come over. The number is no public field, so it is read from the wire format.
fn hops(scope: DeliveryScope) -> u64 {
    #[derive(Deserialize)]
    enum OnTheWire {
        Swarm(u16),
        Neighbors,
    }
    let mut buffer = [0; 8];
    match postcard::to_slice(&scope, &mut buffer).and_then(|bytes| postcard::from_bytes(bytes)) {
        // Counted from 0 for a neighbour of the author.
        Ok(OnTheWire::Swarm(relays)) => u64::from(relays) + 1,
        Ok(OnTheWire::Neighbors) | Err(_) => 1,
    }
}

fn meter<R>(swarm: &mut Swarm, part: impl FnOnce(&mut Swarm) -> R) -> anyhow::Result<(R, Phase)> {
    let (events, now, cpu) = (ticks(swarm)?, swarm.elapsed(), cpu_seconds());
    let result = part(swarm);
    let cpu_seconds = cpu_seconds() - cpu;
    let virtual_seconds = (swarm.elapsed() - now).as_secs_f64();
    Ok((result, Phase { cpu_seconds, virtual_seconds, events: ticks(swarm)? - events }))
}

/// How many events the simulator has handled. It counts them, but shows the count only near the beginning of its debug
/// output; the rest, which has all nodes in it, is not written.
fn ticks(swarm: &Swarm) -> anyhow::Result<u64> {
    struct Beginning(String);
    impl fmt::Write for Beginning {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.push_str(text);
            if self.0.contains("peers:") { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut beginning = Beginning(String::new());
    let _cut_short = write!(beginning, "{:?}", swarm as &dyn Debug);
    let (_, rest) =
        beginning.0.split_once("tick: ").context("the simulator's debug output shows no tick count")?;
    let digits = rest.split(|digit: char| !digit.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().context("the simulator's tick count is no number")
}

const TOPIC: TopicId = TopicId::from_bytes([0; 32]);
