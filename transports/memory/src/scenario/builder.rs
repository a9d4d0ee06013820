//! Scenarios written in a program.

use super::{
    Check, Ending, Hostile, Hostility, Join, Links, Machines, Map, Op, Scenario, Senders, Settings, VERSION,
    What,
};
use crate::{Fidelity, Probability};

impl Scenario {
    /// So many nodes, who join the first one within 5 s, on streams of 10 to 50 ms. Nothing happens to them: add to it
    /// with the other methods.
    ///
    /// ```
    /// use chinwag_memory::Scenario;
    /// use chinwag_memory::scenario::{Senders, What};
    ///
    /// let scenario = Scenario::new(20)
    ///     .seed(7)
    ///     .say(8_000, Senders::Random, 10)
    ///     .at(12_500, What::CrashShare { share: 0.5.into() });
    /// let outcome = scenario.play()?;
    /// assert_eq!(outcome.failure, None);
    /// assert_eq!(outcome.figures.survivors, 10);
    /// # Ok::<(), chinwag_memory::scenario::ScenarioError>(())
    /// ```
    #[must_use]
    pub fn new(nodes: u32) -> Self {
        Self {
            version: VERSION,
            about: String::new(),
            seed: 1,
            nodes,
            fidelity: Fidelity::Typed,
            bug: None,
            settings: Settings::default(),
            links: Links::default(),
            join: Join::default(),
            map: None,
            machines: None,
            hostile: None,
            ending: Ending::default(),
            ops: Vec::new(),
        }
    }

    /// Sets what all chance follows from.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Sets what nodes are told about themselves.
    #[must_use]
    pub fn settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }

    /// Sets how links behave.
    #[must_use]
    pub fn links(self, links: Links) -> Self {
        Self { links, ..self }
    }

    /// Sets where nodes are.
    #[must_use]
    pub fn map(self, map: Map) -> Self {
        Self { map: Some(map), ..self }
    }

    /// Sets what some of the nodes run on.
    #[must_use]
    pub fn machines(self, machines: Machines) -> Self {
        Self { machines: Some(machines), ..self }
    }

    /// Has a share of the nodes mean ill.
    #[must_use]
    pub fn hostile(self, share: impl Into<Probability>, does: Hostility) -> Self {
        Self { hostile: Some(Hostile { share: share.into(), does }), ..self }
    }

    /// Has messages of 64 bytes be said, one a second.
    #[must_use]
    pub fn say(self, at_ms: u64, senders: Senders, count: u32) -> Self {
        self.at(at_ms, What::Say { senders, node: 0, count, every_ms: 1_000, burst: 1, size: 64 })
    }

    /// Has something happen at a time.
    #[must_use]
    pub fn at(mut self, at_ms: u64, what: What) -> Self {
        self.ops.push(Op { at_ms, what });
        self
    }

    /// Leaves a check out.
    #[must_use]
    pub fn without(mut self, check: Check) -> Self {
        self.ending.skip.push(check);
        self
    }
}
