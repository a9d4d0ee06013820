//! `chinwag sim`: broadcasts in a simulated network, on a virtual clock.

mod again;
mod cast;
mod compare;
mod csv_line;
mod diff;
mod distributions;
mod explain;
mod figures;
mod folder;
mod joiner;
mod kill_sweep;
mod listing;
mod made_by;
mod measure;
mod minimise;
mod partition;
mod progress;
mod record;
mod replay;
mod report;
mod rounds;
mod run_scenario;
mod scenario;
mod swarm;
mod table;
mod topology;
mod trace_file;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chinwag_memory::Network;
use chinwag_memory::trace_log::TraceEnd;

use crate::arguments::{Format, SimProgram, SimTask};
use crate::clock;
use crate::exit::Exit;
use distributions::{BytesOfType, Distributions};
use figures::{Figures, Run};
use listing::Listing;
use made_by::MadeBy;
use measure::Watch;
use progress::Progress;
use record::{DeliveryRow, MessageRow, Origin, PacketRow, Record};
use scenario::World;
use trace_file::Sink;

/// Runs the simulation and prints what came of it: fine if every message reached every node that runs once, in order.
/// Or does the task that was asked for.
///
/// # Errors
/// When the arguments contradict each other, nobody is left to speak, or something cannot be read or written.
pub(crate) fn run(program: &SimProgram) -> anyhow::Result<Exit> {
    if program.list {
        return run_scenario::list();
    }
    match &program.task {
        Some(SimTask::Run(arguments)) => return run_scenario::run(arguments),
        Some(SimTask::Swarm(arguments)) => return swarm::run(arguments),
        Some(SimTask::Minimise(arguments)) => return minimise::run(arguments),
        Some(SimTask::Again(arguments)) => return again::run(arguments),
        Some(SimTask::Compare(arguments)) => return compare::run(arguments),
        Some(SimTask::Replay(arguments)) => return replay::run(arguments),
        Some(SimTask::Diff(arguments)) => return diff::run(arguments),
        Some(SimTask::Explain(arguments)) => return explain::run(arguments),
        None => {}
    }
    if let Some(folder) = &program.output.out {
        folder::make(folder)?;
    }
    let sink = program.output.trace.as_deref().map(trace_file::create).transpose()?;
    let (record, figures, trace) = simulate(program, sink)?;
    if let Some(folder) = &program.output.out {
        folder::write(folder, &record)?;
    }
    print(&match program.output.format {
        Format::Table => table::of(&figures, &program.simulation) + &where_kept(program, trace),
        Format::Json => format!("{}\n", serde_json::to_string(&record.figures)?),
        Format::Csv => csv_line::of(&record.figures)?,
        Format::Markdown => table::markdown(&figures, &program.simulation),
    })?;
    Ok(if figures.is_complete() { Exit::Fine } else { Exit::Failed })
}

/// On how many threads to run a network, which changes nothing but how long it takes.
fn threads_of(told: Option<NonZeroUsize>) -> usize {
    told.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get)
}

/// Where to look, for people.
fn where_kept(program: &SimProgram, trace: Option<TraceEnd>) -> String {
    let page = program.output.out.as_ref().map(|folder| folder.join(folder::REPORT));
    let page = page.map_or_else(String::new, |page| format!("Its charts: {}\n", page.display()));
    let trace = program.output.trace.as_deref().zip(trace);
    page + &trace.map_or_else(String::new, |(file, end)| trace_file::in_words(file, end))
}

/// Runs the simulation, and writes its trace to `sink` if there is one.
fn simulate(program: &SimProgram, sink: Option<Sink>) -> anyhow::Result<(Record, Figures, Option<TraceEnd>)> {
    let arguments = &program.simulation;
    let origin = Origin::here(&program.words);
    let start = clock::now();
    let made_by = MadeBy::simulation(origin.clone()).line()?;
    let threads = threads_of(program.output.threads);
    let prepare = |network: &mut Network| {
        network.set_threads(threads);
        if let Some(sink) = sink {
            network.write_trace(&made_by, sink);
        }
    };
    let mut world = World::build(arguments, Progress::new(), prepare)?;
    let joining = since(start);

    let start = clock::now();
    let before = *world.network.traffic();
    let bytes_before = bytes_by_type(&world);
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
    let kill_sweep = match arguments.kill_sweep.as_slice() {
        [] => None,
        shares => Some(kill_sweep::sweep(&world, arguments, shares)?),
    };
    let figures = Figures::of(&Run {
        seed: arguments.seed,
        traffic: world.network.traffic().since(&before),
        virtual_time: world.network.now().saturating_since(spoken_from),
        world: &world,
        measured: watch.measured(),
        distributions: watch.distributions(),
        joining,
        speaking: since(start),
        killed,
        kill_sweep,
        healed,
        joined,
    });
    let bytes = bytes_by_type(&world).into_iter().map(|(msg_type, all)| {
        let before = bytes_before.get(&msg_type).copied().unwrap_or(0);
        BytesOfType { msg_type, before, after: all - before }
    });
    let record = Record {
        origin,
        figures: Listing::of(&figures)?,
        distributions: Distributions { bytes: bytes.collect(), ..watch.distributions().clone() },
        messages: MessageRow::of(watch.measured()),
        deliveries: watch.last().map(DeliveryRow::of).unwrap_or_default(),
        packets: watch.last().map(PacketRow::of).unwrap_or_default(),
    };
    let trace = world.network.end_trace().context("the trace cannot be written")?;
    Ok((record, figures, trace))
}

fn bytes_by_type(world: &World) -> BTreeMap<String, u64> {
    let bytes = world.network.traffic_by_type();
    bytes.map(|(msg_type, sent)| (msg_type.to_owned(), sent.bytes)).collect()
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
