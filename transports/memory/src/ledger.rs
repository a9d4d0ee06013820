//! Every broadcast of the network: who said it, and how it spread.

use core::time::Duration;

use chinwag::{Body, Content, Delivery, Message, MessageId, PeerId, Time};
use hashbrown::HashMap;

use crate::NodeId;
use crate::traffic::carried;

/// How one broadcast spread. Nothing of it is on the wire: the network follows messages by their names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Spread {
    /// Which of all broadcasts it is, in the order they were said.
    post: u32,
    id: MessageId,
    author: Option<NodeId>,
    published: Time,
    frame: usize,
    copies: u64,
    deliveries: Vec<Reached>,
    /// How many hops each node is from the author by the way that the message first came.
    first_hop: Vec<u16>,
    /// Who sent each node that first copy; only where `first_hop` says that there was one.
    first_from: Vec<NodeId>,
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

    /// The deliveries, in the order they happened.
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

    fn hops_to(&self, node: NodeId) -> Option<u16> {
        self.first_hop.get(node.index()).copied().filter(|&hops| hops != UNREACHED)
    }
}

/// On which broadcast's way a packet is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag {
    post: u32,
    hops: u16,
}

#[derive(Clone, Debug)]
struct Post {
    /// Its first name: of a native message, the native one.
    id: MessageId,
    author: Option<NodeId>,
    /// What its author said; `None` if nobody of the author's name has said it.
    body: Option<Body>,
    /// Whether its author has sent it in its own dialect.
    sent: bool,
}

/// All broadcasts, by their names.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    by_id: HashMap<MessageId, u32>,
    posts: Vec<Post>,
    /// Those that are followed, in the order of their numbers.
    spreads: Vec<Spread>,
    /// Posts that were said and not sent yet, with who said them.
    unsent: Vec<(NodeId, u32)>,
    track_spread: bool,
    /// Neither checked nor followed: nothing is kept.
    idle: bool,
}

/// What the ledger knows about a message that was delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Origin {
    /// Its author said exactly this.
    Genuine,
    /// Its author said something else under this name.
    Altered,
    /// Nobody of its author's name sent it.
    Nobody,
}

impl Ledger {
    pub(crate) fn new(checks: bool, track_spread: bool) -> Self {
        Self {
            by_id: HashMap::new(),
            posts: Vec::new(),
            spreads: Vec::new(),
            unsent: Vec::new(),
            track_spread,
            idle: !checks && !track_spread,
        }
    }

    pub(crate) fn spreads(&self) -> &[Spread] {
        &self.spreads
    }

    pub(crate) fn spread(&self, id: &MessageId) -> Option<&Spread> {
        let at = self.position(*self.by_id.get(id)?)?;
        self.spreads.get(at)
    }

    pub(crate) fn take_spread(&mut self, id: &MessageId) -> Option<Spread> {
        let at = self.position(*self.by_id.get(id)?)?;
        Some(self.spreads.remove(at))
    }

    pub(crate) fn forget_spreads(&mut self) {
        self.spreads.clear();
    }

    /// Whether nothing is kept.
    pub(crate) const fn is_idle(&self) -> bool {
        self.idle
    }

    /// An application said something.
    pub(crate) fn published(&mut self, node: NodeId, now: Time, id: &MessageId, body: Body) {
        if !self.idle && !self.by_id.contains_key(id) {
            let index = self.enter(id.clone(), Some(node), now, Some(body));
            self.unsent.push((node, index));
        }
    }

    /// A node called `name` sends `message` on: says how far that copy has come, if it is a broadcast.
    pub(crate) fn sending(
        &mut self,
        node: NodeId,
        name: Option<&PeerId>,
        now: Time,
        message: &Message,
    ) -> Option<Tag> {
        if self.idle {
            return None;
        }
        let message = carried(message);
        let Content::Broadcast(said) = message.content() else { return None };
        let id = message.id()?;
        let is_author = name == Some(message.originator());
        let known = self.by_id.get(&id).copied();
        let known = known.or_else(|| if is_author { self.rename(node, &id, &said.body) } else { None });
        let index = known.unwrap_or_else(|| self.enter(id, is_author.then_some(node), now, None));
        if is_author {
            self.sent(index, node, message, &said.body);
        }
        let hops = self.spread_of(index).map_or(0, |spread| spread.hops_to(node).unwrap_or(0));
        Some(Tag { post: index, hops: hops.saturating_add(1) })
    }

