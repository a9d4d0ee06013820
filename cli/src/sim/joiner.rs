//! A node that joins when much has been said.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context as _;
use chinwag::{Event, MessageId};
use chinwag_memory::{Network, NodeId, ms, secs};

use crate::arguments::{Contact, LinkKind, Senders, SimArguments};
use crate::sim::cast::{Cast, place};
use crate::sim::measure::Watch;
use crate::sim::rounds::LAST_PATIENCE;
use crate::sim::scenario::{Chance, World, node_config};

/// What a node that came late has heard of what was said before.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Joined {
    /// How much was said before.
    pub(super) history: usize,
    /// How much of it the joiner has delivered.
    pub(super) received: usize,
    /// From its first link until the last of it; `None` if there was none.
    pub(super) caught_up_after: Option<Duration>,
    /// That time in round trips of its first link.
    pub(super) round_trips: Option<f64>,
    /// All that it was sent meanwhile for each byte of these messages, but the one that is needed.
    pub(super) overhead: Option<f64>,
}

/// Has the history said, and one more node join.
///
/// # Errors
/// If a node cannot speak, be added or join.
pub(super) fn join(
    world: &mut World,
    watch: &mut Watch,
    arguments: &SimArguments,
    contact: Contact,
) -> anyhow::Result<Joined> {
    let history = say_history(world, watch, arguments)?;
    let network = &mut world.network;
    let contact = match contact {
        Contact::First => world.nodes.first(),
        Contact::Random => {
            let drawn = Chance::Contact.seed(arguments).get();
            world.nodes.get(place(drawn, world.nodes.len()))
        }
    };
    let mut config = node_config(arguments, arguments.nodes)?;
    config.catch_up = arguments.catch_up.unwrap_or(arguments.history);
    let joiner = network.add_node_with(config)?;
    network.keep_events(joiner, true);
    network.join(joiner, *contact.context("there is nobody to join")?)?;
    tracing::info!(history = history.len(), "one more joins");
    let line_break = u64::from(arguments.semantics == LinkKind::Stream);
    Ok(listen(network, joiner, history, line_break))
}

fn say_history(
    world: &mut World,
    watch: &mut Watch,
    arguments: &SimArguments,
) -> anyhow::Result<BTreeSet<MessageId>> {
    let network = &mut world.network;
    let authors = arguments.authors.unwrap_or(AUTHORS);
    let chance = Chance::Senders.seed(arguments);
    let senders = if arguments.senders == Senders::Single { Senders::Single } else { Senders::Rotate };
    let mut cast = Cast::among(&world.nodes, senders, Some(authors), 0, chance);
    let mut history = BTreeSet::new();
    world.progress.begin("a history is said", arguments.history.into());
    for number in 1..=arguments.history {
        let author = cast.next(network).context("nobody is left to speak")?;
        history.insert(watch.say(network, author, false)?);
        network.run_for(PACE);
        if number % LOOK_EVERY == 0 {
            watch.sum_up_settled(network);
            world.progress.at(number.into());
        }
    }
    watch.settle(network, LAST_PATIENCE);
    Ok(history)
}

/// Waits until the joiner has heard the whole history, or nothing more for a while.
fn listen(
    network: &mut Network,
    joiner: NodeId,
    mut missing: BTreeSet<MessageId>,
    line_break: u64,
) -> Joined {
    let history = missing.len();
    let mut progress = network.now();
    let (mut last, mut post_bytes, mut received_bytes) = (None, 0_u64, 0_u64);
    while !missing.is_empty() && network.now().saturating_since(progress) < PATIENCE {
        network.run_for(SAMPLE);
        for (at, event) in network.take_events(joiner) {
            let Event::Delivered(delivery) = event else { continue };
            if delivery.id().is_some_and(|id| missing.remove(&id)) {
                last = Some(at);
                post_bytes += delivery.message().encoded().len() as u64 + line_break;
                progress = network.now();
                received_bytes = network.received_by(joiner).total().bytes;
            }
        }
    }
    let link = network.first_link(joiner);
    let caught_up_after = last.zip(link).map(|(last, (up, _))| last.saturating_since(up));
    let round_trip = link.map(|(_, peer)| 2.0 * network.latency(joiner, peer).as_secs_f64());
    Joined {
        history,
        received: history - missing.len(),
        caught_up_after,
        round_trips: caught_up_after.zip(round_trip).map(|(time, trip)| time.as_secs_f64() / trip),
        overhead: (post_bytes > 0).then(|| received_bytes as f64 / post_bytes as f64 - 1.0),
    }
}

/// How many take turns with the history, unless that is said.
const AUTHORS: u32 = 10;

/// How fast the history is said.
const PACE: Duration = ms(20);

/// After how many messages those are summed up that have settled.
const LOOK_EVERY: u32 = 100;

/// How often is looked what the joiner has heard.
const SAMPLE: Duration = ms(10);

/// How long the joiner may hear nothing of the history before it is taken to have heard all that it will.
const PATIENCE: Duration = secs(20);
