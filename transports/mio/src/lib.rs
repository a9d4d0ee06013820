//! Runs a [`chinwag::ChatNode`] over TCP: one thread, edge-triggered, in a loop of its own or in yours.
//!
//! The driver moves bytes and tells the time; every decision is the node's. What it promises:
//! - Everything is bounded: connections, dials, what is queued for a link, what is read before it is the next link's
//!   turn. See [`Options`].
//! - A slow or hostile peer costs only itself: the link whose queue overflows is closed, and nobody waits for it.
//! - The loop never waits for anything but its `Poll`: host names are looked up on other threads.
//! - What was queued for a link is sent before the link is closed, if the other end takes it in time.
//!
//! ```no_run
//! use std::ops::ControlFlow;
//! use chinwag::{Config, Event, PeerId};
//! use chinwag_mio::{MioDriver, Options, epoch_now, random_seed};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config::new(PeerId::new("ann")?, epoch_now());
//! let mut driver = MioDriver::new(config, random_seed(), Options::default())?;
//! let address = driver.listen("127.0.0.1:0", None)?;
//! println!("others can join {address}");
//! driver.run(|driver, event| {
//!     if let Event::Delivered(delivery) = &event {
//!         println!("{}: {}", delivery.from(), delivery.body().to_display());
//!         let _ = driver.with_node(|node, now| node.broadcast(now, "I hear you"));
//!     }
//!     ControlFlow::Continue(())
//! })?;
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
mod turn;

pub use clock::{epoch_now, random_seed};
pub use counters::Counters;
pub use driver::MioDriver;
pub use error::{DriverError, HandleError};
pub use handle::Handle;
pub use options::Options;
pub use own_loop::Flushed;
