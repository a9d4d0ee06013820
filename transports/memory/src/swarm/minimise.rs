//! The smallest scenario that still fails the same check (delta debugging, after Zeller and Hildebrandt, TSE 2002).

use crate::Probability;
use crate::scenario::{Ending, Failure, Join, LinkPromise, Links, Op, Scenario, Settings, Via, What};

/// A scenario made small.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Minimised {
    /// What is left of it.
    pub scenario: Scenario,
    /// How it fails: the same check as before.
    pub failure: Failure,
    /// How many scenarios were played to find it.
    pub tries: u64,
    /// Whether nothing more could be taken away; if not, `go_on` ended it.
    pub complete: bool,
}

/// Cuts nodes, operations and messages and simplifies numbers, as long as the same check fails. `None` if none does.
///
/// As all chance is drawn for what it decides, what is left happens as it did. `go_on` is asked before each try: a
/// program bounds the time with it.
#[must_use]
pub fn minimise(scenario: &Scenario, mut go_on: impl FnMut() -> bool) -> Option<Minimised> {
    let failure = scenario.play().ok()?.failure?;
    let mut search = Search { best: scenario.clone(), failure, tries: 1, go_on: &mut go_on, ended: false };
    loop {
        let before = search.best.clone();
        search.cut_nodes();
        search.cut_ops();
        search.simplify();
        if search.best == before || search.ended {
            break;
        }
    }
    let Search { best, failure, tries, ended, .. } = search;
    Some(Minimised { scenario: best, failure, tries, complete: !ended })
}

struct Search<'a> {
    best: Scenario,
    failure: Failure,
    tries: u64,
    go_on: &'a mut dyn FnMut() -> bool,
    ended: bool,
}

impl Search<'_> {
    /// Whether a smaller scenario fails the same check, which then is the best so far.
    fn try_out(&mut self, smaller: Scenario) -> bool {
        if self.ended || smaller == self.best {
            return false;
        }
        self.ended = !(self.go_on)();
        if self.ended {
            return false;
        }
        self.tries += 1;
        let failure = smaller.play().ok().and_then(|outcome| outcome.failure);
        let Some(failure) = failure.filter(|failure| failure.check == self.failure.check) else {
            return false;
        };
        (self.best, self.failure) = (smaller, failure);
        true
    }

    fn cut_nodes(&mut self) {
        for nodes in smaller(u64::from(self.best.nodes), 1) {
            let nodes = u32::try_from(nodes).unwrap_or(u32::MAX);
            if self.try_out(Scenario { nodes, ..self.best.clone() }) {
                break;
            }
        }
        while self.best.nodes > 1
            && self.try_out(Scenario { nodes: self.best.nodes - 1, ..self.best.clone() })
        {}
    }

    /// Takes away halves of the operations, then quarters, and so on.
    fn cut_ops(&mut self) {
        let mut size = self.best.ops.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.best.ops.len() {
                let to = (from + size).min(self.best.ops.len());
                let mut ops = self.best.ops.clone();
                ops.drain(from..to);
                if !self.try_out(Scenario { ops, ..self.best.clone() }) {
                    from = to;
                }
            }
            size /= 2;
        }
    }

    fn simplify(&mut self) {
        let best = self.best.clone();
        self.try_out(Scenario { hostile: None, ..best });
        self.try_out(Scenario { machines: None, ..self.best.clone() });
        self.try_out(Scenario { map: None, ..self.best.clone() });
        self.try_out(Scenario { settings: Settings::default(), ..self.best.clone() });
        self.try_out(Scenario { links: Links::default(), ..self.best.clone() });
        for links in simpler_links(self.best.links) {
            self.try_out(Scenario { links, ..self.best.clone() });
        }
        self.try_out(Scenario { fidelity: crate::Fidelity::Typed, ..self.best.clone() });
        self.try_out(Scenario { join: Join::default(), ..self.best.clone() });
        self.try_out(Scenario { join: Join { via: Via::First, over_ms: 0 }, ..self.best.clone() });
        for at in 0..self.best.ops.len() {
            self.simplify_op(at);
        }
        let last = self.best.ops.iter().map(|op| op.at_ms).max().unwrap_or_default();
        for at_ms in [last + 500, last + 5_000] {
            if self.best.ending.at_ms.is_none_or(|now| now > at_ms) {
                let ending = Ending { at_ms: Some(at_ms), ..self.best.ending.clone() };
                if self.try_out(Scenario { ending, ..self.best.clone() }) {
                    break;
                }
            }
        }
    }

    /// Makes one operation happen sooner, less often, and to simpler ones.
    fn simplify_op(&mut self, at: usize) {
        let Some(op) = self.best.ops.get(at).cloned() else { return };
        for what in simpler(&op.what) {
            let op = Op { what, ..op.clone() };
            self.try_out(self.with_op(at, op));
        }
        let Some(op) = self.best.ops.get(at).cloned() else { return };
        let round = (op.at_ms / 1000 * 1000, op.at_ms / 100 * 100);
        for at_ms in [round.0, round.1] {
            if self.try_out(self.with_op(at, Op { at_ms, ..op.clone() })) {
                break;
            }
        }
    }

    fn with_op(&self, at: usize, op: Op) -> Scenario {
        let mut ops = self.best.ops.clone();
        if let Some(place) = ops.get_mut(at) {
            *place = op;
        }
        Scenario { ops, ..self.best.clone() }
    }
}

