//! Ways to peers that are no neighbours, and ways back.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use crate::lazy::empty;
use crate::{LinkId, PeerId, StreamTag, Time};

/// What is remembered about one-to-one messages that others pass through us, and about who looks for whom: each table
/// bounded, the oldest entry going first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Routes {
    /// Over which link a peer was found.
    ways: Bounded<PeerId, (LinkId, Time)>,
    /// The messages that were passed on.
    passing: Bounded<(StreamTag, u64), Passing>,
    /// The searches that came by. One that was answered stays, so that it is known if it comes again in a circle.
    searches: Bounded<u64, Option<Search>>,
    /// How many searches were passed on since.
    rate: (Time, u32),
}

empty!(Routes, Routes::default());

#[derive(Clone, PartialEq, Eq, Debug)]
struct Passing {
    /// Where it came from: its receipt goes back there.
    from: LinkId,
    /// Where it went: only from there a receipt can come.
    next: LinkId,
    /// Whom it is for.
    to: PeerId,
    since: Time,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Search {
    /// Who asked; `None`: we did.
    pub(crate) back: Option<LinkId>,
    /// Who is looked for.
    pub(crate) peer: PeerId,
}

impl Routes {
    /// The way to `peer`, if one was found lately.
    pub(crate) fn way(&self, now: Time, peer: &PeerId) -> Option<LinkId> {
        let (link, since) = self.ways.get(peer)?;
        (now.saturating_since(*since) < WAY_LIFE).then_some(*link)
    }

    pub(crate) fn found(&mut self, now: Time, peer: PeerId, link: LinkId, limit: usize) {
        self.ways.insert(peer, (link, now), limit);
    }

    pub(crate) fn forget_way(&mut self, peer: &PeerId) {
        self.ways.remove(peer);
    }

    /// Notes that a message is passed on. False if it came this way already, over another link: in a circle.
    pub(crate) fn passes(
        &mut self,
        now: Time,
        message: (StreamTag, u64),
        (from, next): (LinkId, LinkId),
        to: PeerId,
        limit: usize,
    ) -> bool {
        match self.passing.get_mut(&message) {
            Some(passing) if now.saturating_since(passing.since) < CIRCLE => {
                let same = passing.from == from;
                if same {
                    passing.next = next;
                }
                same
            }
            // After so long it is said again, and may come another way.
            Some(_) | None => {
                self.passing.insert(message, Passing { from, next, to, since: now }, limit);
                true
            }
        }
    }

    /// The way back of a message's receipt that came on `by`, once, and whom the message was for.
    pub(crate) fn way_back(&mut self, message: (StreamTag, u64), by: LinkId) -> Option<(LinkId, PeerId)> {
        self.passing.get(&message).filter(|passing| passing.next == by)?;
        self.passing.remove(&message).map(|passing| (passing.from, passing.to))
    }

    /// Notes a search. False if it is known already, or there are too many.
    pub(crate) fn search(
        &mut self,
        now: Time,
        number: u64,
        back: Option<LinkId>,
        peer: PeerId,
        limit: usize,
    ) -> bool {
        if now.saturating_since(self.rate.0) >= Duration::from_secs(1) {
            self.rate = (now, 0);
        }
        if self.searches.get(&number).is_some() || (back.is_some() && self.rate.1 >= SEARCHES_PER_SECOND) {
            return false;
        }
        self.rate.1 = self.rate.1.saturating_add(1);
        self.searches.insert(number, Some(Search { back, peer }), limit);
        true
    }

    /// A link is gone: nothing goes over it, or back.
    pub(crate) fn forget_link(&mut self, link: LinkId) {
        self.ways.retain(|(way, _)| *way != link);
        self.passing.retain(|passing| passing.from != link);
        for search in self.searches.values_mut() {
            *search = search.take().filter(|search| search.back != Some(link));
        }
    }

