//! Where the nodes of a broadcast tree are drawn: around its author, each branch in a sector as wide as it has leaves.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use crate::sim::record::DeliveryRow;

/// One node of the tree.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Placed {
    /// Which delivery it is.
    pub(super) delivery: usize,
    /// Which other one of the placed it hangs on; none for the author, and for whom nobody is known to have sent it.
    pub(super) parent: Option<usize>,
    /// In radians, clockwise from the top.
    pub(super) angle: f64,
    /// How many nodes without children are below it, itself included if it is one.
    pub(super) leaves: usize,
}

/// All nodes of the tree, parents before their children.
pub(super) fn place(deliveries: &[DeliveryRow]) -> Vec<Placed> {
    let number_of: BTreeMap<usize, usize> =
        deliveries.iter().enumerate().map(|(number, delivery)| (delivery.node, number)).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); deliveries.len()];
    let mut roots = Vec::new();
    for (number, delivery) in deliveries.iter().enumerate() {
        match delivery.from.and_then(|from| number_of.get(&from)).filter(|from| **from != number) {
            Some(&parent) => children[parent].push(number),
            None => roots.push(number),
        }
    }
    let mut placed = parents_first(&roots, &children);
    for at in (0..placed.len()).rev() {
        let leaves = placed[at].leaves.max(1);
        placed[at].leaves = leaves;
        if let Some(parent) = placed[at].parent {
            placed[parent].leaves += leaves;
        }
    }
    spread(&mut placed);
    placed
}

fn parents_first(roots: &[usize], children: &[Vec<usize>]) -> Vec<Placed> {
    let mut placed: Vec<Placed> = Vec::with_capacity(children.len());
    let mut waiting: Vec<(usize, Option<usize>)> = roots.iter().rev().map(|root| (*root, None)).collect();
    while let Some((delivery, parent)) = waiting.pop() {
        let at = placed.len();
        placed.push(Placed { delivery, parent, angle: 0.0, leaves: 0 });
        waiting.extend(children[delivery].iter().rev().map(|child| (*child, Some(at))));
    }
    placed
}

/// Gives every node the middle of its sector.
fn spread(placed: &mut [Placed]) {
    let all: usize = placed.iter().filter(|node| node.parent.is_none()).map(|node| node.leaves).sum();
    let per_leaf = TAU / all.max(1) as f64;
    // Where the next child of each begins, and for the roots at the end.
    let mut begins = vec![0.0; placed.len() + 1];
    for at in 0..placed.len() {
        let Placed { parent, leaves, .. } = placed[at];
        let mine = &mut begins[parent.unwrap_or(placed.len())];
        let start = *mine;
        let width = leaves as f64 * per_leaf;
        *mine += width;
        begins[at] = start;
        placed[at].angle = start + width / 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(node: usize, from: Option<usize>) -> DeliveryRow {
        DeliveryRow { node, from, hops: 0, after_ms: 0.0 }
    }

    #[test]
    fn branches_have_their_share_of_the_circle_and_parents_stand_amid_their_children() {
        // 7 is the author; 1 has three leaves, 2 is one. A child comes before its parent, as an order of deliveries may.
        let rows = [(7, None), (3, Some(1)), (1, Some(7)), (2, Some(7)), (4, Some(1)), (5, Some(1))];
        let placed = place(&rows.map(|(node, from)| delivery(node, from)));
        let of = |number: usize| placed.iter().find(|node| node.delivery == number).unwrap();
        assert_eq!(placed.len(), 6);
        assert_eq!((of(0).leaves, of(2).leaves, of(3).leaves), (4, 3, 1));
        assert!((of(2).angle - TAU * 3.0 / 8.0).abs() < 1e-9, "{placed:?}");
        assert!((of(2).angle - (of(1).angle + of(5).angle) / 2.0).abs() < 1e-9, "{placed:?}");
        assert!(placed.iter().enumerate().all(|(at, node)| node.parent.is_none_or(|parent| parent < at)));
    }

    #[test]
    fn whose_parent_is_unknown_hangs_on_nothing() {
        let placed =
            place(&[delivery(7, None), delivery(1, Some(9)), delivery(2, Some(2)), delivery(3, Some(1))]);
        let parents: Vec<_> = placed.iter().map(|node| node.parent).collect();
        assert_eq!(parents, [None, None, Some(1), None]);
    }
}
