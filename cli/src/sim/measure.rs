//! What becomes of each message.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use chinwag::{MessageId, Time};
use chinwag_memory::{LoggedPacket, Network, NodeId, Spread, ms};

use crate::sim::cast::SETTLED_FROM;
use crate::sim::distributions::Distributions;

/// One message that was said, while it is followed.
#[derive(Clone, Debug)]
struct Said {
    id: MessageId,
    author: NodeId,
    at: Time,
    /// Which of its author's messages it is, from 1.
    turn: u32,
    text: usize,
    /// How many nodes there were: who came later is not owed it.
    audience: usize,
    disturbed: bool,
}

/// What became of one message.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Measured {
    pub(super) author: NodeId,
    pub(super) said: Time,
    /// Which of its author's messages it was, from 1.
    pub(super) turn: u32,
    /// Whether it was said in the very moment of a fault, so that it says nothing about the usual ways.
    pub(super) disturbed: bool,
    /// To how many others it should have come: those that were there when it was said, and run still.
    pub(super) due: usize,
    /// To how many of them it came.
    pub(super) deliveries: usize,
    pub(super) copies: u64,
    /// Over all to whom it came, whether they run still or not: so many.
    pub(super) hops_sum: u64,
    pub(super) reached: usize,
    /// How many hops its longest way had.
    pub(super) hops_last: Option<u16>,
    /// How long its last delivery took.
    pub(super) last: Option<Duration>,
    /// How many bytes its frame has more than its text.
    pub(super) envelope: usize,
}

impl Measured {
    /// Copies received for each delivery, but the one that is needed (relative message redundancy).
    pub(super) fn redundancy(&self) -> Option<f64> {
        (self.deliveries > 0).then(|| self.copies as f64 / self.deliveries as f64 - 1.0)
    }
}

/// Says messages, and follows them until they have settled.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    open: Vec<Said>,
    measured: Vec<Measured>,
    turns: BTreeMap<NodeId, u32>,
    said: u64,
    /// How long texts are.
    size: usize,
    distributions: Distributions,
    last: Option<LastMessage>,
}

/// The message that was said last, in full.
#[derive(Clone, Debug)]
pub(super) struct LastMessage {
    pub(super) spread: Spread,
    /// What was sent from the moment it was said until it had settled; empty in a network of more than [`FEW`].
    pub(super) packets: Vec<LoggedPacket>,
}

impl Watch {
    /// Says texts of so many bytes (or a few more, as they are numbered).
    pub(super) fn new(size: usize) -> Self {
        Self { size, ..Self::default() }
    }

    /// Has a node say the next text.
    ///
    /// # Errors
    /// If it cannot.
    pub(super) fn say(
        &mut self,
        network: &mut Network,
        author: NodeId,
        disturbed: bool,
    ) -> anyhow::Result<MessageId> {
        self.said += 1;
        let text = format!("{:.<1$}", self.said, self.size);
        let length = text.len();
        network.log_packets(network.nodes().len() <= FEW);
        let at = network.now();
        let id = network.broadcast(author, text).context("a node could not speak")?;
        let turn = self.turns.entry(author).or_default();
        *turn += 1;
        let audience = network.nodes().len();
        self.open.push(Said { id: id.clone(), author, at, turn: *turn, text: length, audience, disturbed });
        Ok(id)
    }

    /// Whether the message said last is everywhere, as far as nodes run.
    pub(super) fn last_is_everywhere(&self, network: &Network) -> bool {
        self.open.last().is_none_or(|said| everywhere(network, said))
    }

    /// When the last delivery of the open messages was, if all of them are everywhere.
    pub(super) fn all_everywhere_since(&self, network: &Network) -> Option<Time> {
        let mut since = Time::ZERO;
        for said in &self.open {
            let spread = network.spread(&said.id).filter(|_| everywhere(network, said))?;
            since = since.max(last_delivery(spread));
        }
        Some(since)
    }

