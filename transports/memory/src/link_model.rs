//! How links behave: how long they take, what they lose, and whether they promise anything.

use core::ops::Range;
use core::time::Duration;
use std::collections::BTreeMap;

use chinwag::Semantics;

use crate::draw::{Draw, Place, Probability, Purpose};
use crate::node::NodeId;

/// How a link between two nodes behaves.
///
/// A packet takes the pair's latency, which is drawn once for two nodes and the same in both directions, plus its
/// own jitter. On a stream, what was sent later never arrives earlier, and nothing is lost while the link stands;
/// loss, duplication and reordering apply to datagrams only.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct LinkModel {
    /// What links promise. Read when a link is made.
    pub semantics: Semantics,
    /// The least latency of a pair. At least 1 ns: less counts as that.
    pub latency_from: Duration,
    /// Latencies of pairs are below this; if it is not above `latency_from`, that is everybody's latency.
    pub latency_to: Duration,
    /// The most that is added to one packet's latency.
    pub jitter: Duration,
    /// How likely a datagram is lost.
    pub loss: Probability,
    /// How likely a datagram arrives twice.
    pub duplication: Probability,
    /// How likely a datagram is held back by up to `reordering_delay`, so that later ones overtake it.
    pub reordering: Probability,
    /// The most by which a datagram is held back.
    pub reordering_delay: Duration,
    /// How likely one bit of a frame is flipped. Only under [`Fidelity::Bytes`](crate::Fidelity::Bytes).
    pub corruption: Probability,
}

impl LinkModel {
    /// Ordered, lossless links: latencies of 10 to 50 ms, no jitter.
    #[must_use]
    pub const fn stream() -> Self {
        Self {
            semantics: Semantics::Stream,
            latency_from: Duration::from_millis(10),
            latency_to: Duration::from_millis(50),
            jitter: Duration::ZERO,
            loss: Probability::NEVER,
            duplication: Probability::NEVER,
            reordering: Probability::NEVER,
            reordering_delay: Duration::from_millis(100),
            corruption: Probability::NEVER,
        }
    }

    /// Links that promise nothing, though they do no harm until told to: latencies of 10 to 50 ms, no jitter.
    #[must_use]
    pub const fn datagram() -> Self {
        Self { semantics: Semantics::Datagram, ..Self::stream() }
    }

    /// Sets the range that pairs' latencies are drawn from; an empty range gives everybody its start.
    #[must_use]
    pub const fn latency(self, range: Range<Duration>) -> Self {
        Self { latency_from: range.start, latency_to: range.end, ..self }
    }

    /// Sets the most that is added to one packet's latency.
    #[must_use]
    pub const fn jitter(self, most: Duration) -> Self {
        Self { jitter: most, ..self }
    }

    /// Sets how likely a datagram is lost (0 to 1).
    #[must_use]
    pub fn loss(self, share: impl Into<Probability>) -> Self {
        Self { loss: share.into(), ..self }
    }

    /// Sets how likely a datagram arrives twice (0 to 1).
    #[must_use]
    pub fn duplication(self, share: impl Into<Probability>) -> Self {
        Self { duplication: share.into(), ..self }
    }

    /// Sets how likely a datagram is held back (0 to 1), and by how much at most.
    #[must_use]
    pub fn reordering(self, share: impl Into<Probability>, delay: Duration) -> Self {
        Self { reordering: share.into(), reordering_delay: delay, ..self }
    }

    /// Sets how likely one bit of a frame is flipped (0 to 1).
    #[must_use]
    pub fn corruption(self, share: impl Into<Probability>) -> Self {
        Self { corruption: share.into(), ..self }
    }

    /// How long the packet at `place` takes.
    pub(crate) fn delay(&self, seed: u64, purpose: Purpose, place: Place) -> Duration {
        let pair_latency = self.pair_latency(seed, place.source, place.destination);
        let jitter = match nanos(self.jitter) {
            0 => 0,
            most => Draw::new(seed, purpose, place).below(most.saturating_add(1)),
        };
        pair_latency.saturating_add(Duration::from_nanos(jitter))
    }

    /// The latency of two nodes.
    pub(crate) fn pair_latency(&self, seed: u64, one: u32, other: u32) -> Duration {
        let (low, high) = (one.min(other), one.max(other));
        let pair = Place { source: low, destination: high, link: 0, sequence: 0 };
        let spread = nanos(self.latency_to.saturating_sub(self.latency_from));
        let drawn = Draw::new(seed, Purpose::PairLatency, pair).below(spread);
        Duration::from_nanos(nanos(self.latency_from).max(1).saturating_add(drawn))
    }

    /// By how much the datagram at `place` is held back, if it is.
    pub(crate) fn held_back(&self, seed: u64, place: Place) -> Option<Duration> {
        let hit = Draw::new(seed, Purpose::Reorder, place).hits(self.reordering);
        let most = nanos(self.reordering_delay).saturating_add(1);
        hit.then(|| Duration::from_nanos(Draw::new(seed, Purpose::ReorderDelay, place).below(most)))
    }
}

/// The models of all links: one for everybody, and those of single pairs.
#[derive(Clone, Debug)]
pub(crate) struct LinkModels {
    default: LinkModel,
    pairs: BTreeMap<(NodeId, NodeId), LinkModel>,
}

impl LinkModels {
    pub(crate) const fn new(default: LinkModel) -> Self {
        Self { default, pairs: BTreeMap::new() }
    }

    pub(crate) fn set_default(&mut self, model: LinkModel) {
        self.default = model;
    }

    pub(crate) fn set_pair(&mut self, one: NodeId, other: NodeId, model: LinkModel) {
        self.pairs.insert((one.min(other), one.max(other)), model);
    }

    pub(crate) fn get(&self, one: NodeId, other: NodeId) -> &LinkModel {
        if self.pairs.is_empty() {
            return &self.default;
        }
        self.pairs.get(&(one.min(other), one.max(other))).unwrap_or(&self.default)
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn at(source: u32, destination: u32, sequence: u64) -> Place {
        Place { source, destination, link: 0, sequence }
    }

    #[test]
    fn a_pair_has_one_latency_and_packets_their_own_jitter() {
        let model = LinkModel::stream().latency(ms(10)..ms(50));
        let delay = |model: LinkModel, place| model.delay(3, Purpose::Jitter, place);
        let pairs: BTreeSet<_> = (1..100).map(|other| delay(model, at(0, other, 0))).collect();
        assert_eq!(pairs.len(), 99);
        assert!(pairs.iter().all(|delay| (ms(10)..ms(50)).contains(delay)));
        assert_eq!(delay(model, at(1, 2, 0)), delay(model, at(2, 1, 9)));
        let shaky = model.jitter(ms(5));
        let packets: BTreeSet<_> = (0..100).map(|number| delay(shaky, at(1, 2, number))).collect();
        assert!(packets.len() > 90);
        let base = delay(model, at(1, 2, 0));
        assert!(packets.iter().all(|delay| (base..=base + ms(5)).contains(delay)));
    }

    #[test]
    fn nothing_takes_no_time_and_nothing_overflows() {
        let instant = LinkModel::stream().latency(ms(0)..ms(0));
        assert_eq!(instant.delay(0, Purpose::Jitter, at(0, 1, 0)), Duration::from_nanos(1));
        let endless = LinkModel::stream().latency(Duration::MAX..Duration::MAX).jitter(Duration::MAX);
        assert!(endless.delay(0, Purpose::Jitter, at(0, 1, 0)) >= Duration::from_nanos(u64::MAX));
    }
}