    /// A search is answered: says which, once.
    pub(crate) fn answered(&mut self, number: u64) -> Option<Search> {
        self.searches.get_mut(&number)?.take()
    }
}

/// A map that forgets its oldest entry when there is no room.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Bounded<K, V> {
    map: BTreeMap<K, (u64, V)>,
    order: VecDeque<(u64, K)>,
    count: u64,
}

impl<K, V> Default for Bounded<K, V> {
    fn default() -> Self {
        Self { map: BTreeMap::new(), order: VecDeque::new(), count: 0 }
    }
}

impl<K: Ord + Clone, V> Bounded<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key).map(|(_, value)| value)
    }

    fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.map.get_mut(key).map(|(_, value)| value)
    }

    fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.map.values_mut().map(|(_, value)| value)
    }

    fn insert(&mut self, key: K, value: V, limit: usize) {
        self.count = self.count.wrapping_add(1);
        self.map.insert(key.clone(), (self.count, value));
        self.order.push_back((self.count, key));
        while self.map.len() > limit || self.order.len() > limit.saturating_mul(2).max(8) {
            let Some((count, oldest)) = self.order.pop_front() else { break };
            // Unless it was noted anew since.
            if self.map.get(&oldest).is_some_and(|(newest, _)| *newest == count) {
                self.map.remove(&oldest);
            }
        }
    }

    fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        self.map.retain(|_, (_, value)| keep(value));
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        self.map.remove(key).map(|(_, value)| value)
    }
}

/// Within how long a message that comes again over another link went in a circle.
const CIRCLE: Duration = Duration::from_millis(1500);
/// For how long a way that was found is taken.
const WAY_LIFE: Duration = Duration::from_secs(60);
/// How many searches of others a node passes on in a second.
const SEARCHES_PER_SECOND: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_stay_within_their_limit_and_forget_the_oldest() {
        let mut table = Bounded::default();
        for round in 0..10 {
            for key in 0..8_u32 {
                table.insert(key, round, 4);
                assert!(table.map.len() <= 4 && table.order.len() <= 8);
            }
        }
        assert_eq!(table.map.keys().copied().collect::<Vec<_>>(), [4, 5, 6, 7]);
        assert_eq!(table.remove(&7), Some(9));
        assert_eq!(table.get(&7), None);
    }

    #[test]
    fn a_search_that_was_answered_is_known_when_it_comes_again() {
        let mut routes = Routes::default();
        let bob = PeerId::new("bob").unwrap();
        assert!(routes.search(Time::ZERO, 7, Some(LinkId::new(1)), bob.clone(), 4));
        assert!(routes.answered(7).is_some());
        assert!(routes.answered(7).is_none());
        assert!(!routes.search(Time::ZERO, 7, Some(LinkId::new(2)), bob.clone(), 4));
        assert!(routes.search(Time::ZERO, 8, Some(LinkId::new(1)), bob.clone(), 4));
        routes.forget_link(LinkId::new(1));
        assert!(routes.answered(8).is_none(), "nobody to tell");
        assert!(!routes.search(Time::ZERO, 8, Some(LinkId::new(2)), bob, 4));
    }

    #[test]
    fn a_circle_is_noticed() {
        let mut routes = Routes::default();
        let (message, bob) = ((StreamTag::new(1), 1), PeerId::new("bob").unwrap());
        let [eve, ann, next] = [1, 2, 3].map(LinkId::new);
        assert!(routes.passes(Time::ZERO, message, (eve, next), bob.clone(), 4));
        assert!(
            routes.passes(Time::ZERO, message, (eve, next), bob.clone(), 4),
            "the same again, as it was not received"
        );
        assert!(!routes.passes(Time::ZERO, message, (ann, next), bob.clone(), 4));
        assert_eq!(routes.way_back(message, ann), None, "it did not go there");
        assert_eq!(routes.way_back(message, next), Some((eve, bob)));
    }
}
