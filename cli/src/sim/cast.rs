//! Who speaks.

use chinwag::Seed;
use chinwag_memory::{Network, NodeId};

use crate::arguments::Senders;

/// The nodes that speak, and whose turn it is.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    authors: Vec<NodeId>,
    drawn: bool,
    chance: Seed,
    turn: u64,
}

impl Cast {
    /// Chooses among `nodes` who speaks in so many rounds: `authors` of them, if that is said.
    pub(super) fn among(
        nodes: &[NodeId],
        senders: Senders,
        authors: Option<u32>,
        rounds: u32,
        chance: Seed,
    ) -> Self {
        let count = match senders {
            Senders::Single => 1,
            Senders::Rotate => authors.unwrap_or(rounds / SETTLED_FROM).max(1) as usize,
            Senders::Random => authors.map_or(nodes.len(), |authors| authors as usize),
        };
        let mut authors = shuffled(nodes, chance);
        authors.truncate(count);
        Self { authors, drawn: senders == Senders::Random, chance: chance.derive(1), turn: 0 }
    }

    /// Who speaks next; `None` if nobody of them runs any more.
    pub(super) fn next(&mut self, network: &Network) -> Option<NodeId> {
        let count = self.authors.len();
        for _ in 0..count.saturating_mul(2) {
            let number = if self.drawn { self.chance.derive(self.turn).get() } else { self.turn };
            self.turn = self.turn.wrapping_add(1);
            let author = self.authors.get(place(number, count)).copied();
            if let Some(author) = author.filter(|author| network.is_running(*author)) {
                return Some(author);
            }
        }
        self.authors.iter().copied().find(|author| network.is_running(*author))
    }
}

/// The nodes in an order that follows from `chance` (Fisher and Yates's shuffle).
pub(super) fn shuffled(nodes: &[NodeId], chance: Seed) -> Vec<NodeId> {
    let mut nodes = nodes.to_vec();
    for last in (1..nodes.len()).rev() {
        nodes.swap(last, place(chance.derive(last as u64).get(), last + 1));
    }
    nodes
}

/// A drawn number as one of so many places.
pub(super) fn place(drawn: u64, count: usize) -> usize {
    usize::try_from(drawn.checked_rem(count as u64).unwrap_or(0)).unwrap_or(0)
}

/// From which message of an author on its trees are taken to have settled.
pub(super) const SETTLED_FROM: u32 = 8;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use chinwag_memory::NetworkConfig;

    use super::*;

    fn network(nodes: usize) -> (Network, Vec<NodeId>) {
        let mut network = Network::new(NetworkConfig::new(1));
        let nodes = (0..nodes).map(|node| network.add_node(&format!("n{node}")).unwrap()).collect();
        (network, nodes)
    }

    #[test]
    fn who_takes_turns_speaks_at_least_eight_times_and_the_dead_are_passed_over() {
        let (mut network, nodes) = network(40);
        let mut cast = Cast::among(&nodes, Senders::Rotate, None, 35, Seed::new(5));
        let mut times = BTreeMap::<NodeId, u32>::new();
        for _ in 0..35 {
            *times.entry(cast.next(&network).unwrap()).or_default() += 1;
        }
        assert_eq!(times.len(), 4);
        assert!(times.values().all(|times| *times >= SETTLED_FROM), "{times:?}");
        network.crash_all(times.keys().copied().skip(1));
        let left: BTreeSet<_> = (0..9).map(|_| cast.next(&network).unwrap()).collect();
        assert_eq!(left.len(), 1);
        network.crash_all(left);
        assert_eq!(cast.next(&network), None);
    }

    #[test]
    fn a_shuffle_keeps_everybody_and_depends_on_the_seed() {
        let (_, nodes) = network(30);
        let (one, other) = (shuffled(&nodes, Seed::new(1)), shuffled(&nodes, Seed::new(2)));
        assert_ne!(one, other);
        assert_eq!(one, shuffled(&nodes, Seed::new(1)));
        assert_eq!(one.into_iter().collect::<BTreeSet<_>>(), nodes.into_iter().collect());
    }
}
