//! How messages of a scenario spread, in figures.

use serde::Serialize;

use crate::{Network, Node};

/// How the messages of a scenario spread, those of its ending included. Integers, so that they are the same on every
/// machine; the shares that follow from them are methods.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Figures {
    /// Nodes that ran at the end and meant no ill.
    pub survivors: u64,
    /// Messages said to everybody.
    pub messages: u64,
    /// How often one of them was to be heard: by each survivor that had not said it itself.
    pub due: u64,
    /// How often that came about.
    pub heard: u64,
    /// How often a survivor was told that it will not hear a message: it was said before the node's time, or given up
    /// while faults lasted.
    pub excused: u64,
    /// Messages that nobody who survived has: they are not due.
    pub lost_with_their_holders: u64,
    /// Copies of messages received by all nodes together.
    pub copies: u64,
    /// Deliveries at all nodes, of those that did not survive too.
    pub deliveries: u64,
    /// The hops of all deliveries, added up.
    pub hops_sum: u64,
    /// The most hops of a delivery.
    pub hops_max: u64,
    /// How long half of the deliveries took at most, in microseconds.
    pub median_us: u64,
    /// How long 99 % of the deliveries took at most, in microseconds.
    pub percentile_99_us: u64,
    /// How long the slowest delivery took, in microseconds; where nodes were cut off, as long as that lasted.
    pub last_us: u64,
    /// How long all took, in microseconds of virtual time.
    pub virtual_us: u64,
    /// Inputs that nodes were given.
    pub inputs: u64,
}

impl Figures {
    /// The share of what was due that was heard, what is excused left out; `None` if nothing was due.
    #[must_use]
    pub fn delivered_ratio(&self) -> Option<f64> {
        let due = self.due.saturating_sub(self.excused);
        (due > 0).then(|| self.heard as f64 / due as f64)
    }

    /// Copies received for each delivery beyond the first that it needs; `None` if nothing was delivered.
    #[must_use]
    pub fn redundancy(&self) -> Option<f64> {
        (self.deliveries > 0).then(|| self.copies as f64 / self.deliveries as f64 - 1.0)
    }

    /// How many hops deliveries took on average; `None` if nothing was delivered.
    #[must_use]
    pub fn hops_mean(&self) -> Option<f64> {
        (self.deliveries > 0).then(|| self.hops_sum as f64 / self.deliveries as f64)
    }

    /// What the network has followed.
    pub(super) fn of_spreads<N: Node>(network: &Network<N>) -> Self {
        let mut took: Vec<u64> = Vec::new();
        let mut figures = Self { inputs: network.stats().inputs, ..Self::default() };
        for spread in network.spreads() {
            figures.copies += spread.copies();
            for reached in spread.deliveries() {
                let micros = u64::try_from(reached.after.as_micros()).unwrap_or(u64::MAX);
                took.push(micros);
                figures.hops_sum += u64::from(reached.hops);
                figures.hops_max = figures.hops_max.max(u64::from(reached.hops));
            }
        }
        took.sort_unstable();
        figures.deliveries = took.len() as u64;
        figures.median_us = rank(&took, 50);
        figures.percentile_99_us = rank(&took, 99);
        figures.last_us = took.last().copied().unwrap_or_default();
        figures.virtual_us = network.now().as_nanos() / 1000;
        figures
    }
}

/// The smallest of the sorted values that so many in a hundred do not exceed (nearest rank); 0 of none.
fn rank(sorted: &[u64], percent: usize) -> u64 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_values_that_occur() {
        let values: Vec<u64> = (1..=200).collect();
        assert_eq!((rank(&values, 50), rank(&values, 99), rank(&values, 100)), (100, 198, 200));
        assert_eq!((rank(&[7], 50), rank(&[7], 99), rank(&[], 50)), (7, 7, 0));
    }
}
