//! What both sides are asked to do, and what is counted while they do it.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

/// Nodes that join through node 0, and then say something, one after the other.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Scenario {
    /// How many nodes.
    #[arg(long, default_value_t = 1000)]
    pub(crate) nodes: usize,
    /// Over how long the joins are spread, evenly.
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) join: Duration,
    /// How long nothing is said after the last join.
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) settle: Duration,
    /// How many broadcasts, of 64 bytes each.
    #[arg(long, default_value_t = 30)]
    pub(crate) rounds: usize,
    /// From one broadcast to the next, at least: by default it follows as soon as everybody has the one before.
    #[arg(long, default_value = "0s", value_parser = humantime::parse_duration)]
    pub(crate) gap: Duration,
    /// Who says them.
    #[arg(long, value_enum, default_value_t = Senders::Random)]
    pub(crate) senders: Senders,
    /// What all chance follows from.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Who says something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Senders {
    /// Each time anybody.
    Random,
    /// Four nodes by turns.
    Rotate,
}

/// What came of one run of one side.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) bootstrap: Phase,
    /// Resident memory for each node after the bootstrap, in bytes.
    pub(crate) resident: f64,
    /// Neighbours of a node after the bootstrap, in the mean.
    pub(crate) degree: f64,
    pub(crate) rounds: Phase,
    pub(crate) heard: Heard,
    /// Copies of the texts that were received, duplicates among them.
    pub(crate) copies: u64,
}

/// What a part of the run took.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Phase {
    pub(crate) cpu_seconds: f64,
    pub(crate) virtual_seconds: f64,
    /// Calls of nodes: messages, timers, commands, ends of links.
    pub(crate) events: u64,
}

/// What was delivered: sums over the broadcasts.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Heard {
    pub(crate) deliveries: u64,
    /// Over how many links the last delivery had come.
    pub(crate) last_hops: u64,
    /// How long the last delivery took, in virtual seconds.
    pub(crate) last_seconds: f64,
}

impl Scenario {
    /// The arguments that say all this.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let Self { nodes, join, settle, rounds, gap, senders, seed } = *self;
        let [join, settle, gap] = [join, settle, gap].map(humantime::format_duration);
        let senders = match senders {
            Senders::Random => "random",
            Senders::Rotate => "rotate",
        };
        vec![
            format!("--nodes={nodes}"),
            format!("--join={join}"),
            format!("--settle={settle}"),
            format!("--rounds={rounds}"),
            format!("--gap={gap}"),
            format!("--senders={senders}"),
            format!("--seed={seed}"),
        ]
    }

    /// When node number `node` joins.
    pub(crate) fn joins_at(&self, node: usize) -> Duration {
        self.join.mul_f64(node as f64 / self.nodes as f64)
    }

    /// Who says something in a round, and what.
    pub(crate) fn said_in(&self, round: usize) -> (usize, String) {
        let turn = match self.senders {
            Senders::Random => round,
            Senders::Rotate => round % 4,
        };
        let author = mix(self.seed.wrapping_shl(32).wrapping_add(turn as u64)) % self.nodes as u64;
        (author as usize, format!("message {round:056}"))
    }

    /// How many deliveries of a broadcast there are if nothing is lost: one at everybody but its author.
    pub(crate) const fn audience(&self) -> u64 {
        self.nodes as u64 - 1
    }
}

/// A number that shows no pattern of the one it was made of (the output function of `SplitMix64`).
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// How long is waited for a broadcast to come to everybody: as long as `iroh-gossip`'s own rounds wait.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
