//! Routes lines between nodes and clients.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::account::Account;
use crate::process::{Process, Said};

/// Nodes `n0`, `n1`, … and one client, `c1`.
pub(crate) struct Network {
    nodes: Vec<Process>,
    said: Receiver<Said>,
    latency: Duration,
    /// What is under way: when it is due, in which order it was said, where to, and the line.
    under_way: BinaryHeap<Reverse<(Instant, u64, usize, String)>>,
    count: u64,
    /// Pairs of nodes that do not hear each other, the lesser first.
    parted: BTreeSet<(usize, usize)>,
    next_request: u64,
    pub(crate) account: Account,
}

#[expect(clippy::disallowed_methods, reason = "a network owns the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

impl Network {
    /// So many nodes that know who they are.
    pub(crate) fn start(nodes: usize, latency: Duration) -> Self {
        let (say, said) = channel();
        let mut network = Self {
            nodes: (0..nodes).map(|number| Process::start(number, say.clone())).collect(),
            said,
            latency,
            under_way: BinaryHeap::new(),
            count: 0,
            parted: BTreeSet::new(),
            next_request: 0,
            account: Account::new(nodes),
        };
        let names: Vec<String> = (0..nodes).map(name).collect();
        for node in 0..nodes {
            network.ask(node, json!({"type": "init", "node_id": names[node], "node_ids": names}));
        }
        let everybody: serde_json::Map<_, _> =
            names.iter().map(|name| (name.clone(), json!(names))).collect();
        for node in 0..nodes {
            network.ask(node, json!({"type": "topology", "topology": everybody}));
        }
        network
    }

    pub(crate) fn size(&self) -> usize {
        self.nodes.len()
    }

    /// Has the client ask a node.
    pub(crate) fn ask(&mut self, node: usize, mut body: Value) {
        self.next_request += 1;
        body["msg_id"] = json!(self.next_request);
        self.account.asked(self.next_request, node, &body, now());
        self.nodes[node].tell(&json!({"src": "c1", "dest": name(node), "body": body}).to_string());
    }

    /// Parts those for whom `apart` says so, and only them.
    pub(crate) fn part(&mut self, apart: impl Fn(usize, usize) -> bool) {
        let size = self.size();
        let pairs = (0..size).flat_map(|a| (a + 1..size).map(move |b| (a, b)));
        self.parted = pairs.filter(|(a, b)| apart(*a, *b)).collect();
    }

    /// Goes on until then.
    pub(crate) fn run_until(&mut self, end: Instant) {
        loop {
            while let Some(Reverse((due, ..))) = self.under_way.peek()
                && *due <= now()
            {
                let Some(Reverse((due, _, node, line))) = self.under_way.pop() else { break };
                self.account.late(due.elapsed());
                self.nodes[node].tell(&line);
            }
            let wake = self.under_way.peek().map_or(end, |Reverse((due, ..))| end.min(*due));
            let wait = wake.saturating_duration_since(now());
            if wait.is_zero() && wake == end {
                return;
            }
            if let Ok((from, at, line)) = self.said.recv_timeout(wait) {
                self.route(from, at, line);
            }
        }
    }

    fn route(&mut self, from: usize, at: Instant, line: String) {
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(said["src"], name(from), "{line}");
        let to = said["dest"].as_str().unwrap();
        let Some(to) = to.strip_prefix('n').map(|number| number.parse::<usize>().unwrap()) else {
            assert_eq!(to, "c1", "{line}");
            self.account.answered(&said["body"], at);
            return;
        };
        let lost = self.parted.contains(&(from.min(to), from.max(to)));
        self.account.sent(&said["body"], lost);
        if !lost {
            self.count += 1;
            self.under_way.push(Reverse((at + self.latency, self.count, to, line)));
        }
    }
}

fn name(number: usize) -> String {
    format!("n{number}")
}
