//! Who is connected with whom, as sets of nodes; and who could be, by what they know.

use core::time::Duration;
use std::collections::{BTreeSet, VecDeque};

use chinwag::Time;

use super::play::Player;
use crate::{HasChat as _, secs};

/// Sets of nodes that grow together (union and find).
#[derive(Clone, Debug)]
pub(super) struct Islands(Vec<usize>);

impl Islands {
    fn new(nodes: usize) -> Self {
        Self((0..nodes).collect())
    }

    /// Which island a node is on, named by the first of its nodes.
    pub(super) fn of(&self, node: usize) -> usize {
        let mut at = node;
        while self.0[at] != at {
            at = self.0[at];
        }
        at
    }

    pub(super) fn together(&self, one: usize, other: usize) -> bool {
        self.of(one) == self.of(other)
    }

    /// How many islands these nodes are on.
    pub(super) fn count(&self, nodes: &[usize]) -> usize {
        nodes.iter().map(|node| self.of(*node)).collect::<BTreeSet<_>>().len()
    }

    fn connect(&mut self, one: usize, other: usize) {
        let (mut one, mut other) = (one, other);
        // Path halving keeps the ways short.
        for at in [&mut one, &mut other] {
            while self.0[*at] != *at {
                self.0[*at] = self.0[self.0[*at]];
                *at = self.0[*at];
            }
        }
        self.0[one.max(other)] = one.min(other);
    }
}

/// Who was linked with whom since faults have ended, directly or through others, as it was seen now and then.
#[derive(Clone, Debug, Default)]
pub(super) struct Reach {
    seen: VecDeque<(Time, Islands)>,
    is_long: bool,
}

impl Reach {
    /// Whether two have been in reach of each other for long enough to get what the other one has.
    pub(super) fn is_steady(&self, one: usize, other: usize) -> bool {
        self.is_long && self.seen.iter().all(|(_, islands)| islands.together(one, other))
    }

    fn is_due(&self, now: Time) -> bool {
        self.seen.back().is_none_or(|(last, _)| *last + REACH_EVERY <= now)
    }

    fn note(&mut self, now: Time, islands: Islands) {
        self.seen.push_back((now, islands));
        while self.seen.front().is_some_and(|(first, _)| *first + STEADY < now) {
            self.seen.pop_front();
            self.is_long = true;
        }
    }
}

impl Player<'_> {
    /// Sees who is linked with whom, once faults have ended.
    pub(super) fn note_reach(&mut self) {
        let now = self.network.now();
        if self.healed_at.is_some() && self.reach.is_due(now) {
            self.reach.note(now, self.linked_honestly());
        }
    }

    /// Who could find whom, by what those who live know: neighbours, whom else they could turn to, and whom they were
    /// told to join. What is in address books is for one-to-one messages, and left out.
    pub(super) fn known(&self) -> Islands {
        let mut islands = Islands::new(self.nodes.len());
        for who in self.live() {
            let chat = self.actor(who).chat();
            let viewed = chat.active_view().chain(chat.passive_view().map(|contact| contact.peer()));
            let known = viewed.filter_map(|peer| self.index.get(peer)).chain(&self.contacts[who]);
            for other in known.filter(|other| self.is_live(**other)) {
                islands.connect(who, *other);
            }
        }
        islands
    }

    /// Who is linked with whom, directly or through others.
    pub(super) fn linked(&self) -> Islands {
        let mut islands = Islands::new(self.nodes.len());
        for who in self.live() {
            for other in self.neighbours(who) {
                islands.connect(who, other);
            }
        }
        islands
    }

    /// The neighbours of a node that run and have not left.
    pub(super) fn neighbours(&self, who: usize) -> impl Iterator<Item = usize> {
        let view = self.actor(who).chat().active_view();
        view.filter_map(|peer| self.index.get(peer).copied()).filter(|other| self.is_live(*other))
    }

    /// The same without those who mean ill.
    pub(super) fn linked_honestly(&self) -> Islands {
        let mut islands = Islands::new(self.nodes.len());
        for who in self.honest() {
            for other in self.neighbours(who).filter(|other| !self.hostile.contains(other)) {
                islands.connect(who, other);
            }
        }
        islands
    }
}

/// How often it is seen who is linked with whom.
const REACH_EVERY: Duration = secs(1);
/// For how long nodes have to be linked until each must have got what the other one retains, in one or several steps.
const STEADY: Duration = secs(10);
