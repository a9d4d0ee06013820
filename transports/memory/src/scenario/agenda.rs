//! What happens when, in the order in which it happens.

use std::collections::BTreeMap;

use super::chance::{Purpose, draw, place};
use super::op::{Senders, What};
use super::{Scenario, Via};
use crate::Memory;

/// One thing to do.
#[derive(Clone, Debug)]
pub(super) enum Act<'a> {
    /// A node of the start joins another one of the start.
    Enter { node: usize, to: usize },
    /// Whoever is meant says something: a number that is counted around, or drawn; or everybody does.
    Say { who: Option<u64>, burst: u32, size: u32 },
    /// A node comes and joins whoever is drawn.
    Arrive { drawn: u64 },
    /// Whoever is drawn crashes, and starts again later.
    Churn { drawn: u64, down_ms: u64, memory: Memory },
    /// This node starts again, if it is still down.
    Revive { node: usize, memory: Memory },
    /// The links between these two break.
    Break { node: u32, to: u32 },
    /// An operation that happens at once.
    Do(&'a What),
}

/// What is still to be done, by time; what is for the same time in the order it was planned.
#[derive(Debug)]
pub(super) struct Agenda<'a> {
    acts: BTreeMap<(u64, u64), Act<'a>>,
    planned: u64,
}

impl<'a> Agenda<'a> {
    /// Everything that a scenario says.
    pub(super) fn of(scenario: &'a Scenario) -> Self {
        let mut agenda = Self { acts: BTreeMap::new(), planned: 0 };
        let (seed, nodes) = (scenario.seed, u64::from(scenario.nodes));
        for node in 1..nodes {
            let to = match scenario.join.via {
                Via::First => 0,
                Via::Previous => index(node - 1),
                Via::Earlier => place(draw(seed, Purpose::Contact, 0, node), index(node)),
            };
            let at_ms = scenario.join.over_ms.saturating_mul(node) / nodes;
            agenda.plan(at_ms, Act::Enter { node: index(node), to });
        }
        for op in &scenario.ops {
            agenda.plan_op(seed, op.at_ms, &op.what);
        }
        agenda
    }

    pub(super) fn plan(&mut self, at_ms: u64, act: Act<'a>) {
        self.acts.insert((at_ms, self.planned), act);
        self.planned += 1;
    }

    /// What is next, unless it comes after `last_ms`.
    pub(super) fn next(&mut self, last_ms: u64) -> Option<(u64, Act<'a>)> {
        let first = self.acts.first_entry().filter(|first| first.key().0 <= last_ms)?;
        let at_ms = first.key().0;
        Some((at_ms, first.remove()))
    }

    fn plan_op(&mut self, seed: u64, at_ms: u64, what: &'a What) {
        let times = |count: u32, every_ms: u64| {
            (0..u64::from(count)).map(move |turn| (turn, at_ms.saturating_add(every_ms.saturating_mul(turn))))
        };
        match what {
            What::Say { senders, node, count, every_ms, burst, size } => {
                for (turn, at_ms) in times(*count, *every_ms) {
                    let first = u64::from(*node);
                    let who = match senders {
                        Senders::Single => Some(first),
                        Senders::Rotate => Some(first + turn),
                        Senders::Random => Some(draw(seed, Purpose::Senders, at_ms, first)),
                        Senders::All => None,
                    };
                    self.plan(at_ms, Act::Say { who, burst: *burst, size: *size });
                }
            }
            What::Arrive { count, over_ms } => {
                for number in 0..u64::from(*count) {
                    let at_ms = at_ms.saturating_add(over_ms.saturating_mul(number) / u64::from(*count));
                    self.plan(at_ms, Act::Arrive { drawn: draw(seed, Purpose::Contact, at_ms, number) });
                }
            }
            What::Churn { count, every_ms, down_ms, memory } => {
                for (turn, at_ms) in times(*count, *every_ms) {
                    let drawn = draw(seed, Purpose::Churn, at_ms, turn);
                    self.plan(at_ms, Act::Churn { drawn, down_ms: *down_ms, memory: *memory });
                }
            }
            What::Flap { node, to, count, every_ms } => {
                for (_, at_ms) in times(*count, *every_ms) {
                    self.plan(at_ms, Act::Break { node: *node, to: *to });
                }
            }
            What::Tell { .. }
            | What::Join { .. }
            | What::Leave { .. }
            | What::Crash { .. }
            | What::CrashShare { .. }
            | What::Restart { .. }
            | What::Partition { .. }
            | What::Heal
            | What::Links { .. } => self.plan(at_ms, Act::Do(what)),
        }
    }
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
