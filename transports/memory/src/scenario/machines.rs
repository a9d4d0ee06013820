//! What nodes run on, as text.

use core::time::Duration;

use serde::{Deserialize, Serialize};

use super::chance::{Purpose, draw};
use super::share;
use crate::{Bandwidth, Clock, Machine, Probability, ms};

/// What some of the nodes run on: a [`Machine`] as text. The others' are ideal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machines {
    /// How large a share of the nodes it is, drawn by chance.
    #[serde(with = "share")]
    pub share: Probability,
    /// How long they work on each thing that happens to them, in microseconds.
    #[serde(default)]
    pub handling_us: u64,
    /// How much leaves them in a second; 0 is no limit.
    #[serde(default)]
    pub bits_per_second: u64,
    /// From how many links on they refuse who dials; 0 is no limit.
    #[serde(default)]
    pub accept_limit: u32,
    /// How far their clocks are ahead from the start.
    #[serde(default)]
    pub ahead_ms: u64,
    /// By how many millionths their clocks are too fast, or too slow if negative.
    #[serde(default)]
    pub drift_ppm: i32,
}

impl Machines {
    /// That of one node, if it is one of them.
    pub(super) fn machine(&self, seed: u64, node: usize) -> Option<Machine> {
        let drawn = draw(seed, Purpose::Machine, 0, node as u64) % 1_000_000;
        (drawn < u64::from(self.share.in_a_million())).then(|| {
            let mut machine =
                Machine::new().handling(Duration::from_micros(self.handling_us)).clock(self.clock());
            machine.uplink =
                (self.bits_per_second > 0).then(|| Bandwidth::bits_per_second(self.bits_per_second));
            machine.accept_limit = (self.accept_limit > 0).then_some(self.accept_limit);
            machine
        })
    }

    /// The same once faults have ended: fast and without limits. Its clock goes as it did, as clocks do not go back.
    pub(super) fn healed(&self) -> Machine {
        Machine::new().clock(self.clock())
    }

    fn clock(&self) -> Clock {
        Clock::ahead(ms(self.ahead_ms)).drift(self.drift_ppm)
    }
}
