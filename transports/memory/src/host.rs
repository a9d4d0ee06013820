//! The machine that a node runs on: its address, its ends of links, its clock's alarm.

use core::num::NonZeroU64;
use std::collections::VecDeque;

use chinwag::{Address, Event, Input, LinkEnd, LinkId, PeerId, Semantics, Time};

use crate::bandwidth::Transmitter;
use crate::fingerprint::History;
use crate::happening::Packet;
use crate::link_model::Steady;
use crate::machine::Hardware;
use crate::pipe::Pipe;
use crate::queue::{Class, Key};
use crate::traffic::Traffic;
use crate::{Fidelity, Machine, NodeId};

#[derive(Clone, Debug)]
#[expect(clippy::box_collection, reason = "the smallest nothing: one word a node")]
pub(crate) struct Host {
    pub(crate) node: NodeId,
    pub(crate) name: Option<PeerId>,
    pub(crate) address: Address,
    pub(crate) max_frame: usize,
    pub(crate) listening: bool,
    pub(crate) running: bool,
    /// How often it started.
    pub(crate) starts: u64,
    pub(crate) ends: Ends,
    /// When it had its first link, and to whom.
    pub(crate) first_link: Option<(Time, NodeId)>,
    /// The one deadline that is in the queue and counts; others there are outdated.
    pub(crate) alarm: Option<Time>,
    /// What went wrong here; `None` if nothing did.
    mishaps: Option<Box<Mishaps>>,
    /// What it runs on; `None` if that is ideal.
    hardware: Option<Box<Hardware>>,
    pub(crate) history: History,
    /// `None` until there is one to keep.
    events: Option<Box<Vec<(Time, Event)>>>,
    pub(crate) keeps_events: bool,
    /// What it has sent and received; `None` unless bytes are counted.
    traffic: Option<Box<Exchanged>>,
    links_made: u64,
    sequence: u64,
}

/// What a node has lost.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mishaps {
    /// When it last crashed.
    pub(crate) crashed_at: Time,
    /// What to tell the node if it starts again with its memory.
    pub(crate) untold: VecDeque<Input>,
    /// The links that ended last, at the same moment: what the node says on them then, it says before it is told.
    ended: Vec<LinkId>,
    ended_at: Time,
}

/// What a node has sent and received.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Exchanged {
    pub(crate) sent: Traffic,
    pub(crate) received: Traffic,
}

impl Host {
    pub(crate) fn new(
        node: NodeId,
        name: Option<PeerId>,
        address: Address,
        listening: bool,
        max_frame: usize,
        keeps_events: bool,
    ) -> Self {
        Self {
            node,
            name,
            address,
            max_frame,
            listening,
            running: true,
            starts: 1,
            ends: Ends::default(),
            first_link: None,
            alarm: None,
            mishaps: None,
            hardware: None,
            history: History::default(),
            events: None,
            keeps_events,
            traffic: None,
            links_made: 0,
            sequence: 0,
        }
    }

    /// Makes an end of a link, under a number that this node has never seen.
    pub(crate) fn open(
        &mut self,
        peer: NodeId,
        peer_link: Option<LinkId>,
        semantics: Semantics,
        state: EndState,
        fidelity: Fidelity,
    ) -> LinkId {
        self.links_made += 1;
        let link = LinkId::new(self.links_made);
        let piped = (semantics, fidelity) == (Semantics::Stream, Fidelity::Bytes);
        let pipe = piped.then(|| Pipe::new(self.max_frame));
        self.ends.push(End {
            link,
            peer,
            peer_link: PeerLink::new(peer_link),
            semantics,
            state,
            steady: Steady::UNKNOWN,
            last_arrival: Time::ZERO,
            sent: 0,
            newest: 0,
            more: pipe.map(|pipe| Box::new(More { pipe: Some(pipe), ..More::default() })),
        });
        link
    }

    /// What went wrong here.
    pub(crate) fn mishaps_mut(&mut self) -> &mut Mishaps {
        self.mishaps.get_or_insert_default()
    }

    /// What it has sent and received.
    pub(crate) fn exchanged(&self) -> &Exchanged {
        self.traffic.as_deref().unwrap_or(&NOTHING)
    }

