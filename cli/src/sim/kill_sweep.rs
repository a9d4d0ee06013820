//! The same message in the same network, each time with another share of the nodes killed in its very moment.

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::arguments::SimArguments;
use crate::sim::cast::Cast;
use crate::sim::measure::Watch;
use crate::sim::rounds;
use crate::sim::scenario::{Chance, World};

/// What came of killing one share of the nodes.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Debug)]
pub(super) struct KilledShare {
    /// The share that was asked for, 0 to 1.
    pub(super) share: f64,
    pub(super) killed: usize,
    /// The share of the survivors that the message came to within a minute, its author left out.
    pub(super) delivered_ratio: Option<f64>,
    /// From the crash until the survivors were one network again, and stayed it.
    pub(super) heal_seconds: Option<f64>,
}

/// Tries each share on a copy of the network, which itself stays as it is.
///
/// # Errors
/// If nobody can speak.
pub(super) fn sweep(
    world: &World,
    arguments: &SimArguments,
    shares: &[f64],
) -> anyhow::Result<Vec<KilledShare>> {
    let chance = Chance::Senders.seed(arguments);
    let mut cast = Cast::among(&world.nodes, arguments.senders, arguments.authors, 1, chance);
    let author = cast.next(&world.network).context("nobody is left to speak")?;
    world.progress.begin("nodes are killed", shares.len() as u64);
    let mut points = Vec::new();
    for (number, share) in (1..).zip(shares) {
        let mut network = world.network.clone();
        let mut watch = Watch::new(arguments.size as usize);
        let id = watch.say(&mut network, author, true)?;
        let victims = rounds::victims(&world.nodes, author, *share, arguments);
        let killed = rounds::crash(&mut network, &watch, &id, &victims);
        points.push(KilledShare {
            share: *share,
            killed: killed.nodes,
            delivered_ratio: Some(killed.delivered_ratio).filter(|ratio| ratio.is_finite()),
            heal_seconds: killed.healed_after.map(|time| time.as_secs_f64()),
        });
        world.progress.at(number);
    }
    points.sort_by(|one, other| one.share.total_cmp(&other.share));
    Ok(points)
}