/// Numbers from `least` on that lie ever nearer to `value`.
fn smaller(value: u64, least: u64) -> impl Iterator<Item = u64> {
    let mut step = value.saturating_sub(least);
    core::iter::from_fn(move || {
        let this = value.checked_sub(step).filter(|this| *this < value)?;
        step /= 2;
        Some(this)
    })
}

fn simpler_links(links: Links) -> Vec<Links> {
    let never = Probability::NEVER;
    vec![
        Links { promise: LinkPromise::Stream, ..links },
        Links { corruption: never, ..links },
        Links { reordering: never, ..links },
        Links { duplication: never, ..links },
        Links { loss: never, ..links },
        Links { jitter_ms: 0, ..links },
        Links { latency_from_ms: 10, latency_to_ms: 50, ..links },
    ]
}

/// The same operation with simpler numbers, each by itself.
fn simpler(what: &What) -> Vec<What> {
    match what.clone() {
        What::Say { senders, node, count, every_ms, burst, size } => {
            let say = |node, count, burst, size| What::Say { senders, node, count, every_ms, burst, size };
            vec![
                say(0, 1, 1, 16),
                say(node, 1, burst, size),
                say(node, count / 2, burst, size),
                say(node, count, 1, size),
                say(node, count, burst / 2, size),
                say(node, count, burst, 16),
                say(0, count, burst, size),
            ]
        }
        What::Tell { node, to } => {
            vec![What::Tell { node: 0, to: 1 }, What::Tell { node: 0, to }, What::Tell { node, to: 1 }]
        }
        What::Join { node, .. } => vec![What::Join { node, to: 0 }],
        What::Arrive { count, over_ms } => {
            vec![What::Arrive { count: 1, over_ms: 0 }, What::Arrive { count: count / 2, over_ms }]
        }
        What::Leave { .. } => vec![What::Leave { node: 0 }],
        What::Crash { .. } => vec![What::Crash { node: 0 }],
        What::CrashShare { .. } => vec![What::Crash { node: 0 }, What::Crash { node: 1 }],
        What::Restart { memory, .. } => vec![What::Restart { node: 0, memory }],
        What::Churn { count, every_ms, down_ms, memory } => vec![
            What::Churn { count: 1, every_ms, down_ms, memory },
            What::Churn { count: count / 2, every_ms, down_ms, memory },
        ],
        What::Partition { share, .. } => {
            let half = Probability::per_million(500_000);
            vec![What::Partition { share: half, one_way: false }, What::Partition { share, one_way: false }]
        }
        What::Flap { node, to, count, every_ms } => vec![
            What::Flap { node: 0, to: 1, count: 1, every_ms },
            What::Flap { node, to, count: 1, every_ms },
            What::Flap { node, to, count: count / 2, every_ms },
        ],
        What::Links { links } => {
            simpler_links(links).into_iter().map(|links| What::Links { links }).collect()
        }
        What::Heal => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smaller_numbers_begin_with_the_least_and_end_below_the_value() {
        assert_eq!(smaller(10, 1).collect::<Vec<_>>(), [1, 6, 8, 9]);
        assert_eq!(smaller(1, 1).count(), 0);
    }
}
