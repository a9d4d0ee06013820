//! What connects the nodes: hosts, links, what is on its way, and what nodes do to them.

use core::time::Duration;
use std::collections::BTreeSet;
use std::sync::Arc;

use chinwag::{ActionBuffer, Address, DialError, Event, Input, LinkEnd, LinkId, Message, Semantics, Time};

use crate::check::Checker;
use crate::fault::Fault;
use crate::fingerprint::Fingerprints;
use crate::happening::{Happening, Occurrence, Packet, Payload};
use crate::host::{End, EndState, Held, Host};
use crate::ledger::Ledger;
use crate::packet_log::PacketLog;
use crate::queue::{Class, Key, Queue};
use crate::stats::{DropReason, Stats};
use crate::trace_log::Tracer;
use crate::traffic::{Books, Kind, bytes_on, carried, is_upkeep};
use crate::world::World;
use crate::{NetworkConfig, NodeId};

/// Everything of a network but its nodes.
#[derive(Clone, Debug)]
pub(crate) struct Fabric {
    pub(crate) world: Arc<World>,
    pub(crate) now: Time,
    pub(crate) hosts: Vec<Host>,
    /// The number of the first of them: not 0 only while the network runs in parts.
    pub(crate) first: usize,
    /// What happens at other parts.
    pub(crate) outbox: Vec<(Key, NodeId, Occurrence)>,
    pub(crate) queue: Queue<Happening>,
    pub(crate) stats: Stats,
    pub(crate) books: Books,
    pub(crate) ledger: Ledger,
    pub(crate) checker: Checker,
    pub(crate) unrest: Unrest,
    pub(crate) fingerprints: Fingerprints,
    pub(crate) faults_scheduled: u64,
    /// When these are due that are still ahead.
    pub(crate) faults_due: BTreeSet<(Time, u64)>,
    /// What is said, if somebody wants to know.
    pub(crate) packet_log: Option<Box<PacketLog>>,
    /// What happens, if somebody wants to keep it.
    pub(crate) tracer: Tracer,
    /// What all nodes use by turns.
    pub(crate) action_buffer: ActionBuffer,
}

/// What keeps a network from being quiet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Unrest {
    /// Packets on their way that are more than upkeep, those held back by a partition excepted.
    pub(crate) packets: u64,
    /// When a node last emitted an event, or was handed a packet that is more than upkeep.
    pub(crate) last: Time,
}

impl Fabric {
    pub(crate) fn new(config: NetworkConfig) -> Self {
        Self {
            now: Time::ZERO,
            hosts: Vec::new(),
            first: 0,
            outbox: Vec::new(),
            queue: Queue::new(config.scheduler),
            stats: Stats::default(),
            books: Books::default(),
            ledger: Ledger::new(config.checks, config.track_spread),
            checker: Checker::new(config.checks),
            unrest: Unrest::default(),
            fingerprints: Fingerprints::default(),
            faults_scheduled: 0,
            faults_due: BTreeSet::new(),
            packet_log: None,
            tracer: Tracer::default(),
            action_buffer: ActionBuffer::default(),
            world: Arc::new(World::new(config)),
        }
    }

    /// What belongs to the nodes from `first` on, for a part of the network. What is going to happen there is not in it.
    pub(crate) fn split_off(&mut self, first: usize) -> Self {
        Self {
            world: Arc::clone(&self.world),
            now: self.now,
            hosts: self.hosts.split_off(first - self.first),
            first,
            outbox: Vec::new(),
            queue: Queue::starting(self.world.config.scheduler, self.now),
            stats: Stats::default(),
            books: Books::default(),
            ledger: self.ledger.split_off(first),
            checker: self.checker.split_off(first),
            unrest: Unrest { packets: 0, ..self.unrest },
            fingerprints: Fingerprints::default(),
            faults_scheduled: 0,
            faults_due: BTreeSet::new(),
            packet_log: None,
            tracer: Tracer::default(),
            action_buffer: ActionBuffer::default(),
        }
    }

    /// Adds a part of the network, that of the nodes behind all that were added so far.
    pub(crate) fn join(&mut self, mut part: Self) {
        self.now = self.now.max(part.now);
        self.hosts.append(&mut part.hosts);
        for (entry, happening) in part.queue.take_all() {
            self.queue.put(entry, happening);
        }
        self.stats.add(&part.stats);
        self.books.add(part.books);
        self.ledger.join(part.ledger);
        self.checker.join(part.checker);
        self.unrest.packets = self.unrest.packets.wrapping_add(part.unrest.packets);
        self.unrest.last = self.unrest.last.max(part.unrest.last);
    }

