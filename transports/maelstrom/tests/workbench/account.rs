//! What was asked, answered and sent, and what follows from that.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Everything that counts.
pub(crate) struct Account {
    nodes: usize,
    asked: BTreeMap<u64, (usize, String, Option<u64>, Instant)>,
    /// When each value was acknowledged.
    acknowledged: BTreeMap<u64, Instant>,
    /// When the last read was asked for that lacked a value which was acknowledged before.
    missed: BTreeMap<u64, Instant>,
    /// What each node said last that it has.
    read: Vec<BTreeSet<u64>>,
    operations: u64,
    messages: u64,
    lost: u64,
    kinds: BTreeMap<String, u64>,
    frames: u64,
    /// By how much lines were handed over later than they should.
    lateness: Vec<Duration>,
}

impl Account {
    pub(crate) fn new(nodes: usize) -> Self {
        Self {
            nodes,
            asked: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            missed: BTreeMap::new(),
            read: vec![BTreeSet::new(); nodes],
            operations: 0,
            messages: 0,
            lost: 0,
            kinds: BTreeMap::new(),
            frames: 0,
            lateness: Vec::new(),
        }
    }

    /// From now on messages and operations count.
    pub(crate) fn begin(&mut self) {
        (self.operations, self.messages, self.frames) = (0, 0, 0);
        self.kinds.clear();
        self.lateness.clear();
    }

    pub(crate) fn asked(&mut self, request: u64, node: usize, body: &Value, at: Instant) {
        let kind = body["type"].as_str().unwrap().to_owned();
        self.operations += 1;
        self.asked.insert(request, (node, kind, body["message"].as_u64(), at));
    }

    pub(crate) fn answered(&mut self, body: &Value, at: Instant) {
        let request = body["in_reply_to"].as_u64().unwrap();
        let (node, kind, value, asked_at) = self.asked.remove(&request).unwrap();
        assert_eq!(body["type"], format!("{kind}_ok"), "{body}");
        if let Some(value) = value {
            self.acknowledged.insert(value, at);
        }
        let Some(values) = body["messages"].as_array() else { return };
        let read: BTreeSet<u64> = values.iter().map(|value| value.as_u64().unwrap()).collect();
        assert_eq!(read.len(), values.len(), "a value is there twice");
        for (value, acknowledged) in &self.acknowledged {
            if !read.contains(value) && *acknowledged <= asked_at {
                let missed = self.missed.entry(*value).or_insert(asked_at);
                *missed = asked_at.max(*missed);
            }
        }
        self.read[node] = read;
    }

    pub(crate) fn sent(&mut self, body: &Value, lost: bool) {
        self.messages += 1;
        self.lost += u64::from(lost);
        self.frames += body["frames"].as_array().unwrap().len() as u64;
        *self.kinds.entry(body["type"].as_str().unwrap().to_owned()).or_default() += 1;
    }

    pub(crate) fn late(&mut self, by: Duration) {
        self.lateness.push(by);
    }

    /// How many requests wait for their answer.
    pub(crate) fn unanswered(&self) -> usize {
        self.asked.len()
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.len()
    }

    pub(crate) fn lost_messages(&self) -> u64 {
        self.lost
    }

    /// How many values are missing in what the nodes said last that they have.
    pub(crate) fn missing(&self) -> usize {
        let has = |node: usize, value: &u64| self.read[node].contains(value);
        let values = || self.acknowledged.keys();
        (0..self.nodes).map(|node| values().filter(|value| !has(node, value)).count()).sum()
    }

    /// Lines between nodes for each operation.
    pub(crate) fn messages_per_operation(&self) -> f64 {
        self.messages as f64 / self.operations as f64
    }

    /// How long after its acknowledgement a value was still missing in some read: for the value in the middle, and for
    /// the worst. This is what Maelstrom calls the stable latency.
    pub(crate) fn latency(&self) -> (Duration, Duration) {
        let each = self.acknowledged.iter().map(|(value, acknowledged)| {
            self.missed
                .get(value)
                .map_or(Duration::ZERO, |missed| missed.saturating_duration_since(*acknowledged))
        });
        let mut all: Vec<Duration> = each.collect();
        all.sort_unstable();
        (all[all.len() / 2], all[all.len() - 1])
    }

    /// By how much 99 of 100 lines were late at most because of the machine, and the worst.
    pub(crate) fn lateness(&self) -> (Duration, Duration) {
        let mut all = self.lateness.clone();
        all.sort_unstable();
        (all[all.len() * 99 / 100], all[all.len() - 1])
    }

    pub(crate) fn summary(&self) -> String {
        let ((middle, most), (late, latest)) = (self.latency(), self.lateness());
        format!(
            "{} values; {} operations, {} messages between nodes with {} frames: {:.2} an operation; visible after \
             {middle:?} in the middle, {most:?} at most; the machine was {late:?} late at the 99th percentile, {latest:?} \
             at most; first frames {:?}",
            self.acknowledged.len(),
            self.operations,
            self.messages,
            self.frames,
            self.messages_per_operation(),
            self.kinds
        )
    }
}
