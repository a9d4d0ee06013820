//! Finding in a trace how a message came to a node.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use chinwag::{Epoch, PeerId, StreamTag, Time};

use super::explanation::{Circumstance, Explanation, Fate, How, MessageCopy};
use super::{Happened, TraceEntry, TraceError, TraceReader};
use crate::NodeId;

/// Reads a trace to its end, and explains how the message with the id `message` came to `node`, or why it did not.
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
    place: Option<Place>,
    /// Copies that are under way, and by their packets those whose fate is known: with duplication one may have several.
    under_way: BTreeMap<u64, MessageCopy>,
    ended: BTreeSet<u64>,
    copies: Vec<MessageCopy>,
    /// Announcements to the node and requests by it that are under way.
    said: BTreeMap<u64, Notice>,
    /// Who announced it to whom, asked whom for it, asked whom as a newcomer, pushed it to whom, and compared with whom since it was said.
    announced: BTreeSet<(NodeId, NodeId)>,
    asked: BTreeSet<(NodeId, NodeId)>,
    caught_up: BTreeSet<(NodeId, NodeId)>,
    pushed: BTreeSet<(NodeId, NodeId)>,
    compared: BTreeSet<(NodeId, NodeId)>,
    /// Whom each node says to be linked with.
    linked: BTreeMap<NodeId, BTreeSet<Arc<str>>>,
    /// Who has delivered it.
    reached: BTreeSet<NodeId>,
    /// Whether the node has started without memory since it delivered the message.
    has_forgotten: bool,
    /// Numbers before it that the node has delivered or given up.
    passed: BTreeSet<u64>,
}

#[derive(Clone, Copy)]
enum Notice {
    Announcement(NodeId),
    Request(NodeId),
}

