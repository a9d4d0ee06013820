//! `chinwag sim`: broadcasts in a simulated network, on a virtual clock.

mod cast;
mod figures;
mod joiner;
mod measure;
mod minimise;
mod partition;
mod process;
mod rounds;
mod run_scenario;
mod scenario;
mod swarm;
mod table;
mod topology;

use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::arguments::{Format, SimArguments, SimProgram, SimTask};
use crate::clock;
use crate::exit::Exit;
use figures::{Figures, Run};
use measure::Watch;
use scenario::World;

/// Runs the simulation and prints what came of it: fine if every message reached every node that runs once, in order.
///
/// # Errors
/// When the arguments contradict each other, nobody is left to speak, or standard output is closed.
pub(crate) fn run(program: &SimProgram) -> anyhow::Result<Exit> {
    if program.list {
        return run_scenario::list();
    }
    match &program.task {
        Some(SimTask::Run(arguments)) => return run_scenario::run(arguments),
        Some(SimTask::Swarm(arguments)) => return swarm::run(arguments),
        Some(SimTask::Minimise(arguments)) => return minimise::run(arguments),
        None => {}
    }
    let arguments = &program.simulation;
    let figures = simulate(arguments)?;
    print(&match program.output.format {
        Format::Table => table::of(&figures, arguments),
        Format::Json => format!("{}\n", serde_json::to_string(&figures)?),
    })?;
    Ok(if figures.is_complete() { Exit::Fine } else { Exit::Failed })
}

fn simulate(arguments: &SimArguments) -> anyhow::Result<Figures> {
    let start = clock::now();
    let mut world = World::build(arguments)?;
    let joining = since(start);

    let start = clock::now();
    let before = *world.network.traffic();
    let spoken_from = world.network.now();
    let mut watch = Watch::new(arguments.size as usize);
    let special = arguments.joiner.is_some() || arguments.partition.is_some();
    let (mut killed, mut healed, mut joined) = (None, None, None);
    let rounds = arguments.rounds.unwrap_or(if special { 0 } else { ROUNDS });
    if rounds > 0 {
        killed = rounds::say(&mut world, &mut watch, arguments, rounds)?;
    }
    if let Some(time) = arguments.partition {
        healed = Some(partition::cut(&mut world, &mut watch, arguments, time)?);
    }
    if let Some(contact) = arguments.joiner {
        joined = Some(joiner::join(&mut world, &mut watch, arguments, contact)?);
    }
    Ok(Figures::of(&Run {
        seed: arguments.seed,
        traffic: world.network.traffic().since(&before),
        virtual_time: world.network.now().saturating_since(spoken_from),
        world: &world,
        measured: watch.measured(),
        joining,
        speaking: since(start),
        killed,
        healed,
        joined,
    }))
}

fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

fn since(start: Instant) -> Duration {
    clock::now().saturating_duration_since(start)
}

/// How many messages are said unless that is said.
const ROUNDS: u32 = 10;

#[cfg(test)]
mod tests;
