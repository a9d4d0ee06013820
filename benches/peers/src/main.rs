//! chinwag and others at the same work, with the same counters, side by side.

#![forbid(unsafe_code)]

mod child;
mod chinwag_side;
#[path = "../../../cli/src/clock.rs"]
#[expect(dead_code, reason = "some of it is for several processes")]
mod clock;
mod compare;
mod count;
mod handle;
mod iroh_side;
mod process;
mod scenario;
mod table;
mod tcp;

use std::fmt;

use clap::{Parser, Subcommand, ValueEnum};

use crate::compare::Compared;
use crate::count::Counted;
use crate::scenario::Scenario;
use crate::tcp::{Tcp, TcpRun};

/// Measures chinwag beside iroh-gossip, libp2p, tokio and sockets alone.
#[derive(Debug, Parser)]
enum Arguments {
    /// Runs one contestant once, and prints what came of it as JSON.
    #[command(subcommand)]
    Run(Work),
    /// Runs chinwag and iroh-gossip by turns, and prints the time and memory they took.
    Compare(Compared),
    /// Runs chinwag and iroh-gossip under Valgrind, and prints the instructions they took.
    Instructions(Counted),
    /// Runs all who do the same work over TCP on this machine by turns, and prints what that took.
    Tcp(Tcp),
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
    /// TCP on this machine.
    Tcp(TcpRun),
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
        Arguments::Tcp(tcp) => tcp.run()?,
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
            Self::Tcp(run) => serde_json::to_string(&run.run()?)?,
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
