//! What is simulated: the options of one simulation.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::Spreading;

/// One simulation.
#[derive(Args, Clone, PartialEq, Debug)]
pub(crate) struct SimArguments {
    /// How many nodes; each takes about 20 kB of memory
    #[arg(short, long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub(crate) nodes: u32,
    /// How many messages are said to everybody, one at a time, each until it has settled
    /// [default: 10, or none with --joiner or --partition]
    #[arg(short, long, visible_alias = "messages", short_alias = 'm')]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rounds: Option<u32>,
    /// Who says them (in a partition, and before a joiner comes, a few take turns; before a joiner `single` holds)
    #[arg(long, value_enum, default_value_t = Senders::Random)]
    pub(crate) senders: Senders,
    /// How many nodes say something [default: with `rotate` one for every eight rounds, with `random` all; 10 before a
    /// joiner, 3 in each half of a partition]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) authors: Option<u32>,
    /// How long each text is, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=32_768))]
    pub(crate) size: u32,
    /// How messages spread
    #[arg(long, value_enum, default_value_t = Spreading::Tree)]
    pub(crate) strategy: Spreading,
    /// How nodes find their neighbours
    #[arg(long, value_enum, default_value_t = OverlayKind::Hyparview)]
    pub(crate) overlay: OverlayKind,
    /// With how many others each node of the random overlay is linked on average
    #[arg(short, long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(2..=64))]
    pub(crate) degree: u32,
    /// In which virtual time all nodes of the hyparview overlay join, evenly spread; 0s: all at once
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) join_over: Duration,
    /// How long nothing is said after all have joined, in virtual time [default: 60s, or 10s if random]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(crate) warm: Option<Duration>,
    /// Kill this share of the nodes (0 to 1) at the very moment of a message, never the one who says it
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) kill: Option<f64>,
    /// At which message to kill them, counted from 1 [default: the one after half of them]
    #[arg(long, value_name = "ROUND", requires = "kill", num_args = 0..=1, require_equals = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) kill_at_broadcast: Option<Option<u32>>,
    /// After the messages, say one more on a copy of the network for each of these shares (0.1,0.5,0.9), kill so many at
    /// its very moment, and see to how many of the others it comes
    #[arg(long, value_name = "SHARES", value_delimiter = ',', value_parser = share)]
    pub(crate) kill_sweep: Vec<f64>,
    /// What links promise
    #[arg(long, value_enum, default_value_t = LinkKind::Stream)]
    pub(crate) semantics: LinkKind,
    /// Which share of the datagrams is lost (0 to 1), once all have joined
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) loss: f64,
    /// Which share of the datagrams arrives twice
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) duplication: f64,
    /// Which share of the datagrams is overtaken by others
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub(crate) reordering: f64,
    /// Lose, double and reorder datagrams while nodes join, too
    #[arg(long)]
    pub(crate) loss_from_start: bool,
    /// After --history messages one more node joins the first node, or one drawn at random, and catches up
    #[arg(long, value_enum, value_name = "CONTACT", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "first", conflicts_with_all = ["partition", "kill"])]
    pub(crate) joiner: Option<Contact>,
    /// How many messages are said before the joiner comes
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) history: u32,
    /// How many of the last posts each node keeps for others [default: as ever]
    #[arg(long, value_name = "N")]
    pub(crate) retained: Option<u32>,
    /// How many of the last posts the joiner asks for [default: the whole history]
    #[arg(long, value_name = "N")]
    pub(crate) catch_up: Option<u32>,
    /// Cut the network into two halves for so long, in each of which a message a second is said, and heal it
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration, conflicts_with = "kill")]
    pub(crate) partition: Option<Duration>,
    /// What all chance follows from: the same seed gives the same run
    #[arg(short, long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Who speaks in a simulation.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Senders {
    /// Always the same node
    Single,
    /// Some nodes in turn
    Rotate,
    /// A node drawn for each message
    Random,
}

/// How the nodes of a simulation find their neighbours.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OverlayKind {
    /// All join the first node, and the protocol does the rest
    Hyparview,
    /// A random graph that stays as it is
    Random,
}

/// What the links of a simulation promise.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LinkKind {
    /// Order, and no loss
    Stream,
    /// Nothing
    Datagram,
}

/// Whom a node joins that comes late.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Contact {
    /// The first node
    First,
    /// One drawn at random
    Random,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "a share is a number from 0 to 1".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("a share is a number from 0 to 1".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::parsed_simulation;

    #[test]
    fn a_simulation_takes_its_shares_and_its_old_names() {
        let parse = |line| parsed_simulation(line).map(|sim| sim.simulation);
        assert_eq!(parse("--messages 7").unwrap().rounds, Some(7));
        assert_eq!(parse("-m 7 --joiner --history 5").unwrap().joiner, Some(Contact::First));
        assert_eq!(parse("--joiner=random").unwrap().joiner, Some(Contact::Random));
        for bad in
            ["--kill 1.1", "--loss -0.1", "--loss x", "--kill-at-broadcast=3", "--kill 0.1 --partition 5s"]
        {
            assert_eq!(parse(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