    /// What all nodes share, to be changed.
    pub(crate) fn world_mut(&mut self) -> &mut World {
        Arc::make_mut(&mut self.world)
    }

    /// Where a node's host is among ours.
    pub(crate) const fn place(&self, node: NodeId) -> usize {
        node.index() - self.first
    }

    pub(crate) fn host(&self, node: NodeId) -> &Host {
        &self.hosts[self.place(node)]
    }

    pub(crate) fn host_mut(&mut self, node: NodeId) -> &mut Host {
        let here = self.place(node);
        &mut self.hosts[here]
    }

    pub(crate) fn severed(&self, from: NodeId, to: NodeId) -> bool {
        self.world.severed(from, to)
    }

    pub(crate) fn dial(&mut self, node: NodeId, address: &Address) {
        self.stats.dials += 1;
        self.host_mut(node).history.dialed(address);
        let Some(peer) = self.world.at(address) else {
            let key = self.key(node, self.now, Class::Local);
            let what = Occurrence::Unresolvable { address: address.clone() };
            self.queue.push(key, Happening::ToNode { node, what });
            return;
        };
        let (now, fidelity) = (self.now, self.world.config.fidelity);
        let semantics = self.world.models.get(node, peer).semantics;
        let host = self.host_mut(node);
        // What waits at a machine may be an answer for which its node has not waited as long.
        let behind = host.hardware().busy_until > now;
        let dials = |end: &End| end.peer == peer && end.state == EndState::Dialing;
        let doubled = !behind && host.ends.iter().any(dials);
        let link = host.open(peer, None, semantics, EndState::Dialing, fidelity);
        match semantics {
            Semantics::Datagram => {
                let key = host.key(now, Class::Local);
                self.queue.push(key, Happening::ToNode { node, what: Occurrence::Opened { link } });
            }
            Semantics::Stream => {
                self.call(node, link);
                let key = self.key(node, now + self.world.config.dial_timeout, Class::Local);
                let dial = key.sequence;
                if let Some(end) = self.host_mut(node).ends.get_mut(link) {
                    end.newest = dial;
                }
                self.queue.push(key, Happening::ToNode { node, what: Occurrence::DialTimedOut { dial } });
            }
        }
        self.stats.dials_doubled += u64::from(doubled);
    }

    pub(crate) fn send(&mut self, node: NodeId, links: impl Iterator<Item = LinkId>, message: &Message) {
        let fingerprint = self.fingerprints.of(message);
        let here = self.place(node);
        let name = self.hosts[here].name.as_ref();
        let tag = self.ledger.sending(node, name, self.now, message);
        let (kind, upkeep) = (Kind::of(message), is_upkeep(message));
        let counting = self.world.config.count_bytes;
        let sized =
            counting || self.world.models.limited() || self.host(node).hardware().machine.uplink.is_some();
        for link in links {
            let now = self.now;
            let host = self.host_mut(node);
            host.history.sent(link, fingerprint);
            let Some(end) = host.ends.get_mut(link).filter(|end| end.state != EndState::Dialing) else {
                self.stats.misdirected += u64::from(!self.host(node).has_lost(now, link));
                continue;
            };
            end.sent += 1;
            let (number, state, semantics, peer) = (end.sent, end.state, end.semantics, end.peer);
            let mut bytes = 0;
            if sized {
                bytes = bytes_on(semantics, message);
            }
            if counting {
                host.exchanged_mut().sent.count(kind, bytes);
                self.books.count(kind, carried(message).msg_type(), bytes);
            }
            if let Some(log) = &mut self.packet_log {
                log.sent((node, peer), (link, number), now, message);
            }
            let traced = self.tracer.sent(now, node, peer, message);
            let payload = Payload::Message(message.clone(), fingerprint);
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            let packet = Packet { payload, tag, upkeep, kind, bytes, number, traced };
            self.stats.sent += 1;
            self.stats.in_flight = self.stats.in_flight.wrapping_add(1);
            self.unrest.packets = self.unrest.packets.wrapping_add(u64::from(!packet.upkeep));
            match semantics {
                _ if state == EndState::Broken => self.drop_packet(&packet, DropReason::Broken),
                Semantics::Stream => self.send_on_stream(node, link, packet),
                Semantics::Datagram => self.send_datagram(node, link, packet),
            }
        }
    }

