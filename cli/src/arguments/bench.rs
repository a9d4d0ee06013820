//! `chinwag bench`: how fast this machine brings messages from peer to peer.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::Spreading;

/// `chinwag bench`
#[derive(Args, Clone, Debug)]
pub(crate) struct BenchArguments {
    /// One peer that speaks, and so many that are linked with it alone (50 without --peers)
    #[arg(short, long, value_name = "N", conflicts_with = "peers", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) links: Option<u32>,
    /// So many peers that find their neighbours themselves and all speak in turn
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub(crate) peers: Option<u32>,
    /// How messages spread among --peers
    #[arg(long, value_enum, default_value_t = Spreading::Tree, requires = "peers")]
    pub(crate) overlay: Spreading,
    /// So many messages a second by all authors together; 0 for links at rest. Without it as many as it takes to
    /// have --window under way
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=10_000_000))]
    pub(crate) rate: Option<u32>,
    /// How many messages may be on their way to somebody at once; further ones wait
    #[arg(short, long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) window: u32,
    /// How long a text is, in bytes
    #[arg(short, long, value_name = "BYTES", default_value_t = 256, value_parser = clap::value_parser!(u32).range(16..=60_000))]
    pub(crate) size: u32,
    /// How many of the last messages each peer keeps for those who missed them; among --peers, where fewer are kept
    /// than are on their way, some are lost
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(..=10_000_000))]
    pub(crate) retained: u32,
    /// How long to measure, after a warm-up of a second
    #[arg(long, value_name = "S", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) seconds: u32,
    /// Over how many threads the peers are spread; as many as there are processors unless told otherwise
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// How to print the result
    #[arg(short, long, value_enum, default_value_t = BenchFormat::Table)]
    pub(crate) format: BenchFormat,
}

/// How a measurement is printed.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BenchFormat {
    /// A table with explanations
    Table,
    /// One JSON object
    Json,
}

/// Who is linked with whom.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(crate) enum Shape {
    /// One that speaks, and so many linked with it alone.
    Star(usize),
    /// So many that find each other, and all speak.
    Mesh(usize),
}

impl Shape {
    /// How many peers there are.
    pub(crate) const fn peers(self) -> usize {
        match self {
            Self::Star(links) => links.saturating_add(1),
            Self::Mesh(peers) => peers,
        }
    }

    /// How many of them speak: the first ones.
    pub(crate) const fn authors(self) -> usize {
        match self {
            Self::Star(_) => 1,
            Self::Mesh(peers) => peers,
        }
    }
}

impl BenchArguments {
    /// Who is to be linked with whom.
    pub(crate) fn shape(&self) -> Shape {
        let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        match self.peers {
            Some(peers) => Shape::Mesh(count(peers)),
            None => Shape::Star(count(self.links.unwrap_or(DEFAULT_LINKS))),
        }
    }
}

const DEFAULT_LINKS: u32 = 50;
