//! Tries whether a loop drives its nodes as it should: the same cases for every loop, as what a node does must not depend on
//! who drives it.
//!
//! Implement [`Harness`] around your loop, in a test, and [`run`] it. Each case is plain data, in the folder `conformance` of
//! this crate: nodes that meet, speak, are killed and come back, with messages in a burst, of the greatest length, over third
//! ones. What everybody should have been told in the end is written there too, each thing once and in the order that is
//! promised. That loops with faults are found is tested with loops that have them (`tests/conformance/`).
//!
//! The shortest harness there is, around a simulated network:
//!
//! ```
//! use std::{collections::BTreeMap, time::Duration};
//! use chinwag::{Address, Command, Config, Event, Input, PeerId};
//! use chinwag_memory::conformance::{self, Harness, HarnessError, Listen};
//! use chinwag_memory::{Memory, Network, NetworkConfig, NodeId};
//!
//! struct Simulated { network: Network, nodes: BTreeMap<PeerId, NodeId> }
//!
//! impl Harness for Simulated {
//!     fn start(&mut self, config: Config, listen: &Listen) -> Result<Option<Address>, HarnessError> {
//!         let name = config.id.clone();
//!         let node = match listen {
//!             Listen::Nowhere => self.network.add_client_with(config)?,
//!             Listen::Anywhere => self.network.add_node_with(config)?,
//!             Listen::At(_) => {
//!                 let node = self.nodes[&name];
//!                 self.network.restart(node, Memory::Lost);
//!                 node
//!             }
//!         };
//!         self.nodes.insert(name, node);
//!         Ok((*listen != Listen::Nowhere).then(|| self.network.address(node).clone()))
//!     }
//!     fn command(&mut self, node: &PeerId, command: Command) -> Result<(), HarnessError> {
//!         self.network.tell(self.nodes[node], Input::Command(command));
//!         Ok(())
//!     }
//!     fn kill(&mut self, node: &PeerId) -> Result<(), HarnessError> {
//!         self.network.crash(self.nodes[node]);
//!         Ok(())
//!     }
//!     fn run_for(&mut self, duration: Duration) -> Result<Vec<(PeerId, Event)>, HarnessError> {
//!         self.network.run_for(duration);
//!         let mut told = Vec::new();
//!         for (name, node) in &self.nodes {
//!             told.extend(self.network.take_events(*node).into_iter().map(|(_, event)| (name.clone(), event)));
//!         }
//!         Ok(told)
//!     }
//! }
//!
//! let simulated = || Simulated { network: Network::new(NetworkConfig::new(1)), nodes: BTreeMap::new() };
//! let report = conformance::run(simulated)?;
//! assert!(report.cases >= 20 && report.heard > 1000, "{report}");
//! # Ok::<(), conformance::Failed>(())
//! ```

mod case;
mod failed;
mod harness;
mod play;
mod words;

use core::fmt;

pub use case::{Case, cases};
pub use failed::{Failed, Wrong};
pub use harness::{Harness, HarnessError, Listen};

/// What was tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Report {
    /// How many cases were played.
    pub cases: usize,
    /// How many things nodes were told in them.
    pub heard: usize,
}

/// Plays every case, each on a harness of its own that `make` makes, until one fails.
///
/// # Errors
/// The first that [`Failed`].
pub fn run<H: Harness>(mut make: impl FnMut() -> H) -> Result<Report, Failed> {
    let mut report = Report { cases: 0, heard: 0 };
    for case in cases() {
        let mut harness = make();
        if !case.is_for(harness.semantics()) {
            continue;
        }
        let heard = case.play(&mut harness)?;
        report.cases = report.cases.saturating_add(1);
        report.heard = report.heard.saturating_add(heard);
    }
    Ok(report)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cases passed, in which nodes were told {} things", self.cases, self.heard)
    }
}
