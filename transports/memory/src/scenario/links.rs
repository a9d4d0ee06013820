//! How links behave, as text.

use serde::{Deserialize, Serialize};

use super::share;
use crate::{Bandwidth, BurstLoss, LinkModel, Probability, Regions, ms};

/// A [`LinkModel`] as text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Links {
    /// What links promise.
    pub promise: LinkPromise,
    /// The least latency of a pair.
    pub latency_from_ms: u64,
    /// Latencies of pairs are below this.
    pub latency_to_ms: u64,
    /// The most that is added to one packet's latency.
    pub jitter_ms: u64,
    /// How likely a datagram is lost.
    #[serde(with = "share")]
    pub loss: Probability,
    /// How likely a datagram arrives twice.
    #[serde(with = "share")]
    pub duplication: Probability,
    /// How likely a datagram is held back.
    #[serde(with = "share")]
    pub reordering: Probability,
    /// By how much at most.
    pub reordering_ms: u64,
    /// How likely one bit of a frame is flipped, where messages travel as bytes.
    #[serde(with = "share")]
    pub corruption: Probability,
    /// How likely a burst begins before a datagram, in which all are lost.
    #[serde(with = "share")]
    pub burst_begin: Probability,
    /// How likely it ends before one.
    #[serde(with = "share")]
    pub burst_end: Probability,
    /// How much passes a link in a second, one way; 0 is no limit.
    pub bits_per_second: u64,
    /// How likely a dial is refused.
    #[serde(with = "share")]
    pub dial_refusal: Probability,
    /// How likely a dial gets no answer.
    #[serde(with = "share")]
    pub dial_loss: Probability,
}

/// Where nodes are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Map {
    /// On five continents: [`Regions::five_continents`].
    FiveContinents,
}

impl Map {
    /// The regions.
    #[must_use]
    pub fn regions(self) -> Regions {
        match self {
            Self::FiveContinents => Regions::five_continents(),
        }
    }
}

/// What links promise.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkPromise {
    /// Order, and no loss while they stand.
    Stream,
    /// Nothing.
    Datagram,
}

impl Default for Links {
    /// Those of [`LinkModel::stream`].
    fn default() -> Self {
        Self {
            promise: LinkPromise::Stream,
            latency_from_ms: 10,
            latency_to_ms: 50,
            jitter_ms: 0,
            loss: Probability::NEVER,
            duplication: Probability::NEVER,
            reordering: Probability::NEVER,
            reordering_ms: 100,
            corruption: Probability::NEVER,
            burst_begin: Probability::NEVER,
            burst_end: Probability::ALWAYS,
            bits_per_second: 0,
            dial_refusal: Probability::NEVER,
            dial_loss: Probability::NEVER,
        }
    }
}

impl Links {
    /// The model.
    #[must_use]
    pub fn model(&self) -> LinkModel {
        let model = match self.promise {
            LinkPromise::Stream => LinkModel::stream(),
            LinkPromise::Datagram => LinkModel::datagram(),
        };
        let mut model = model
            .latency(ms(self.latency_from_ms)..ms(self.latency_to_ms))
            .jitter(ms(self.jitter_ms))
            .loss(self.loss)
            .duplication(self.duplication)
            .reordering(self.reordering, ms(self.reordering_ms))
            .corruption(self.corruption)
            .dial_refusal(self.dial_refusal)
            .dial_loss(self.dial_loss);
        if self.burst_begin > Probability::NEVER {
            model = model.burst_loss(BurstLoss::new(self.burst_begin, self.burst_end));
        }
        if self.bits_per_second > 0 {
            model = model.bandwidth(Bandwidth::bits_per_second(self.bits_per_second));
        }
        model
    }

    /// The same once faults have ended: the latencies of pairs, and nothing else.
    #[must_use]
    pub fn healed(&self) -> Self {
        let Self { promise, latency_from_ms, latency_to_ms, .. } = *self;
        Self { promise, latency_from_ms, latency_to_ms, ..Self::default() }
    }
}
