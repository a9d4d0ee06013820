//! How a message came to a node, or why it did not, in words.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::Arc;

use chinwag::Time;

use super::contents::in_short;
use super::fault_words::Cut;
use super::narrator;
use crate::NodeId;

/// What a trace tells of one message and one node.
///
/// Its [`Display`](fmt::Display) says it in words: first the answer, then a line for each thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The message's id.
    pub message: String,
    /// Who said it, and when; `None` if nobody did.
    pub published: Option<(NodeId, Time)>,
    /// The node asked about.
    pub node: NodeId,
    /// When the node gave it to its application for the first time.
    pub delivered: Option<Time>,
    /// Over which links it came, from the author on: the first copy of each. Empty if none came, or the node said it.
    pub way: Vec<MessageCopy>,
    /// The other copies that were sent to the node, and those to the nodes on its way that were lost or held back.
    pub others: Vec<MessageCopy>,
    /// What else happened that has to do with it, at the node unless it says otherwise, in order.
    pub circumstances: Vec<(Time, Circumstance)>,
    /// Numbers of the author's messages before this one that the node had neither delivered nor given up: the first and the
    /// last of each run. While there are any, it holds the message back.
    pub missing: Vec<(u64, u64)>,
    /// The node's neighbours in the end, and whether each had the message.
    pub neighbours: Vec<(NodeId, bool)>,
    /// Whether the node was ever linked with anybody.
    pub was_linked: bool,
    /// How many nodes delivered it.
    pub reached: usize,
    /// When the trace ends.
    pub end: Time,
    /// All nodes in the trace, and their names.
    pub nodes: BTreeMap<NodeId, Arc<str>>,
}

/// One copy of a message on one link.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct MessageCopy {
    /// From whom.
    pub from: NodeId,
    /// To whom.
    pub to: NodeId,
    /// When it was sent.
    pub sent: Time,
    /// When a partition stopped it, if one did.
    pub held: Option<Time>,
    /// What became of it.
    pub fate: Fate,
    /// Why it was sent.
    pub how: How,
}

/// What became of a copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It was received.
    Received(Time),
    /// It was lost, for this reason.
    Lost(Time, Arc<str>),
    /// The trace ended before.
    UnderWay,
}

/// Why a copy was sent, as far as a trace can tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum How {
    /// Nobody had to ask.
    Pushed,
    /// The sender had announced it (`IHAVE`), and the receiver asked for it (`PULL`).
    Announced,
    /// The two had compared what they have (`SYNC`), and the receiver asked for it.
    Compared,
    /// The receiver was new and asked for what had been said (`CATCHUP`).
    CaughtUp,
    /// The receiver asked for it, as it lacked it.
    Asked,
    /// The same had been sent to the receiver before.
    Again,
}

/// Something that happened at a node.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Circumstance {
    /// It was added to the network, later than the first ones.
    Added,
    /// It crashed.
    Crashed,
    /// It started again, and had forgotten everything or not.
    Restarted(bool),
    /// The author crashed.
    AuthorCrashed,
    /// So many other nodes crashed at that moment.
    OthersCrashed(usize),
    /// It was linked with this peer.
    Linked(Arc<str>),
    /// It was not any more, for this reason.
    Parted(Arc<str>, Arc<str>),
    /// Somebody told it of the message without sending it.
    ToldBy(NodeId),
    /// It asked somebody for the message.
    Asked(NodeId),
    /// An announcement of it by this node was lost, for this reason.
    AnnouncementLost(NodeId, Arc<str>),
    /// Its request to this node was lost, for this reason.
    RequestLost(NodeId, Arc<str>),
    /// It gave the message up, as nobody brought it.
    GaveUp,
    /// It gave up messages of the author before this one: from the first to the last number.
    GaveUpEarlier(u64, u64),
    /// It delivered it once more; whether it had forgotten everything since, so that it had to.
    DeliveredAgain(bool),
    /// A partition began somewhere: see [`Happened::Cut`](super::Happened::Cut).
    Cut {
        /// The ones.
        from: Arc<[NodeId]>,
        /// The others.
        to: Arc<[NodeId]>,
        /// Whether nothing passes the other way either.
        both_ways: bool,
    },
    /// Another fault took effect, at the node or everywhere.
    Fault(Arc<str>),
}

