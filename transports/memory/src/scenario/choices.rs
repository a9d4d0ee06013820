//! Where the choices come from that make a scenario.

use chinwag::Seed;

/// A source of choices: all that follow from a seed, or those that some bytes spell.
///
/// Bytes that have run out choose 0, and every choice is put so that 0 is the simplest: shorter and smaller input makes
/// a simpler scenario, which is what fuzzers and property tests strive for when they shrink.
#[derive(Clone, Debug)]
pub struct Choices<'a>(Source<'a>);

#[derive(Clone, Debug)]
enum Source<'a> {
    Seed(Seed, u64),
    Bytes(&'a [u8]),
}

impl<'a> Choices<'a> {
    /// Those that follow from a seed.
    #[must_use]
    pub const fn of_seed(seed: u64) -> Self {
        Self(Source::Seed(Seed::new(seed).derive(APART), 0))
    }

    /// Those that bytes spell: one for a choice among up to 256, two for one among up to 65,536, else four.
    #[must_use]
    pub const fn of_bytes(bytes: &'a [u8]) -> Self {
        Self(Source::Bytes(bytes))
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let drawn = match &mut self.0 {
            Source::Seed(seed, number) => {
                *number += 1;
                seed.derive(*number).get()
            }
            Source::Bytes(bytes) => {
                let width = match bound {
                    0..=0x100 => 1,
                    0x101..=0x1_0000 => 2,
                    _ => 4,
                };
                let (taken, rest) = bytes.split_at(width.min(bytes.len()));
                *bytes = rest;
                taken.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
            }
        };
        u32::try_from(drawn.checked_rem(u64::from(bound)).unwrap_or(0)).unwrap_or(0)
    }

    /// A number of a range, which must not be empty; its first is the simplest.
    pub fn within(&mut self, range: core::ops::RangeInclusive<u32>) -> u32 {
        let (first, last) = range.into_inner();
        first.saturating_add(self.below(last.saturating_sub(first).saturating_add(1)))
    }

    /// True so many times in a hundred; false is the simplest.
    pub fn chance(&mut self, percent: u32) -> bool {
        self.below(100) >= 100_u32.saturating_sub(percent)
    }

    /// One of several, which must not be none; the first is the simplest.
    pub fn among<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let at = self.below(u32::try_from(of.len()).unwrap_or(u32::MAX));
        of.get(at as usize).copied()
    }
}

/// Keeps these apart from what is drawn while a scenario of the same seed is played.
const APART: u64 = 0x7377_6172_6d00_0000;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn bytes_are_read_in_order_and_zero_when_they_have_run_out() {
        let mut choices = Choices::of_bytes(&[7, 1, 2, 250]);
        assert_eq!((choices.below(256), choices.below(1000), choices.below(100)), (7, 513, 50));
        assert_eq!((choices.below(5), choices.within(3..=9), choices.chance(99)), (0, 3, false));
        assert_eq!((choices.among(&["a", "b"]), choices.among::<u8>(&[])), (Some("a"), None));
    }

    #[test]
    fn a_seed_chooses_evenly_and_differs_from_the_next() {
        let draw = |seed| {
            let mut choices = Choices::of_seed(seed);
            (0..1000).map(move |_| choices.below(10)).collect::<Vec<_>>()
        };
        let drawn = draw(1);
        let count = |value| drawn.iter().filter(|one| **one == value).count();
        assert!((0..10).all(|value| (60..140).contains(&count(value))), "{drawn:?}");
        assert_eq!((0..20).map(draw).collect::<BTreeSet<_>>().len(), 20);
        assert_eq!(drawn, draw(1));
    }
}
