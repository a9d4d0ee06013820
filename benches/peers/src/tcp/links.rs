//! Who is linked with whom, where peers do not find out themselves.

use std::collections::BTreeSet;

use rand::rngs::ChaCha12Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::work::Shape;

/// Each link once: who listens, and who dials. A ring, and as many links again for each as it takes to have `DEGREE` in
/// the mean, drawn at random, and the same ones each time.
pub(super) fn links(shape: Shape) -> BTreeSet<(usize, usize)> {
    let peers = match shape {
        Shape::Star(links) => return (1..=links).map(|place| (0, place)).collect(),
        Shape::Mesh(peers) => peers,
    };
    let mut random = ChaCha12Rng::seed_from_u64(1);
    let ordered = |one: usize, other: usize| (one.min(other), one.max(other));
    let mut links: BTreeSet<_> = (0..peers).map(|place| ordered(place, (place + 1) % peers)).collect();
    let wanted = peers * DEGREE.min(peers - 1) / 2;
    while links.len() < wanted {
        let (one, other) = (random.random_range(0..peers), random.random_range(0..peers));
        if one != other {
            links.insert(ordered(one, other));
        }
    }
    links
}

/// As many as a peer of chinwag's has.
const DEGREE: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_linked_and_nobody_with_themselves() {
        for (shape, expected) in [(Shape::Star(50), 50), (Shape::Mesh(50), 200), (Shape::Mesh(4), 6)] {
            let links = links(shape);
            assert_eq!(links.len(), expected, "{shape:?}");
            assert!(links.iter().all(|(one, other)| one < other && *other < shape.peers()), "{shape:?}");
            let mut reached = BTreeSet::from([0]);
            for _ in 0..shape.peers() {
                let ends =
                    links.iter().filter(|(one, other)| reached.contains(one) || reached.contains(other));
                reached.extend(ends.flat_map(|(one, other)| [*one, *other]).collect::<Vec<_>>());
            }
            assert_eq!(reached.len(), shape.peers(), "{shape:?}");
        }
    }
}
