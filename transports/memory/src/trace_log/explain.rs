//! How a message came to a node, or why it did not.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use chinwag::{Epoch, PeerId, StreamTag, Time};

use super::{Happened, TraceEntry, TraceError, TraceReader};
use crate::NodeId;

/// What a trace tells of one message and one node.
///
/// Its [`Display`](fmt::Display) says it in words, a line for each thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The message's id.
    pub message: String,
    /// Who said it, and when; `None` if nobody did.
    pub published: Option<(NodeId, Time)>,
    /// The node asked about.
    pub node: NodeId,
    /// When the node gave it to its application, the last time if there were several.
    pub delivered: Option<Time>,
    /// Over which links it came, from the author on: the first copy of each. Empty if none came, or the node said it.
    pub way: Vec<Copy>,
    /// The other copies that were sent to the node.
    pub others: Vec<Copy>,
    /// What else happened at the node that has to do with it.
    pub circumstances: Vec<(Time, Circumstance)>,
    /// Its neighbours in the end, and whether each had the message.
    pub neighbours: Vec<(NodeId, bool)>,
    /// Messages that were said, if this one was not: the first few.
    pub known: Vec<String>,
    /// When the trace ends.
    pub end: Time,
    names: BTreeMap<NodeId, Arc<str>>,
}

/// One copy of a message, or one telling of it, on one link.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Copy {
    /// From whom.
    pub from: NodeId,
    /// To whom.
    pub to: NodeId,
    /// When it was sent.
    pub sent: Time,
    /// What became of it.
    pub fate: Fate,
    /// Whether the receiver had asked for it, as it knew that it lacked it: else it was pushed.
    pub asked_for: bool,
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

/// Something that happened at a node.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Circumstance {
    /// It crashed.
    Crashed,
    /// It started again.
    Restarted,
    /// Somebody told it of the message without sending it, and that was received.
    ToldBy(NodeId),
    /// It asked somebody for the message.
    Asked(NodeId),
    /// It gave the message up, as nobody brought it.
    GaveUp,
    /// It gave up messages of the author before this one: from the first to the last number.
    GaveUpEarlier(u64, u64),
}

/// Reads a trace to its end, and explains how `message` came to `node`, or why it did not.
///
/// # Errors
/// [`TraceError`] if the trace cannot be read to its end.
pub fn explain<R: Read>(
    mut trace: TraceReader<R>,
    message: &str,
    node: NodeId,
) -> Result<Explanation, TraceError> {
    let mut inquiry = Inquiry::new(message, node);
    while let Some(entry) = trace.read()? {
        inquiry.look_at(&entry);
    }
    Ok(inquiry.conclude())
}

struct Inquiry {
    found: Explanation,
    /// The stream, the stream's tag as announcements spell it, and the number in it, if the message has these.
    place: Option<(String, String, u64)>,
    /// Copies under way, by their packets, and those that are not any more.
    under_way: BTreeMap<u64, Copy>,
    copies: Vec<Copy>,
    /// Announcements to the node and requests by it that are under way.
    said: BTreeMap<u64, Circumstance>,
    /// Who asked whom for it.
    asked: BTreeSet<(NodeId, NodeId)>,
    /// Whom each node says to be linked with.
    linked: BTreeMap<NodeId, BTreeSet<Arc<str>>>,
}

impl Inquiry {
    fn new(message: &str, node: NodeId) -> Self {
        Self {
            found: Explanation {
                message: message.to_owned(),
                published: None,
                node,
                delivered: None,
                way: Vec::new(),
                others: Vec::new(),
                circumstances: Vec::new(),
                neighbours: Vec::new(),
                known: Vec::new(),
                end: Time::ZERO,
                names: BTreeMap::new(),
            },
            place: place(message),
            under_way: BTreeMap::new(),
            copies: Vec::new(),
            said: BTreeMap::new(),
            asked: BTreeSet::new(),
            linked: BTreeMap::new(),
        }
    }

