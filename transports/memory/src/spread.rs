//! How one broadcast spread.

use core::time::Duration;

use chinwag::{MessageId, Time};

use crate::NodeId;
use crate::ledger::PostKey;

/// How one broadcast spread. Nothing of it is on the wire: the network follows messages by their names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spread {
    post: PostKey,
    id: MessageId,
    author: Option<NodeId>,
    published: Time,
    pub(crate) frame: usize,
    copies: u64,
    deliveries: Vec<Reached>,
    /// How many hops each node is from the author by the way that the message first came.
    first_hop: Vec<u16>,
    /// Who sent each node that first copy; only where `first_hop` says that there was one.
    first_from: Vec<NodeId>,
    /// The number of the node that comes first in these two: not 0 only in a part of a network.
    first: usize,
}

/// One delivery of a broadcast.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Reached {
    /// To whom.
    pub node: NodeId,
    /// Who had sent it the first copy: its parent in the tree that the broadcast has made. `None` if it got no copy
    /// over a link of its own, as when an old peer's message is known by another name.
    pub from: Option<NodeId>,
    /// Over how many links the first copy had come.
    pub hops: u16,
    /// How long after the author had said it.
    pub after: Duration,
}

impl Spread {
    /// The message.
    #[must_use]
    pub const fn id(&self) -> &MessageId {
        &self.id
    }

    /// Who said it; `None` if nobody of that name did.
    #[must_use]
    pub const fn author(&self) -> Option<NodeId> {
        self.author
    }

    /// When it was said.
    #[must_use]
    pub const fn published(&self) -> Time {
        self.published
    }

    /// How long its frame is as its author first sent it, in bytes without the line break; 0 if it was not sent.
    #[must_use]
    pub const fn frame_bytes(&self) -> usize {
        self.frame
    }

    /// How many copies were received, by all nodes together. What only tells of a message is no copy of it.
    #[must_use]
    pub const fn copies(&self) -> u64 {
        self.copies
    }

    /// The deliveries, in the order they happened, and of those at one moment in the order of their nodes.
    #[must_use]
    pub fn deliveries(&self) -> &[Reached] {
        &self.deliveries
    }

    /// Copies received for each delivery beyond the first one each node needs: 0 is a perfect tree, and `None` says
    /// that nothing was delivered.
    #[must_use]
    pub fn redundancy(&self) -> Option<f64> {
        let deliveries = self.deliveries.len();
        (deliveries > 0).then(|| self.copies as f64 / deliveries as f64 - 1.0)
    }

    /// The most hops that a delivery took.
    #[must_use]
    pub fn last_hop(&self) -> Option<u16> {
        self.deliveries.iter().map(|reached| reached.hops).max()
    }

    /// How long the last delivery took.
    #[must_use]
    pub fn last_delivery(&self) -> Option<Duration> {
        self.deliveries.iter().map(|reached| reached.after).max()
    }

    pub(crate) const fn new(
        post: PostKey,
        id: MessageId,
        author: Option<NodeId>,
        published: Time,
        first: usize,
    ) -> Self {
        Self {
            post,
            id,
            author,
            published,
            frame: 0,
            copies: 0,
            deliveries: Vec::new(),
            first_hop: Vec::new(),
            first_from: Vec::new(),
            first,
        }
    }

    /// Which post it is, and where that stands among all: by when it was said.
    pub(crate) const fn post(&self) -> PostKey {
        self.post
    }

    pub(crate) const fn rank(&self) -> (Time, PostKey) {
        (self.published, self.post)
    }

    pub(crate) fn hops_to(&self, node: NodeId) -> Option<u16> {
        self.first_hop.get(self.place(node)).copied().filter(|&hops| hops != UNREACHED)
    }

    /// A copy was handed to `node`, over so many links.
    pub(crate) fn received(&mut self, node: NodeId, from: NodeId, hops: u16) {
        self.copies = self.copies.saturating_add(1);
        // However far an echo has come, the author is where it started.
        if self.author == Some(node) {
            return;
        }
        let place = self.place(node);
        if self.first_hop.len() <= place {
            self.first_hop.resize(place + 1, UNREACHED);
            self.first_from.resize(place + 1, NOBODY);
        }
        let first = self.first_hop.get_mut(place).zip(self.first_from.get_mut(place));
        if let Some((first, parent)) = first.filter(|(first, _)| **first == UNREACHED) {
            (*first, *parent) = (hops, from);
        }
    }

    pub(crate) fn delivered(&mut self, node: NodeId, now: Time) {
        let hops = self.hops_to(node);
        let from = hops.and(self.first_from.get(self.place(node)).copied());
        let after = now.saturating_since(self.published);
        self.deliveries.push(Reached { node, from, hops: hops.unwrap_or(0), after });
        let mut at = self.deliveries.len() - 1;
        while at > 0 && self.deliveries[at - 1].after == after && self.deliveries[at - 1].node > node {
            self.deliveries.swap(at - 1, at);
            at -= 1;
        }
    }

    /// What concerns the nodes from `first` on, for a part of the network.
    pub(crate) fn split_off(&mut self, first: usize) -> Self {
        let place = first - self.first;
        let mut part = Self::new(self.post, self.id.clone(), self.author, self.published, first);
        if self.first_hop.len() > place {
            part.first_hop = self.first_hop.split_off(place);
            part.first_from = self.first_from.split_off(place);
        }
        part
    }

    /// Adds what came about in a part of the network, that of the nodes behind all that were added so far.
    pub(crate) fn join(&mut self, part: Self) {
        self.frame = self.frame.max(part.frame);
        self.copies = self.copies.saturating_add(part.copies);
        if !part.first_hop.is_empty() {
            let place = part.first - self.first;
            self.first_hop.resize(place, UNREACHED);
            self.first_from.resize(place, NOBODY);
            self.first_hop.extend(part.first_hop);
            self.first_from.extend(part.first_from);
        }
        if !part.deliveries.is_empty() {
            self.deliveries.extend(part.deliveries);
            self.deliveries.sort_by_key(|reached| (reached.after, reached.node));
        }
    }

    const fn place(&self, node: NodeId) -> usize {
        node.index() - self.first
    }
}

const UNREACHED: u16 = u16::MAX;
/// Stands where `UNREACHED` does, and says nothing.
const NOBODY: NodeId = NodeId::from_number(0);
