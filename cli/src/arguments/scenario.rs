//! `chinwag sim run`, `swarm` and `minimise`: scenarios as text.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Format;

/// `chinwag sim run`
#[derive(Args, Clone, Debug)]
pub(crate) struct RunArguments {
    /// A scenario that comes with the program (`sim --list` names them), or a file with one in TOML
    /// (docs/scenarios.md)
    #[arg(value_name = "NAME|FILE", required_unless_present_any = ["show", "swarm_seed"])]
    pub(crate) scenario: Option<String>,
    /// Print the text of a scenario that comes with the program, to be changed, and do nothing else
    #[arg(long, value_name = "NAME", conflicts_with = "scenario")]
    pub(crate) show: Option<String>,
    /// Play what `chinwag sim swarm` makes of this seed
    #[arg(long, value_name = "SEED", conflicts_with_all = ["show", "scenario", "seed"])]
    #[arg(value_parser = clap::value_parser!(u64).range(..=i64::MAX.unsigned_abs()))]
    pub(crate) swarm_seed: Option<u64>,
    /// What all chance follows from [default: what the scenario says]
    #[arg(short, long, value_parser = clap::value_parser!(u64).range(..=i64::MAX.unsigned_abs()))]
    pub(crate) seed: Option<u64>,
    /// How many nodes [default: what the scenario says]
    #[arg(short, long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) nodes: Option<u32>,
    /// Plant this fault in all nodes, to see it found
    #[arg(long, value_name = "BUG", value_parser = bug)]
    pub(crate) bug: Option<chinwag_memory::scenario::Bug>,
    /// How to print the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Write everything that happens to this file, for `sim replay`, `sim diff` and `sim explain`
    #[arg(long, value_name = "FILE", conflicts_with = "show")]
    pub(crate) trace: Option<PathBuf>,
    /// On how many threads to run; the outcome is the same [default: one for each processor; with --trace always 1]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// `chinwag sim swarm`
#[derive(Args, Clone, Debug)]
pub(crate) struct SwarmArguments {
    /// How many seeds
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seeds: u64,
    /// The first of them
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    #[arg(value_parser = clap::value_parser!(u64).range(..=i64::MAX.unsigned_abs()))]
    pub(crate) from: u64,
    /// Begin no scenario after this time
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) at_most: Option<Duration>,
    /// How many scenarios to play at once [default: as many as there are processors]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Plant this fault in all nodes, to see it found
    #[arg(long, value_name = "BUG", value_parser = bug)]
    pub(crate) bug: Option<chinwag_memory::scenario::Bug>,
    /// How to print the result
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

/// `chinwag sim minimise`
#[derive(Args, Clone, Debug)]
pub(crate) struct MinimiseArguments {
    /// A file with a scenario that fails
    #[arg(value_name = "FILE", required_unless_present = "seed")]
    pub(crate) file: Option<PathBuf>,
    /// The seed of the swarm whose scenario fails
    #[arg(long, conflicts_with = "file")]
    #[arg(value_parser = clap::value_parser!(u64).range(..=i64::MAX.unsigned_abs()))]
    pub(crate) seed: Option<u64>,
    /// Plant this fault in all nodes
    #[arg(long, value_name = "BUG", value_parser = bug)]
    pub(crate) bug: Option<chinwag_memory::scenario::Bug>,
    /// Take the smallest that was found within this time
    #[arg(long = "for", value_name = "DURATION", default_value = "60s", value_parser = humantime::parse_duration)]
    pub(crate) at_most: Duration,
    /// Write it to this file, not to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

fn bug(name: &str) -> Result<chinwag_memory::scenario::Bug, String> {
    use chinwag_memory::scenario::Bug;
    Bug::ALL.into_iter().find(|bug| bug.name() == name).ok_or_else(|| {
        let names: Vec<_> = Bug::ALL.iter().map(|bug| bug.name()).collect();
        format!("there is none of that name: {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use crate::arguments::parsed_simulation;

    #[test]
    fn a_scenario_comes_from_one_place() {
        for good in [
            "run single --seed 3 --nodes 40 --format json",
            "--list",
            "run --show churn",
            "run --swarm-seed 7",
            "swarm --seeds 1000 --for 10m --from 5",
            "minimise --seed 9 --for 5s",
            "minimise file.toml --out small.toml --bug forge",
        ] {
            assert!(parsed_simulation(good).is_ok(), "{good}");
        }
        for bad in [
            "run",
            "run single --show churn",
            "run single --swarm-seed 7",
            "minimise",
            "minimise file.toml --seed 3",
            "swarm --seeds 0",
            "swarm --bug none",
        ] {
            assert_eq!(parsed_simulation(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
