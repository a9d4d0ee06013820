//! What is checked, and what failed.

use core::fmt;

use chinwag::Time;
use serde::{Deserialize, Serialize};

use crate::{NodeId, Promise, Violation};

/// What is checked of a scenario: as long as it lasts (safety), and once faults have ended (liveness).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Check {
    /// Safety: each message is delivered at most once.
    AtMostOnce,
    /// Safety: messages of an author are delivered in the order they were said.
    AuthorOrder,
    /// Safety: what is missing is told.
    NoSilentGap,
    /// Safety: what is delivered was said.
    NothingFromNowhere,
    /// Safety: what is delivered is what was said.
    Unaltered,
    /// Safety: packets sent are delivered, dropped or on their way.
    BooksBalance,
    /// Safety: nodes use links that they have.
    KnownLinks,
    /// Safety: nodes dial an address once at a time.
    OneDialAtATime,
    /// Safety: deadlines lie ahead.
    DeadlinesAhead,
    /// Safety: every table of a node keeps to its limit.
    Bounds,
    /// Safety: no message is named like an earlier one.
    FreshNames,
    /// Safety: a node to which nothing happens is not woken again and again.
    TimerStorm,
    /// Safety: one message is answered by so many at most.
    Amplification,
    /// Liveness: who could find each other by what they know, is connected.
    Connected,
    /// Liveness: neighbours know each other.
    SymmetricViews,
    /// Liveness: links that a node has no use for are closed.
    LinksClosed,
    /// Liveness: what was said and is retained has reached everybody.
    AllHeard,
    /// Liveness: nobody waits for something that does not come.
    NothingPending,
    /// Liveness: where nobody says anything, next to nothing is sent.
    Quiet,
    /// Liveness: what is said then reaches everybody in seconds.
    LastWords,
}

/// The first check that failed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct Failure {
    /// Which.
    pub check: Check,
    /// When, in nanoseconds of virtual time.
    pub at_ns: u64,
    /// At which node, by its number; `None` if it is not about one.
    pub node: Option<u32>,
    /// What was wrong, in words.
    pub detail: String,
}

impl Failure {
    pub(super) fn new(check: Check, at: Time, node: Option<NodeId>, detail: impl Into<String>) -> Self {
        Self { check, at_ns: at.as_nanos(), node: node.map(NodeId::get), detail: detail.into() }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::AtMostOnce => "at-most-once",
            Self::AuthorOrder => "author-order",
            Self::NoSilentGap => "no-silent-gap",
            Self::NothingFromNowhere => "nothing-from-nowhere",
            Self::Unaltered => "unaltered",
            Self::BooksBalance => "books-balance",
            Self::KnownLinks => "known-links",
            Self::OneDialAtATime => "one-dial-at-a-time",
            Self::DeadlinesAhead => "deadlines-ahead",
            Self::Bounds => "bounds",
            Self::FreshNames => "fresh-names",
            Self::TimerStorm => "timer-storm",
            Self::Amplification => "amplification",
            Self::Connected => "connected",
            Self::SymmetricViews => "symmetric-views",
            Self::LinksClosed => "links-closed",
            Self::NothingPending => "nothing-pending",
            Self::AllHeard => "all-heard",
            Self::Quiet => "quiet",
            Self::LastWords => "last-words",
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { check, at_ns, node, detail } = self;
        write!(f, "{check}: at {:?}", Time::from_nanos(*at_ns))?;
        if let Some(node) = node {
            write!(f, ", node {node}")?;
        }
        write!(f, ": {detail}")
    }
}

impl core::error::Error for Failure {}

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        let check = match &violation.promise {
            Promise::AtMostOnce { .. } => Check::AtMostOnce,
            Promise::AuthorOrder { .. } => Check::AuthorOrder,
            Promise::NoSilentGap { .. } => Check::NoSilentGap,
            Promise::NothingFromNowhere { .. } => Check::NothingFromNowhere,
            Promise::Unaltered { .. } => Check::Unaltered,
            Promise::BooksBalance { .. } => Check::BooksBalance,
            Promise::KnownLinks { .. } => Check::KnownLinks,
            Promise::OneDialAtATime { .. } => Check::OneDialAtATime,
            Promise::DeadlinesAhead { .. } => Check::DeadlinesAhead,
        };
        let words = violation.to_string();
        // Its time and place are fields of their own here.
        let detail = words.split_once(": ").map_or(words.as_str(), |(_, detail)| detail);
        Self::new(check, violation.at, violation.node, detail)
    }
}
