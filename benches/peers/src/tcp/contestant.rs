//! Who does the work.

use std::fmt;
use std::sync::Arc;

use clap::ValueEnum;

use super::course::Course;
use super::libp2p_side::Security;
use super::stage::Running;
use super::tokio_side::Lines;
use super::work::{Shape, Work};
use super::{chinwag_side, libp2p_side, raw_side, tokio_side};

/// One that can be compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Contestant {
    /// chinwag on its mio driver.
    Chinwag,
    /// gossipsub, messages signed, over noise and yamux.
    GossipsubSigned,
    /// gossipsub, messages not signed, over noise and yamux.
    Gossipsub,
    /// gossipsub, messages not signed, over plaintext and yamux.
    GossipsubPlaintext,
    /// Lines on tokio, written when many are together; parsed as JSON, and each taken once.
    TokioJson,
    /// Lines on tokio, written when many are together.
    TokioFeed,
    /// Lines on tokio, each written by itself.
    TokioSend,
    /// Sockets alone, 64 KiB a write.
    #[value(name = "raw-64k")]
    Raw64k,
    /// Sockets alone, 4 KiB a write.
    #[value(name = "raw-4k")]
    Raw4k,
    /// Sockets alone, one message a write.
    RawMessage,
}

impl Contestant {
    /// All that do this work in a way of their own: only some have an overlay, at a slow pace there is nothing to put
    /// together for one write, and what encryption costs is seen where it is the only difference.
    pub(super) fn of(work: Work) -> Vec<Self> {
        let is_star = matches!(work.shape(), Shape::Star(_));
        let does_it = |contestant: &Self| match contestant {
            Self::Chinwag | Self::Gossipsub | Self::GossipsubSigned => true,
            Self::GossipsubPlaintext => matches!(work, Work::Star50 | Work::Paced50),
            Self::TokioJson | Self::TokioSend | Self::RawMessage => is_star,
            Self::TokioFeed | Self::Raw64k | Self::Raw4k => is_star && work.rate().is_none(),
        };
        Self::value_variants().iter().copied().filter(does_it).collect()
    }

    /// Has the peers find each other, and gives back the threads that they run on.
    pub(super) fn start(self, work: Work, course: &Arc<Course>) -> anyhow::Result<Running> {
        match self {
            Self::Chinwag => chinwag_side::start(work, course),
            Self::GossipsubSigned => libp2p_side::start(work, course, Security::Signed),
            Self::Gossipsub => libp2p_side::start(work, course, Security::Encrypted),
            Self::GossipsubPlaintext => libp2p_side::start(work, course, Security::Plaintext),
            Self::TokioJson => tokio_side::start(work, course, Lines::JsonTogether),
            Self::TokioFeed => tokio_side::start(work, course, Lines::Together),
            Self::TokioSend => tokio_side::start(work, course, Lines::OneByOne),
            Self::Raw64k => raw_side::start(work, course, 64 << 10),
            Self::Raw4k => raw_side::start(work, course, 4 << 10),
            Self::RawMessage => raw_side::start(work, course, 1),
        }
    }
}

impl fmt::Display for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Chinwag => "chinwag",
            Self::GossipsubSigned => "gossipsub, signed, noise",
            Self::Gossipsub => "gossipsub, unsigned, noise",
            Self::GossipsubPlaintext => "gossipsub, unsigned, plaintext",
            Self::TokioJson => "tokio lines, `feed`, JSON parsed",
            Self::TokioFeed => "tokio lines, `feed`",
            Self::TokioSend => "tokio lines, `send`",
            Self::Raw64k => "raw sockets, 64 KiB a write",
            Self::Raw4k => "raw sockets, 4 KiB a write",
            Self::RawMessage => "raw sockets, a message a write",
        })
    }
}
