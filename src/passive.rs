//! The peers that a node could turn to: most of what it remembers, so each takes twelve bytes.

use core::time::Duration;

use crate::mark::{self, Mark, ShortMark};
use crate::{Contact, PeerId, Time};

/// Known peers, each at a place, and when somebody there was last turned to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Passive {
    contacts: Vec<Contact>,
    /// The marks of their names, apart, as all are looked through for one.
    marks: Vec<ShortMark>,
    tried: Vec<Tried>,
    /// The time to which these refer, in milliseconds.
    base: u64,
}

/// When somebody was last turned to: never, long ago, or so many milliseconds after a time that all of them share.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Tried(u16);

impl Tried {
    const NEVER: Self = Self(0);
    /// Longer than anybody is left in peace.
    const LONG_AGO: Self = Self(1);
    const FIRST: u64 = 2;

    fn after(millis: u64) -> Option<Self> {
        u16::try_from(millis.saturating_add(Self::FIRST)).ok().map(Self)
    }

    fn millis(self) -> Option<u64> {
        u64::from(self.0).checked_sub(Self::FIRST)
    }
}

impl Passive {
    pub(crate) const fn len(&self) -> usize {
        self.contacts.len()
    }

    pub(crate) fn iter(&self) -> core::slice::Iter<'_, Contact> {
        self.contacts.iter()
    }

    pub(crate) fn get(&self, place: usize) -> Option<&Contact> {
        self.contacts.get(place)
    }

    /// Where this peer stands.
    pub(crate) fn find(&self, peer: &PeerId) -> Option<usize> {
        let is = |place: usize| self.contacts.get(place).is_some_and(|known| known.peer() == peer);
        mark::find(&self.marks, Mark::of(peer).short(), is)
    }

    /// Adds one who is not known, where there are to be at most so many.
    pub(crate) fn push(&mut self, contact: Contact, most: usize) {
        let known = self.len();
        if known == self.contacts.capacity() {
            // No more than it takes in the end.
            let more = known.max(16).min(most.saturating_sub(known));
            self.contacts.reserve_exact(more);
            self.marks.reserve_exact(more);
            self.tried.reserve_exact(more);
        }
        self.marks.push(Mark::of(contact.peer()).short());
        self.tried.push(Tried::NEVER);
        self.contacts.push(contact);
    }

    /// Puts one who is not known in the place of another.
    pub(crate) fn replace(&mut self, place: usize, contact: Contact) {
        if let (Some(known), Some(mark), Some(tried)) =
            (self.contacts.get_mut(place), self.marks.get_mut(place), self.tried.get_mut(place))
        {
            (*mark, *tried) = (Mark::of(contact.peer()).short(), Tried::NEVER);
            *known = contact;
        }
    }

    /// The peer at a place listens elsewhere now.
    pub(crate) fn moved(&mut self, place: usize, contact: Contact) {
        if let Some(known) = self.contacts.get_mut(place) {
            *known = contact;
        }
    }

    pub(crate) fn remove(&mut self, place: usize) {
        if place < self.len() {
            self.contacts.swap_remove(place);
            self.marks.swap_remove(place);
            self.tried.swap_remove(place);
        }
    }

    pub(crate) fn swap(&mut self, one: usize, other: usize) {
        self.contacts.swap(one, other);
        self.marks.swap(one, other);
        self.tried.swap(one, other);
    }

    /// Whether somebody was never turned to.
    pub(crate) fn is_fresh(&self, place: usize) -> bool {
        self.tried.get(place) == Some(&Tried::NEVER)
    }

    /// Whether nobody has turned there for so long, which is at most [`LONGEST_REST`].
    pub(crate) fn is_rested(&self, place: usize, now: Time, rest: Duration) -> bool {
        let tried = self.tried.get(place).and_then(|tried| tried.millis());
        tried.is_none_or(|tried| u128::from(self.age(tried, now)) >= rest.as_millis())
    }

    /// Somebody is turned to.
    pub(crate) fn tried(&mut self, place: usize, now: Time) {
        let now_after = clock(now).saturating_sub(self.base);
        let tried = Tried::after(now_after).unwrap_or_else(|| {
            self.move_base(now);
            Tried::after(clock(now).saturating_sub(self.base)).unwrap_or(Tried::LONG_AGO)
        });
        if let Some(last) = self.tried.get_mut(place) {
            *last = tried;
        }
    }

    fn age(&self, tried: u64, now: Time) -> u64 {
        clock(now).saturating_sub(self.base.saturating_add(tried))
    }

    /// Has times refer to one as late as can be.
    fn move_base(&mut self, now: Time) {
        let base = clock(now).saturating_sub(LONGEST_REST_MILLIS);
        let later = base.saturating_sub(self.base);
        for tried in &mut self.tried {
            if let Some(millis) = tried.millis() {
                *tried = millis.checked_sub(later).and_then(Tried::after).unwrap_or(Tried::LONG_AGO);
            }
        }
        self.base = base;
    }
}

/// Milliseconds, to two of them.
const fn clock(now: Time) -> u64 {
    now.as_millis() | 1
}

/// The longest that anybody is left in peace.
pub(crate) const LONGEST_REST: Duration = Duration::from_millis(LONGEST_REST_MILLIS);
const LONGEST_REST_MILLIS: u64 = 48_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Address;

    fn contact(number: usize) -> Contact {
        Contact::new(PeerId::new(&format!("peer-{number}")).unwrap(), Address::new("host", 1).unwrap())
    }

    #[test]
    fn everybody_is_found_and_nobody_else() {
        let mut passive = Passive::default();
        (0..100).for_each(|number| passive.push(contact(number), 100));
        for number in 0..100 {
            assert_eq!(passive.find(contact(number).peer()), Some(number));
            assert_eq!(passive.find(contact(number + 100).peer()), None);
        }
        passive.replace(7, contact(200));
        passive.remove(3);
        passive.swap(0, 50);
        assert_eq!(passive.find(contact(200).peer()), Some(7));
        assert_eq!(passive.find(contact(99).peer()), Some(3));
        assert_eq!(passive.find(contact(0).peer()), Some(50));
        assert_eq!((passive.find(contact(3).peer()), passive.find(contact(7).peer())), (None, None));
    }

    proptest! {
        /// Beside exact times.
        #[test]
        fn who_was_tried_is_left_in_peace_as_long_as_asked(
            steps in prop::collection::vec((0..8_usize, 0..40_000_u64, any::<bool>(), 0..=48_000_u64), 1..200),
        ) {
            let (mut passive, mut model, mut now) = (Passive::default(), [None; 8], 0);
            (0..8).for_each(|number| passive.push(contact(number), 8));
            for (place, passed, turn, rest) in steps {
                now += passed;
                let (time, clock) = (Time::from_millis(now), now | 1);
                let rested = |at: &Option<u64>| at.is_none_or(|at| clock - at >= rest);
                for (other, at) in model.iter().enumerate() {
                    let rest = Duration::from_millis(rest);
                    prop_assert_eq!(passive.is_rested(other, time, rest), rested(at), "{} at {}", other, now);
                    prop_assert_eq!(passive.is_fresh(other), at.is_none());
                }
                if turn {
                    passive.tried(place, time);
                    model[place] = Some(clock);
                }
            }
        }
    }
}