impl Explanation {
    /// Whether the node has it: because it came, or because the node said it.
    #[must_use]
    pub fn has_it(&self) -> bool {
        self.delivered.is_some() || self.published.is_some_and(|(author, _)| author == self.node)
    }

    pub(super) fn name(&self, node: NodeId) -> String {
        narrator::name(&self.nodes, node)
    }

    /// The moment and, for what is after the message was said, how much later it is.
    fn moment(&self, at: Time) -> String {
        let after = self.published.filter(|(_, said)| *said <= at).map(|(_, said)| at.saturating_since(said));
        let after = after.map_or_else(String::new, |after| format!("+{} ms", after.as_millis()));
        format!("{:>12} {after:>11}", seconds(at))
    }

    fn copy_lines(&self, lines: &mut Vec<(Time, String)>) {
        for copy in self.way.iter().chain(&self.others) {
            let ends = format!("{} → {}", self.name(copy.from), self.name(copy.to));
            let sent = format!("sent at {}", seconds(copy.sent));
            if let Some(held) = copy.held {
                lines.push((held, format!("{ends}: held back by a partition, {sent}")));
            }
            let how = copy.how;
            lines.push(match &copy.fate {
                Fate::Received(at) if self.way.contains(copy) => (*at, format!("{ends}: {how}, {sent}")),
                Fate::Received(at) => (*at, format!("{ends}: one more copy, {how}, {sent}")),
                Fate::Lost(at, reason) => (*at, format!("{ends}: LOST, as {reason}; {how}, {sent}")),
                Fate::UnderWay if copy.held.is_some() => {
                    (self.end, format!("{ends}: still held back when the trace ends"))
                }
                Fate::UnderWay => (copy.sent, format!("{ends}: {how}, under way when the trace ends")),
            });
        }
    }

    fn lines(&self) -> Vec<(Time, String)> {
        let mut lines = Vec::new();
        if let Some((author, said)) = self.published {
            lines.push((said, format!("{} says {}", self.name(author), in_short(&self.message))));
        }
        self.copy_lines(&mut lines);
        let until = self.delivered.unwrap_or(self.end);
        // What happens to its links later had no influence.
        let told = self.circumstances.iter().filter(|(at, what)| *at <= until || what.is_about_the_node());
        let (again, told): (Vec<_>, Vec<_>) =
            told.partition(|(_, what)| matches!(what, Circumstance::DeliveredAgain(_)));
        let told_at = |(at, what): &&(Time, Circumstance)| (*at, self.circumstance(what));
        lines.extend(told.iter().take(TOLD).map(told_at));
        if let Some((at, _)) = told.get(TOLD) {
            lines.push((
                *at,
                format!("… and {} more things around {}", told.len() - TOLD, self.name(self.node)),
            ));
        }
        lines.extend(self.delivered.map(|at| (at, format!("{} delivers it", self.name(self.node)))));
        lines.extend(again.iter().map(told_at));
        lines.sort_by_key(|(at, _)| *at);
        lines
    }

    /// On which sides of a partition the author and the node are.
    fn sides(&self, from: &[NodeId], to: &[NodeId]) -> String {
        let Some((author, _)) = self.published else { return String::new() };
        let side = |node| (from.contains(&node), to.contains(&node));
        let (author_name, node_name) = (self.name(author), self.name(self.node));
        match (side(author), side(self.node)) {
            (author, node) if author == node => {
                format!("; {author_name} and {node_name} are on the same side")
            }
            ((true, false), (false, true)) => {
                format!("; {author_name} is among the first, {node_name} among the others")
            }
            ((false, true), (true, false)) => {
                format!("; {node_name} is among the first, {author_name} among the others")
            }
            _ => String::new(),
        }
    }

