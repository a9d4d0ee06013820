//! What has been seen of one stream: a version vector's entry, with gaps.

/// A set of sequence numbers: everything up to a point, and ranges beyond it.
///
/// Exact, and never forgets: this is what makes delivery at most once. Its size follows the gaps, not the messages.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Seen {
    /// Every number up to this one is in the set.
    prefix: u64,
    /// Ranges (both ends included) beyond the prefix: sorted, disjoint, and not adjacent.
    beyond: Vec<(u64, u64)>,
}

impl Seen {
    /// Adds `sequence`; false if it was there already.
    ///
    /// Beyond `max_gaps` gaps the oldest is closed, as if what is missing there had been seen.
    pub(crate) fn insert(&mut self, sequence: u64, max_gaps: usize) -> bool {
        if sequence <= self.prefix {
            return false;
        }
        if sequence == self.prefix.saturating_add(1) {
            self.prefix = sequence;
            self.absorb_adjacent();
            return true;
        }
        let at = self.beyond.partition_point(|range| range.1 < sequence);
        if self.beyond.get(at).is_some_and(|range| range.0 <= sequence) {
            return false;
        }
        let joins_next = self.beyond.get(at).is_some_and(|range| range.0.checked_sub(1) == Some(sequence));
        let before = at.checked_sub(1).and_then(|at| self.beyond.get_mut(at));
        match before {
            Some(range) if range.1.checked_add(1) == Some(sequence) => {
                range.1 = sequence;
                if joins_next {
                    let next = self.beyond.remove(at);
                    if let Some(range) = at.checked_sub(1).and_then(|at| self.beyond.get_mut(at)) {
                        range.1 = next.1;
                    }
                }
            }
            Some(_) | None if joins_next => {
                if let Some(range) = self.beyond.get_mut(at) {
                    range.0 = sequence;
                }
            }
            Some(_) | None => self.beyond.insert(at, (sequence, sequence)),
        }
        if self.beyond.len() > max_gaps {
            let (_, end) = self.beyond.remove(0);
            self.prefix = end;
            self.absorb_adjacent();
        }
        true
    }

    fn absorb_adjacent(&mut self) {
        if let Some(&(start, end)) = self.beyond.first()
            && start == self.prefix.saturating_add(1)
        {
            self.prefix = end;
            self.beyond.remove(0);
        }
    }

    /// Every number up to this one is in the set.
    pub(crate) const fn prefix(&self) -> u64 {
        self.prefix
    }

    /// The ranges beyond the prefix, both ends included.
    pub(crate) fn beyond(&self) -> &[(u64, u64)] {
        &self.beyond
    }

    pub(crate) fn contains(&self, sequence: u64) -> bool {
        self.contains_all(sequence, sequence)
    }

    /// Whether every number from `from` to `to` is in the set.
    pub(crate) fn contains_all(&self, from: u64, to: u64) -> bool {
        if to <= self.prefix {
            return true;
        }
        let from = from.max(self.prefix.saturating_add(1));
        let at = self.beyond.partition_point(|range| range.1 < from);
        self.beyond.get(at).is_some_and(|range| range.0 <= from && to <= range.1)
    }

    /// The ranges up to `head` that are not in the set.
    pub(crate) fn missing(&self, head: u64) -> impl Iterator<Item = (u64, u64)> {
        let ends = core::iter::once(self.prefix).chain(self.beyond.iter().map(|range| range.1));
        let starts = self.beyond.iter().map(|range| range.0).chain(core::iter::once(u64::MAX));
        ends.zip(starts)
            .map(move |(end, start)| (end.saturating_add(1), start.saturating_sub(1).min(head)))
            .filter(|(from, to)| from <= to)
    }

    /// Adds every number up to `upto`; says how many were not there.
    pub(crate) fn fill(&mut self, upto: u64) -> u64 {
        let lost = self
            .missing(upto)
            .fold(0_u64, |sum, (from, to)| sum.saturating_add(to.saturating_sub(from).saturating_add(1)));
        if upto > self.prefix {
            self.prefix = upto;
            self.beyond.retain(|range| range.1 > upto);
            if let Some(first) = self.beyond.first_mut()
                && first.0 <= upto
            {
                self.prefix = first.1;
                self.beyond.remove(0);
            }
            self.absorb_adjacent();
        }
        lost
    }

    /// The greatest number in the set, or 0.
    pub(crate) fn greatest(&self) -> u64 {
        self.beyond.last().map_or(self.prefix, |range| range.1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(numbers in prop::collection::vec(1..60_u64, 0..200)) {
            let (mut seen, mut model) = (Seen::default(), BTreeSet::new());
            for number in numbers {
                prop_assert_eq!(seen.insert(number, usize::MAX), model.insert(number));
                prop_assert_eq!(seen.greatest(), model.last().copied().unwrap_or(0));
                let sorted = seen.beyond.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0);
                prop_assert!(sorted && seen.beyond.first().is_none_or(|range| range.0 > seen.prefix + 1));
            }
        }

        #[test]
        fn gaps_are_bounded_and_nothing_is_fresh_twice(
            numbers in prop::collection::vec(1..=u64::MAX, 0..200), max in 1..5_usize,
        ) {
            let (mut seen, mut fresh) = (Seen::default(), BTreeSet::new());
            for number in numbers.iter().chain(&numbers) {
                if seen.insert(*number, max) {
                    prop_assert!(fresh.insert(*number));
                }
                prop_assert!(seen.beyond.len() <= max);
            }
        }
    }

    #[test]
    fn the_last_number_there_is() {
        let mut seen = Seen::default();
        assert!(seen.insert(u64::MAX, 4));
        assert!(!seen.insert(u64::MAX, 4));
        assert!(seen.insert(u64::MAX - 1, 4));
        assert!(seen.insert(1, 4));
        assert_eq!(seen.greatest(), u64::MAX);
    }
}
