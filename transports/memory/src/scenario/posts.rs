//! What was said to everybody in a scenario, who has it, and who was told that it is missing.

use std::collections::BTreeMap;

use chinwag::{Event, MessageId, StreamId, Time};

/// Everything that was said to everybody.
#[derive(Debug, Default)]
pub(super) struct Posts {
    by_id: BTreeMap<MessageId, usize>,
    posts: Vec<Post>,
    /// What each node was told in its present life that is missing.
    gaps: BTreeMap<usize, Vec<Gap>>,
}

/// Something that was said to everybody.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) id: MessageId,
    pub(super) author: usize,
    /// Who said or heard it in its present life, one bit a node.
    has: Vec<u64>,
}

#[derive(Debug)]
struct Gap {
    stream: StreamId,
    from: u64,
    to: u64,
    before_contact: bool,
    at: Time,
    /// The numbers in it that nobody had who was in reach.
    out_of_reach: Vec<u64>,
}

/// What a node was told about a message that is missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Missing {
    /// It was said before the node's time.
    BeforeContact,
    /// It was given up when nobody who was in reach had it.
    OutOfReach,
    /// It was given up then.
    GivenUp(Time),
}

impl Posts {
    pub(super) fn len(&self) -> usize {
        self.posts.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Post> {
        self.posts.iter()
    }

    pub(super) fn since(&self, first: usize) -> impl Iterator<Item = &Post> {
        self.posts.iter().skip(first)
    }

    /// A node said something. False if something was said under that name before.
    pub(super) fn said(&mut self, author: usize, id: MessageId) -> bool {
        let new = self.by_id.insert(id.clone(), self.posts.len()).is_none();
        let mut post = Post { id, author, has: Vec::new() };
        post.note(author);
        self.posts.push(post);
        new
    }

    /// Notes what a node told it has heard.
    pub(super) fn note_delivery(&mut self, node: usize, event: &Event) {
        if let Event::Delivered(delivery) = event {
            let post = delivery.id().and_then(|id| self.by_id.get(&id).copied());
            if let Some(post) = post.and_then(|at| self.posts.get_mut(at)) {
                post.note(node);
            }
        }
    }

    /// Notes what a node told is missing; `in_reach` says whom it has been linked with for long.
    pub(super) fn note_gap(
        &mut self,
        node: usize,
        at: Time,
        event: &Event,
        in_reach: impl Fn(usize, usize) -> bool,
    ) {
        let Event::Gap { stream, from, to, before_contact } = event else { return };
        let (from, to, before_contact) = (from.get(), to.get(), *before_contact);
        let number = |post: &Post| {
            let MessageId::Native { stream: of, sequence } = &post.id else { return None };
            (of == stream).then_some(sequence.get())
        };
        let out_of_reach = self
            .posts
            .iter()
            .filter(|post| !post.holders().any(|holder| in_reach(node, holder)))
            .filter_map(number)
            .filter(|number| (from..=to).contains(number))
            .collect();
        let stream = stream.clone();
        self.gaps.entry(node).or_default().push(Gap { stream, from, to, before_contact, at, out_of_reach });
    }

    /// A node has lost its memory.
    pub(super) fn forget(&mut self, node: usize) {
        self.gaps.remove(&node);
        self.posts.iter_mut().for_each(|post| post.forget(node));
    }

    /// What a node was told about a message that it lacks.
    pub(super) fn missing(&self, node: usize, post: &Post) -> Option<Missing> {
        let MessageId::Native { stream, sequence } = &post.id else { return None };
        let mut gaps = self.gaps.get(&node)?.iter();
        let number = sequence.get();
        let gap = gaps.find(|gap| gap.stream == *stream && (gap.from..=gap.to).contains(&number))?;
        Some(if gap.before_contact {
            Missing::BeforeContact
        } else if gap.out_of_reach.contains(&number) {
            Missing::OutOfReach
        } else {
            Missing::GivenUp(gap.at)
        })
    }
}

impl Post {
    pub(super) fn is_at(&self, node: usize) -> bool {
        self.has.get(node / 64).is_some_and(|word| word >> (node % 64) & 1 == 1)
    }

    fn holders(&self) -> impl Iterator<Item = usize> {
        (0..self.has.len().saturating_mul(64)).filter(|node| self.is_at(*node))
    }

    fn note(&mut self, node: usize) {
        if self.has.len() <= node / 64 {
            self.has.resize(node / 64 + 1, 0);
        }
        self.has[node / 64] |= 1 << (node % 64);
    }

    fn forget(&mut self, node: usize) {
        if let Some(word) = self.has.get_mut(node / 64) {
            *word &= !(1 << (node % 64));
        }
    }
}
