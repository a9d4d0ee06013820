//! Faults in words.

use core::fmt;

use crate::{Fault, NodeId};

/// A fault, for people: nodes by their numbers, and of many only how many.
pub(super) struct InWords<'a>(pub(super) &'a Fault);

impl fmt::Display for InWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Fault::Crash { node } => write!(f, "node {} crashes", node.get()),
            Fault::Restart { node, memory } => {
                write!(f, "node {} starts again, memory {memory:?}", node.get())
            }
            Fault::Partition { one, other } => {
                write!(f, "a partition between {} and {}", Group(one), Group(other))
            }
            Fault::OneWay { from, to } => {
                write!(f, "nothing passes from {} to {} any more", Group(from), Group(to))
            }
            Fault::Heal => f.write_str("all partitions end"),
            Fault::HealBetween { one, other } => {
                write!(f, "the partition between {} and {} ends", Group(one), Group(other))
            }
            Fault::Flap { one, other, down, up, times } => write!(
                f,
                "the links between nodes {} and {} come and go, {times} times: {down:?} down, {up:?} up",
                one.get(),
                other.get()
            ),
            Fault::CrashShare { share } => {
                write!(f, "{:.1} % of the nodes crash", f64::from(share.in_a_million()) / 10_000.0)
            }
            Fault::RestartAll { memory } => write!(f, "all crashed nodes start again, memory {memory:?}"),
            Fault::BreakLinks { one, other } => {
                write!(f, "the links between nodes {} and {} break", one.get(), other.get())
            }
            Fault::SetLink { one, other, model } => {
                write!(f, "links between nodes {} and {} are from now on {model:?}", one.get(), other.get())
            }
            Fault::SetAllLinks { model } => write!(f, "links are from now on {model:?}"),
            Fault::SetMachine { node, machine } => write!(f, "node {} runs on {machine:?}", node.get()),
        }
    }
}

struct Group<'a>(&'a [NodeId]);

impl fmt::Display for Group<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (named, others) = self.0.split_at(self.0.len().min(NAMED));
        write!(f, "{} node{}", self.0.len(), if self.0.len() == 1 { "" } else { "s" })?;
        for (at, node) in named.iter().enumerate() {
            write!(f, "{}{}", if at == 0 { " (" } else { ", " }, node.get())?;
        }
        match (named.is_empty(), others.is_empty()) {
            (true, _) => Ok(()),
            (false, true) => f.write_str(")"),
            (false, false) => f.write_str(", …)"),
        }
    }
}

/// How many nodes of a group are named.
const NAMED: usize = 8;
