//! What happens in a scenario.

use serde::{Deserialize, Serialize};

use super::{Links, share};
use crate::{Memory, Probability};

/// Something that happens at a time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Op {
    /// When.
    pub at_ms: u64,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happens: in TOML, `do = "crash"` and so on, with the fields beside it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum What {
    /// Messages to everybody.
    Say {
        /// Who says them.
        senders: Senders,
        /// Which node, if it is a single one; otherwise whom to begin with.
        #[serde(default)]
        node: u32,
        /// How often something is said.
        count: u32,
        /// The time between.
        #[serde(default = "a_second")]
        every_ms: u64,
        /// How many messages each time, one right after the other.
        #[serde(default = "one")]
        burst: u32,
        /// How long each is, in bytes. At most 32,768.
        #[serde(default = "short")]
        size: u32,
    },
    /// A message to one other.
    Tell {
        /// Who says it.
        node: u32,
        /// Whom to.
        to: u32,
    },
    /// A node joins another one.
    Join {
        /// Which.
        node: u32,
        /// Whom.
        to: u32,
    },
    /// New nodes come, each through one that runs, drawn by chance.
    Arrive {
        /// How many.
        count: u32,
        /// In which time.
        #[serde(default)]
        over_ms: u64,
    },
    /// A node leaves politely, for good.
    Leave {
        /// Which.
        node: u32,
    },
    /// A node crashes.
    Crash {
        /// Which.
        node: u32,
    },
    /// A share of the nodes that run crashes at once, drawn by chance. Never all of them.
    CrashShare {
        /// Which share.
        #[serde(with = "share")]
        share: Probability,
    },
    /// A node that has crashed starts again. Who has lost its memory joins a node that runs, drawn by chance.
    Restart {
        /// Which of those that have crashed.
        node: u32,
        /// What it still knows.
        memory: Memory,
    },
    /// Again and again, a node drawn by chance crashes and starts again some time later.
    Churn {
        /// How often.
        count: u32,
        /// The time between.
        every_ms: u64,
        /// How long each is gone.
        down_ms: u64,
        /// What it still knows.
        memory: Memory,
    },
    /// Nothing passes between a share of the nodes, drawn by chance, and the others.
    Partition {
        /// Which share.
        #[serde(with = "share")]
        share: Probability,
        /// Nothing passes from them, while what is for them does.
        #[serde(default)]
        one_way: bool,
    },
    /// All partitions end.
    Heal,
    /// All streams between two nodes break, several times in a row.
    Flap {
        /// One of the two.
        node: u32,
        /// The other.
        to: u32,
        /// How often.
        count: u32,
        /// The time between.
        #[serde(default = "a_second")]
        every_ms: u64,
    },
    /// From now on, all links behave so. Standing ones keep what they promise.
    Links {
        /// How.
        links: Links,
    },
}

/// Who says something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Senders {
    /// Always the same node.
    Single,
    /// One after the other.
    Rotate,
    /// One drawn by chance for each message.
    Random,
    /// All of them, each time.
    All,
}

impl What {
    /// Its name in text, and in the counts of what was exercised.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Say { .. } => "say",
            Self::Tell { .. } => "tell",
            Self::Join { .. } => "join",
            Self::Arrive { .. } => "arrive",
            Self::Leave { .. } => "leave",
            Self::Crash { .. } => "crash",
            Self::CrashShare { .. } => "crash-share",
            Self::Restart { .. } => "restart",
            Self::Churn { .. } => "churn",
            Self::Partition { one_way: false, .. } => "partition",
            Self::Partition { one_way: true, .. } => "partition-one-way",
            Self::Heal => "heal",
            Self::Flap { .. } => "flap",
            Self::Links { .. } => "links",
        }
    }

    /// How many times it happens.
    pub(crate) const fn count(&self) -> u32 {
        if let Self::Say { count, .. }
        | Self::Flap { count, .. }
        | Self::Churn { count, .. }
        | Self::Arrive { count, .. } = self
        {
            *count
        } else {
            1
        }
    }

    /// How long after its time its last part happens.
    pub(crate) const fn lasts_ms(&self) -> u64 {
        let (Self::Say { every_ms, .. } | Self::Flap { every_ms, .. } | Self::Churn { every_ms, .. }) = self
        else {
            return if let Self::Arrive { over_ms, .. } = self { *over_ms } else { 0 };
        };
        let down_ms = if let Self::Churn { down_ms, .. } = self { *down_ms } else { 0 };
        every_ms.saturating_mul((self.count() as u64).saturating_sub(1)).saturating_add(down_ms)
    }
}

const fn a_second() -> u64 {
    1_000
}

const fn one() -> u32 {
    1
}

const fn short() -> u32 {
    64
}
