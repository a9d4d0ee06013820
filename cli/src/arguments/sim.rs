//! `chinwag sim`: a simulation, or something to do with simulations that were kept.

use clap::{Args, Subcommand, ValueEnum};

use super::{MinimiseArguments, RunArguments, SimArguments, SwarmArguments};

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
}

/// What to do with a result.
#[derive(Args, Clone, Debug)]
pub(crate) struct OutputArguments {
    /// How to print the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

/// How to print a result.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Format {
    /// For people
    Table,
    /// For programs: one JSON object
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::parsed_simulation;

    #[test]
    fn a_simulation_needs_no_task() {
        let sim = parsed_simulation("--nodes 9 --format json").unwrap();
        assert!(sim.task.is_none() && sim.output.format == Format::Json);
        assert_eq!(sim.simulation.nodes, 9);
    }
}
