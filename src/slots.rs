//! Places of neighbours, small numbers, and sets of them in one word.

/// The place that a neighbour has as long as it is one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Slot(u8);

impl Slot {
    /// How many places there are.
    pub(crate) const COUNT: usize = 64;

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A set of places.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Slots(u64);

impl Slots {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn one(slot: Slot) -> Self {
        Self(1 << slot.0)
    }

    pub(crate) fn of(slot: Option<Slot>) -> Self {
        slot.map_or(Self::NONE, Self::one)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    pub(crate) const fn has(self, slot: Slot) -> bool {
        self.0 & (1 << slot.0) != 0
    }

    pub(crate) const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub(crate) const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    pub(crate) const fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// The place after `number` others in this set, counted round and round.
    pub(crate) fn nth_around(self, number: u32) -> Option<Slot> {
        let count = self.0.count_ones();
        self.iter().nth(number.checked_rem(count)? as usize)
    }

    /// The least place that is not in this set.
    pub(crate) fn first_free(self) -> Option<Slot> {
        u8::try_from(self.0.trailing_ones()).ok().filter(|at| usize::from(*at) < Slot::COUNT).map(Slot)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Slot> {
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let next = u8::try_from(rest.trailing_zeros()).ok().filter(|_| rest != 0)?;
            rest &= rest.wrapping_sub(1);
            Some(Slot(next))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_places_can_be_taken_and_are_told_in_order() {
        let mut all = Slots::NONE;
        for place in 0..Slot::COUNT {
            let slot = all.first_free().unwrap();
            assert_eq!(slot.index(), place);
            assert!(!all.has(slot));
            all = all.with(Slots::one(slot));
        }
        assert_eq!((all.first_free(), all.len()), (None, Slot::COUNT));
        assert!(all.iter().map(Slot::index).eq(0..Slot::COUNT));
        assert_eq!(all.nth_around(64), all.iter().next());
        assert_eq!(Slots::NONE.nth_around(3), None);
    }
}
