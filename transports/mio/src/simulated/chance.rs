//! The simulation's only source of chance.

use chinwag::Seed;

/// One value after the other of a seed's family.
#[derive(Debug)]
pub(super) struct Chance {
    seed: Seed,
    drawn: u64,
}

impl Chance {
    pub(super) const fn new(seed: Seed) -> Self {
        Self { seed, drawn: 0 }
    }

    /// Less than `bound`, which is at least 1; any value is about as probable as any other.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.drawn += 1;
        self.seed.derive(self.drawn).get() % bound.max(1)
    }

    /// From 1 to `most`, which is at least 1: small ones and large ones alike.
    pub(super) fn length(&mut self, most: usize) -> usize {
        let most = most.max(1) as u64;
        let scale = 1 << self.below(u64::from(u64::BITS - most.leading_zeros()));
        let drawn = 1 + self.below(scale.min(most));
        usize::try_from(drawn.min(most)).unwrap_or(usize::MAX)
    }
}
