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
pub(crate) struct Post {
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
    /// The number of the first node that it is about: not 0 only in a part of a network.
    first: usize,
    /// What the other parts have to be told; `None` where there are none.
    news: Option<Vec<News>>,
    /// Posts that two parts brought up at the same time, and what they are to be taken for.
    same: BTreeMap<PostKey, PostKey>,
    /// Neither checked nor followed: nothing is kept.
    idle: bool,
}

/// What one part of a network tells the others about posts.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Entered(PostKey, Post),
    /// A post has a further name.
    Named(PostKey, MessageId),
    Sent {
        post: PostKey,
        author: NodeId,
        body: Body,
        frame: usize,
    },
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
            news: None,
            same: BTreeMap::new(),
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
        self.tell(News::Named(post, id.clone()));
        self.by_id.insert(id.clone(), post);
        Some(post)
    }

    fn sent(&mut self, key: PostKey, node: NodeId, message: &Message, body: &Body) {
        if self.posts.get(&key).is_none_or(|post| post.sent) {
            return;
        }
        // Old peers know it by another name, derived from what it says.
        let name = MessageId::Classic(message.classic_id());
        if !self.by_id.contains_key(&name) {
            self.tell(News::Named(key, name.clone()));
            self.by_id.insert(name, key);
        }
        let frame = if self.track_spread { message.encoded().len() } else { 0 };
        let sent = News::Sent { post: key, author: node, body: body.clone(), frame };
        self.tell(sent.clone());
        self.learn(sent);
    }

    fn tell(&mut self, what: News) {
        if let Some(news) = &mut self.news {
            news.push(what);
        }
    }

    /// What was news since this was last asked.
    pub(crate) fn take_news(&mut self) -> Vec<News> {
        self.news.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// Takes in what happened to a post, here or in another part.
    pub(crate) fn learn(&mut self, what: News) {
        match what {
            News::Entered(key, post) => self.learn_post(key, post),
            News::Named(post, id) => {
                self.by_id.entry(id).or_insert(post);
                self.unsent.retain(|(_, unsent)| *unsent != post);
            }
            News::Sent { post: key, author, body, frame } => {
                let Some(post) = self.posts.get_mut(&key) else { return };
                post.sent = true;
                post.author = post.author.or(Some(author));
                post.body.get_or_insert(body);
                self.unsent.retain(|(_, unsent)| *unsent != key);
                if let Some(spread) = self.spread_of(key) {
                    spread.frame = frame;
                }
            }
        }
    }

    /// Another part has brought up a post: if this one has too, the one that was said first stands for both.
    fn learn_post(&mut self, key: PostKey, post: Post) {
        let count = self.counts.entry(key.node).or_default();
        *count = key.count.max(*count);
        let there = self.by_id.get(&post.id).copied();
        let rank = |key: PostKey, post: &Post| (post.published, key);
        let earlier = |there: &PostKey| {
            self.posts.get(there).is_some_and(|other| rank(*there, other) < rank(key, &post))
        };
        match there {
            None => self.add(key, post),
            Some(there) if earlier(&there) => {
                self.same.insert(key, there);
            }
            Some(there) => {
                self.posts.remove(&there);
                self.same.insert(there, key);
                if let Some(at) = self.places.remove(&there) {
                    self.spreads.remove(at);
                    self.note_places(at);
                }
                self.add(key, post);
            }
        }
    }

    /// What concerns the nodes from `first` on, for a part of the network. From then on each tells the others its news.
    pub(crate) fn split_off(&mut self, first: usize) -> Self {
        self.news = Some(Vec::new());
        Self {
            by_id: self.by_id.clone(),
            posts: self.posts.clone(),
            counts: self.counts.clone(),
            spreads: self.spreads.iter_mut().map(|spread| spread.split_off(first)).collect(),
            places: self.places.clone(),
            unsent: self.unsent.clone(),
            track_spread: self.track_spread,
            first,
            news: Some(Vec::new()),
            same: self.same.clone(),
            idle: self.idle,
        }
    }

    /// Adds what came about in a part of the network, that of the nodes behind all that were added so far. What was news
    /// there was told.
    pub(crate) fn join(&mut self, part: Self) {
        self.news = None;
        for spread in part.spreads {
            if let Some(here) = self.spread_of(spread.post()) {
                here.join(spread);
            }
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
        let post = Post { id, author, published, body, sent: false };
        self.tell(News::Entered(key, post.clone()));
        self.add(key, post);
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
        let post = if self.same.is_empty() { post } else { self.same.get(&post).copied().unwrap_or(post) };
        let at = *self.places.get(&post)?;
        self.spreads.get_mut(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chinwag::{Post as Said, Sequence};

    /// What `author` says as the first of its run, by `node`.
    fn sent(ledger: &mut Ledger, node: u32, at: u64, author: &str) -> Tag {
        let place = chinwag::Place { epoch: chinwag::Epoch::new(1), sequence: Sequence::new(1).unwrap() };
        let said = Said { place: Some(place), room: None, body: Body::text("not mine"), signature: None };
        let message = Message::new(PeerId::new(author).unwrap(), Body::text("now"), Content::Broadcast(said));
        ledger.sending(NodeId::from_number(node), None, Time::from_secs(at), &message).unwrap()
    }

    #[test]
    fn what_two_parts_bring_up_at_the_same_time_is_one_post() {
        for (early, late) in [(1, 2), (2, 1)] {
            let mut first = Ledger::new(true, true);
            let mut second = first.split_off(4);
            let tags = [sent(&mut first, 0, early, "ann"), sent(&mut second, 5, late, "ann")];
            let (here, there) = (first.take_news(), second.take_news());
            assert_eq!((here.len(), there.len()), (1, 1));
            there.into_iter().for_each(|news| first.learn(news));
            here.into_iter().for_each(|news| second.learn(news));
            for ledger in [&mut first, &mut second] {
                assert_eq!(ledger.spreads.len(), 1);
                assert_eq!(ledger.spreads[0].published(), Time::from_secs(1));
            }
            // Whichever of them a packet was sent as, it counts for the one.
            first.received(NodeId::from_number(1), NodeId::from_number(0), tags[0]);
            second.received(NodeId::from_number(6), NodeId::from_number(5), tags[1]);
            first.join(second);
            assert_eq!((first.spreads.len(), first.spreads[0].copies()), (1, 2));
        }
    }
}