    pub(crate) fn close(&mut self, node: NodeId, link: LinkId) {
        let now = self.now;
        let host = self.host_mut(node);
        host.history.closed(link);
        let Some(end) = host.ends.get(link) else {
            self.stats.misdirected += u64::from(!host.has_lost(now, link));
            return;
        };
        if let (true, Some(peer_link)) = (end.is_stream(), end.peer_link.get()) {
            self.post(node, link, Occurrence::Ended { link: peer_link, end: LinkEnd::Closed });
        }
        self.remove_end(node, link, DropReason::Closed);
    }

    pub(crate) fn emit(&mut self, node: NodeId, event: Event) {
        self.stats.events += 1;
        self.unrest.last = self.now;
        self.checker.emitted(node, self.now, &event, &mut self.ledger);
        self.tracer.emitted(self.now, node, &event);
        let now = self.now;
        let host = self.host_mut(node);
        host.history.emitted();
        if host.keeps_events {
            host.keep_event(now, event);
        }
    }

    /// Has something happen at the other end of a stream, after everything that was sent on it before.
    pub(crate) fn post(&mut self, node: NodeId, link: LinkId, what: Occurrence) {
        let Some(end) = self.host_mut(node).ends.get_mut(link) else { return };
        end.sent += 1;
        let number = end.sent;
        self.enqueue_on_stream(node, link, (number, self.now), what);
    }

    /// Forgets an end of a link, and with it what it held back.
    pub(crate) fn remove_end(&mut self, node: NodeId, link: LinkId, reason: DropReason) {
        let host = self.host_mut(node);
        let Some(end) = host.ends.remove(link) else { return };
        self.drop_end(end, reason);
    }

    pub(crate) fn drop_end(&mut self, end: End, reason: DropReason) {
        for held in end.held() {
            if let Held::Packet(packet) = held {
                self.unrest.packets = self.unrest.packets.wrapping_add(u64::from(!packet.upkeep));
                self.drop_packet(packet, reason);
            }
        }
    }

    pub(crate) fn drop_packet(&mut self, packet: &Packet, reason: DropReason) {
        // A part of a network may drop what another has sent.
        self.stats.in_flight = self.stats.in_flight.wrapping_sub(1);
        self.unrest.packets = self.unrest.packets.wrapping_sub(u64::from(!packet.upkeep));
        self.stats.dropped.count(reason);
        self.tracer.lost(self.now, packet.traced, reason);
    }

    /// Has the node woken at its deadline, unless that is arranged already.
    pub(crate) fn set_alarm(&mut self, node: NodeId, deadline: Option<Time>) {
        let now = self.now;
        let here = self.place(node);
        let host = &mut self.hosts[here];
        let Some(mut deadline) = deadline.map(|deadline| host.hardware().clock.when(deadline)) else {
            return;
        };
        if deadline <= now {
            // Against the contract: counted, and kept from standing still in time.
            self.stats.early_deadlines += 1;
            deadline = now + PAUSE;
        }
        if host.alarm.is_none_or(|alarm| deadline < alarm) {
            host.alarm = Some(deadline);
            let key = host.key(deadline, Class::Wake);
            self.queue.push(key, Happening::Wake { node });
        }
    }

    /// Has something happen at a node's machine, which may be in another part of the network.
    pub(crate) fn happens_at(&mut self, node: NodeId, key: Key, what: Occurrence) {
        if node.index().wrapping_sub(self.first) < self.hosts.len() {
            self.queue.push(key, Happening::ToNode { node, what });
        } else {
            self.outbox.push((key, node, what));
        }
    }

    pub(crate) fn key(&mut self, node: NodeId, at: Time, class: Class) -> Key {
        self.host_mut(node).key(at, class)
    }

    /// The input that says that a dial of `node` came to nothing.
    pub(crate) fn dial_failed(&mut self, address: Address, reason: DialError) -> Input {
        self.stats.dials_failed += 1;
        Input::DialFailed { address, reason }
    }

    /// Has a fault take effect later.
    pub(crate) fn schedule(&mut self, at: Time, fault: Fault) {
        self.faults_scheduled += 1;
        let (at, sequence) = (at.max(self.now), self.faults_scheduled);
        self.faults_due.insert((at, sequence));
        let key = Key { at, class: Class::Fault, source: u32::MAX, sequence };
        self.queue.push(key, Happening::Fault(Box::new(fault)));
    }
}

/// How long a node rests whose deadline is not ahead.
const PAUSE: Duration = Duration::from_millis(1);
