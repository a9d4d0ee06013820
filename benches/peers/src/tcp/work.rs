//! What the contestants are asked to do.

use std::fmt;

use clap::ValueEnum;

/// One of the works.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Work {
    /// One speaks to 50 that are linked with it alone, as fast as it goes.
    Star50,
    /// One speaks to 500 that are linked with it alone, as fast as it goes.
    Star500,
    /// 50 that each have a few neighbours all speak in turn, as fast as it goes.
    Mesh50,
    /// One speaks to 50 that are linked with it alone, 500 times a second.
    Paced50,
}

/// Who is linked with whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// One that speaks, and so many linked with it alone.
    Star(usize),
    /// So many with neighbours of their own, who all speak.
    Mesh(usize),
}

impl Work {
    pub(super) const fn shape(self) -> Shape {
        match self {
            Self::Star50 | Self::Paced50 => Shape::Star(50),
            Self::Star500 => Shape::Star(500),
            Self::Mesh50 => Shape::Mesh(50),
        }
    }

    /// Messages a second by all authors together; `None` for as many as there is room for.
    pub(super) const fn rate(self) -> Option<u32> {
        match self {
            Self::Paced50 => Some(500),
            Self::Star50 | Self::Star500 | Self::Mesh50 => None,
        }
    }

    /// How many messages may be on their way at once. Fewer where they take long, so that the slowest of the contestants
    /// need not be waited for.
    pub(super) const fn window(self) -> u32 {
        match self {
            Self::Star50 | Self::Paced50 => 1000,
            Self::Star500 | Self::Mesh50 => 256,
        }
    }
}

impl Shape {
    /// How many peers there are.
    pub(super) const fn peers(self) -> usize {
        match self {
            Self::Star(links) => links.saturating_add(1),
            Self::Mesh(peers) => peers,
        }
    }

    /// How many of them speak: the first ones.
    pub(super) const fn authors(self) -> usize {
        match self {
            Self::Star(_) => 1,
            Self::Mesh(peers) => peers,
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Star50 => "1 to 50",
            Self::Star500 => "1 to 500",
            Self::Mesh50 => "50, an overlay",
            Self::Paced50 => "1 to 50, 500/s",
        })
    }
}

/// How long a text is, in bytes.
pub(super) const TEXT: usize = 256;