    pub(crate) fn exchanged_mut(&mut self) -> &mut Exchanged {
        self.traffic.get_or_insert_default()
    }

    /// What it has emitted, as far as that is kept.
    pub(crate) fn events(&self) -> &[(Time, Event)] {
        self.events.as_deref().map_or(&[], Vec::as_slice)
    }

    pub(crate) fn keep_event(&mut self, at: Time, event: Event) {
        self.events.get_or_insert_default().push((at, event));
    }

    pub(crate) fn take_events(&mut self) -> Vec<(Time, Event)> {
        self.events.take().map(|events| *events).unwrap_or_default()
    }

    /// Puts the node on another machine.
    pub(crate) fn set_machine(&mut self, now: Time, machine: Machine) {
        if self.hardware.is_some() || machine != Machine::new() {
            self.hardware.get_or_insert_default().set(now, machine);
        }
    }

    pub(crate) fn hardware(&self) -> &Hardware {
        self.hardware.as_deref().unwrap_or(&Hardware::IDEAL)
    }

    /// `None` if it is ideal.
    pub(crate) fn hardware_mut(&mut self) -> Option<&mut Hardware> {
        self.hardware.as_deref_mut()
    }

    /// What the node's clock shows.
    pub(crate) fn shows(&self, now: Time) -> Time {
        self.hardware().clock.shows(now)
    }

    /// Whether who dials is refused because there are so many links.
    pub(crate) fn is_full(&self) -> bool {
        let limit = self.hardware().machine.accept_limit;
        limit.is_some_and(|limit| self.ends.iter().count() as u64 >= u64::from(limit))
    }

    /// A link has ended, and the node is about to be told.
    pub(crate) fn ended(&mut self, now: Time, link: LinkId) {
        let mishaps = self.mishaps_mut();
        if mishaps.ended_at != now {
            mishaps.ended_at = now;
            mishaps.ended.clear();
        }
        mishaps.ended.push(link);
    }

    /// The node is about to be told of all the links that it lost while it did not run: whatever was due before that, it may
    /// do on them as it is told.
    pub(crate) fn untold_ended(&mut self, now: Time) {
        let lost = |input: &Input| {
            let Input::LinkDown { link, .. } = input else { return None };
            Some(*link)
        };
        let links: Vec<LinkId> = self.mishaps_mut().untold.iter().filter_map(lost).collect();
        links.into_iter().for_each(|link| self.ended(now, link));
    }

    /// Whether a link is gone and the node was not told yet.
    pub(crate) fn has_lost(&self, now: Time, link: LinkId) -> bool {
        let Some(mishaps) = &self.mishaps else { return false };
        let is_it = |input: &Input| matches!(input, Input::LinkDown { link: lost, .. } if *lost == link);
        mishaps.ended_at == now && mishaps.ended.contains(&link) || mishaps.untold.iter().any(is_it)
    }

    /// The key of something that this node causes.
    pub(crate) fn key(&mut self, at: Time, class: Class) -> Key {
        self.sequence += 1;
        Key { at, class, source: self.node.get(), sequence: self.sequence }
    }
}

/// One end of a link. A network has several for each node, so it is small.
#[derive(Clone, Debug)]
pub(crate) struct End {
    pub(crate) link: LinkId,
    pub(crate) peer: NodeId,
    pub(crate) semantics: Semantics,
    pub(crate) state: EndState,
    pub(crate) peer_link: PeerLink,
    /// How long what is sent from here takes.
    pub(crate) steady: Steady,
    /// When the last packet that was sent from here arrives.
    pub(crate) last_arrival: Time,
    /// How many packets were sent from here.
    pub(crate) sent: u64,
    /// The highest number of a packet that arrived; of a stream that is being dialed, what its timing out is known by.
    pub(crate) newest: u64,
    /// `None` where nothing of it is needed.
    more: Option<Box<More>>,
}

/// What most ends of links can do without.
#[derive(Clone, Debug, Default)]
pub(crate) struct More {
    /// What is sent from here passes this.
    pub(crate) wire: Transmitter,
    /// Whether datagrams from here are being lost in a burst.
    pub(crate) in_burst: bool,
    /// What arrives here as bytes.
    pub(crate) pipe: Option<Pipe>,
    /// What met a partition on its way here, in order.
    pub(crate) held: VecDeque<Held>,
}

