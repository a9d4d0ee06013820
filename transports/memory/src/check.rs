//! Promises, checked against everything that nodes emit.

use core::fmt;
use core::ops::RangeInclusive;
use std::collections::{BTreeMap, BTreeSet};

use chinwag::{Event, MessageId, Sequence, StreamId, Time};

use crate::NodeId;
use crate::ledger::{Ledger, Origin};
use crate::stats::Stats;

/// How much was checked: a run that checked nothing proves nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Checked {
    /// Broadcasts delivered: each at most once at each node and run, as its author said it.
    pub deliveries: u64,
    /// Those among them that had a place in their author's stream, and came in order.
    pub in_order: u64,
    /// Broadcasts that nodes reported missing.
    pub missing: u64,
    /// One-to-one messages delivered, each at most once.
    pub direct: u64,
    /// Packets that the books account for.
    pub packets: u64,
}

/// A promise that was broken.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Violation {
    /// When.
    pub at: Time,
    /// By whom; `None` if by the network itself.
    pub node: Option<NodeId>,
    /// Which.
    pub promise: Promise,
}

/// What is promised, with what broke it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Promise {
    /// Each message is delivered at most once.
    AtMostOnce {
        /// The message.
        id: MessageId,
    },
    /// Messages of an author's stream are delivered in the order they were said.
    AuthorOrder {
        /// The message that came too late.
        id: MessageId,
        /// The last one before it.
        after: Sequence,
    },
    /// What is missing is told.
    NoSilentGap {
        /// The message before which something is missing.
        id: MessageId,
        /// The first that is missing.
        missing: u64,
    },
    /// What is delivered was said.
    NothingFromNowhere {
        /// The message.
        id: Option<MessageId>,
    },
    /// What is delivered is what was said.
    Unaltered {
        /// The message.
        id: Option<MessageId>,
    },
    /// Every packet was delivered or dropped, or is on its way.
    BooksBalance {
        /// The counters.
        stats: Box<Stats>,
        /// How many packets are on their way.
        on_their_way: u64,
    },
    /// Nodes send on links that they have.
    KnownLinks {
        /// How often one did not.
        misdirected: u64,
    },
    /// Nodes wait for one answer at a time from an address.
    OneDialAtATime {
        /// How often one did not.
        doubled: u64,
    },
    /// The next deadline of a node lies ahead.
    DeadlinesAhead {
        /// How often it did not.
        early: u64,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {:?}", self.at)?;
        if let Some(node) = self.node {
            write!(f, ", {node}")?;
        }
        f.write_str(": ")?;
        match &self.promise {
            Promise::AtMostOnce { id } => write!(f, "delivered {id} twice"),
            Promise::AuthorOrder { id, after } => write!(f, "delivered {id} after number {}", after.get()),
            Promise::NoSilentGap { id, missing } => {
                write!(f, "delivered {id} without number {missing}, and said nothing about it")
            }
            Promise::NothingFromNowhere { id: Some(id) } => write!(f, "delivered {id}, which nobody said"),
            Promise::NothingFromNowhere { id: None } => f.write_str("delivered something without a name"),
            Promise::Unaltered { id: Some(id) } => {
                write!(f, "delivered {id} with other words than were said")
            }
            Promise::Unaltered { id: None } => f.write_str("delivered other words than were said"),
            Promise::BooksBalance { stats, on_their_way } => {
                write!(f, "the books do not balance: {on_their_way} packets on their way, and {stats:?}")
            }
            Promise::KnownLinks { misdirected } => {
                write!(f, "nodes used links that they do not have, {misdirected} times")
            }
            Promise::OneDialAtATime { doubled } => {
                write!(f, "nodes dialed an address that they were dialing already, {doubled} times")
            }
            Promise::DeadlinesAhead { early } => {
                write!(f, "nodes had nothing left to do, and a deadline that was not ahead, {early} times")
            }
        }
    }
}

impl core::error::Error for Violation {}

/// Watches what nodes emit.
#[derive(Clone, Debug)]
pub(crate) struct Checker {
    active: bool,
    heard: Vec<Heard>,
    /// The number of the node that comes first there: not 0 only in a part of a network.
    first_node: usize,
    checked: Checked,
    first: Option<Violation>,
}

