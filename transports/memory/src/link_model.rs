//! How links behave: how long they take, what they lose, and whether they promise anything.

use core::time::Duration;
use std::collections::BTreeMap;

use chinwag::Semantics;

use crate::draw::{Draw, Place, Purpose};
use crate::latency::nanos;
use crate::{Bandwidth, BurstLoss, Latency, NodeId, Probability, Regions};

/// How a link between two nodes behaves.
///
/// A packet takes the pair's latency, which is drawn once for two nodes and the same in both directions, plus its
/// own jitter. On a stream, what was sent later never arrives earlier, and nothing is lost while the link stands;
/// loss, duplication and reordering apply to datagrams only, failures to dial to streams only, as a datagram link needs
/// no answer.
///
/// ```
/// use chinwag_memory::{Bandwidth, BurstLoss, Latency, LinkModel, ms};
///
/// let home = LinkModel::datagram()
///     .latency(Latency::log_normal(ms(40), 0.4))
///     .jitter(ms(5))
///     .bandwidth(Bandwidth::bits_per_second(10_000_000))
///     .burst_loss(BurstLoss::new(0.001, 0.2));
/// # let _ = home;
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct LinkModel {
    /// What links promise. Read when a link is made.
    pub semantics: Semantics,
    /// What the latency of a pair is drawn from.
    pub latency: Latency,
    /// Whether each packet draws its own latency, so that datagrams overtake each other.
    pub latency_per_packet: bool,
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
    /// How datagrams are lost in bursts.
    pub burst_loss: BurstLoss,
    /// What one link takes, each direction by itself; `None` if there is no limit.
    pub bandwidth: Option<Bandwidth>,
    /// How likely a dial is refused.
    pub dial_refusal: Probability,
    /// How likely a dial gets lost, so that the dialer waits in vain.
    pub dial_loss: Probability,
}

impl LinkModel {
    /// Ordered, lossless links: latencies of 10 to 50 ms, no jitter.
    #[must_use]
    pub const fn stream() -> Self {
        Self {
            semantics: Semantics::Stream,
            latency: Latency::Uniform { from: Duration::from_millis(10), to: Duration::from_millis(50) },
            latency_per_packet: false,
            jitter: Duration::ZERO,
            loss: Probability::NEVER,
            duplication: Probability::NEVER,
            reordering: Probability::NEVER,
            reordering_delay: Duration::from_millis(100),
            corruption: Probability::NEVER,
            burst_loss: BurstLoss::NONE,
            bandwidth: None,
            dial_refusal: Probability::NEVER,
            dial_loss: Probability::NEVER,
        }
    }

    /// Links that promise nothing, though they do no harm until told to: latencies of 10 to 50 ms, no jitter.
    #[must_use]
    pub const fn datagram() -> Self {
        Self { semantics: Semantics::Datagram, ..Self::stream() }
    }

    /// Sets what pairs' latencies are drawn from: a duration for all, a range, or any other [`Latency`].
    #[must_use]
    pub fn latency(self, latency: impl Into<Latency>) -> Self {
        Self { latency: latency.into(), ..self }
    }

    /// Sets whether each packet draws its own latency instead of the pair.
    #[must_use]
    pub const fn latency_per_packet(self, per_packet: bool) -> Self {
        Self { latency_per_packet: per_packet, ..self }
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

    /// Sets how datagrams are lost in bursts.
    #[must_use]
    pub const fn burst_loss(self, bursts: BurstLoss) -> Self {
        Self { burst_loss: bursts, ..self }
    }

    /// Sets what one link takes, each direction by itself.
    #[must_use]
    pub const fn bandwidth(self, bandwidth: Bandwidth) -> Self {
        Self { bandwidth: Some(bandwidth), ..self }
    }

    /// Sets how likely a dial is refused (0 to 1).
    #[must_use]
    pub fn dial_refusal(self, share: impl Into<Probability>) -> Self {
        Self { dial_refusal: share.into(), ..self }
    }

    /// Sets how likely a dial gets lost (0 to 1).
    #[must_use]
    pub fn dial_loss(self, share: impl Into<Probability>) -> Self {
        Self { dial_loss: share.into(), ..self }
    }

    /// How long the packet at `place` takes if the latency is drawn from `latency`.
    fn delay(&self, latency: &Latency, seed: u64, purpose: Purpose, place: Place) -> Duration {
        let own = Draw::new(seed, purpose, place);
        let latency = if self.latency_per_packet {
            latency.at(own.again())
        } else {
            pair_latency(latency, seed, place.source, place.destination)
        };
        match nanos(self.jitter) {
            0 => latency,
            most => latency.saturating_add(Duration::from_nanos(own.below(most.saturating_add(1)))),
        }
    }

    /// By how much the datagram at `place` is held back, if it is.
    pub(crate) fn held_back(&self, seed: u64, place: Place) -> Option<Duration> {
        let hit = Draw::new(seed, Purpose::Reorder, place).hits(self.reordering);
        let most = nanos(self.reordering_delay).saturating_add(1);
        hit.then(|| Duration::from_nanos(Draw::new(seed, Purpose::ReorderDelay, place).below(most)))
    }
}

/// The models of all links: one for everybody, those of single pairs, and where nodes are.
#[derive(Clone, Debug)]
pub(crate) struct LinkModels {
    default: LinkModel,
    pairs: BTreeMap<(NodeId, NodeId), LinkModel>,
    regions: Option<Regions>,
    /// Whether any of them was ever limited: only then does anybody ask how long messages are.
    limited: bool,
    /// How often one was set.
    version: u32,
}

/// How long every packet takes from one end of a link, as long as no model is set: worked out once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steady {
    version: u32,
    /// `MAX` if it is not known.
    nanos: u64,
}