/// The number that a link has at the other end, if that is known (yet) and there is one. Numbers begin at 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PeerLink(Option<NonZeroU64>);

impl PeerLink {
    pub(crate) fn new(link: Option<LinkId>) -> Self {
        Self(link.and_then(|link| NonZeroU64::new(link.get())))
    }

    pub(crate) fn get(self) -> Option<LinkId> {
        self.0.map(|number| LinkId::new(number.get()))
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum EndState {
    /// Dialed and not answered.
    Dialing,
    /// Both ends know of it.
    Up,
    /// Broken, and the node will be told soon.
    Broken,
}

/// What arrived on a stream while a partition was in its way.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    Packet(Packet),
    End(LinkEnd),
}

impl End {
    pub(crate) fn is_stream(&self) -> bool {
        self.semantics == Semantics::Stream
    }

    pub(crate) fn more_mut(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }

    pub(crate) fn pipe_mut(&mut self) -> Option<&mut Pipe> {
        self.more.as_mut()?.pipe.as_mut()
    }

    /// Whether a partition holds something back that is on its way here.
    pub(crate) fn holds(&self) -> bool {
        self.more.as_ref().is_some_and(|more| !more.held.is_empty())
    }

    /// What it holds back.
    pub(crate) fn held(&self) -> impl Iterator<Item = &Held> {
        self.more.iter().flat_map(|more| more.held.iter())
    }

    pub(crate) fn take_held(&mut self) -> VecDeque<Held> {
        self.more.as_mut().map(|more| core::mem::take(&mut more.held)).unwrap_or_default()
    }

    /// Whether datagrams from here were being lost in a burst, and whether they are from now on.
    pub(crate) fn burst(&mut self, next: impl FnOnce(bool) -> bool) -> (bool, bool) {
        let before = self.more.as_ref().is_some_and(|more| more.in_burst);
        let now = next(before);
        if before != now {
            self.more_mut().in_burst = now;
        }
        (before, now)
    }

    pub(crate) fn pop_held(&mut self) -> Option<Held> {
        self.more.as_mut()?.held.pop_front()
    }
}

/// A node's ends of links, by their numbers, which only grow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ends {
    ends: Vec<End>,
    /// Their numbers, close together: looking for one of them touches little memory.
    links: Vec<LinkId>,
}

impl Ends {
    pub(crate) fn get(&self, link: LinkId) -> Option<&End> {
        self.ends.get(self.position(link)?)
    }

    pub(crate) fn get_mut(&mut self, link: LinkId) -> Option<&mut End> {
        let at = self.position(link)?;
        self.ends.get_mut(at)
    }

    pub(crate) fn remove(&mut self, link: LinkId) -> Option<End> {
        let at = self.position(link)?;
        self.links.remove(at);
        Some(self.ends.remove(at))
    }

    /// The end of the datagram link that another node dialed, which has this number there.
    pub(crate) fn accepted_from(&self, peer: NodeId, peer_link: LinkId) -> Option<LinkId> {
        let is_it = |end: &&End| end.peer == peer && end.peer_link.get() == Some(peer_link);
        self.ends.iter().find(is_it).map(|end| end.link)
    }

    /// The end of a link that is being dialed, by what its timing out is known by.
    pub(crate) fn dialing(&self, dial: u64) -> Option<LinkId> {
        let is_it = |end: &&End| end.state == EndState::Dialing && end.newest == dial;
        self.ends.iter().find(is_it).map(|end| end.link)
    }

    pub(crate) fn take_all(&mut self) -> Vec<End> {
        self.links.clear();
        core::mem::take(&mut self.ends)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &End> {
        self.ends.iter()
    }

    fn push(&mut self, end: End) {
        if self.ends.len() == self.ends.capacity() {
            // Nearly all nodes have about as many as their target, and twice as many would be much.
            let more = (self.ends.len() / 8).max(2);
            self.ends.reserve_exact(more);
            self.links.reserve_exact(more);
        }
        self.links.push(end.link);
        self.ends.push(end);
    }

    fn position(&self, link: LinkId) -> Option<usize> {
        self.links.binary_search(&link).ok()
    }
}

static NOTHING: Exchanged = Exchanged { sent: Traffic::NONE, received: Traffic::NONE };
