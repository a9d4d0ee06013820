//! Faults in words.

use core::fmt;

use chinwag::Semantics;

use crate::{Fault, LinkModel, NodeId, Probability};

/// A fault, for people: nodes by their numbers, and of many only how many.
pub(super) struct InWords<'a>(pub(super) &'a Fault);

impl fmt::Display for InWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Fault::Crash { node } => write!(f, "node {} crashes", node.get()),
            Fault::Restart { node, memory } => {
                write!(f, "node {} starts again, memory {memory:?}", node.get())
            }
            Fault::Partition { one, other } => Cut { from: one, to: other, both_ways: true }.fmt(f),
            Fault::OneWay { from, to } => Cut { from, to, both_ways: false }.fmt(f),
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
                write!(f, "{} of the nodes crash", Share(*share))
            }
            Fault::RestartAll { memory } => write!(f, "all crashed nodes start again, memory {memory:?}"),
            Fault::BreakLinks { one, other } => {
                write!(f, "the links between nodes {} and {} break", one.get(), other.get())
            }
            Fault::SetLink { one, other, model } => {
                write!(
                    f,
                    "links between nodes {} and {} are from now on {}",
                    one.get(),
                    other.get(),
                    Links(model)
                )
            }
            Fault::SetAllLinks { model } => write!(f, "links are from now on {}", Links(model)),
            Fault::SetMachine { node, machine } => write!(f, "node {} runs on {machine:?}", node.get()),
        }
    }
}

/// The nodes at whose links or machines a fault is; nobody if it is everywhere.
pub(super) fn concerned(fault: &Fault) -> Vec<NodeId> {
    match fault {
        Fault::Crash { node } | Fault::Restart { node, .. } | Fault::SetMachine { node, .. } => vec![*node],
        Fault::Flap { one, other, .. }
        | Fault::BreakLinks { one, other }
        | Fault::SetLink { one, other, .. } => vec![*one, *other],
        Fault::Partition { one, other }
        | Fault::OneWay { from: one, to: other }
        | Fault::HealBetween { one, other } => [one.as_slice(), other].concat(),
        Fault::Heal | Fault::CrashShare { .. } | Fault::RestartAll { .. } | Fault::SetAllLinks { .. } => {
            Vec::new()
        }
    }
}

/// What a link does that may keep a message from its receiver.
struct Links<'a>(&'a LinkModel);

impl fmt::Display for Links<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let model = self.0;
        f.write_str(match model.semantics {
            Semantics::Stream => "streams",
            Semantics::Datagram => "datagrams",
        })?;
        for (what, share) in [
            ("loss", model.loss),
            ("duplication", model.duplication),
            ("reordering", model.reordering),
            ("corruption", model.corruption),
            ("loss in bursts", model.burst_loss.loss),
        ] {
            if share.in_a_million() > 0 {
                write!(f, ", {what} {}", Share(share))?;
            }
        }
        Ok(())
    }
}

struct Share(Probability);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", f64::from(self.0.in_a_million()) / 10_000.0)
    }
}

/// A partition between groups, in words.
pub(super) struct Cut<'a> {
    pub(super) from: &'a [NodeId],
    pub(super) to: &'a [NodeId],
    pub(super) both_ways: bool,
}

impl fmt::Display for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (Group(self.from), Group(self.to));
        if self.both_ways {
            write!(f, "a partition between {from} and {to} begins")
        } else {
            write!(f, "nothing passes from {from} to {to} any more")
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
