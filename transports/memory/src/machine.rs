//! What a node runs on: its wire to the world, its patience, its speed and its clock.

use core::time::Duration;

use chinwag::Time;

use crate::bandwidth::Transmitter;
use crate::clock::RunningClock;
use crate::{Bandwidth, Clock};

/// The machine of a node. Without limits, in no time and on time unless something is set.
///
/// ```
/// use chinwag_memory::{Bandwidth, Clock, Machine, Network, NetworkConfig, ms};
///
/// let slow = Machine::new().handling(ms(2)).uplink(Bandwidth::bits_per_second(1_000_000)).accept_limit(20);
/// let mut network = Network::new(NetworkConfig::new(1).machine(slow));
/// let ann = network.add_node("ann")?;
/// network.set_machine(ann, slow.clock(Clock::ahead(ms(300)).drift(50)));
/// # Ok::<(), chinwag_memory::AddError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Machine {
    /// What everything that it sends has to pass, on whatever link; `None` if there is no limit.
    pub uplink: Option<Bandwidth>,
    /// Who dials is refused while it has so many links, dialed ones included; `None` if there is no limit.
    pub accept_limit: Option<u32>,
    /// How long it works on each thing that happens to it, one after the other: what arrives meanwhile waits, and so do
    /// its own deadlines.
    pub handling: Duration,
    /// How its clock goes.
    pub clock: Clock,
}

impl Machine {
    /// A machine without limits, that takes no time and has the right one.
    #[must_use]
    pub const fn new() -> Self {
        Self { uplink: None, accept_limit: None, handling: Duration::ZERO, clock: Clock::RIGHT }
    }

    /// Sets what everything that it sends has to pass.
    #[must_use]
    pub const fn uplink(self, uplink: Bandwidth) -> Self {
        Self { uplink: Some(uplink), ..self }
    }

    /// Sets from how many links on it refuses who dials.
    #[must_use]
    pub const fn accept_limit(self, links: u32) -> Self {
        Self { accept_limit: Some(links), ..self }
    }

    /// Sets how long it works on each thing that happens to it.
    #[must_use]
    pub const fn handling(self, time: Duration) -> Self {
        Self { handling: time, ..self }
    }

    /// Sets how its clock goes.
    #[must_use]
    pub const fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }
}

/// A machine at work.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hardware {
    pub(crate) machine: Machine,
    pub(crate) clock: RunningClock,
    pub(crate) uplink: Transmitter,
    /// Until when it works on what happened to it.
    pub(crate) busy_until: Time,
}

impl Hardware {
    /// That of every node for which nothing was set.
    pub(crate) const IDEAL: Self = Self {
        machine: Machine::new(),
        clock: RunningClock::RIGHT,
        uplink: Transmitter::IDLE,
        busy_until: Time::ZERO,
    };

    /// Becomes another machine, with the same clock, which is set.
    pub(crate) fn set(&mut self, now: Time, machine: Machine) {
        self.machine = machine;
        self.clock.set(now, machine.clock);
    }

    /// When it is done with something that happens now, and whether that has to wait for something else; `None` if it
    /// takes no time.
    pub(crate) fn handles(&mut self, now: Time) -> Option<(Time, bool)> {
        if self.machine.handling.is_zero() && self.busy_until <= now {
            return None;
        }
        let waits = self.busy_until > now;
        self.busy_until = self.busy_until.max(now) + self.machine.handling;
        Some((self.busy_until, waits))
    }
}
