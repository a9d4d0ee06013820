//! `chinwag sim run`: a scenario from a file, or one that comes with the program.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use chinwag_memory::Scenario;
use chinwag_memory::scenario::{Figures, Outcome, builtin, builtins};

use crate::arguments::{Format, RunArguments};
use crate::exit::Exit;
use crate::sim::listing::Listing;
use crate::sim::made_by::MadeBy;
use crate::sim::{csv_line, print, threads_of, trace_file};

/// Plays the scenario and prints what came of it: fine if every check held.
///
/// # Errors
/// When there is no such scenario, it is none, or standard output is closed.
pub(super) fn run(arguments: &RunArguments) -> anyhow::Result<Exit> {
    if let Some(name) = &arguments.show {
        let Some(builtin) = builtin(name) else {
            bail!("no scenario is called {name}: `chinwag sim --list` names them")
        };
        print(builtin.toml)?;
        return Ok(Exit::Fine);
    }
    let scenario = scenario(arguments)?;
    let outcome = match &arguments.trace {
        None => scenario.play_on(threads_of(arguments.threads))?,
        Some(file) => {
            let made_by = MadeBy::scenario(words(arguments, &scenario), &scenario).line()?;
            scenario.play_traced(&made_by, trace_file::create(file)?)?
        }
    };
    print(&match arguments.format {
        Format::Table => table(&scenario, &outcome) + &where_kept(arguments),
        Format::Json => format!("{}\n", serde_json::to_string(&outcome)?),
        Format::Csv => csv_line::of(&Listing::of(&outcome)?)?,
        Format::Markdown => markdown(&scenario, &outcome),
    })?;
    Ok(if outcome.failure.is_none() { Exit::Fine } else { Exit::Failed })
}

/// Where the trace is, for people.
fn where_kept(arguments: &RunArguments) -> String {
    arguments.trace.as_ref().map_or_else(String::new, |file| format!("Its trace: {}\n", file.display()))
}

/// The options that say which scenario it was, for people.
fn words(arguments: &RunArguments, scenario: &Scenario) -> Vec<String> {
    let mut words = vec!["run".to_owned()];
    match (&arguments.scenario, arguments.swarm_seed) {
        (None, Some(seed)) => words.extend(["--swarm-seed".to_owned(), seed.to_string()]),
        (name, _) => {
            words.extend(name.clone());
            words.extend(["--seed".to_owned(), scenario.seed.to_string()]);
        }
    }
    if let Some(nodes) = arguments.nodes {
        words.extend(["--nodes".to_owned(), nodes.to_string()]);
    }
    if let Some(bug) = arguments.bug {
        words.extend(["--bug".to_owned(), bug.name().to_owned()]);
    }
    words
}

/// Lists the scenarios that come with the program.
///
/// # Errors
/// When standard output is closed.
pub(super) fn list() -> anyhow::Result<Exit> {
    let mut list = String::new();
    for builtin in builtins() {
        let scenario = builtin.scenario()?;
        writeln!(list, "{:<16}{:>6} nodes  {}", builtin.name, scenario.nodes, scenario.about)?;
    }
    print(&list)?;
    Ok(Exit::Fine)
}

/// Reads a scenario from a file.
///
/// # Errors
/// When it cannot be read, or is none.
pub(super) fn read(file: &Path) -> anyhow::Result<Scenario> {
    let text = std::fs::read_to_string(file).with_context(|| {
        format!("{} cannot be read: is it a scenario's name? `chinwag sim --list` names them", file.display())
    })?;
    Scenario::from_toml(&text).with_context(|| file.display().to_string())
}

fn scenario(arguments: &RunArguments) -> anyhow::Result<Scenario> {
    let mut scenario = match (&arguments.scenario, arguments.swarm_seed) {
        (Some(name), _) => match builtin(name) {
            Some(builtin) => builtin.scenario()?,
            None => read(Path::new(name))?,
        },
        (None, Some(seed)) => Scenario::swarm(seed),
        (None, None) => bail!("say which scenario: `chinwag sim --list` names them"),
    };
    scenario.seed = arguments.seed.unwrap_or(scenario.seed);
    scenario.nodes = arguments.nodes.unwrap_or(scenario.nodes);
    scenario.bug = arguments.bug.or(scenario.bug);
    Ok(scenario)
}

fn table(scenario: &Scenario, outcome: &Outcome) -> String {
    let mut table = String::new();
    for (what, value, remark) in rows(scenario, outcome) {
        table.push_str(&format!("{what:<14}{value:>12}  {remark}\n"));
    }
    table + &verdict(outcome) + "\n"
}

fn markdown(scenario: &Scenario, outcome: &Outcome) -> String {
    let mut table = "| figure | value | |\n|---|---:|---|\n".to_owned();
    for (what, value, remark) in rows(scenario, outcome) {
        table.push_str(&format!("| {what} | {value} | {remark} |\n"));
    }
    table + "\n" + &verdict(outcome) + "\n"
}

fn verdict(outcome: &Outcome) -> String {
    match &outcome.failure {
        None => "Every check held.".to_owned(),
        Some(failure) => format!("FAILED: {failure}"),
    }
}

fn rows(scenario: &Scenario, outcome: &Outcome) -> [(&'static str, String, String); 9] {
    let Figures { survivors, messages, heard, due, excused, lost_with_their_holders, .. } = outcome.figures;
    let figures = &outcome.figures;
    let millis = |micros: u64| format!("{:.1} ms", micros as f64 / 1000.0);
    let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.4}"));
    [
        (
            "nodes",
            scenario.nodes.to_string(),
            format!("{survivors} there at the end, seed {}", scenario.seed),
        ),
        ("messages", messages.to_string(), format!("{lost_with_their_holders} lost with all who had them")),
        (
            "heard",
            heard.to_string(),
            format!("of {due} due, {excused} of which were before their time or given up"),
        ),
        ("delivered", ratio(figures.delivered_ratio()), "of what was due and not excused".to_owned()),
        ("redundancy", ratio(figures.redundancy()), "copies for each delivery beyond the first".to_owned()),
        ("hops", figures.hops_max.to_string(), format!("at most, {} on average", ratio(figures.hops_mean()))),
        (
            "delivery",
            millis(figures.median_us),
            format!("half of them; 99 %: {}", millis(figures.percentile_99_us)),
        ),
        (
            "recovery",
            outcome.settled_ms.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms")),
            parts(outcome),
        ),
        ("inputs", figures.inputs.to_string(), format!("trace {:016x}", outcome.trace_hash)),
    ]
}

fn parts(outcome: &Outcome) -> String {
    match outcome.parts {
        0 | 1 => "after the faults, until all was well".to_owned(),
        parts => format!("the faults left {parts} parts that know nothing of each other"),
    }
}
