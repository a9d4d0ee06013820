//! What goes wrong, how often, and how often it did.

use std::collections::BTreeMap;

/// What a simulated system does to those on it, beyond what they bring upon themselves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// A wait, a read, a write or an accept ends with `Interrupted` and has done nothing.
    Interrupted,
    /// A wait brings an event that is not true.
    FalseAlarm,
    /// A wait brings one event only, though there are more.
    FewEvents,
    /// A read finds nothing, though there is something, which an event tells of later.
    LateRead,
    /// A write finds no room, though there is some, which an event tells of later.
    LateWrite,
    /// A write takes less than there is room for.
    PartialWrite,
    /// What was written comes in pieces of any size.
    Pieces,
    /// A connection is reset.
    Reset,
    /// Those who are reset lose what has come and was not yet read.
    UnreadLost,
    /// A connection is refused, though somebody listens.
    Refused,
    /// A connection cannot be begun: no port is free, or there is no way.
    Unreachable,
    /// What asks for a connection is lost, and is sent again a second later.
    SynLost,
    /// A connection has been given up by the time it is accepted.
    Aborted,
    /// There is no descriptor left for a connection that is dialed or accepted.
    NoDescriptor,
    /// There is no memory for the registration of a connection with a queue of events.
    NoMemory,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 15] = [
        Self::Interrupted,
        Self::FalseAlarm,
        Self::FewEvents,
        Self::LateRead,
        Self::LateWrite,
        Self::PartialWrite,
        Self::Pieces,
        Self::Reset,
        Self::UnreadLost,
        Self::Refused,
        Self::Unreachable,
        Self::SynLost,
        Self::Aborted,
        Self::NoDescriptor,
        Self::NoMemory,
    ];
}

/// How probable each fault is, each time that it could happen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Faults {
    per_million: BTreeMap<Fault, u32>,
}

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// As this, and `fault` with this probability, from 0 to 1. What lies outside counts as the nearest.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a clamped probability times a million fits"
    )]
    pub fn with(mut self, fault: Fault, probability: f64) -> Self {
        self.per_million.insert(fault, (probability.clamp(0.0, 1.0) * 1e6) as u32);
        self
    }

    pub(super) fn per_million(&self, fault: Fault) -> u32 {
        self.per_million.get(&fault).copied().unwrap_or(0)
    }
}

/// What has happened in a simulated network, so that a test can say that it met what it is about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    pub(super) faults: BTreeMap<Fault, u64>,
    pub(super) calls: u64,
    pub(super) edges: u64,
    pub(super) reused: u64,
    pub(super) half_closed: u64,
    pub(super) surprises: u64,
}

impl Tally {
    /// How often a fault struck.
    #[must_use]
    pub fn count(&self, fault: Fault) -> u64 {
        self.faults.get(&fault).copied().unwrap_or(0)
    }

    /// How many calls were made.
    #[must_use]
    pub const fn calls(&self) -> u64 {
        self.calls
    }

    /// How many true events were told.
    #[must_use]
    pub const fn edges(&self) -> u64 {
        self.edges
    }

    /// How many descriptors were given out that had been somebody's before.
    #[must_use]
    pub const fn reused(&self) -> u64 {
        self.reused
    }

    /// How many connections were read after their other end had said that it will write no more.
    #[must_use]
    pub const fn half_closed(&self) -> u64 {
        self.half_closed
    }

    /// How often something arrived in the middle of a turn, between two calls.
    #[must_use]
    pub const fn surprises(&self) -> u64 {
        self.surprises
    }

    /// This and `other` together.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
        self.calls += other.calls;
        self.edges += other.edges;
        self.reused += other.reused;
        self.half_closed += other.half_closed;
        self.surprises += other.surprises;
        self
    }
}
