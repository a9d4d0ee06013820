//! Drivers on sockets that are simulated: many hosts in one thread, on a virtual clock, with every fault that a system
//! has, as often as you like.
//!
//! It is the driver itself that runs, and nothing but its system calls are answered otherwise: edge-triggered events
//! as `epoll` has them (what has changed is told, once), buffers that fill up, connections that are reset, refused or
//! half closed, calls that are interrupted or find no descriptor or memory. All follows from a [`Seed`], to the last
//! byte, as long as nobody dials host names (there are none) or commands a driver from another thread.
//!
//! What these sockets promise, and what it is checked by:
//! - Each call and each event is as on the machine's own (`src/simulated/tests/calls.rs`), and so is what a driver on
//!   them says, hears and tells (`src/simulated/tests/trace.rs`).
//! - The same seed gives the same, to the last call, and what is broken is found (`src/simulated/tests/swarm.rs`,
//!   `src/simulated/tests/mistakes.rs`).
//!
//! They are not here to measure: whatever is on its way takes up to 1 ms, and there is no loss but of what asks for
//! a connection, as whatever else is lost is sent again by the system and only late. Host names and
//! [`Handle`](crate::Handle)s work, but not to the same moment twice.
//!
//! ```
//! use std::time::Duration;
//! use chinwag::{Config, Epoch, Event, PeerId, Seed};
//! use chinwag_mio::simulated::{Fault, Faults, Internet};
//! use chinwag_mio::{MioDriver, Options};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let internet = Internet::new(Seed::new(1));
//! internet.set_faults(Faults::none().with(Fault::Interrupted, 0.5).with(Fault::PartialWrite, 0.5));
//! let host = internet.host();
//! let driver = |name, seed| -> Result<_, Box<dyn std::error::Error>> {
//!     let config = Config::new(PeerId::new(name)?, Epoch::new(1));
//!     Ok(MioDriver::simulated(&host, config, Seed::new(seed), Options::default())?)
//! };
//! let mut drivers = [driver("ann", 1)?, driver("bob", 2)?];
//! let address = drivers[0].listen(&format!("{}:0", host.ip()), None)?;
//! drivers[1].with_node(|node, now| node.join(now, address))?;
//! drivers[1].with_node(|node, now| node.broadcast(now, "hi"))?;
//! let heard = internet.run_until(&mut drivers, Duration::from_secs(60), |drivers| {
//!     std::iter::from_fn(|| drivers[0].next_event()).any(|event| matches!(event, Event::Delivered(_)))
//! })?;
//! assert!(heard && internet.tally().count(Fault::Interrupted) > 0);
//! drop(drivers);
//! assert_eq!(internet.open_descriptors(), 0);
//! # Ok(()) }
//! ```

mod chance;
mod epoll;
mod fault;
mod host;
mod kernel;
mod tcp;

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use chinwag::{Seed, Time};

pub use fault::{Fault, Faults, Tally};
pub use host::Host;

use crate::sockets::Sockets;
use crate::{DriverError, MioDriver};
use kernel::Kernel;

/// Hosts, what is on its way between them, and the time.
#[derive(Debug)]
pub struct Internet {
    kernel: Rc<RefCell<Kernel>>,
}

impl Internet {
    /// No host yet, and nothing goes wrong. A connection takes 64 KiB each way before the other end has to read, and
    /// whatever is sent takes 50 µs to 1 ms.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        Self { kernel: Rc::new(RefCell::new(Kernel::new(seed))) }
    }

    /// Another host, with room for 1024 descriptors.
    #[must_use]
    pub fn host(&self) -> Host {
        Host::new(Rc::clone(&self.kernel))
    }

    /// What goes wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.kernel.borrow_mut().faults = faults;
    }

    /// How many bytes a connection takes each way from now on before the other end has to read: at least 1.
    pub fn set_capacity(&self, bytes: usize) {
        self.kernel.borrow_mut().capacity = bytes.max(1);
    }

    /// How long it takes what is sent from now on to arrive.
    pub fn set_latency(&self, latency: RangeInclusive<Duration>) {
        self.kernel.borrow_mut().latency = latency.into_inner();
    }

    /// What has happened so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.kernel.borrow().tally.clone()
    }

    /// How many descriptors are open on all hosts together. Each driver has two, and one more to listen and for each
    /// connection.
    #[must_use]
    pub fn open_descriptors(&self) -> usize {
        self.kernel.borrow().open_descriptors()
    }

    /// The time, which stands still unless the drivers turn. It does not begin at zero.
    #[must_use]
    pub fn now(&self) -> Time {
        self.kernel.borrow().now
    }

    /// Turns a driver that has something to do, or lets time pass until one has, or something arrives; false if that
    /// will never be. As on the machine's own sockets, a driver turns only if something has been told to it or is due.
    ///
    /// # Errors
    /// As [`MioDriver::poll`].
    pub fn turn(&self, drivers: &mut [MioDriver<Host>]) -> Result<bool, DriverError> {
        self.turn_on(drivers, Host::has_events)
    }

    /// Turns the drivers until `done` says so, for at most `limit`; whether it did.
    ///
    /// # Errors
    /// As [`MioDriver::poll`].
    pub fn run_until(
        &self,
        drivers: &mut [MioDriver<Host>],
        limit: Duration,
        mut done: impl FnMut(&mut [MioDriver<Host>]) -> bool,
    ) -> Result<bool, DriverError> {
        let until = self.now() + limit;
        loop {
            if done(drivers) {
                return Ok(true);
            }
            if self.now() >= until || !self.turn(drivers)? {
                return Ok(false);
            }
        }
    }

    /// As [`turn`](Self::turn), with `has_events` to say whether a wait would bring something.
    pub(crate) fn turn_on<S: Sockets>(
        &self,
        drivers: &mut [MioDriver<S>],
        has_events: impl Fn(&S) -> bool,
    ) -> Result<bool, DriverError> {
        let first = self.kernel.borrow_mut().chance.below(drivers.len() as u64);
        let (before, from) = drivers.split_at_mut(usize::try_from(first).unwrap_or(0));
        let now = self.now();
        let awake = from.iter_mut().chain(before).find(|driver| {
            driver.next_due().is_some_and(|due| due <= now) || has_events(&driver.links.sockets)
        });
        if let Some(driver) = awake {
            driver.poll(Some(Duration::ZERO))?;
            return Ok(true);
        }
        let due = drivers.iter().filter_map(MioDriver::next_due).min();
        let arrival = self.kernel.borrow().next_arrival();
        let Some(next) = due.into_iter().chain(arrival).min() else { return Ok(false) };
        self.kernel.borrow_mut().advance(next);
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
