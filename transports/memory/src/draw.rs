//! Chance that is counted, not consumed: every draw is a hash of what it is for.
//!
//! There is no stream of random numbers that one draw could shift for the next: taking a node, a message or a
//! fault out of a run leaves all other draws as they were, and the order in which they are made does not matter.

/// What a draw decides. The numbers are part of what a seed means: never reuse or renumber them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    PairLatency = 1,
    Jitter = 2,
    Loss = 3,
    Duplicate = 4,
    DuplicateJitter = 5,
    Reorder = 6,
    ReorderDelay = 7,
    Corrupt = 8,
    CorruptBit = 9,
    ChunkKind = 10,
    ChunkLength = 11,
    Notice = 12,
    Release = 13,
    BurstState = 14,
    BurstLoss = 15,
    DialRefused = 16,
    DialLost = 17,
    CrashShare = 18,
}

/// Where a draw belongs: on the way from one node to another, on one link, for one packet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) source: u32,
    pub(crate) destination: u32,
    pub(crate) link: u64,
    pub(crate) sequence: u64,
}

/// A probability in millionths, 0 to 1,000,000: plain data that compares, prints and shrinks well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Probability(u32);

impl Probability {
    /// That which never happens.
    pub const NEVER: Self = Self(0);
    /// That which always happens.
    pub const ALWAYS: Self = Self(1_000_000);

    /// So many in a million, at most all of them.
    #[must_use]
    pub const fn per_million(count: u32) -> Self {
        if count > Self::ALWAYS.0 { Self::ALWAYS } else { Self(count) }
    }

    /// How many in a million.
    #[must_use]
    pub const fn in_a_million(self) -> u32 {
        self.0
    }
}

/// A share between 0 and 1, rounded to millionths; what lies outside is clamped, and not-a-number is never.
impl From<f64> for Probability {
    fn from(share: f64) -> Self {
        // A float-to-integer cast saturates, and takes not-a-number for 0.
        Self::per_million((share * 1e6).round() as u32)
    }
}

/// One drawn number, uniform over 64 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64, purpose: Purpose, place: Place) -> Self {
        let pair = (u64::from(place.source) << 32) | u64::from(place.destination);
        let mut hash = mix(seed ^ GOLDEN.wrapping_mul(purpose as u64));
        hash = mix(hash ^ pair);
        hash = mix(hash ^ place.link.wrapping_mul(GOLDEN));
        Self(mix(hash ^ place.sequence.wrapping_mul(GOLDEN)))
    }

    /// Another draw at the same place.
    pub(crate) const fn again(self) -> Self {
        Self(mix(self.0))
    }

    /// A number below `bound`; 0 if `bound` is 0 (multiplication after Lemire; the bias is below bound / 2⁶⁴).
    pub(crate) fn below(self, bound: u64) -> u64 {
        let wide = u128::from(self.0) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }

    pub(crate) fn hits(self, probability: Probability) -> bool {
        self.below(u64::from(Probability::ALWAYS.0)) < u64::from(probability.0)
    }
}

/// Scrambles 64 bits: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014; Stafford's variant 13).
pub(crate) const fn mix(bits: u64) -> u64 {
    let bits = bits.wrapping_add(GOLDEN);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn draws(seed: u64) -> impl Iterator<Item = Draw> {
        (0..10u32).flat_map(move |source| {
            (0..10u32).flat_map(move |destination| {
                (0..10u64).flat_map(move |link| {
                    (0..10u64).map(move |sequence| {
                        Draw::new(seed, Purpose::Loss, Place { source, destination, link, sequence })
                    })
                })
            })
        })
    }

    #[test]
    fn every_place_purpose_and_seed_has_its_own_draw() {
        let values = |seed| draws(seed).map(|draw| draw.0).collect::<BTreeSet<_>>();
        let (one, next) = (values(1), values(2));
        assert_eq!(one.len(), 10_000);
        assert!(one.is_disjoint(&next));
        let place = Place { source: 1, destination: 2, link: 3, sequence: 4 };
        assert_ne!(Draw::new(1, Purpose::Loss, place).0, Draw::new(1, Purpose::Jitter, place).0);
    }

    #[test]
    fn probabilities_and_bounds_are_kept() {
        let hits = |p: f64| draws(7).filter(|draw| draw.hits(p.into())).count();
        assert_eq!((hits(0.0), hits(1.0), hits(f64::NAN)), (0, 10_000, 0));
        assert!((1700..2300).contains(&hits(0.2)), "{}", hits(0.2));
        let mut counts = [0u32; 8];
        for draw in draws(9) {
            counts[usize::try_from(draw.below(8)).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (1100..1400).contains(count)), "{counts:?}");
        assert_eq!(Draw(u64::MAX).below(0), 0);
    }
}
