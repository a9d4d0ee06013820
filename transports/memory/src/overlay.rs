//! The graph of who exchanges messages with whom.

use crate::{HasChat, Network, NodeId};

/// The graph of the nodes that run: an edge between two that have each other in their active views.
///
/// A snapshot. Nodes are told apart by their names here, as in the views.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Overlay {
    /// Where the neighbours of each node start in `neighbours`, and after the last node its length.
    starts: Vec<usize>,
    neighbours: Vec<NodeId>,
    running: Vec<NodeId>,
}

impl<N: HasChat> Network<N> {
    /// Who exchanges messages with whom now.
    #[must_use]
    pub fn overlay(&self) -> Overlay {
        let (mut starts, mut listed) = (Vec::with_capacity(self.whole.nodes.len() + 1), Vec::new());
        let mut running = Vec::new();
        for (node, host) in self.nodes().zip(&self.whole.fabric.hosts) {
            starts.push(listed.len());
            if host.running {
                running.push(node);
                let view = self.node(node).chat().active_view();
                listed.extend(view.filter_map(|name| self.whole.fabric.world.named(name)));
            }
        }
        starts.push(listed.len());
        Overlay::of(&starts, &listed, running)
    }

    /// Into how many parts the nodes that run fall by whom they know: each its neighbours and those it could turn to,
    /// its active and its passive view. Parts that nobody tells of each other cannot find each other, whatever they do.
    #[must_use]
    pub fn known_components(&self) -> usize {
        let running = |node: &NodeId| self.is_running(*node);
        let mut parts = Parts::new(self.whole.nodes.len());
        let mut components = self.nodes().filter(running).count();
        for node in self.nodes().filter(running) {
            let chat = self.node(node).chat();
            let names = chat.active_view().chain(chat.passive_view().map(|contact| contact.peer()));
            for known in names.filter_map(|name| self.whole.fabric.world.named(name)).filter(running) {
                components -= usize::from(parts.unite(node.index(), known.index()));
            }
        }
        components
    }
}

impl Overlay {
    /// The graph of the edges that are in the lists of both their nodes.
    fn of(listed_from: &[usize], listed: &[NodeId], running: Vec<NodeId>) -> Self {
        let list_of = |node: NodeId| {
            let range = listed_from.get(node.index()).zip(listed_from.get(node.index() + 1));
            range.and_then(|(from, to)| listed.get(*from..*to)).unwrap_or_default()
        };
        let (mut starts, mut neighbours) = (Vec::with_capacity(listed_from.len()), Vec::new());
        for node in (0..listed_from.len().saturating_sub(1)).map(NodeId::from_index) {
            starts.push(neighbours.len());
            let mutual = |other: &&NodeId| **other != node && list_of(**other).contains(&node);
            neighbours.extend(list_of(node).iter().filter(mutual));
        }
        starts.push(neighbours.len());
        Self { starts, neighbours, running }
    }

    /// The nodes that run, in order.
    #[must_use]
    pub fn nodes(&self) -> &[NodeId] {
        &self.running
    }

    /// With whom a node exchanges messages; nobody if it has crashed.
    #[must_use]
    pub fn neighbours(&self, node: NodeId) -> &[NodeId] {
        let range = self.starts.get(node.index()).zip(self.starts.get(node.index() + 1));
        range.and_then(|(from, to)| self.neighbours.get(*from..*to)).unwrap_or_default()
    }

    /// With how many others each node that runs exchanges messages, in order.
    pub fn degrees(&self) -> impl Iterator<Item = usize> {
        self.running.iter().map(|node| self.neighbours(*node).len())
    }

    /// Into how many parts the nodes that run fall, between which there is no way: 1 is a network in one piece.
    #[must_use]
    pub fn components(&self) -> usize {
        let mut parts = Parts::new(self.starts.len());
        let mut components = self.running.len();
        for node in &self.running {
            for neighbour in self.neighbours(*node) {
                components -= usize::from(parts.unite(node.index(), neighbour.index()));
            }
        }
        components
    }
}

/// Disjoint sets (union-find with path halving).
struct Parts(Vec<usize>);

impl Parts {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn root(&mut self, mut item: usize) -> usize {
        while self.0[item] != item {
            self.0[item] = self.0[self.0[item]];
            item = self.0[item];
        }
        item
    }

    /// Says whether the two were apart before.
    fn unite(&mut self, one: usize, other: usize) -> bool {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
        one != other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn node(index: usize) -> NodeId {
        NodeId::from_index(index)
    }

    fn overlay(lists: &[Vec<usize>], running: Vec<NodeId>) -> Overlay {
        let (mut starts, mut listed) = (vec![0], Vec::new());
        for list in lists {
            listed.extend(list.iter().map(|&other| node(other)));
            starts.push(listed.len());
        }
        Overlay::of(&starts, &listed, running)
    }

    /// Whoever can be reached from the first node that is not in a part yet, again and again.
    fn naive_components(count: usize, linked: impl Fn(usize, usize) -> bool) -> usize {
        let (mut left, mut components): (Vec<usize>, _) = ((0..count).collect(), 0);
        while let Some(first) = left.pop() {
            let mut frontier = vec![first];
            while let Some(at) = frontier.pop() {
                let (reached, rest) = left.iter().partition(|&&other| linked(at, other));
                left = rest;
                frontier.extend::<Vec<usize>>(reached);
            }
            components += 1;
        }
        components
    }

    proptest! {
        #[test]
        fn edges_are_mutual_and_parts_are_those_that_a_walk_finds(
            lists in prop::collection::vec(prop::collection::btree_set(0..12_usize, 0..4), 12),
        ) {
            let lists: Vec<Vec<usize>> = lists.into_iter().map(|list| list.into_iter().collect()).collect();
            let overlay = overlay(&lists, (0..12).map(node).collect());
            let linked = |one: usize, other: usize| {
                one != other && lists[one].contains(&other) && lists[other].contains(&one)
            };
            for one in 0..12 {
                let expected: Vec<_> = (0..12).filter(|&other| linked(one, other)).map(node).collect();
                prop_assert_eq!(overlay.neighbours(node(one)), expected);
            }
            prop_assert_eq!(overlay.components(), naive_components(12, linked));
            prop_assert_eq!(overlay.degrees().sum::<usize>(), overlay.neighbours.len());
        }
    }

    #[test]
    fn the_property_above_sees_all_kinds_of_graphs() {
        let line = overlay(&[vec![1], vec![0, 2], vec![1]], (0..3).map(node).collect());
        assert_eq!((line.components(), line.degrees().collect::<Vec<_>>()), (1, vec![1, 2, 1]));
        let one_sided = overlay(&[vec![1], vec![], vec![1]], (0..3).map(node).collect());
        assert_eq!(one_sided.components(), 3);
        // Who does not run is nobody's part, and no way leads through it.
        let without_the_middle = overlay(&[vec![1], vec![], vec![1]], vec![node(0), node(2)]);
        assert_eq!(without_the_middle.components(), 2);
    }
}
