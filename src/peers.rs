//! The address book: who is known, and where they listen.

use core::time::Duration;

use crate::ctx::Ctx;
use crate::sorted_map::SortedMap;
use crate::{Address, Dialect, PeerId};

/// What is known about a peer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Peer {
    /// Its name. Nothing proves it yet.
    pub id: PeerId,
    /// Where it says it listens, if it does.
    pub address: Option<Address>,
    /// How it speaks; `None` if it was never met.
    pub dialect: Option<Dialect>,
    /// Whether it is linked with us now.
    pub linked: bool,
    /// How long a ping to it and back takes; `None` if that has not been measured.
    pub round_trip: Option<Duration>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Peers {
    known: SortedMap<PeerId, Known>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Known {
    pub(crate) address: Option<Address>,
    pub(crate) dialect: Option<Dialect>,
    pub(crate) linked: bool,
    /// The application asked it for all its peers.
    pub(crate) asked: bool,
}

impl Peers {
    pub(crate) fn get(&self, peer: &PeerId) -> Option<&Known> {
        self.known.get(peer)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&PeerId, &Known)> {
        self.known.iter()
    }

    /// Notes a peer that was never met. False if it is known already, or there is no room.
    pub(crate) fn add(&mut self, ctx: &mut Ctx, peer: &PeerId, address: Address) -> bool {
        if self.known.contains_key(peer) || !self.make_room(ctx) {
            return false;
        }
        let known = Known { address: Some(address), dialect: None, linked: false, asked: false };
        self.known.insert(peer.clone(), known);
        true
    }

    /// Notes that a peer was met, and where it says it listens.
    pub(crate) fn met(&mut self, ctx: &mut Ctx, peer: &PeerId, address: Option<&Address>, dialect: Dialect) {
        if !self.known.contains_key(peer) && !self.make_room(ctx) {
            return;
        }
        let known = self.known.get_or_insert_with(peer.clone(), || Known {
            address: None,
            dialect: None,
            linked: false,
            asked: false,
        });
        known.address = address.cloned().or_else(|| known.address.take());
        known.dialect = Some(dialect);
        known.linked = true;
    }

    pub(crate) fn ask(&mut self, peer: &PeerId) {
        if let Some(known) = self.known.get_mut(peer) {
            known.asked = true;
        }
    }

    pub(crate) fn unlinked(&mut self, peer: &PeerId) {
        if let Some(known) = self.known.get_mut(peer) {
            known.linked = false;
            known.asked = false;
        }
    }

    pub(crate) fn unlink_all(&mut self) {
        for known in self.known.values_mut() {
            known.linked = false;
        }
    }

    pub(crate) fn forget(&mut self, peer: &PeerId) {
        self.known.remove(peer);
    }

    /// Forgets the peers that are not linked and would have to be dialed at `address`, which nobody answers.
    pub(crate) fn forget_at(&mut self, address: &Address) {
        self.known.retain(|_, known| known.linked || known.address.as_ref() != Some(address));
    }

    /// The linked peers that others can dial, at most `limit` of them, chosen by chance when there are more.
    pub(crate) fn to_advertise(&self, ctx: &mut Ctx, asker: &PeerId, limit: usize) -> Vec<(PeerId, Address)> {
        let others = self.known.iter().filter(|(peer, known)| *peer != asker && known.linked);
        let mut listed: Vec<(PeerId, Address)> =
            others.filter_map(|(peer, known)| Some((peer.clone(), known.address.clone()?))).collect();
        // A partial Fisher-Yates shuffle: the first `limit` places get a fair sample.
        if listed.len() > limit {
            for place in 0..limit {
                let rest = u32::try_from(listed.len().saturating_sub(place)).unwrap_or(u32::MAX);
                listed.swap(place, place.saturating_add(ctx.rng.below(rest) as usize));
            }
            listed.truncate(limit);
        }
        listed
    }

    /// Makes room for one more by forgetting somebody who is not linked. False if everybody is.
    fn make_room(&mut self, ctx: &mut Ctx) -> bool {
        if self.known.len() < ctx.config.max_peers {
            return true;
        }
        let strangers: Vec<PeerId> =
            self.known.iter().filter(|(_, known)| !known.linked).map(|(peer, _)| peer.clone()).collect();
        if strangers.is_empty() {
            return false;
        }
        let chosen = ctx.rng.below(u32::try_from(strangers.len()).unwrap_or(u32::MAX)) as usize;
        strangers.get(chosen).is_some_and(|peer| self.known.remove(peer).is_some())
    }
}
