//! How a node is set up for a network that takes a tenth of a second for each message, and counts them.

use std::time::Duration;

use chinwag::{Config, Epoch, PeerId, PeerIdError, Strategy};

use crate::bundles::Patience;

/// How long frames wait for others that go the same way.
pub(crate) const PATIENCE: Patience =
    Patience { posts: Duration::from_millis(35), others: Duration::from_millis(120) };

/// The configuration of the node called `id` in its run `epoch`.
///
/// # Errors
/// When that is no name of a peer.
pub(crate) fn config(id: &str, epoch: Epoch) -> Result<Config, PeerIdError> {
    let mut config = Config::new(PeerId::new(id)?, epoch);
    // With four neighbours each and frames that wait for each other, copies cost hardly any lines, and whatever is lost
    // or late, the next copy is on its way.
    config.strategy = Strategy::Flood;
    // Who is whose neighbour is settled by `distances`.
    config.target_neighbours = 0;
    // Lines take long here, and links on which much is said are never silent.
    config.idle = Duration::from_secs(2);
    config.dead = Duration::from_secs(5);
    config.catch_up = 10_000;
    config.backoff_max = Duration::from_secs(2);
    // All values have to be there at the end, however long that is, and whoever has one may be parted from us.
    config.gap_patience = Duration::from_secs(24 * 3600);
    config.max_held = 100_000;
    config.max_history = 100_000;
    config.max_history_bytes = 64 << 20;
    Ok(config)
}

/// At which distances in the ring of all nodes those stand that a node joins: *k* and *k* + 1, for the least *k* with
/// 2*k*² + 2*k* + 1 nodes or more. Nobody is then further than *k* links from anybody, and no ring whose nodes have four
/// neighbours does better (Beivide, Herrada, Balcázar, Arruabarrena, 1991).
pub(crate) fn distances(nodes: usize) -> [usize; 2] {
    let reaches =
        |k: &usize| k.saturating_mul(k.saturating_add(1)).saturating_mul(2).saturating_add(1) >= nodes;
    let k = (1..).find(reaches).unwrap_or(1);
    [k, k.saturating_add(1)]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_is_far_from_anybody() {
        for nodes in 2..=60 {
            let mut reached = BTreeSet::from([0]);
            let mut steps = 0;
            while reached.len() < nodes {
                steps += 1;
                let from = reached.clone();
                for (at, distance) in
                    from.iter().flat_map(|at| distances(nodes).map(|distance| (at, distance)))
                {
                    let distance = distance % nodes;
                    reached.extend([(at + distance) % nodes, (at + nodes - distance) % nodes]);
                }
            }
            let [k, _] = distances(nodes);
            assert!(steps <= k, "{nodes} nodes: {steps} steps");
        }
    }
}