    fn look_at(&mut self, TraceEntry { at, what }: &TraceEntry) {
        self.found.end = *at;
        match what {
            Happened::Added { node, name } => drop(self.found.names.insert(*node, Arc::clone(name))),
            Happened::Published { node, message } => {
                if **message == *self.found.message {
                    self.found.published = Some((*node, *at));
                } else if self.found.known.len() < KNOWN {
                    self.found.known.push(message.to_string());
                }
            }
            Happened::Sent { packet, from, to, kind, about } => {
                self.sent(*at, *packet, (*from, *to), kind, about)
            }
            Happened::Received { packet } => {
                if let Some(copy) = self.under_way.get(packet) {
                    // Not removed: the network may have doubled it.
                    self.copies.push(Copy { fate: Fate::Received(*at), ..copy.clone() });
                } else if let Some(circumstance) = self.said.remove(packet) {
                    self.found.circumstances.push((*at, circumstance));
                }
            }
            Happened::Lost { packet, reason } => {
                if let Some(copy) = self.under_way.get(packet) {
                    self.copies.push(Copy { fate: Fate::Lost(*at, Arc::clone(reason)), ..copy.clone() });
                }
                self.said.remove(packet);
            }
            Happened::Delivered { node, message } => {
                if *node == self.found.node && **message == *self.found.message {
                    self.found.delivered = Some(*at);
                }
            }
            Happened::GaveUp { node, stream, from, to } if *node == self.found.node => {
                if let Some((_, _, number)) = self.place.as_ref().filter(|place| *place.0 == **stream) {
                    if (from..=to).contains(&number) {
                        self.found.circumstances.push((*at, Circumstance::GaveUp));
                    } else if to < number {
                        self.found.circumstances.push((*at, Circumstance::GaveUpEarlier(*from, *to)));
                    }
                }
            }
            Happened::PeerUp { node, peer } => {
                self.linked.entry(*node).or_default().insert(Arc::clone(peer));
            }
            Happened::PeerDown { node, peer, .. } => {
                self.linked.entry(*node).or_default().remove(peer);
            }
            Happened::Crashed { node } => {
                self.linked.remove(node);
                self.note(*node, *at, Circumstance::Crashed);
            }
            Happened::Restarted { node } => self.note(*node, *at, Circumstance::Restarted),
            Happened::GaveUp { .. } | Happened::Fault { .. } => {}
        }
    }

    fn note(&mut self, node: NodeId, at: Time, what: Circumstance) {
        if node == self.found.node {
            self.found.circumstances.push((at, what));
        }
    }

    fn sent(&mut self, at: Time, packet: u64, (from, to): (NodeId, NodeId), kind: &str, about: &str) {
        if *about == *self.found.message {
            let asked_for = self.asked.remove(&(to, from));
            self.under_way.insert(packet, Copy { from, to, sent: at, fate: Fate::UnderWay, asked_for });
            return;
        }
        if !self.is_told_in(about) {
            return;
        }
        match kind {
            "IHAVE" if to == self.found.node => {
                self.said.insert(packet, Circumstance::ToldBy(from));
            }
            "PULL" => {
                self.asked.insert((from, to));
                self.note(from, at, Circumstance::Asked(to));
            }
            _ => {}
        }
    }

    /// Whether the message is among those that an announcement or a request is about.
    fn is_told_in(&self, about: &str) -> bool {
        let Some((_, tag, number)) = &self.place else { return false };
        about.split(' ').any(|run| {
            let numbers = run.strip_prefix(tag.as_str()).and_then(|rest| rest.strip_prefix('/'));
            let ends = numbers.and_then(|numbers| numbers.split_once('-'));
            let ends = ends.and_then(|(from, to)| Some((from.parse::<u64>().ok()?, to.parse::<u64>().ok()?)));
            ends.is_some_and(|(from, to)| (from..=to).contains(number))
        })
    }

    fn conclude(mut self) -> Explanation {
        let ended: BTreeSet<(NodeId, NodeId, Time)> =
            self.copies.iter().map(|copy| (copy.from, copy.to, copy.sent)).collect();
        let going =
            self.under_way.into_values().filter(|copy| !ended.contains(&(copy.from, copy.to, copy.sent)));
        let copies: Vec<Copy> = self.copies.into_iter().chain(going).collect();
        // In the order they came, so that the first counts.
        let mut first: BTreeMap<NodeId, &Copy> = BTreeMap::new();
        for copy in copies.iter().filter(|copy| matches!(copy.fate, Fate::Received(_))) {
            first.entry(copy.to).or_insert(copy);
        }
        let author = self.found.published.map(|(author, _)| author);
        let mut at = self.found.node;
        while Some(at) != author
            && let Some(copy) = first.get(&at)
            && self.found.way.len() <= first.len()
        {
            self.found.way.push((*copy).clone());
            at = copy.from;
        }
        self.found.way.reverse();
        let last = self.found.way.last().cloned();
        let to_node = copies.iter().filter(|copy| copy.to == self.found.node && Some(*copy) != last.as_ref());
        self.found.others = to_node.cloned().collect();
        let named =
            |name: &Arc<str>| self.found.names.iter().find(|(_, is)| *is == name).map(|(node, _)| *node);
        let neighbours = self.linked.get(&self.found.node).into_iter().flatten().filter_map(named);
        self.found.neighbours =
            neighbours.map(|node| (node, Some(node) == author || first.contains_key(&node))).collect();
        self.found
    }
}

impl Explanation {
    /// Whether the node has it: because it came, or because the node said it.
    #[must_use]
    pub fn has_it(&self) -> bool {
        self.delivered.is_some() || self.published.is_some_and(|(author, _)| author == self.node)
    }

    fn name(&self, node: NodeId) -> String {
        self.names.get(&node).map_or_else(|| format!("node {}", node.get()), ToString::to_string)
    }

