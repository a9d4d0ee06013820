//! What a network is told about itself.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{LinkModel, Machine, Regions, Scheduler};

/// Everything that is set about a network. Set what you need with the methods of the same names.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct NetworkConfig {
    /// What all chance follows from. Neighbouring seeds give unrelated runs.
    pub seed: u64,
    /// How links behave that are not set one by one.
    pub link: LinkModel,
    /// Where nodes are, if that decides their latencies.
    pub regions: Option<Regions>,
    /// What nodes run on from when they are added.
    pub machine: Machine,
    /// How messages travel.
    pub fidelity: Fidelity,
    /// How long a dial waits for an answer that does not come. Shorter than the nodes' own patience (their
    /// `handshake`), as a node that has given up a dial may start another one.
    pub dial_timeout: Duration,
    /// How long nothing may happen before [`run_until_quiet`](crate::Network::run_until_quiet) calls it quiet.
    /// Longer than it takes nodes to notice a silent link (their `dead`), if that should have happened before.
    pub quiet_for: Duration,
    /// Whether to keep every event that nodes emit.
    pub keep_events: bool,
    /// Whether to check what nodes deliver, for [`check`](crate::Network::check).
    pub checks: bool,
    /// Whether to follow every broadcast on its way, for [`spreads`](crate::Network::spreads).
    pub track_spread: bool,
    /// Whether to count the bytes that nodes send and receive, for [`traffic`](crate::Network::traffic). Every message
    /// is encoded for it, however it travels.
    pub count_bytes: bool,
    /// Whether to record every input, for [`trace`](crate::Network::trace).
    pub record: bool,
    /// How to keep what is going to happen. Changes nothing but the cost.
    pub scheduler: Scheduler,
    /// On how many threads to run, at least 1. Changes nothing but how long it takes: the same happens, to the last bit
    /// (`tests/meta_equalities/threads.rs`). Several need links of some latency, and pay where thousands of nodes run for a while
    /// without being looked at: [`run_for`](crate::Network::run_for) and
    /// [`run_until_quiet`](crate::Network::run_until_quiet). What makes it one thread after all is said at
    /// [`Network::threads`](crate::Network::threads).
    pub threads: usize,
}

/// How messages travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fidelity {
    /// As shared values: nothing is encoded. The fastest.
    Typed,
    /// As bytes, encoded by the sender and decoded by the receiver: those of a stream in chunks of any size that
    /// keep to no frame's borders, those of a datagram whole. Nodes see the same messages at the same times as
    /// under [`Typed`](Self::Typed) (`tests/meta_equalities/fidelity.rs`).
    Bytes,
}

impl NetworkConfig {
    /// Typed messages on streams of 10 to 50 ms latency, checked and kept, neither followed, counted nor recorded.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            link: LinkModel::stream(),
            regions: None,
            machine: Machine::new(),
            fidelity: Fidelity::Typed,
            dial_timeout: Duration::from_secs(3),
            quiet_for: Duration::from_secs(5),
            keep_events: true,
            checks: true,
            track_spread: false,
            count_bytes: false,
            record: false,
            scheduler: Scheduler::Wheel,
            threads: 1,
        }
    }

    /// Sets how links behave.
    #[must_use]
    pub fn link(self, link: LinkModel) -> Self {
        Self { link, ..self }
    }

    /// Sets where nodes are, which decides their latencies.
    #[must_use]
    pub fn regions(self, regions: Regions) -> Self {
        Self { regions: Some(regions), ..self }
    }

    /// Sets what nodes run on.
    #[must_use]
    pub fn machine(self, machine: Machine) -> Self {
        Self { machine, ..self }
    }

    /// Sets how messages travel.
    #[must_use]
    pub fn fidelity(self, fidelity: Fidelity) -> Self {
        Self { fidelity, ..self }
    }

    /// Sets how long a dial waits for an answer.
    #[must_use]
    pub fn dial_timeout(self, dial_timeout: Duration) -> Self {
        Self { dial_timeout, ..self }
    }

    /// Sets how long nothing may happen before it is called quiet.
    #[must_use]
    pub fn quiet_for(self, quiet_for: Duration) -> Self {
        Self { quiet_for, ..self }
    }

    /// Sets whether to keep events.
    #[must_use]
    pub fn keep_events(self, keep_events: bool) -> Self {
        Self { keep_events, ..self }
    }

    /// Sets whether to check what nodes deliver.
    #[must_use]
    pub fn checks(self, checks: bool) -> Self {
        Self { checks, ..self }
    }

    /// Sets whether to follow broadcasts.
    #[must_use]
    pub fn track_spread(self, track_spread: bool) -> Self {
        Self { track_spread, ..self }
    }

    /// Sets whether to count bytes.
    #[must_use]
    pub fn count_bytes(self, count_bytes: bool) -> Self {
        Self { count_bytes, ..self }
    }

    /// Sets whether to record every input.
    #[must_use]
    pub fn record(self, record: bool) -> Self {
        Self { record, ..self }
    }

    /// Sets on how many threads to run.
    #[must_use]
    pub fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Sets how to keep what is going to happen.
    #[must_use]
    pub fn scheduler(self, scheduler: Scheduler) -> Self {
        Self { scheduler, ..self }
    }
}
