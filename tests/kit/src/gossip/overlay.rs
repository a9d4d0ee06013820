//! Who is connected with whom, as sets of nodes.

use std::collections::BTreeSet;

/// Sets of nodes that grow together (union and find).
#[derive(Clone, Debug)]
pub(super) struct Islands(Vec<usize>);

impl Islands {
    /// Each node by itself.
    pub(super) fn new(nodes: usize) -> Self {
        Self((0..nodes).collect())
    }

    /// Which island a node is on, named by one of its nodes.
    pub(super) fn of(&self, node: usize) -> usize {
        let mut at = node;
        while self.0[at] != at {
            at = self.0[at];
        }
        at
    }

    /// Two nodes are connected.
    pub(super) fn connect(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        self.0[one.max(other)] = one.min(other);
    }

    /// Whether two nodes are on one island.
    pub(super) fn together(&self, one: usize, other: usize) -> bool {
        self.of(one) == self.of(other)
    }

    /// How many islands these nodes are on.
    pub(super) fn count(&self, nodes: &[usize]) -> usize {
        nodes.iter().map(|node| self.of(*node)).collect::<BTreeSet<_>>().len()
    }
}
