//! The node's only source of chance: seeded, and its values never change between releases or platforms.

use core::time::Duration;

/// What all chance in a node follows from. Neighbouring seeds give unrelated nodes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Seed(u64);

impl Seed {
    /// The seed of this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The `index`th seed derived from this one: for the nodes of a network.
    #[must_use]
    pub const fn derive(self, index: u64) -> Self {
        Self(mix(self.0 ^ mix(index.wrapping_add(GOLDEN))))
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014; constants of Stafford's variant 13).
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// SplitMix64.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    pub(crate) fn new(seed: Seed) -> Self {
        // Mixed first, so that seeds next to each other do not walk through each other's values.
        Self { state: mix(seed.0 ^ GOLDEN) }
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// A number below `bound`, which is at least 1 (Lemire's multiplication; the bias is below 2⁻³²).
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        let wide = (self.next_u64() >> 32).wrapping_mul(u64::from(bound.max(1)));
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// `around`, give or take a fifth of it.
    pub(crate) fn jitter(&mut self, around: Duration) -> Duration {
        let nanos = u64::try_from(around.as_nanos()).unwrap_or(u64::MAX);
        let fifths = u64::from(self.below(4001)).saturating_add(8000);
        Duration::from_nanos((nanos / 10_000).saturating_mul(fifths))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_stable() {
        let mut rng = Rng::new(Seed::new(1));
        let values: Vec<u64> = (0..3).map(|_| rng.next_u64()).collect();
        assert_eq!(values, STABLE);
    }

    #[test]
    fn neighbouring_seeds_share_no_values() {
        let draw = |seed| {
            let mut rng = Rng::new(Seed::new(seed));
            (0..1000).map(|_| rng.next_u64()).collect::<std::collections::BTreeSet<_>>()
        };
        assert!(draw(42).is_disjoint(&draw(43)));
        assert_ne!(Seed::new(1).derive(0), Seed::new(1).derive(1));
    }

    #[test]
    fn draws_stay_in_their_bounds() {
        let mut rng = Rng::new(Seed::new(7));
        let mut counts = [0; 5];
        for _ in 0..5000 {
            counts[rng.below(5) as usize] += 1;
            let jittered = rng.jitter(Duration::from_secs(1));
            assert!((0.8..=1.2001).contains(&jittered.as_secs_f64()), "{jittered:?}");
        }
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    }

    const STABLE: [u64; 3] =
        [6_755_974_106_381_971_767, 13_665_441_387_248_026_780, 9_418_208_206_007_042_598];
}