    fn circumstance(&self, what: &Circumstance) -> String {
        let node = self.name(self.node);
        let author = self.published.map_or_else(|| "the author".to_owned(), |(author, _)| self.name(author));
        match what {
            Circumstance::Added => format!("{node} is added to the network"),
            Circumstance::Crashed => format!("{node} crashes"),
            Circumstance::Restarted(false) => format!("{node} starts again"),
            Circumstance::Restarted(true) => format!("{node} starts again and has forgotten everything"),
            Circumstance::AuthorCrashed => format!("{author}, who said it, crashes"),
            Circumstance::OthersCrashed(1) => "another node crashes".to_owned(),
            Circumstance::OthersCrashed(count) => format!("{count} other nodes crash"),
            Circumstance::Linked(peer) => format!("{node} is linked with {peer}"),
            Circumstance::Parted(peer, reason) => {
                format!("{node} is not linked with {peer} any more: {reason}")
            }
            Circumstance::ToldBy(by) => format!("{} tells {node} that it has it", self.name(*by)),
            Circumstance::Asked(whom) => format!("{node} asks {} for it", self.name(*whom)),
            Circumstance::AnnouncementLost(by, reason) => {
                format!("{} tells {node} that it has it, and that is LOST, as {reason}", self.name(*by))
            }
            Circumstance::RequestLost(whom, reason) => {
                format!("{node} has asked {} for it, and that is LOST, as {reason}", self.name(*whom))
            }
            Circumstance::GaveUp => format!("{node} gives it up, as nobody brings it"),
            Circumstance::GaveUpEarlier(from, to) if from == to => {
                format!("{node} gives up number {from} of {author}")
            }
            Circumstance::GaveUpEarlier(from, to) => {
                format!("{node} gives up numbers {from} to {to} of {author}")
            }
            Circumstance::DeliveredAgain(true) => format!("{node} delivers it again, as it had forgotten it"),
            Circumstance::DeliveredAgain(false) => format!("{node} delivers it AGAIN"),
            Circumstance::Cut { from, to, both_ways } => {
                let cut = format!("network: {}", Cut { from, to, both_ways: *both_ways });
                cut + &self.sides(from, to)
            }
            Circumstance::Fault(fault) => format!("network: {fault}"),
        }
    }
}

impl Circumstance {
    const fn is_about_the_node(&self) -> bool {
        matches!(self, Self::Crashed | Self::Restarted(_) | Self::DeliveredAgain(_))
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pushed => "pushed",
            Self::Announced => "announced and asked for",
            Self::Compared => "asked for after comparing (repair)",
            Self::CaughtUp => "for a newcomer (catch-up)",
            Self::Asked => "asked for",
            Self::Again => "repeated",
        })
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.verdict())?;
        if self.published.is_none() || !self.nodes.contains_key(&self.node) {
            return Ok(());
        }
        for (at, line) in self.lines() {
            writeln!(f, "{}  {line}", self.moment(at))?;
        }
        if self.has_it() {
            return Ok(());
        }
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for (neighbour, has) in &self.neighbours {
            if *has { &mut with } else { &mut without }.push(self.name(*neighbour));
        }
        let list = |names: Vec<String>| if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
        let (with, without) = (list(with), list(without));
        writeln!(
            f,
            "{}  the trace ends; {} of the {} others delivered it; neighbours of {} with a copy: {with}; without: {without}",
            self.moment(self.end),
            self.reached,
            self.nodes.len().saturating_sub(1),
            self.name(self.node),
        )
    }
}

/// A moment, to the millisecond.
pub(super) fn seconds(at: Time) -> String {
    let millis = at.as_millis();
    format!("{}.{:03} s", millis / 1000, millis % 1000)
}

/// How many circumstances are told at most.
const TOLD: usize = 40;