impl Steady {
    pub(crate) const UNKNOWN: Self = Self { version: 0, nanos: u64::MAX };

    fn known(self, version: u32) -> Option<Duration> {
        (self.version == version && self.nanos < u64::MAX).then(|| Duration::from_nanos(self.nanos))
    }
}

impl LinkModels {
    pub(crate) const fn new(default: LinkModel, regions: Option<Regions>) -> Self {
        Self { default, pairs: BTreeMap::new(), regions, limited: default.bandwidth.is_some(), version: 0 }
    }

    pub(crate) fn set_default(&mut self, model: LinkModel) {
        self.limited |= model.bandwidth.is_some();
        self.version = self.version.wrapping_add(1);
        self.default = model;
    }

    pub(crate) fn set_pair(&mut self, one: NodeId, other: NodeId, model: LinkModel) {
        self.limited |= model.bandwidth.is_some();
        self.version = self.version.wrapping_add(1);
        self.pairs.insert((one.min(other), one.max(other)), model);
    }

    /// The least time that anything takes from one node to another.
    pub(crate) fn least_latency(&self) -> Duration {
        let pairs = self.pairs.values().map(|model| model.latency.shortest());
        let regions = self.regions.iter().map(Regions::shortest);
        pairs.chain(regions).fold(self.default.latency.shortest(), Duration::min)
    }

    pub(crate) const fn limited(&self) -> bool {
        self.limited
    }

    /// How long the packet at `place` takes.
    pub(crate) fn delay(&self, seed: u64, purpose: Purpose, place: Place) -> Duration {
        let (from, to) = (NodeId::from_number(place.source), NodeId::from_number(place.destination));
        self.get(from, to).delay(self.latency(from, to), seed, purpose, place)
    }

    /// How long a packet at `place` takes over the usual way, where `steady` belongs to that end of the link.
    pub(crate) fn delay_of_packet(&self, seed: u64, steady: &mut Steady, place: Place) -> Duration {
        if let Some(delay) = steady.known(self.version) {
            return delay;
        }
        let delay = self.delay(seed, Purpose::Jitter, place);
        let (from, to) = (NodeId::from_number(place.source), NodeId::from_number(place.destination));
        let model = self.get(from, to);
        let varies = model.latency_per_packet || !model.jitter.is_zero();
        let nanos = if varies { u64::MAX } else { u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX) };
        *steady = Steady { version: self.version, nanos };
        delay
    }

    /// The latency from one node to another, without what chance adds to a single packet.
    pub(crate) fn pair_latency(&self, seed: u64, from: NodeId, to: NodeId) -> Duration {
        pair_latency(self.latency(from, to), seed, from.get(), to.get())
    }

    fn latency(&self, from: NodeId, to: NodeId) -> &Latency {
        match (self.pair(from, to), &self.regions) {
            (Some(model), _) => &model.latency,
            (None, Some(regions)) => regions.between(from, to),
            (None, None) => &self.default.latency,
        }
    }

    pub(crate) fn get(&self, one: NodeId, other: NodeId) -> &LinkModel {
        self.pair(one, other).unwrap_or(&self.default)
    }

    fn pair(&self, one: NodeId, other: NodeId) -> Option<&LinkModel> {
        if self.pairs.is_empty() {
            return None;
        }
        self.pairs.get(&(one.min(other), one.max(other)))
    }
}

/// The latency of two nodes, the same in both directions.
fn pair_latency(latency: &Latency, seed: u64, one: u32, other: u32) -> Duration {
    if let Latency::Fixed(_) = latency {
        return latency.shortest();
    }
    let pair = Place { source: one.min(other), destination: one.max(other), link: 0, sequence: 0 };
    latency.at(Draw::new(seed, Purpose::PairLatency, pair))
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
        let delay = |model: LinkModel, place| model.delay(&model.latency, 3, Purpose::Jitter, place);
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
    fn a_latency_per_packet_is_drawn_for_each_of_them() {
        let model = LinkModel::stream().latency_per_packet(true);
        let delay = |number| model.delay(&model.latency, 3, Purpose::Jitter, at(1, 2, number));
        let packets: BTreeSet<_> = (0..100).map(delay).collect();
        assert_eq!(packets.len(), 100);
        assert!(packets.iter().all(|delay| (ms(10)..ms(50)).contains(delay)));
    }

    #[test]
    fn a_pair_that_was_set_goes_before_its_regions_and_these_before_all_links() {
        let nodes: Vec<NodeId> = (0..3).map(NodeId::from_index).collect();
        let mut models = LinkModels::new(LinkModel::stream(), Some(Regions::five_continents()));
        models.set_pair(nodes[0], nodes[1], LinkModel::stream().latency(ms(7)));
        assert_eq!(models.pair_latency(1, nodes[1], nodes[0]), ms(7));
        assert_eq!(models.pair_latency(1, nodes[1], nodes[2]), ms(95));
        assert_eq!(models.delay(1, Purpose::Jitter, at(2, 1, 5)), ms(95));
    }

    #[test]
    fn nothing_takes_no_time_and_nothing_overflows() {
        let instant = LinkModel::stream().latency(ms(0)..ms(0));
        assert_eq!(instant.delay(&instant.latency, 0, Purpose::Jitter, at(0, 1, 0)), Duration::from_nanos(1));
        let endless = LinkModel::stream().latency(Duration::MAX..Duration::MAX).jitter(Duration::MAX);
        assert!(
            endless.delay(&endless.latency, 0, Purpose::Jitter, at(0, 1, 0))
                >= Duration::from_nanos(u64::MAX)
        );
    }
}