/// What one node has delivered in its present run.
#[derive(Clone, Debug, Default)]
struct Heard {
    streams: BTreeMap<StreamId, HeardStream>,
    others: BTreeSet<MessageId>,
}

#[derive(Clone, Debug, Default)]
struct HeardStream {
    /// Everything up to this number was delivered or reported missing.
    passed: u64,
    /// What was reported missing.
    missing: Vec<RangeInclusive<u64>>,
    /// What was delivered under the name by which old peers know it.
    out_of_line: BTreeSet<u64>,
}

impl HeardStream {
    fn misses(&self, sequence: u64) -> bool {
        self.missing.iter().any(|range| range.contains(&sequence))
    }
}

impl Checker {
    pub(crate) const fn new(active: bool) -> Self {
        Self {
            active,
            heard: Vec::new(),
            first_node: 0,
            checked: Checked { deliveries: 0, in_order: 0, missing: 0, direct: 0, packets: 0 },
            first: None,
        }
    }

    pub(crate) const fn checked(&self) -> Checked {
        self.checked
    }

    pub(crate) const fn violation(&self) -> Option<&Violation> {
        self.first.as_ref()
    }

    /// A node starts without a memory: it may deliver again what it had delivered.
    pub(crate) fn started_anew(&mut self, node: NodeId) {
        if let Some(heard) = self.heard.get_mut(node.index() - self.first_node) {
            *heard = Heard::default();
        }
    }

    pub(crate) fn emitted(&mut self, node: NodeId, now: Time, event: &Event, ledger: &mut Ledger) {
        if ledger.is_idle() {
            return;
        }
        let mut broken = None;
        if let Event::Delivered(delivery) = event {
            let (origin, first_name) = ledger.delivered(node, now, delivery);
            if !self.active {
                return;
            }
            self.checked.deliveries += 1;
            let id = delivery.id();
            broken = match origin {
                Origin::Nobody => Some(Promise::NothingFromNowhere { id }),
                Origin::Altered => Some(Promise::Unaltered { id }),
                Origin::Genuine => id.and_then(|id| self.delivered(node, id, first_name)),
            };
        } else if !self.active {
            return;
        } else if let Event::Direct(delivery) = event {
            self.checked.direct += 1;
            broken = delivery.id().and_then(|id| self.once(node, id));
        } else if let Event::Gap { stream, from, to, .. } = event {
            let count = to.get().saturating_sub(from.get()).saturating_add(1);
            self.checked.missing = self.checked.missing.saturating_add(count);
            let heard = self.heard(node).streams.entry(stream.clone()).or_default();
            heard.missing.push(from.get()..=to.get());
            heard.passed = heard.passed.max(to.get());
        }
        if let Some(promise) = broken {
            self.note(Violation { at: now, node: Some(node), promise });
        }
    }

    /// The first is told: of several at one moment, that of the first node.
    fn note(&mut self, violation: Violation) {
        let rank = |violation: &Violation| (violation.at, violation.node);
        if self.first.as_ref().is_none_or(|first| rank(&violation) < rank(first)) {
            self.first = Some(violation);
        }
    }

    /// What concerns the nodes from `first` on, for a part of the network.
    pub(crate) fn split_off(&mut self, first: usize) -> Self {
        let place = first - self.first_node;
        let mut part = Self::new(self.active);
        part.first_node = first;
        if self.heard.len() > place {
            part.heard = self.heard.split_off(place);
        }
        part
    }

    /// Adds what was found in a part of the network, that of the nodes behind all that were added so far.
    pub(crate) fn join(&mut self, part: Self) {
        if !part.heard.is_empty() {
            self.heard.resize_with(part.first_node - self.first_node, Heard::default);
            self.heard.extend(part.heard);
        }
        let Checked { deliveries, in_order, missing, direct, packets } = part.checked;
        self.checked.deliveries += deliveries;
        self.checked.in_order += in_order;
        self.checked.missing = self.checked.missing.saturating_add(missing);
        self.checked.direct += direct;
        self.checked.packets += packets;
        if let Some(violation) = part.first {
            self.note(violation);
        }
    }