/// Where a message stands: its stream, the stream's tag as announcements spell it, and its number.
struct Place {
    stream: String,
    tag: String,
    number: u64,
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
                missing: Vec::new(),
                neighbours: Vec::new(),
                was_linked: false,
                reached: 0,
                end: Time::ZERO,
                nodes: BTreeMap::new(),
            },
            place: Place::of(message),
            under_way: BTreeMap::new(),
            ended: BTreeSet::new(),
            copies: Vec::new(),
            said: BTreeMap::new(),
            announced: BTreeSet::new(),
            asked: BTreeSet::new(),
            caught_up: BTreeSet::new(),
            pushed: BTreeSet::new(),
            compared: BTreeSet::new(),
            linked: BTreeMap::new(),
            reached: BTreeSet::new(),
            has_forgotten: false,
            passed: BTreeSet::new(),
        }
    }

    fn look_at(&mut self, TraceEntry { at, what }: &TraceEntry) {
        self.found.end = *at;
        match what {
            Happened::Added { node, name } => {
                self.found.nodes.insert(*node, Arc::clone(name));
                if *at > Time::ZERO {
                    self.note(*node, *at, Circumstance::Added);
                }
            }
            Happened::Published { node, message } if **message == *self.found.message => {
                self.found.published = Some((*node, *at));
            }
            Happened::Sent { packet, from, to, kind, about } => {
                self.sent(*at, *packet, (*from, *to), kind, about);
            }
            Happened::Received { packet } => self.received(*at, *packet),
            Happened::Held { packet } => {
                if let Some(copy) = self.under_way.get_mut(packet) {
                    copy.held = Some(*at);
                }
            }
            Happened::Lost { packet, reason } => self.lost(*at, *packet, reason),
            Happened::Delivered { node, message } => self.delivered(*at, *node, message),
            Happened::GaveUp { node, stream, from, to } => self.gave_up(*at, *node, stream, (*from, *to)),
            Happened::PeerUp { node, peer } => {
                self.linked.entry(*node).or_default().insert(Arc::clone(peer));
                self.found.was_linked |= *node == self.found.node;
                self.note_since(*node, *at, Circumstance::Linked(Arc::clone(peer)));
            }
            Happened::PeerDown { node, peer, reason } => {
                self.linked.entry(*node).or_default().remove(peer);
                let parted = Circumstance::Parted(Arc::clone(peer), Arc::clone(reason));
                self.note_since(*node, *at, parted);
            }
            Happened::Crashed { node } => self.crashed(*at, *node),
            Happened::Restarted { node, forgot } => {
                self.has_forgotten |= *forgot && *node == self.found.node;
                self.note(*node, *at, Circumstance::Restarted(*forgot));
            }
            Happened::Cut { from, to, both_ways } => {
                let (from, to) = (Arc::clone(from), Arc::clone(to));
                self.fault(*at, Circumstance::Cut { from, to, both_ways: *both_ways });
            }
            Happened::Fault { fault, nodes } => {
                if nodes.is_empty() || nodes.contains(&self.found.node) {
                    self.fault(*at, Circumstance::Fault(Arc::clone(fault)));
                }
            }
            Happened::Published { .. } | Happened::Ended { .. } => {}
        }
    }

    fn note(&mut self, node: NodeId, at: Time, what: Circumstance) {
        if node == self.found.node {
            self.found.circumstances.push((at, what));
        }
    }

    fn fault(&mut self, at: Time, fault: Circumstance) {
        self.note(self.found.node, at, fault);
        // Of those before the message was said, only the last ones may matter still.
        let noted = &mut self.found.circumstances;
        let is_fault = |(_, what): &(Time, Circumstance)| {
            matches!(what, Circumstance::Fault(_) | Circumstance::Cut { .. })
        };
        if self.found.published.is_none()
            && noted.iter().filter(|noted| is_fault(noted)).count() > OLD_FAULTS
            && let Some(oldest) = noted.iter().position(is_fault)
        {
            noted.remove(oldest);
        }
    }

    /// What matters only once the message was said.
    fn note_since(&mut self, node: NodeId, at: Time, what: Circumstance) {
        if self.found.published.is_some() {
            self.note(node, at, what);
        }
    }

    fn sent(&mut self, at: Time, packet: u64, (from, to): (NodeId, NodeId), kind: &str, about: &str) {
        if *about == *self.found.message {
            let how = self.how(from, to);
            let copy = MessageCopy { from, to, sent: at, held: None, fate: Fate::UnderWay, how };
            self.under_way.insert(packet, copy);
            return;
        }
        let is_told = || self.place.as_ref().is_some_and(|place| place.is_in(about));
        match kind {
            "SYNC" if self.found.published.is_some() => {
                self.compared.extend([(from, to), (to, from)]);
            }
            "CATCHUP" if self.found.published.is_some() => {
                self.caught_up.insert((from, to));
            }
            "IHAVE" if is_told() => {
                self.announced.insert((from, to));
                if to == self.found.node {
                    self.said.insert(packet, Notice::Announcement(from));
                }
            }
            "PULL" if is_told() => {
                self.asked.insert((from, to));
                self.note(from, at, Circumstance::Asked(to));
                if from == self.found.node {
                    self.said.insert(packet, Notice::Request(to));
                }
            }
            _ => {}
        }
    }

    fn how(&mut self, from: NodeId, to: NodeId) -> How {
        if self.asked.remove(&(to, from)) {
            if self.announced.contains(&(from, to)) {
                How::Announced
            } else if self.caught_up.contains(&(to, from)) {
                How::CaughtUp
            } else if self.compared.contains(&(to, from)) {
                How::Compared
            } else {
                How::Asked
            }
        } else if self.caught_up.contains(&(to, from)) {
            How::CaughtUp
        } else if self.pushed.insert((from, to)) {
            How::Pushed
        } else {
            How::Again
        }
    }

    fn received(&mut self, at: Time, packet: u64) {
        if let Some(copy) = self.under_way.get(&packet) {
            self.ended.insert(packet);
            self.copies.push(MessageCopy { fate: Fate::Received(at), ..copy.clone() });
        } else if let Some(Notice::Announcement(by)) = self.said.remove(&packet) {
            self.note(self.found.node, at, Circumstance::ToldBy(by));
        }
    }

    fn lost(&mut self, at: Time, packet: u64, reason: &Arc<str>) {
        let reason = Arc::clone(reason);
        if let Some(copy) = self.under_way.get(&packet) {
            self.ended.insert(packet);
            self.copies.push(MessageCopy { fate: Fate::Lost(at, reason), ..copy.clone() });
            return;
        }
        let lost = match self.said.remove(&packet) {
            Some(Notice::Announcement(by)) => Circumstance::AnnouncementLost(by, reason),
            Some(Notice::Request(whom)) => Circumstance::RequestLost(whom, reason),
            None => return,
        };
        self.note(self.found.node, at, lost);
    }

    fn delivered(&mut self, at: Time, node: NodeId, message: &str) {
        if *message == *self.found.message {
            self.reached.insert(node);
            if node == self.found.node
                && self.found.delivered.replace(self.found.delivered.unwrap_or(at)).is_some()
            {
                self.note(node, at, Circumstance::DeliveredAgain(self.has_forgotten));
                self.has_forgotten = false;
            }
        } else if node == self.found.node
            && let Some(place) = &self.place
            && let Some(number) = message.strip_prefix(&place.stream).and_then(|rest| rest.strip_prefix('/'))
        {
            self.passed.extend(number.parse::<u64>().ok());
        }
    }

    fn gave_up(&mut self, at: Time, node: NodeId, stream: &str, (from, to): (u64, u64)) {
        let number = self.place.as_ref().filter(|place| place.stream == stream).map(|place| place.number);
        let Some(number) = number.filter(|_| node == self.found.node) else { return };
        if (from..=to).contains(&number) {
            self.note(node, at, Circumstance::GaveUp);
        } else if to < number {
            self.passed.extend((from..=to).take(MOST_NUMBERS));
            self.note(node, at, Circumstance::GaveUpEarlier(from, to));
        }
    }

    fn crashed(&mut self, at: Time, node: NodeId) {
        self.linked.remove(&node);
        let Some((author, _)) = self.found.published else {
            return self.note(node, at, Circumstance::Crashed);
        };
        if node == self.found.node {
            self.note(node, at, Circumstance::Crashed);
        } else if node == author {
            self.note(self.found.node, at, Circumstance::AuthorCrashed);
        } else {
            let mut now = self.found.circumstances.iter_mut().rev().take_while(|(then, _)| *then == at);
            let counted =
                now.find_map(
                    |(_, what)| {
                        if let Circumstance::OthersCrashed(count) = what { Some(count) } else { None }
                    },
                );
            match counted {
                Some(count) => *count += 1,
                None => self.note(self.found.node, at, Circumstance::OthersCrashed(1)),
            }
        }
    }

    fn conclude(mut self) -> Explanation {
        let going = self.under_way.into_iter().filter(|(packet, _)| !self.ended.contains(packet));
        let copies: Vec<MessageCopy> = self.copies.into_iter().chain(going.map(|(_, copy)| copy)).collect();
        // In the order they came, so that the first counts.
        let mut first: BTreeMap<NodeId, &MessageCopy> = BTreeMap::new();
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
        let (node, way) = (self.found.node, &self.found.way);
        let others = copies.iter().filter(|copy| !way.contains(copy)).filter(|copy| {
            let went_well = copy.held.is_none() && matches!(copy.fate, Fate::Received(_));
            let was_awaited = |hop: &MessageCopy| hop.to == copy.to && copy.sent <= hop.sent;
            copy.to == node || (!went_well && way.iter().any(was_awaited))
        });
        self.found.others = others.cloned().collect();
        let by_name: BTreeMap<&str, NodeId> =
            self.found.nodes.iter().map(|(node, name)| (&**name, *node)).collect();
        let neighbours = self.linked.get(&self.found.node).into_iter().flatten();
        let neighbours = neighbours.filter_map(|name| by_name.get(&**name).copied());
        self.found.neighbours =
            neighbours.map(|node| (node, Some(node) == author || first.contains_key(&node))).collect();
        self.found.reached = self.reached.len();
        if !self.found.has_it() && !self.found.way.is_empty() {
            self.found.missing = missing(&self.passed, self.place.as_ref().map_or(0, |place| place.number));
        }
        self.found
    }
}

