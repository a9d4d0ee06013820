//! What nodes have told their applications, noted as it comes: the model's side of every promise.

use std::collections::{BTreeMap, BTreeSet};

use chinwag::{Event, MessageId, PeerId, Stats, StreamId};

/// What one node has said and heard since it last lost its memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Diary {
    /// What it said to everybody.
    pub said: BTreeSet<MessageId>,
    /// What it was told that others said to everybody.
    pub heard: BTreeSet<MessageId>,
    /// What it was told is missing: from, to, and whether that was before its time.
    pub gaps: BTreeMap<StreamId, Vec<(u64, u64, bool)>>,
    /// Whom it was told to join through.
    pub joined: BTreeSet<usize>,
    /// How many of its events were read.
    pub read: usize,
    /// How often it was told that a peer is linked.
    pub links: u64,
}

/// A one-to-one message.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// Who sent it, and in which life.
    pub from: (usize, u64),
    /// Whom it was for.
    pub to: usize,
    /// How often, in all lives of its recipient, it was delivered.
    pub delivered: u64,
    /// How often its sender was told that it arrived, and that it did not.
    pub arrived: u64,
    /// How often its sender was told that it did not.
    pub undeliverable: u64,
}

/// How often something worth knowing happened.
pub type Tally = BTreeMap<&'static str, u64>;

/// The counters of nodes, added up, by their names.
#[derive(Clone, Debug, Default)]
pub struct Counts(pub BTreeMap<String, u64>);

impl Counts {
    /// Adds a node's counters.
    pub fn add(&mut self, stats: &Stats) {
        let counters = serde_json::to_value(stats).expect("plain numbers");
        for (name, count) in counters.as_object().into_iter().flatten() {
            let sum = self.0.entry(name.clone()).or_default();
            *sum = sum.saturating_add(count.as_u64().unwrap_or_default());
        }
    }

    /// Adds other counts.
    pub fn merge(&mut self, other: &Self) {
        for (name, count) in &other.0 {
            *self.0.entry(name.clone()).or_default() += count;
        }
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or_default()
    }
}

impl Diary {
    /// What a node has of what was said to everybody: with room for all, it retains just this.
    pub(super) fn has(&self) -> impl Iterator<Item = &MessageId> {
        self.said.iter().chain(&self.heard)
    }

    /// Whether the node was told that it will not get this, and whether that was before its time.
    pub(super) fn was_told_missing(&self, id: &MessageId) -> Option<bool> {
        let MessageId::Native { stream, sequence } = id else { return None };
        let mut gaps = self.gaps.get(stream)?.iter();
        let number = sequence.get();
        gaps.find(|(from, to, _)| (*from..=*to).contains(&number)).map(|(_, _, before)| *before)
    }

    /// Notes an event about what was said to everybody.
    pub(super) fn note(&mut self, event: &Event) {
        if let Event::Delivered(delivery) = event {
            self.heard.extend(delivery.id());
        } else if let Event::Gap { stream, from, to, before_contact } = event {
            let gap = (from.get(), to.get(), *before_contact);
            self.gaps.entry(stream.clone()).or_default().push(gap);
        } else if let Event::PeerUp { .. } = event {
            self.links += 1;
        }
    }
}

/// Notes an event about one-to-one messages. Says what is wrong with it.
pub(super) fn note_told(
    told: &mut BTreeMap<MessageId, Told>,
    node: usize,
    names: &[PeerId],
    event: &Event,
) -> Result<(), String> {
    let (id, to) = if let Event::Direct(delivery) = event {
        (delivery.id(), None)
    } else if let Event::Arrived { id, to } | Event::Undeliverable { id, to, .. } = event {
        (Some(id.clone()), Some(to))
    } else {
        return Ok(());
    };
    let known = id.as_ref().and_then(|id| told.get_mut(id));
    let known = known.ok_or_else(|| format!("node {node}: {event:?} is about nothing that was said"))?;
    if let Event::Direct(_) = event {
        if known.to != node {
            return Err(format!("node {node} was given what was for node {}: {event:?}", known.to));
        }
        known.delivered += 1;
        return Ok(());
    }
    if known.from.0 != node || to != names.get(known.to) {
        return Err(format!("node {node} was told of somebody else's message: {event:?}"));
    }
    if let Event::Arrived { .. } = event {
        known.arrived += 1;
        if known.delivered == 0 {
            return Err(format!("node {node} was told {event:?}, which was never delivered"));
        }
    } else {
        known.undeliverable += 1;
    }
    if known.arrived + known.undeliverable > 1 {
        return Err(format!("node {node} was told twice what became of a message: {event:?}"));
    }
    Ok(())
}