    fn delivered(&mut self, node: NodeId, id: MessageId, first_name: Option<MessageId>) -> Option<Promise> {
        let Some(MessageId::Native { stream, sequence }) = first_name else { return self.once(node, id) };
        let (this, native) = (sequence.get(), matches!(id, MessageId::Native { .. }));
        let heard = self.heard(node).streams.entry(stream).or_default();
        if !native {
            // It came by way of an old peer, outside its stream.
            let again = this <= heard.passed && !heard.misses(this);
            return (again || !heard.out_of_line.insert(this)).then_some(Promise::AtMostOnce { id });
        }
        if this <= heard.passed {
            return Some(match Sequence::new(heard.passed).filter(|_| heard.misses(this)) {
                Some(after) => Promise::AuthorOrder { id, after },
                None => Promise::AtMostOnce { id },
            });
        }
        let mut skipped = heard.passed.saturating_add(1)..this;
        let silent = skipped.find(|number| !heard.out_of_line.contains(number));
        heard.passed = this;
        if heard.out_of_line.contains(&this) {
            return Some(Promise::AtMostOnce { id });
        }
        if let Some(missing) = silent {
            return Some(Promise::NoSilentGap { id, missing });
        }
        self.checked.in_order += 1;
        None
    }

    fn once(&mut self, node: NodeId, id: MessageId) -> Option<Promise> {
        let new = self.heard(node).others.insert(id.clone());
        (!new).then_some(Promise::AtMostOnce { id })
    }

    fn heard(&mut self, node: NodeId) -> &mut Heard {
        let place = node.index() - self.first_node;
        if self.heard.len() <= place {
            self.heard.resize_with(place + 1, Heard::default);
        }
        &mut self.heard[place]
    }
}

/// What the counters themselves prove.
pub(crate) fn check_counters(stats: &Stats, on_their_way: u64) -> Result<(), Promise> {
    let accounted = stats.delivered + stats.dropped.total() + on_their_way;
    if stats.sent + stats.duplicated != accounted || stats.in_flight != on_their_way {
        return Err(Promise::BooksBalance { stats: Box::new(*stats), on_their_way });
    }
    if stats.misdirected > 0 {
        return Err(Promise::KnownLinks { misdirected: stats.misdirected });
    }
    if stats.dials_doubled > 0 {
        return Err(Promise::OneDialAtATime { doubled: stats.dials_doubled });
    }
    if stats.early_deadlines > 0 {
        return Err(Promise::DeadlinesAhead { early: stats.early_deadlines });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chinwag::{ClassicId, Epoch, PeerId};

    #[test]
    fn a_message_with_two_names_is_delivered_under_one() {
        let stream = StreamId::new(PeerId::new("ann").unwrap(), Epoch::new(1));
        let native = |number| MessageId::native(stream.clone(), Sequence::new(number).unwrap());
        let classic = |number: u128| MessageId::Classic(ClassicId::new(number));
        let node = NodeId::from_index(0);
        let mut checker = Checker::new(true);
        let mut deliver = |id: &MessageId, number| checker.delivered(node, id.clone(), Some(native(number)));
        // The second came by way of an old peer, before its turn: then the stream goes on after it.
        assert_eq!(deliver(&native(1), 1), None);
        assert_eq!(deliver(&classic(2), 2), None);
        assert_eq!(deliver(&native(3), 3), None);
        for (id, number) in [(classic(2), 2), (native(2), 2), (classic(1), 1), (classic(3), 3)] {
            assert_eq!(deliver(&id, number), Some(Promise::AtMostOnce { id: id.clone() }));
        }
        assert_eq!(deliver(&classic(5), 5), None);
        let silent = Promise::NoSilentGap { id: native(6), missing: 4 };
        assert_eq!(deliver(&native(6), 6), Some(silent));
        assert_eq!(checker.checked().in_order, 2);
    }

    #[test]
    fn books_that_do_not_balance_are_noticed() {
        let stats = |sent, delivered, in_flight| Stats { sent, delivered, in_flight, ..Stats::default() };
        assert_eq!(check_counters(&stats(10, 7, 3), 3), Ok(()));
        for (stats, on_their_way) in [(stats(10, 7, 3), 2), (stats(10, 7, 2), 3), (stats(11, 7, 3), 3)] {
            let broken = check_counters(&stats, on_their_way).unwrap_err();
            assert_eq!(broken, Promise::BooksBalance { stats: Box::new(stats), on_their_way });
        }
    }
}