/// The runs of numbers before this one that are not among those.
fn missing(passed: &BTreeSet<u64>, number: u64) -> Vec<(u64, u64)> {
    // What is before the first that it delivered was before its time.
    let mut next = passed.first().copied().unwrap_or(1);
    let mut runs = Vec::new();
    for passed in passed.iter().copied().filter(|passed| *passed < number).chain([number]) {
        if next < passed {
            runs.push((next, passed - 1));
        }
        next = passed.saturating_add(1);
    }
    runs
}

impl Place {
    fn of(message: &str) -> Option<Self> {
        let (stream, number) = message.rsplit_once('/')?;
        let (author, epoch) = stream.rsplit_once('/')?;
        let tag = StreamTag::of(&PeerId::new(author).ok()?, Epoch::new(epoch.parse().ok()?));
        Some(Self { stream: stream.to_owned(), tag: format!("{tag:?}"), number: number.parse().ok()? })
    }

    /// Whether it is among those that an announcement or a request is about.
    fn is_in(&self, about: &str) -> bool {
        about.split(' ').any(|run| {
            let numbers = run.strip_prefix(self.tag.as_str()).and_then(|rest| rest.strip_prefix('/'));
            let ends = numbers.and_then(|numbers| numbers.split_once('-'));
            let ends = ends.and_then(|(from, to)| Some((from.parse::<u64>().ok()?, to.parse::<u64>().ok()?)));
            ends.is_some_and(|(from, to)| (from..=to).contains(&self.number))
        })
    }
}

/// How many faults from before the message was said are kept.
const OLD_FAULTS: usize = 4;

/// How many numbers of one gap are remembered, as a damaged trace may tell of any.
const MOST_NUMBERS: usize = 1 << 16;
