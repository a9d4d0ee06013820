//! Two halves that do not hear each other for a while, and find together again.

use std::time::Duration;

use anyhow::Context as _;
use chinwag_memory::{NodeId, secs};

use crate::arguments::{Senders, SimArguments};
use crate::sim::cast::{Cast, shuffled};
use crate::sim::measure::{STEP, Watch};
use crate::sim::scenario::{Chance, World};

/// What came of a partition.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Healed {
    /// How many messages were said while it lasted.
    pub(super) messages: u64,
    /// From its end until every message was everywhere; `None` if that did not come about.
    pub(super) everywhere_after: Option<Duration>,
}

/// Cuts the network into two halves for so long; in each of them somebody says something every second.
///
/// # Errors
/// If a node cannot speak.
pub(super) fn cut(
    world: &mut World,
    watch: &mut Watch,
    arguments: &SimArguments,
    time: Duration,
) -> anyhow::Result<Healed> {
    let network = &mut world.network;
    let chance = Chance::Halves.seed(arguments);
    let nodes = shuffled(&world.nodes, chance);
    let (one, other) = nodes.split_at(nodes.len() / 2);
    let authors = arguments.authors.unwrap_or(AUTHORS);
    let cast = |half: &[NodeId]| Cast::among(half, Senders::Rotate, Some(authors), 0, chance.derive(1));
    let mut casts = [cast(one), cast(other)];
    let said_before = watch.said();
    network.partition(one, other);
    let start = network.now();
    let end = start + time;
    let progress = &world.progress;
    progress.begin("two halves are apart", millis(time));
    while network.now() < end {
        for cast in &mut casts {
            let author = cast.next(network).context("nobody is left to speak")?;
            watch.say(network, author, true)?;
        }
        network.run_for(PACE.min(end.saturating_since(network.now())));
        progress.at(millis(network.now().saturating_since(start)));
    }
    tracing::info!(messages = watch.said() - said_before, "healed");
    network.heal();
    let healed = network.now();
    let give_up = healed + PATIENCE;
    while watch.all_everywhere_since(network).is_none() && network.now() < give_up {
        network.run_for(STEP);
    }
    let everywhere_after = watch.all_everywhere_since(network).map(|at| at.saturating_since(healed));
    watch.settle(network, secs(0));
    Ok(Healed { messages: watch.said() - said_before, everywhere_after })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// How many speak in turn in each half.
const AUTHORS: u32 = 3;

/// How often somebody speaks.
const PACE: Duration = secs(1);

/// How long the halves may take to tell each other everything.
const PATIENCE: Duration = secs(600);