    fn verdict(&self) -> String {
        let node = self.name(self.node);
        let Some((author, _)) = self.published else {
            let known = self.known.join(", ");
            return format!("Nobody said {}. What was said: {known}.", self.message);
        };
        if author == self.node {
            return format!("{node} said it.");
        }
        if let Some(at) = self.delivered {
            let hops = self.way.len();
            let links = if hops == 1 { "link" } else { "links" };
            return format!("{node} delivered it at {}, over {hops} {links}.", seconds(at));
        }
        let is_down = |what: &Circumstance| match what {
            Circumstance::Crashed => Some(true),
            Circumstance::Restarted => Some(false),
            _ => None,
        };
        let down = self.circumstances.iter().rev().find_map(|(_, what)| is_down(what)) == Some(true);
        let gave_up = self.circumstances.iter().any(|(_, what)| *what == Circumstance::GaveUp);
        let why = if down {
            "it was down in the end".to_owned()
        } else if gave_up {
            "it gave it up, as nobody of whom it knew brought it in time".to_owned()
        } else if !self.way.is_empty() {
            "it has a copy, and did not deliver it: something by the same author before it is missing, or it started \
             again since"
                .to_owned()
        } else if self.neighbours.is_empty() {
            "it had no neighbours in the end".to_owned()
        } else if self.neighbours.iter().all(|(_, has)| !has) {
            "none of its neighbours had it".to_owned()
        } else if self.others.iter().any(|copy| copy.fate == Fate::UnderWay) {
            "a copy was on its way when the trace ended".to_owned()
        } else if self.others.is_empty() {
            "nobody sent it a copy".to_owned()
        } else {
            "all copies that it was sent were lost".to_owned()
        };
        format!("{node} did not deliver it: {why}.")
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.verdict())?;
        let Some((author, published)) = self.published else { return Ok(()) };
        writeln!(f, "{}  {} says it", seconds(published), self.name(author))?;
        let mut lines: Vec<(Time, String)> = Vec::new();
        for copy in self.way.iter().chain(&self.others) {
            let how = if copy.asked_for { ", which had asked for it" } else { "" };
            let (from, to) = (self.name(copy.from), self.name(copy.to));
            let (at, fate) = match &copy.fate {
                Fate::Received(at) if self.way.contains(copy) => (*at, "comes".to_owned()),
                Fate::Received(at) => (*at, "comes as one copy more".to_owned()),
                Fate::Lost(at, reason) => (*at, format!("is lost: {reason}")),
                Fate::UnderWay => (copy.sent, "is on its way".to_owned()),
            };
            lines.push((at, format!("from {from} to {to}{how}: {fate} (sent at {})", seconds(copy.sent))));
        }
        for (at, what) in &self.circumstances {
            let node = self.name(self.node);
            lines.push((
                *at,
                match what {
                    Circumstance::Crashed => format!("{node} crashes"),
                    Circumstance::Restarted => format!("{node} starts again"),
                    Circumstance::ToldBy(by) => format!("{} tells {node} that it has it", self.name(*by)),
                    Circumstance::Asked(whom) => format!("{node} asks {} for it", self.name(*whom)),
                    Circumstance::GaveUp => format!("{node} gives it up"),
                    Circumstance::GaveUpEarlier(from, to) if from == to => {
                        format!("{node} gives up number {from} by the same author")
                    }
                    Circumstance::GaveUpEarlier(from, to) => {
                        format!("{node} gives up numbers {from} to {to} by the same author")
                    }
                },
            ));
        }
        if let Some(at) = self.delivered {
            lines.push((at, format!("{} delivers it", self.name(self.node))));
        }
        lines.sort_by_key(|(at, _)| *at);
        for (at, line) in lines {
            writeln!(f, "{}  {line}", seconds(at))?;
        }
        if !self.has_it() {
            let (mut with, mut without) = (Vec::new(), Vec::new());
            for (neighbour, has) in &self.neighbours {
                if *has { &mut with } else { &mut without }.push(self.name(*neighbour));
            }
            let list =
                |names: Vec<String>| if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
            writeln!(
                f,
                "{}  the trace ends. Neighbours that had it: {}; that had not: {}",
                seconds(self.end),
                list(with),
                list(without)
            )?;
        }
        Ok(())
    }
}

fn seconds(at: Time) -> String {
    let millis = at.as_millis();
    format!("{}.{:03} s", millis / 1000, millis % 1000)
}

/// The stream of a message, its tag as announcements spell it, and the message's number in it.
fn place(message: &str) -> Option<(String, String, u64)> {
    let (stream, number) = message.rsplit_once('/')?;
    let (author, epoch) = stream.rsplit_once('/')?;
    let tag = StreamTag::of(&PeerId::new(author).ok()?, Epoch::new(epoch.parse().ok()?));
    Some((stream.to_owned(), format!("{tag:?}"), number.parse().ok()?))
}

/// How many other messages are named where the one asked about was not said.
const KNOWN: usize = 8;
