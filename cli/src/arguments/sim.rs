//! `chinwag sim`: a simulation, or something to do with simulations that were kept.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{
    DiffArguments, ExplainArguments, MinimiseArguments, ReplayArguments, RunArguments, SimArguments,
    SwarmArguments,
};

/// `chinwag sim`
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SimProgram {
    #[command(subcommand)]
    pub(crate) task: Option<SimTask>,
    /// List the scenarios that come with the program, and do nothing else
    #[arg(long)]
    pub(crate) list: bool,
    #[command(flatten)]
    pub(crate) simulation: SimArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The options of the simulation as they were given, and its seed.
    #[arg(skip)]
    pub(crate) words: Vec<String>,
}

/// What else `chinwag sim` does; without any of these it runs one simulation.
#[derive(Subcommand, Clone, Debug)]
pub(crate) enum SimTask {
    /// Play a scenario: one that comes with the program, or one from a file
    Run(RunArguments),
    /// Play a scenario made of each of many seeds, and check everything
    Swarm(SwarmArguments),
    /// Make a scenario that fails as small as can be
    Minimise(MinimiseArguments),
    /// Run what was kept with --out again, and say whether the result is the same
    Again(AgainArguments),
    /// Show two simulations that were kept with --out side by side
    Compare(CompareArguments),
    /// Run again what a trace was written of with --trace, and say whether everything happens as it did
    Replay(ReplayArguments),
    /// Say where two traces that were written with --trace part
    Diff(DiffArguments),
    /// Say how a message came to a node, or why it did not, from a trace that was written with --trace
    Explain(ExplainArguments),
}

/// What to do with a result.
#[derive(Args, Clone, Debug)]
pub(crate) struct OutputArguments {
    /// How to print the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Keep the result in this folder, too: the command, the figures, a line for each message, and a page with charts
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write everything that happens to this file, for `sim replay`, `sim diff` and `sim explain`
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// On how many threads to run; the result is the same [default: one for each processor; with --trace always 1]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// `chinwag sim again`
#[derive(Args, Clone, Debug)]
pub(crate) struct AgainArguments {
    /// The folder that was given to --out
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Keep the new result in this folder, too
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// `chinwag sim compare`
#[derive(Args, Clone, Debug)]
pub(crate) struct CompareArguments {
    /// The folder of the one that is compared with
    #[arg(value_name = "A")]
    pub(crate) one: PathBuf,
    /// The folder of the other one
    #[arg(value_name = "B")]
    pub(crate) other: PathBuf,
    /// How to print the comparison
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Write a page with the charts of both to this file, too
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// How to print a result.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs: one JSON object
    Json,
    /// For spreadsheets: a line with the names of the figures, and one with the figures
    Csv,
    /// For documents: a table in Markdown
    Markdown,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::parsed_simulation;

    #[test]
    fn a_task_takes_no_options_of_a_simulation() {
        assert!(parsed_simulation("--nodes 9 --out kept").unwrap().task.is_none());
        assert!(matches!(parsed_simulation("again kept").unwrap().task, Some(SimTask::Again(_))));
        for bad in ["--nodes 9 again kept", "again", "compare one", "again kept --nodes 9"] {
            assert_eq!(parsed_simulation(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
