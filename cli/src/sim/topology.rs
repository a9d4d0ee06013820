//! Who joins whom.

use std::collections::BTreeSet;

use chinwag::Seed;

/// A connected random graph in which nodes have `degree` neighbours on average: for each node but the first, in
/// order, the earlier nodes that it joins.
pub(super) fn random(nodes: u32, degree: u32, seed: Seed) -> impl Iterator<Item = (u32, BTreeSet<u32>)> {
    (1..nodes).map(move |node| {
        // Each link counts for two nodes, so that half as many joins as neighbours are needed; where the degree is
        // odd, every other node makes one more.
        let joins = (degree / 2 + (degree % 2) * (node % 2)).min(node);
        let chance = seed.derive(u64::from(node));
        let mut friends = BTreeSet::new();
        let mut draw = 0;
        while friends.len() < joins.max(1) as usize {
            let drawn = chance.derive(draw).get();
            draw = draw.wrapping_add(1);
            friends.insert(u32::try_from(drawn % u64::from(node)).unwrap_or(0));
        }
        (node, friends)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_joins_somebody_earlier_and_the_mean_degree_is_as_asked() {
        for degree in [2, 5, 6] {
            let graph: Vec<_> = random(2000, degree, Seed::new(1)).collect();
            assert!(graph.iter().all(|(node, friends)| !friends.is_empty() && friends.last() < Some(node)));
            let links: usize = graph.iter().map(|(_, friends)| friends.len()).sum();
            let mean = links as f64 * 2.0 / 2000.0;
            assert!((mean - f64::from(degree)).abs() < 0.02, "{mean} for {degree}");
        }
        let pair: Vec<_> = random(2, 64, Seed::new(1)).collect();
        assert_eq!(pair, [(1, BTreeSet::from([0]))]);
    }
}