    /// A message that its author says to old peers first, under the name that they know it by.
    fn rename(&mut self, node: NodeId, id: &MessageId, body: &Body) -> Option<u32> {
        let is_it = |(author, post): &(NodeId, u32)| {
            *author == node
                && self.posts.get(*post as usize).is_some_and(|post| post.body.as_ref() == Some(body))
        };
        let at = self.unsent.iter().position(is_it)?;
        let (_, index) = self.unsent.remove(at);
        self.by_id.insert(id.clone(), index);
        Some(index)
    }

    fn sent(&mut self, index: u32, node: NodeId, message: &Message, body: &Body) {
        let Some(post) = self.posts.get_mut(index as usize).filter(|post| !post.sent) else { return };
        post.sent = true;
        post.author = post.author.or(Some(node));
        post.body.get_or_insert_with(|| body.clone());
        // Old peers know it by another name, derived from what it says.
        self.by_id.entry(MessageId::Classic(message.classic_id())).or_insert(index);
        self.unsent.retain(|(_, unsent)| *unsent != index);
        if let Some(spread) = self.spread_of(index) {
            spread.frame = message.encoded().len();
        }
    }

    /// A copy was handed to `node`.
    pub(crate) fn received(&mut self, node: NodeId, from: NodeId, tag: Tag) {
        if let Some(spread) = self.spread_of(tag.post) {
            spread.copies = spread.copies.saturating_add(1);
            // However far an echo has come, the author is where it started.
            if spread.author == Some(node) {
                return;
            }
            if spread.first_hop.len() <= node.index() {
                spread.first_hop.resize(node.index() + 1, UNREACHED);
                spread.first_from.resize(node.index() + 1, node);
            }
            let first = spread.first_hop.get_mut(node.index()).zip(spread.first_from.get_mut(node.index()));
            if let Some((hops, parent)) = first.filter(|(hops, _)| **hops == UNREACHED) {
                (*hops, *parent) = (tag.hops, from);
            }
        }
    }

    /// A node delivered a broadcast to its application: where it comes from, and its first name.
    pub(crate) fn delivered(
        &mut self,
        node: NodeId,
        now: Time,
        delivery: &Delivery,
    ) -> (Origin, Option<MessageId>) {
        let index = delivery.id().and_then(|id| self.by_id.get(&id).copied());
        let Some((index, post)) = index.and_then(|index| Some((index, self.posts.get(index as usize)?)))
        else {
            return (Origin::Nobody, None);
        };
        let origin = match &post.body {
            Some(body) if body == delivery.body() => Origin::Genuine,
            Some(_) => Origin::Altered,
            None => Origin::Nobody,
        };
        let first_name = post.id.clone();
        if let Some(spread) = self.spread_of(index) {
            let hops = spread.hops_to(node);
            let from = hops.and(spread.first_from.get(node.index()).copied());
            let after = now.saturating_since(spread.published);
            spread.deliveries.push(Reached { node, from, hops: hops.unwrap_or(0), after });
        }
        (origin, Some(first_name))
    }

    fn enter(&mut self, id: MessageId, author: Option<NodeId>, now: Time, body: Option<Body>) -> u32 {
        let index = u32::try_from(self.posts.len()).unwrap_or(u32::MAX);
        if self.track_spread {
            self.spreads.push(Spread {
                post: index,
                id: id.clone(),
                author,
                published: now,
                frame: 0,
                copies: 0,
                deliveries: Vec::new(),
                first_hop: Vec::new(),
                first_from: Vec::new(),
            });
        }
        self.by_id.insert(id.clone(), index);
        self.posts.push(Post { id, author, body, sent: false });
        index
    }

    fn spread_of(&mut self, post: u32) -> Option<&mut Spread> {
        let at = self.position(post)?;
        self.spreads.get_mut(at)
    }

    fn position(&self, post: u32) -> Option<usize> {
        self.spreads.binary_search_by_key(&post, |spread| spread.post).ok()
    }
}

const UNREACHED: u16 = u16::MAX;