    /// Stops following what is everywhere and has moved no more for a while: what comes too late to be needed still
    /// counts.
    pub(super) fn sum_up_settled(&mut self, network: &mut Network) {
        let now = network.now();
        for said in core::mem::take(&mut self.open) {
            let settled = everywhere(network, &said)
                && network.spread(&said.id).is_none_or(|spread| now >= last_delivery(spread) + AFTERMATH);
            if settled {
                self.sum_up(network, &said);
            } else {
                self.open.push(said);
            }
        }
    }

    /// Lets time pass until all open messages are everywhere, or for `limit`, and stops following them.
    pub(super) fn settle(&mut self, network: &mut Network, limit: Duration) {
        let end = network.now() + limit;
        while self.all_everywhere_since(network).is_none() && network.now() < end {
            network.run_for(STEP);
        }
        network.run_for(AFTERMATH);
        for said in core::mem::take(&mut self.open) {
            self.sum_up(network, &said);
        }
    }

    /// How many messages were said in all.
    pub(super) fn said(&self) -> u64 {
        self.said
    }

    /// What became of those that are not followed any more.
    pub(super) fn measured(&self) -> &[Measured] {
        &self.measured
    }

    /// How their deliveries are spread over time and hops. What was sent is not in it.
    pub(super) fn distributions(&self) -> &Distributions {
        &self.distributions
    }

    /// The last of them.
    pub(super) fn last(&self) -> Option<&LastMessage> {
        self.last.as_ref()
    }

    fn sum_up(&mut self, network: &mut Network, said: &Said) {
        let Some(spread) = network.take_spread(&said.id) else { return };
        let (due, deliveries) = due_and_made(network, said, &spread);
        self.count(said, &spread, due.saturating_sub(deliveries));
        self.measured.push(Measured {
            author: said.author,
            said: said.at,
            turn: said.turn,
            disturbed: said.disturbed,
            due,
            deliveries,
            copies: spread.copies(),
            hops_sum: spread.deliveries().iter().map(|reached| u64::from(reached.hops)).sum(),
            reached: spread.deliveries().len(),
            hops_last: spread.last_hop(),
            last: spread.last_delivery(),
            envelope: spread.frame_bytes().saturating_sub(said.text),
        });
        if self.last.as_ref().is_none_or(|last| last.spread.published() <= said.at) {
            let packets = network.logged_packets().to_vec();
            self.last = Some(LastMessage { spread, packets });
        }
    }

    fn count(&mut self, said: &Said, spread: &Spread, missing: usize) {
        let times = || spread.deliveries().iter().map(|reached| reached.after);
        let counts = &mut self.distributions;
        if said.disturbed {
            counts.disturbed.add(times(), missing);
            return;
        }
        counts.calm.add(times(), missing);
        if said.turn == 1 {
            counts.first.add(times(), missing);
        }
        if said.turn >= SETTLED_FROM {
            counts.settled.add(times(), missing);
        }
        for reached in spread.deliveries() {
            let hops = usize::from(reached.hops);
            if counts.hops.len() <= hops {
                counts.hops.resize(hops + 1, 0);
            }
            counts.hops[hops] += 1;
        }
    }
}

fn everywhere(network: &Network, said: &Said) -> bool {
    network.spread(&said.id).is_none_or(|spread| {
        let (due, made) = due_and_made(network, said, spread);
        made >= due
    })
}

/// How many deliveries are due among the nodes that run, and how many of these were made.
fn due_and_made(network: &Network, said: &Said, spread: &Spread) -> (usize, usize) {
    let runs = |node: &NodeId| network.is_running(*node);
    let due = network.nodes().take(said.audience).filter(|node| runs(node) && Some(*node) != spread.author());
    let made = spread.deliveries().iter().map(|reached| reached.node);
    let made = made.filter(|node| runs(node) && node.index() < said.audience);
    (due.count(), made.count())
}

fn last_delivery(spread: &Spread) -> Time {
    spread.published() + spread.last_delivery().unwrap_or_default()
}

/// Up to how many nodes it is kept who said what to whom.
pub(super) const FEW: usize = 9;

/// How often is looked whether a message is everywhere, in virtual time.
pub(super) const STEP: Duration = ms(50);

/// How long a message that is everywhere is still followed.
pub(super) const AFTERMATH: Duration = ms(1000);
