//! Runs a [`chinwag::ChatNode`] over TCP: one thread, edge-triggered, in a loop of its own or in yours.
//!
//! The driver moves bytes and tells the time; every decision is the node's. What it promises:
//! - Everything is bounded: connections, dials, what is queued for a link, what is read before it is the next link's
//!   turn. See [`Options`] (`tests/tcp/many_connections.rs`, `tests/tcp/dialing.rs`).
//! - A slow or hostile peer costs only itself: the link whose queue overflows is closed, and nobody waits for it
//!   (`tests/tcp/slow_reader.rs`, `tests/tcp/trickling.rs`, `tests/tcp/bad_input.rs`, `tests/tcp/flooding.rs`,
//!   `tests/tcp/connect_storms.rs`, `tests/tcp/half_open.rs`).
//! - However the bytes come, and wherever a connection is cut, no message is halved or doubled, and what was lost is
//!   had again (`tests/tcp/short_reads_and_writes.rs`, `tests/tcp/resets.rs`); nor does it matter that two dial each
//!   other at once, restart, or move (`tests/tcp/simultaneous_dials.rs`, `tests/tcp/restarts.rs`).
//! - The loop never waits for anything but its `Poll`: host names are looked up on other threads
//!   (`tests/tcp/dialing.rs`, `src/driver/tests.rs`).
//! - What was queued for a link is sent before the link is closed, if the other end takes it in time
//!   (`tests/tcp/shutdown.rs`).
//! - Other threads give commands, hear events and ask for counters, and none of them can make the loop wait
//!   (`tests/tcp/other_threads.rs`, `tests/tcp/subscriptions.rs`, `tests/tcp/stats.rs`).
//! - No file descriptor is left behind, and a want of them is outlived (`tests/descriptors.rs`).
//! - All this holds where the system does its worst at every call: hundreds of networks on [simulated] sockets
//!   (`src/simulated/tests/swarm.rs`), which answer as the machine's own (`src/simulated/tests/calls.rs`,
//!   `src/simulated/tests/trace.rs`) and find out a driver that makes mistakes (`src/simulated/tests/mistakes.rs`).
//!
//! ```
//! use std::{ops::ControlFlow, thread, time::Duration};
//! use chinwag::{Config, Event, PeerId};
//! use chinwag_mio::{MioDriver, Options, epoch_now, random_seed};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let driver = |name| -> Result<MioDriver, Box<dyn std::error::Error>> {
//!     let config = Config::new(PeerId::new(name)?, epoch_now());
//!     Ok(MioDriver::new(config, random_seed(), Options::default())?)
//! };
//! let (mut ann, mut bob) = (driver("ann")?, driver("bob")?);
//! let address = ann.listen("127.0.0.1:0", None)?;
//! bob.with_node(|node, now| node.join(now, address))?;
//! // Nobody is linked yet: it goes out with the first link.
//! bob.with_node(|node, now| node.broadcast(now, "is anybody there?"))?;
//! let bob_leaves = bob.handle();
//! let bob = thread::spawn(move || bob.run(|_, _| ControlFlow::Continue(())));
//!
//! ann.run(|_, event| match event {
//!     Event::Delivered(delivery) if delivery.from().as_str() == "bob" => ControlFlow::Break(()),
//!     _ => ControlFlow::Continue(()),
//! })?;
//! bob_leaves.shutdown();
//! assert!(ann.shutdown(Duration::from_secs(5))?.is_complete());
//! # bob.join().unwrap()?;
//! # Ok(()) }
//! ```

#![forbid(unsafe_code)]

mod clock;
mod connection;
mod counters;
mod dialer;
mod doorbell;
mod driver;
mod error;
mod handle;
mod links;
mod listener;
mod options;
mod own_loop;
mod resolver;
pub mod simulated;
mod snapshot;
mod sockets;
mod subscription;
mod system;
mod turn;

pub use clock::{epoch_now, random_seed};
pub use counters::Counters;
pub use driver::MioDriver;
pub use error::{DriverError, HandleError};
pub use handle::Handle;
pub use options::Options;
pub use own_loop::Flushed;
pub use snapshot::{Snapshot, StatsError};
pub use sockets::Sockets;
pub use subscription::{Subscription, SubscriptionError, Told};
pub use system::System;
