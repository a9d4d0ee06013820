//! What a network is put through, as plain data, and what came of it.
//!
//! A [`Scenario`] is the same thing whoever wrote it: a person ([`Scenario::from_toml`], or the methods that add to
//! one), a number ([`Scenario::swarm`]), or a fuzzer ([`Scenario::from_bytes`]). [`Scenario::play`] plays it:
//!
//! ```
//! use chinwag_memory::Scenario;
//!
//! for seed in 0..3 {
//!     let scenario = Scenario::swarm(seed).at_most(8);
//!     let outcome = scenario.play()?;
//!     assert_eq!(outcome.failure, None, "{}", scenario.to_toml());
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod acting;
mod actor;
mod agenda;
mod bug;
mod builder;
mod builtin;
mod chance;
mod check;
mod choices;
mod coverage;
mod figures;
mod generate;
mod hostile;
mod knowledge;
mod links;
mod liveness;
mod machines;
mod op;
mod play;
mod posts;
mod safety;
mod settings;
mod share;
mod text;

pub use bug::Bug;
pub use builtin::{Builtin, builtin, builtins};
pub use check::{Check, Failure};
pub use choices::Choices;
pub use coverage::{Coverage, REQUIRED};
pub use figures::Figures;
pub use hostile::{Hostile, Hostility};
pub use links::{LinkPromise, Links, Map};
pub use machines::Machines;
pub use op::{Op, Senders, What};
pub use play::Outcome;
pub use settings::{Settings, Spreading};
pub use text::ScenarioError;

use serde::{Deserialize, Serialize};

use crate::Fidelity;

/// A network and everything that happens in it. Plain data, the same whoever wrote it.
///
/// Times are in milliseconds of virtual time since the start. Where an operation names a node, it is a number that is
/// counted around among those that can be meant (only those that run can crash), so that a scenario with fewer nodes
/// or operations is a scenario still. All chance is drawn anew for each thing it decides, from the seed, the time and
/// what it is for: taking an operation away leaves what the others draw (`tests/scenario_play.rs`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The version of this vocabulary: 1.
    pub version: u32,
    /// What it is for, in a sentence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
    /// What all chance follows from. Below 2⁶³, as TOML has no greater numbers.
    #[serde(default)]
    pub seed: u64,
    /// How many nodes there are from the start. At least 1.
    pub nodes: u32,
    /// How messages travel.
    #[serde(default = "typed")]
    pub fidelity: Fidelity,
    /// A fault of the nodes' own, planted to see that it is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bug: Option<Bug>,
    /// What nodes are told about themselves.
    #[serde(default, skip_serializing_if = "is_default")]
    pub settings: Settings,
    /// How links behave, until an operation changes it or the faults end.
    #[serde(default, skip_serializing_if = "is_default")]
    pub links: Links,
    /// Where nodes are: latencies follow from that, and not from `links`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<Map>,
    /// What some of the nodes run on, until the faults end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machines: Option<Machines>,
    /// How the nodes of the start find each other.
    #[serde(default, skip_serializing_if = "is_default")]
    pub join: Join,
    /// Nodes that mean ill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostile: Option<Hostile>,
    /// How it ends, and what is checked then.
    #[serde(default, skip_serializing_if = "is_default")]
    pub ending: Ending,
    /// What happens.
    #[serde(default, rename = "op", skip_serializing_if = "Vec::is_empty")]
    pub ops: Vec<Op>,
}

/// How the nodes of the start find each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Whom each joins.
    pub via: Via,
    /// In which time all of them join, evenly spread.
    pub over_ms: u64,
}

/// Whom a node joins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// The first node.
    First,
    /// One of those before it, drawn by chance.
    Earlier,
    /// The one before it: a line.
    Previous,
}

/// How a scenario ends: faults end, and within a time all must be well.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// When faults end: partitions heal, links lose nothing any more, and who is dead stays dead. If that is not said,
    /// a second after the last operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<u64>,
    /// Within which time all must be well then.
    #[serde(default = "patience")]
    pub patience_ms: u64,
    /// What is not checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<Check>,
}

impl Default for Join {
    /// All join the first node within 5 s.
    fn default() -> Self {
        Self { via: Via::First, over_ms: 5_000 }
    }
}

impl Default for Ending {
    /// A second after the last operation; then all must be well within 90 s.
    fn default() -> Self {
        Self { at_ms: None, patience_ms: patience(), skip: Vec::new() }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

const fn patience() -> u64 {
    90_000
}

const fn typed() -> Fidelity {
    Fidelity::Typed
}

/// The version of the vocabulary.
pub(crate) const VERSION: u32 = 1;
