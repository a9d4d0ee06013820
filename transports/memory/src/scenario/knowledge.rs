//! Who is connected with whom, as sets of nodes; and who could be, by what they know.

use std::collections::BTreeSet;

use super::play::Player;
use crate::HasChat as _;

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

impl Player<'_> {
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
            let view = self.actor(who).chat().active_view();
            for other in view.filter_map(|peer| self.index.get(peer)).filter(|other| self.is_live(**other)) {
                islands.connect(who, *other);
            }
        }
        islands
    }

    /// The same without those who mean ill.
    pub(super) fn linked_honestly(&self) -> Islands {
        let mut islands = Islands::new(self.nodes.len());
        for who in self.honest() {
            let view = self.actor(who).chat().active_view();
            let others = view.filter_map(|peer| self.index.get(peer)).copied();
            for other in others.filter(|other| self.is_live(*other) && !self.hostile.contains(other)) {
                islands.connect(who, other);
            }
        }
        islands
    }
}
