//! Messages said one at a time, and nodes that are killed while one of them spreads.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use chinwag::MessageId;
use chinwag_memory::{Network, NodeId, ms, secs};

use crate::arguments::SimArguments;
use crate::sim::cast::{Cast, shuffled};
use crate::sim::measure::{AFTERMATH, STEP, Watch};
use crate::sim::scenario::{Chance, World};

/// What came of killing nodes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Killed {
    pub(super) nodes: usize,
    /// Into how many parts the survivors fell by whom they knew: more than 1 cannot become one network again.
    pub(super) known_components: usize,
    /// The share of the survivors that the message of that moment came to, its author left out.
    pub(super) delivered_ratio: f64,
    /// From the crash until the survivors were one network again, and stayed it.
    pub(super) healed_after: Option<Duration>,
}

/// Says so many messages, each after the one before has settled.
///
/// # Errors
/// If a node cannot speak.
pub(super) fn say(
    world: &mut World,
    watch: &mut Watch,
    arguments: &SimArguments,
    rounds: u32,
) -> anyhow::Result<Option<Killed>> {
    let mut cast = Cast::among(
        &world.nodes,
        arguments.senders,
        arguments.authors,
        rounds,
        Chance::Senders.seed(arguments),
    );
    let kill =
        arguments.kill.map(|share| (share, arguments.kill_at_broadcast.flatten().unwrap_or(rounds / 2 + 1)));
    if let Some((_, at)) = kill {
        ensure!(at <= rounds, "there is no message number {at} at which to kill: say --rounds {at} or more");
    }
    let mut killed = None;
    world.progress.begin("messages are said", rounds.into());
    for round in 1..=rounds {
        let network = &mut world.network;
        let author = cast.next(network).context("nobody is left to speak")?;
        let share = kill.filter(|(_, at)| *at == round).map(|(share, _)| share);
        let id = watch.say(network, author, share.is_some())?;
        if let Some(share) = share {
            let victims = victims(&world.nodes, author, share, arguments);
            killed = Some(crash(network, watch, &id, &victims));
        }
        let give_up = network.now() + PATIENCE;
        while !watch.last_is_everywhere(network) && network.now() < give_up {
            network.run_for(STEP);
        }
        network.run_for(AFTERMATH);
        watch.sum_up_settled(network);
        world.progress.at(round.into());
    }
    watch.settle(&mut world.network, LAST_PATIENCE);
    Ok(killed)
}

/// Who is killed: everybody but the author may be.
pub(super) fn victims(nodes: &[NodeId], author: NodeId, share: f64, arguments: &SimArguments) -> Vec<NodeId> {
    let mut victims = shuffled(nodes, Chance::Victims.seed(arguments));
    victims.retain(|node| *node != author);
    // A float-to-integer cast saturates, and the share is at most 1.
    victims.truncate((nodes.len() as f64 * share).round() as usize);
    victims
}

/// Kills nodes in the very moment in which a message was said, and waits until the others have found together.
pub(super) fn crash(network: &mut Network, watch: &Watch, id: &MessageId, victims: &[NodeId]) -> Killed {
    network.crash_all(victims.iter().copied());
    let start = network.now();
    let known_components = network.known_components();
    let mut healed_after = None;
    loop {
        let elapsed = network.now().saturating_since(start);
        if network.overlay().components() > 1 {
            healed_after = None;
        } else {
            healed_after.get_or_insert(elapsed);
        }
        let stays = healed_after.is_some_and(|healed| elapsed >= healed + AFTERMATH);
        if (stays && watch.last_is_everywhere(network)) || elapsed >= LAST_PATIENCE {
            break;
        }
        network.run_for(SAMPLE);
    }
    let survivors = network.nodes().filter(|node| network.is_running(*node)).count().saturating_sub(1);
    let reached = network.spread(id).map_or(0, |spread| {
        spread.deliveries().iter().filter(|reached| network.is_running(reached.node)).count()
    });
    let delivered_ratio = reached as f64 / survivors as f64;
    Killed { nodes: victims.len(), known_components, delivered_ratio, healed_after }
}

/// How long a message may take before the next one is said.
const PATIENCE: Duration = secs(3);

/// How long the last ones may take, and the one in whose moment nodes are killed.
pub(super) const LAST_PATIENCE: Duration = secs(60);

/// How often is looked whether the survivors are one network.
const SAMPLE: Duration = ms(20);
