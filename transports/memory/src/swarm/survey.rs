//! What many scenarios came to.

use core::fmt;

use serde::Serialize;

use crate::scenario::{Coverage, Failure, Outcome};

/// What the scenarios of many seeds came to, in the order in which they were added.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Survey {
    /// How many scenarios.
    pub scenarios: u64,
    /// How many of them left nodes that could not find each other by what they knew.
    pub unrecoverable: u64,
    /// What failed, by the seed of the scenario.
    pub found: Vec<Found>,
    /// The longest time after faults until all was well, in milliseconds.
    pub slowest_ms: u64,
    /// Messages said to everybody, and how often they were heard.
    pub messages: u64,
    /// How often they were heard by those who were there at the end.
    pub heard: u64,
    /// Inputs that nodes were given.
    pub inputs: u64,
    /// What was exercised.
    pub coverage: Coverage,
}

/// A scenario that failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct Found {
    /// Its seed.
    pub seed: u64,
    /// Which check failed, and where.
    pub failure: Failure,
}

/// Whether a survey found anything, and whether it looked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing failed, and everything was tried.
    Fine,
    /// So many scenarios failed.
    Failed(usize),
    /// Nothing failed, but some things were never tried.
    Blind(Vec<&'static str>),
    /// Nothing failed, but recovery was impossible so often that little was tried.
    Hopeless {
        /// In how many scenarios.
        unrecoverable: u64,
        /// Of how many.
        scenarios: u64,
    },
}

impl Survey {
    /// Notes what the scenario of a seed came to.
    pub fn add(&mut self, seed: u64, outcome: &Outcome) {
        self.scenarios += 1;
        self.unrecoverable += u64::from(outcome.parts > 1);
        self.slowest_ms = self.slowest_ms.max(outcome.settled_ms.unwrap_or_default());
        self.messages += outcome.figures.messages;
        self.heard += outcome.figures.heard;
        self.inputs += outcome.figures.inputs;
        self.coverage.merge(&outcome.coverage);
        self.found.extend(outcome.failure.clone().map(|failure| Found { seed, failure }));
    }

    /// Adds what was noted elsewhere.
    pub fn merge(&mut self, other: Self) {
        self.scenarios += other.scenarios;
        self.unrecoverable += other.unrecoverable;
        self.slowest_ms = self.slowest_ms.max(other.slowest_ms);
        self.messages += other.messages;
        self.heard += other.heard;
        self.inputs += other.inputs;
        self.coverage.merge(&other.coverage);
        self.found.extend(other.found);
        self.found.sort_by_key(|found| found.seed);
    }

    /// What to make of it. Whether everything was tried is asked from [`ENOUGH`](Self::ENOUGH) scenarios on.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if !self.found.is_empty() {
            return Verdict::Failed(self.found.len());
        }
        let (unrecoverable, scenarios) = (self.unrecoverable, self.scenarios);
        if scenarios >= Self::ENOUGH {
            let missing: Vec<_> = self.coverage.missing().collect();
            if !missing.is_empty() {
                return Verdict::Blind(missing);
            }
            if unrecoverable.saturating_mul(100) > scenarios.saturating_mul(MOST_UNRECOVERABLE_PERCENT) {
                return Verdict::Hopeless { unrecoverable, scenarios };
            }
        }
        Verdict::Fine
    }

    /// So many scenarios should try everything.
    pub const ENOUGH: u64 = 200;
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fine => f.write_str("every check held"),
            Self::Failed(count) => write!(f, "{count} failed"),
            Self::Blind(missing) => write!(f, "never tried: {}", missing.join(", ")),
            Self::Hopeless { unrecoverable, scenarios } => {
                write!(f, "{unrecoverable} of {scenarios} could not recover: too many to say anything")
            }
        }
    }
}

const MOST_UNRECOVERABLE_PERCENT: u64 = 10;
