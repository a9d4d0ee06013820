//! Which link to talk on with whom.

use super::{Links, Neighbour, Phase};
use crate::mark::Mark;
use crate::{Address, Contact, Epoch, LinkId, PeerId};

impl Links {
    /// The link to talk on with this run of this peer.
    pub(crate) fn link_to(&self, peer: &PeerId, epoch: Epoch) -> Option<LinkId> {
        let (run, link) = self.by_peer.last_where(|run| run.is_upto(Mark::of(peer), peer, epoch))?;
        (run.epoch == epoch && run.peer == *peer).then_some(*link)
    }

    /// The link to talk on with whoever is at the other end of `link`: itself, or the one that it gave way to.
    pub(crate) fn talks_on(&self, link: LinkId) -> Option<LinkId> {
        let neighbour = self.neighbour(link)?;
        self.link_to(&neighbour.peer, neighbour.epoch)
    }

    /// The link to the newest run of this peer.
    pub(crate) fn link_of(&self, peer: &PeerId) -> Option<LinkId> {
        let last = Epoch::new(u64::MAX);
        let (run, link) = self.by_peer.last_where(|run| run.is_upto(Mark::of(peer), peer, last))?;
        (run.peer == *peer).then_some(*link)
    }

    /// Notes where the native peer at the other end of `link` listens now, and says who that is.
    pub(crate) fn listens_at(&mut self, link: LinkId, address: Option<Address>) -> Option<PeerId> {
        match &mut self.links.get_mut(&link)?.phase {
            Phase::Linked(neighbour) | Phase::Retiring(neighbour) => {
                neighbour.contact = address.map(|address| Contact::new(neighbour.peer.clone(), address));
                Some(neighbour.peer.clone())
            }
            Phase::Accepted | Phase::Introduced | Phase::OneShot => None,
        }
    }

    /// The newest run of this peer that is linked, and where it listens.
    pub(crate) fn newest_run(&self, peer: &PeerId) -> Option<(Epoch, Option<&Address>)> {
        let neighbour = self.neighbour(self.link_of(peer)?)?;
        Some((neighbour.epoch, neighbour.address()))
    }

    /// The neighbours, each with the link to talk on, in an order that depends on nothing but who they are.
    pub(crate) fn linked_peers(&self) -> impl Iterator<Item = (&Neighbour, LinkId)> {
        let linked = |link: &LinkId| self.neighbour(*link).map(|neighbour| (neighbour, *link));
        self.by_peer.values().filter_map(linked).filter(|(neighbour, _)| neighbour.role.is_neighbour())
    }

    /// The linked peer that listens at `address`, or was dialed there.
    pub(crate) fn who_listens_at(&self, address: &Address) -> Option<PeerId> {
        self.links.values().find_map(|link| match &link.phase {
            Phase::Linked(neighbour)
                if neighbour.address() == Some(address) || link.dialed.as_ref() == Some(address) =>
            {
                Some(neighbour.peer.clone())
            }
            Phase::Linked(_) | Phase::Accepted | Phase::Introduced | Phase::OneShot | Phase::Retiring(_) => {
                None
            }
        })
    }
}

/// A run of a peer, the least mark first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct PeerRun {
    mark: Mark,
    pub(super) peer: PeerId,
    pub(super) epoch: Epoch,
}

impl PeerRun {
    pub(super) fn of(peer: &PeerId, epoch: Epoch) -> Self {
        Self { mark: Mark::of(peer), peer: peer.clone(), epoch }
    }

    /// Whether it is this one, or comes before it.
    fn is_upto(&self, mark: Mark, peer: &PeerId, epoch: Epoch) -> bool {
        self.mark < mark || self.mark == mark && (&self.peer, self.epoch) <= (peer, epoch)
    }
}
