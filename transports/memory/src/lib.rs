//! A deterministic network of many nodes, in memory, on a virtual clock.
//!
//! Write down what should hold, and try it on a network that loses, doubles, reorders, breaks and partitions:
//!
//! ```
//! use chinwag_memory::{Fidelity, LinkModel, Memory, Network, NetworkConfig, ms, secs};
//!
//! for seed in 0..10 {
//!     let link = LinkModel::stream().latency(ms(10)..ms(50));
//!     let mut network = Network::new(NetworkConfig::new(seed).link(link).fidelity(Fidelity::Bytes));
//!     let (ann, bob) = (network.add_node("ann")?, network.add_node("bob")?);
//!     network.join(bob, ann)?;
//!     network.broadcast(ann, "hi")?;
//!     network.run_until_quiet(secs(60))?;
//!     assert_eq!(network.heard(bob), [("ann".into(), "hi".into())]);
//!     network.check()?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is here
//! [`Network`] holds the nodes and lets time pass. [`LinkModel`] says how links behave ([`Latency`], [`Bandwidth`],
//! [`BurstLoss`]), [`Regions`] where nodes are, [`Machine`] what they run on, [`Fault`] what goes wrong and when.
//! [`Network::check`] says whether the nodes kept their promises, [`Network::stats`] what was exercised,
//! [`Network::spreads`] how messages spread, [`Network::overlay`] who is whose neighbour, [`Network::traffic`] what
//! it costs, [`Network::logged_packets`] who said what to whom, [`Network::trace`] what to replay; and
//! [`Network::write_trace`] keeps everything that happens in a file, to be asked [how a message came](trace_log::explain). Nodes
//! are [`ChatNode`](chinwag::ChatNode)s, or anything that implements [`Node`]. What a network is put through can be data: a
//! [`Scenario`](scenario). Whether a loop of your own drives nodes as it should, [`conformance`] tries.
//!
//! # Determinism
//! All chance is drawn as a hash of (seed, purpose, source, destination, link, number), never from a stream, and
//! what happens is ordered by (time, class, source, number at that source): equal configurations, nodes and calls
//! give equal runs, down to [`Network::trace_hash`] (`tests/meta_equalities/same_seed.rs`).
#![forbid(unsafe_code)]

mod arrival;
mod bandwidth;
mod burst;
mod chat;
mod check;
mod clock;
mod config;
pub mod conformance;
mod draw;
mod error;
mod fabric;
mod fault;
mod fingerprint;
mod happening;
mod host;
mod latency;
mod ledger;
mod link_model;
mod machine;
mod network;
mod node;
mod normal;
mod outage;
mod overlay;
mod packet_log;
mod parallel;
mod part;
mod pipe;
mod queue;
mod regions;
mod run;
pub mod scenario;
mod spread;
mod stats;
pub mod swarm;
mod trace;
pub mod trace_log;
mod traffic;
mod wheel;
mod wire;
mod world;

pub use bandwidth::Bandwidth;
pub use burst::BurstLoss;
pub use chat::{HasChat, config_for, ms, secs};
pub use check::{Checked, Promise, Violation};
pub use clock::Clock;
pub use config::{Fidelity, NetworkConfig};
pub use draw::Probability;
pub use error::{AddError, CommandError};
pub use fault::{Fault, Memory};
pub use latency::{Latency, Quantiles, QuantilesError};
pub use link_model::LinkModel;
pub use machine::Machine;
pub use network::Network;
pub use node::{Effects, Node, NodeId, Start};
pub use overlay::Overlay;
pub use packet_log::LoggedPacket;
pub use parallel::Apart;
pub use queue::Scheduler;
pub use regions::{Regions, RegionsError};
pub use run::NotQuiet;
pub use scenario::Scenario;
pub use spread::{Reached, Spread};
pub use stats::{Dropped, Stats};
pub use trace::{Step, Trace, What};
pub use traffic::{Amount, Traffic};
