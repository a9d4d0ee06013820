//! chinwag and iroh-gossip on the same scenario, with the same counters, side by side.

#![forbid(unsafe_code)]

mod chinwag_side;
mod compare;
mod count;
mod handle;
mod iroh_side;
mod process;
mod scenario;
mod table;

use std::fmt;

use clap::{Parser, Subcommand, ValueEnum};

use crate::compare::Compared;
use crate::count::Counted;
use crate::scenario::Scenario;

/// Measures chinwag and iroh-gossip side by side.
#[derive(Debug, Parser)]
enum Arguments {
    /// Runs one side once, and prints what came of it as JSON.
    #[command(subcommand)]
    Run(Work),
    /// Runs both sides by turns, and prints the time and memory they took.
    Compare(Compared),
    /// Runs both sides under Valgrind, and prints the instructions they took.
    Instructions(Counted),
}

#[derive(Debug, Subcommand)]
enum Work {
    /// A network: everybody joins, then some say something.
    Swarm {
        side: Side,
        #[command(flatten)]
        scenario: Scenario,
    },
    /// One node with five neighbours.
    Handle {
        side: Side,
        /// How many distinct messages, each of them twice.
        #[arg(long, default_value_t = HANDLED)]
        messages: u32,
    },
}

/// Whose.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Side {
    Chinwag,
    Iroh,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse() {
        Arguments::Run(work) => println!("{}", work.run()?),
        Arguments::Compare(compared) => compared.run()?,
        Arguments::Instructions(counted) => counted.run()?,
    }
    Ok(())
}

impl Work {
    fn run(&self) -> anyhow::Result<String> {
        Ok(match self {
            Self::Swarm { side: Side::Chinwag, scenario } => {
                serde_json::to_string(&chinwag_side::run(scenario)?)?
            }
            Self::Swarm { side: Side::Iroh, scenario } => serde_json::to_string(&iroh_side::run(scenario)?)?,
            Self::Handle { side: Side::Chinwag, messages } => {
                serde_json::to_string(&handle::chinwag(*messages)?)?
            }
            Self::Handle { side: Side::Iroh, messages } => serde_json::to_string(&handle::iroh(*messages)?)?,
        })
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chinwag => "chinwag",
            Self::Iroh => "iroh",
        })
    }
}

/// How many messages one node handles.
const HANDLED: u32 = 10_000;
