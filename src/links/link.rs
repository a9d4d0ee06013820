//! One link: how far the introduction on it is, and who is at its other end.

use core::time::Duration;

use crate::keep_alive::KeepAlive;
use crate::slots::Slot;
use crate::{Address, Contact, Epoch, PeerId, Semantics, Time};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Link {
    /// What was dialed to make it; `None` if the other end dialed.
    pub(crate) dialed: Option<Address>,
    pub(crate) phase: Phase,
    /// When it came up.
    pub(crate) since: Time,
    pub(crate) malformed: u32,
    pub(crate) keep_alive: KeepAlive,
    pub(crate) semantics: Semantics,
    /// Of the introduction that is under way or was made on it.
    pub(crate) session: u32,
    /// How many bytes of posts it was sent because it asked for them, and since when that counts; `None` if it never did.
    served: Option<Box<(Time, u64)>>,
    /// Its other end was sent the last posts, as a newcomer.
    pub(crate) caught_up: bool,
    /// How many messages it sent that cost much, and since when that counts.
    costly: u32,
    costly_since: Time,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// They dialed, and have not said anything.
    Accepted,
    /// We dialed and introduced ourselves.
    Introduced,
    /// They dialed and spoke as the old program does: there may be no more than the one message.
    OneShot,
    /// A native peer.
    Linked(Neighbour),
    /// A second link to a native peer, on which we have said our last.
    Retiring(Neighbour),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Neighbour {
    pub(crate) peer: PeerId,
    pub(crate) epoch: Epoch,
    /// `None` if it does not listen.
    pub(crate) contact: Option<Contact>,
    pub(crate) role: Role,
    /// They have said their last on this link.
    pub(crate) retired: bool,
}

impl Neighbour {
    /// Where it listens.
    pub(crate) fn address(&self) -> Option<&Address> {
        self.contact.as_ref().map(Contact::address)
    }
}

/// What somebody who is linked is to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    /// Posts pass between us. `inbound`: it was they who came. The first 64 have a place.
    Neighbour { slot: Option<Slot>, inbound: bool },
    /// It came, or we went there, to say something to one peer.
    Visitor,
}

impl Role {
    pub(crate) const fn slot(self) -> Option<Slot> {
        match self {
            Self::Neighbour { slot, .. } => slot,
            Self::Visitor => None,
        }
    }

    pub(crate) const fn is_neighbour(self) -> bool {
        matches!(self, Self::Neighbour { .. })
    }
}

/// What the sender of a message is to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// Dialed us and has not introduced themselves as native.
    Stranger,
    /// Was dialed by us and has not answered.
    Introduced,
    /// A native peer.
    Native,
}

impl Link {
    /// A link that has just come up.
    pub(super) fn new(now: Time, dialed: Option<Address>, semantics: Semantics, session: u32) -> Self {
        let phase = if dialed.is_some() { Phase::Introduced } else { Phase::Accepted };
        Self {
            dialed,
            phase,
            since: now,
            malformed: 0,
            keep_alive: KeepAlive::new(now),
            semantics,
            session,
            served: None,
            caught_up: false,
            costly: 0,
            costly_since: now,
        }
    }

    /// Counts a message that costs much, so many times: false if there were too many.
    pub(super) fn may_cost(&mut self, now: Time, cost: u32) -> bool {
        if now.saturating_since(self.costly_since) >= Duration::from_secs(1) {
            (self.costly, self.costly_since) = (0, now);
        }
        self.costly = self.costly.saturating_add(cost);
        self.costly <= COSTLY_PER_SECOND
    }

    /// How many bytes of posts it was sent because it asked for them, and since when that counts.
    pub(crate) fn served(&mut self) -> &mut (Time, u64) {
        self.served.get_or_insert_with(|| Box::new((self.since, 0)))
    }

    /// The run of the peer that this link can be used to talk to.
    pub(super) fn run(&self) -> Option<(&PeerId, Epoch)> {
        match &self.phase {
            Phase::Linked(neighbour) => Some((&neighbour.peer, neighbour.epoch)),
            Phase::Accepted | Phase::Introduced | Phase::OneShot | Phase::Retiring(_) => None,
        }
    }

    /// Who is at the other end, if they have said so.
    pub(super) fn neighbour(&self) -> Option<&Neighbour> {
        match &self.phase {
            Phase::Linked(neighbour) | Phase::Retiring(neighbour) => Some(neighbour),
            Phase::Accepted | Phase::Introduced | Phase::OneShot => None,
        }
    }

    pub(super) fn leads_to(&self, peer: &PeerId, epoch: Epoch) -> bool {
        self.run() == Some((peer, epoch))
    }
}

/// How many messages that cost much a neighbour may send in a second.
const COSTLY_PER_SECOND: u32 = 128;
