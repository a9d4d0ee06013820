//! Every broadcast of the network: who said it, and how it spread.

use std::collections::BTreeMap;

use chinwag::{Body, Content, Delivery, Message, MessageId, PeerId, Time};
use hashbrown::HashMap;

use crate::NodeId;
use crate::spread::Spread;
use crate::traffic::carried;

/// On which broadcast's way a packet is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag {
    post: PostKey,
    hops: u16,
}

/// A broadcast: who brought it up, and which of theirs it is. Not a number of its own among all, so that nodes can be run
/// apart from each other and still agree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct PostKey {
    node: NodeId,
    count: u32,
}

#[derive(Clone, Debug)]
struct Post {
    /// Its first name: of a native message, the native one.
    id: MessageId,
    author: Option<NodeId>,
    published: Time,
    /// What its author said; `None` if nobody of the author's name has said it.
    body: Option<Body>,
    /// Whether its author has sent it in its own dialect.
    sent: bool,
}

/// All broadcasts, by their names.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    by_id: HashMap<MessageId, PostKey>,
    posts: HashMap<PostKey, Post>,
    /// How many each node has brought up.
    counts: BTreeMap<NodeId, u32>,
    /// Those that are followed, by when they were said.
    spreads: Vec<Spread>,
    /// Where these are.
    places: HashMap<PostKey, usize>,
    /// Posts that were said and not sent yet, with who said them.
    unsent: Vec<(NodeId, PostKey)>,
    track_spread: bool,
    /// The number of the first node that it is about.
    first: usize,
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
            posts: HashMap::new(),
            counts: BTreeMap::new(),
            spreads: Vec::new(),
            places: HashMap::new(),
            unsent: Vec::new(),
            track_spread,
            first: 0,
            idle: !checks && !track_spread,
        }
    }

    pub(crate) fn spreads(&self) -> &[Spread] {
        &self.spreads
    }

    pub(crate) fn spread(&self, id: &MessageId) -> Option<&Spread> {
        let at = *self.places.get(self.by_id.get(id)?)?;
        self.spreads.get(at)
    }

    pub(crate) fn take_spread(&mut self, id: &MessageId) -> Option<Spread> {
        let at = self.places.remove(self.by_id.get(id)?)?;
        let spread = self.spreads.remove(at);
        self.note_places(at);
        Some(spread)
    }

    pub(crate) fn forget_spreads(&mut self) {
        self.spreads.clear();
        self.places.clear();
    }

    /// Whether nothing is kept.
    pub(crate) const fn is_idle(&self) -> bool {
        self.idle
    }

    /// An application said something.
    pub(crate) fn published(&mut self, node: NodeId, now: Time, id: &MessageId, body: Body) {
        if !self.idle && !self.by_id.contains_key(id) {
            let post = self.enter(node, id.clone(), Some(node), now, Some(body));
            self.unsent.push((node, post));
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
        let post = known.unwrap_or_else(|| self.enter(node, id, is_author.then_some(node), now, None));
        if is_author {
            self.sent(post, node, message, &said.body);
        }
        let hops = self.spread_of(post).map_or(0, |spread| spread.hops_to(node).unwrap_or(0));
        Some(Tag { post, hops: hops.saturating_add(1) })
    }

    /// A message that its author says to old peers first, under the name that they know it by.
    fn rename(&mut self, node: NodeId, id: &MessageId, body: &Body) -> Option<PostKey> {
        let is_it = |(author, post): &(NodeId, PostKey)| {
            *author == node && self.posts.get(post).is_some_and(|post| post.body.as_ref() == Some(body))
        };
        let at = self.unsent.iter().position(is_it)?;
        let (_, post) = self.unsent.remove(at);
        self.by_id.insert(id.clone(), post);
        Some(post)
    }

    fn sent(&mut self, key: PostKey, node: NodeId, message: &Message, body: &Body) {
        let Some(post) = self.posts.get_mut(&key).filter(|post| !post.sent) else { return };
        post.sent = true;
        post.author = post.author.or(Some(node));
        post.body.get_or_insert_with(|| body.clone());
        // Old peers know it by another name, derived from what it says.
        self.by_id.entry(MessageId::Classic(message.classic_id())).or_insert(key);
        self.unsent.retain(|(_, unsent)| *unsent != key);
        if let Some(spread) = self.spread_of(key) {
            spread.frame = message.encoded().len();
        }
    }

    /// A copy was handed to `node`.
    pub(crate) fn received(&mut self, node: NodeId, from: NodeId, tag: Tag) {
        if let Some(spread) = self.spread_of(tag.post) {
            spread.received(node, from, tag.hops);
        }
    }

    /// A node delivered a broadcast to its application: where it comes from, and its first name.
    pub(crate) fn delivered(
        &mut self,
        node: NodeId,
        now: Time,
        delivery: &Delivery,
    ) -> (Origin, Option<MessageId>) {
        let key = delivery.id().and_then(|id| self.by_id.get(&id).copied());
        let Some((key, post)) = key.and_then(|key| Some((key, self.posts.get(&key)?))) else {
            return (Origin::Nobody, None);
        };
        let origin = match &post.body {
            Some(body) if body == delivery.body() => Origin::Genuine,
            Some(_) => Origin::Altered,
            None => Origin::Nobody,
        };
        let first_name = post.id.clone();
        if let Some(spread) = self.spread_of(key) {
            spread.delivered(node, now);
        }
        (origin, Some(first_name))
    }

    /// `by` brings up a post that was not known.
    fn enter(
        &mut self,
        by: NodeId,
        id: MessageId,
        author: Option<NodeId>,
        published: Time,
        body: Option<Body>,
    ) -> PostKey {
        let count = self.counts.entry(by).or_default();
        *count += 1;
        let key = PostKey { node: by, count: *count };
        self.add(key, Post { id, author, published, body, sent: false });
        key
    }

    fn add(&mut self, key: PostKey, post: Post) {
        self.by_id.insert(post.id.clone(), key);
        if self.track_spread {
            let spread = Spread::new(key, post.id.clone(), post.author, post.published, self.first);
            let at = self.spreads.partition_point(|other| other.rank() < spread.rank());
            self.spreads.insert(at, spread);
            self.note_places(at);
        }
        self.posts.insert(key, post);
    }

    /// Notes where the spreads are from `first` on.
    fn note_places(&mut self, first: usize) {
        let moved = self.spreads.iter().enumerate().skip(first);
        self.places.extend(moved.map(|(at, spread)| (spread.post(), at)));
    }

    fn spread_of(&mut self, post: PostKey) -> Option<&mut Spread> {
        let at = *self.places.get(&post)?;
        self.spreads.get_mut(at)
    }
}
