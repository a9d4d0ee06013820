//! [`Network`]: many nodes on one virtual clock.

use core::time::Duration;

use chinwag::{Address, ChatNode, ConfigError, Event, Input, MessageId, PeerId, Time};

use crate::arrival::{Inbox, Told};
use crate::check::{self, Checked, Violation};
use crate::draw;
use crate::fabric::Fabric;
use crate::fault::{Fault, Memory};
use crate::happening::{Happening, Occurrence};
use crate::host::{Held, Host};
use crate::packet_log::{LoggedPacket, PacketLog};
use crate::parallel::Apart;
use crate::part::Part;
use crate::queue::Class;
use crate::spread::Spread;
use crate::stats::Stats;
use crate::trace::Trace;
use crate::trace_log::TraceEnd;
use crate::traffic::{Amount, Traffic};
use crate::{AddError, Machine, NetworkConfig, Node, NodeId, Start};

/// Many nodes, connected by links that behave as they are told to, on one virtual clock.
///
/// Time moves only inside the `run_…` methods, as fast as the nodes can work. What happens follows from the
/// [`NetworkConfig`], the nodes and the calls, to the last bit (`tests/meta_equalities/same_seed.rs`).
///
/// Methods that take a [`NodeId`] panic if it is another network's and this one has fewer nodes.
#[derive(Clone, Debug)]
pub struct Network<N = ChatNode> {
    pub(crate) whole: Part<N>,
    /// How much was done in parts.
    pub(crate) apart: Apart,
    /// How much happens in a second, by what happened last.
    pub(crate) pace: Option<u64>,
}

impl<N: Node> Network<N> {
    /// A network for nodes of your own kind. For chat nodes see [`Network::new`].
    #[must_use]
    pub fn of(config: NetworkConfig) -> Self {
        let trace = config.record.then(Trace::new);
        Self {
            whole: Part { nodes: Vec::new(), fabric: Fabric::new(config), inbox: Inbox::default(), trace },
            apart: Apart::default(),
            pace: None,
        }
    }

    /// Adds the node that `make` makes, at `address` or else one that is made up for it, `node-0:1` and so on.
    ///
    /// # Errors
    /// [`AddError::AddressTaken`] if another node has the address, or [`AddError::Config`] if `make` fails. Nothing
    /// was added.
    pub fn add(
        &mut self,
        address: Option<Address>,
        listening: bool,
        make: impl FnOnce(&Start) -> Result<N, ConfigError>,
    ) -> Result<NodeId, AddError> {
        let node = NodeId::from_index(self.whole.nodes.len());
        let made_up = || Address::new(&format!("node-{}", node.index()), 1);
        let address = address.map_or_else(made_up, Ok)?;
        if self.whole.fabric.world.at(&address).is_some() {
            return Err(AddError::AddressTaken(address));
        }
        let start = Start { node, address, listening, seed: self.whole.seed_of(node, 1) };
        let mut added = make(&start)?;
        if let Some(other) = self.whole.nodes.last() {
            added.share_with(other);
        }
        let name = added.name().cloned();
        self.whole.fabric.world_mut().enter(node, name.as_ref(), &start.address);
        let (keeps_events, machine) =
            (self.whole.fabric.world.config.keep_events, self.whole.fabric.world.config.machine);
        let mut host =
            Host::new(node, name, start.address.clone(), listening, added.max_frame(), keeps_events);
        host.set_machine(self.whole.fabric.now, machine);
        // An eighth more at a time: of many large things, twice as many would be most of a machine's memory.
        if self.whole.nodes.len() == self.whole.nodes.capacity() {
            let more = self.whole.nodes.len() / 8 + 16;
            self.whole.nodes.reserve_exact(more);
            self.whole.fabric.hosts.reserve_exact(more);
        }
        self.whole.fabric.hosts.push(host);
        if let Some(trace) = &mut self.whole.trace {
            trace.state(self.whole.fabric.host(node).shows(self.whole.fabric.now), node, added.clone());
        }
        self.whole.fabric.tracer.added(self.whole.fabric.now, node, added.name().map_or("", PeerId::as_str));
        self.whole.nodes.push(added);
        self.whole.feed(node, Told::of(Input::Tick));
        Ok(node)
    }

    /// The virtual time.
    #[must_use]
    pub const fn now(&self) -> Time {
        self.whole.fabric.now
    }

    /// All nodes, crashed ones included.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeId> + use<N> {
        (0..self.whole.nodes.len()).map(NodeId::from_index)
    }

    /// One node, to look at; a crashed one as it was when it crashed.
    #[must_use]
    pub fn node(&self, node: NodeId) -> &N {
        &self.whole.nodes[node.index()]
    }

    /// Reaches into a node; what it wants done as a result is done. `None` if it has crashed.
    pub fn with_node<R>(&mut self, node: NodeId, reach: impl FnOnce(&mut N, Time) -> R) -> Option<R> {
        if !self.is_running(node) {
            return None;
        }
        let shown = self.whole.time_at(node);
        let result = reach(&mut self.whole.nodes[node.index()], shown);
        if let Some(trace) = &mut self.whole.trace {
            trace.state(shown, node, self.whole.nodes[node.index()].clone());
        }
        self.whole.fabric.host_mut(node).history.add(REACHED_INTO);
        self.whole.fabric.unrest.last = self.whole.fabric.now;
        self.whole.feed(node, Told::of(Input::Tick));
        Some(result)
    }

    /// Gives a node an input, as if it had just happened: usually a command. False if the node has crashed.
    pub fn tell(&mut self, node: NodeId, input: Input) -> bool {
        self.whole.tell(node, input)
    }

    /// Gives a node an input at a later time, or at once if that is past, unless it has crashed then. With many at known times
    /// the network need not stop for each, so that several threads can work on it.
    pub fn tell_at(&mut self, at: Time, node: NodeId, input: Input) {
        let at = at.max(self.now());
        let key = self.whole.fabric.key(node, at, Class::Local);
        self.whole.fabric.queue.push(key, Happening::Told { node, input: Box::new(input) });
    }

    /// Sets on how many threads to run from now on: [`NetworkConfig::threads`].
    pub fn set_threads(&mut self, threads: usize) {
        self.whole.fabric.world_mut().config.threads = threads;
    }

    /// Puts a node on another machine: [`Fault::SetMachine`].
    pub fn set_machine(&mut self, node: NodeId, machine: Machine) {
        self.inject(Fault::SetMachine { node, machine });
    }

    /// What a node runs on.
    #[must_use]
    pub fn machine(&self, node: NodeId) -> &Machine {
        &self.whole.fabric.host(node).hardware().machine
    }

    /// What a node's own clock shows.
    #[must_use]
    pub fn time_at(&self, node: NodeId) -> Time {
        self.whole.time_at(node)
    }

    /// Where a node listens, or would.
    #[must_use]
    pub fn address(&self, node: NodeId) -> &Address {
        &self.whole.fabric.host(node).address
    }

    /// Whether a node runs, as opposed to having crashed.
    #[must_use]
    pub fn is_running(&self, node: NodeId) -> bool {
        self.whole.fabric.host(node).running
    }

    /// What a node has emitted, with the times; empty unless events are kept.
    #[must_use]
    pub fn events(&self, node: NodeId) -> &[(Time, Event)] {
        self.whole.fabric.host(node).events()
    }

    /// Takes what a node has emitted since the last time.
    pub fn take_events(&mut self, node: NodeId) -> Vec<(Time, Event)> {
        self.whole.fabric.host_mut(node).take_events()
    }

    /// Sets for one node whether to keep what it emits, from now on.
    pub fn keep_events(&mut self, node: NodeId, keep: bool) {
        self.whole.fabric.host_mut(node).keeps_events = keep;
    }

    /// When a node was first told of a link, and who is at its other end.
    #[must_use]
    pub fn first_link(&self, node: NodeId) -> Option<(Time, NodeId)> {
        self.whole.fabric.host(node).first_link
    }

    /// How long a packet takes from one node to another, without what chance adds to a single one.
    #[must_use]
    pub fn latency(&self, one: NodeId, other: NodeId) -> Duration {
        self.whole.fabric.world.models.pair_latency(self.whole.fabric.world.config.seed, one, other)
    }

    /// What all nodes together have sent; nothing unless bytes are counted, which is configured. Counted where it
    /// is sent, so that what is lost is in it, and what the network doubles is in it once.
    #[must_use]
    pub const fn traffic(&self) -> &Traffic {
        &self.whole.fabric.books.sent
    }

    /// The same by the `msg_type`, in the order of the types.
    pub fn traffic_by_type(&self) -> impl Iterator<Item = (&str, Amount)> {
        self.whole.fabric.books.by_type()
    }

    /// What one node has sent.
    #[must_use]
    pub fn sent_by(&self, node: NodeId) -> &Traffic {
        &self.whole.fabric.host(node).exchanged().sent
    }

    /// What was handed to one node.
    #[must_use]
    pub fn received_by(&self, node: NodeId) -> &Traffic {
        &self.whole.fabric.host(node).exchanged().received
    }

    /// The counters.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.whole.fabric.stats
    }

    /// A hash of everything that every node was told and did, and when.
    #[must_use]
    pub fn trace_hash(&self) -> u64 {
        self.whole.fabric.hosts.iter().fold(0, |hash, host| draw::mix(hash ^ host.history.get()))
    }

    /// What was recorded, if that is configured.
    #[must_use]
    pub const fn trace(&self) -> Option<&Trace<N>> {
        self.whole.trace.as_ref()
    }

    /// Begins a log of all packets that are sent from now on, or ends it. It grows with every packet: meant for small
    /// networks and short times.
    pub fn log_packets(&mut self, log: bool) {
        self.whole.fabric.packet_log = log.then(|| Box::new(PacketLog::default()));
    }

    /// The packets that were sent since the log was begun, in the order they were sent.
    #[must_use]
    pub fn logged_packets(&self) -> &[LoggedPacket] {
        self.whole.fabric.packet_log.as_ref().map_or(&[], |log| log.packets())
    }

    /// Begins a [trace](crate::trace_log), which is written to `sink` while the network runs; one that is being written ends
    /// without its end. `made_by` is one line that [`TraceReader::made_by`](crate::trace_log::TraceReader::made_by) gives back.
    ///
    /// It changes nothing in the run. Begun before the first node is added, it has everything; what was sent before
    /// it began has no entries in it. A clone of the network writes no trace.
    pub fn write_trace(&mut self, made_by: &str, sink: impl std::io::Write + Send + Sync + 'static) {
        self.whole.fabric.tracer.begin(made_by, Box::new(sink));
        for host in &self.whole.fabric.hosts {
            let name = host.name.as_ref().map_or("", PeerId::as_str);
            self.whole.fabric.tracer.added(self.whole.fabric.now, host.node, name);
        }
    }

    /// Ends the trace, and says how long it is; `None` if none was written.
    ///
    /// # Errors
    /// The first that came up in writing; nothing was written after it.
    pub fn end_trace(&mut self) -> std::io::Result<Option<TraceEnd>> {
        let hash = self.trace_hash();
        self.whole.fabric.tracer.end(self.whole.fabric.now, hash)
    }

    /// How broadcasts spread, in the order they were said; empty unless that is configured.
    #[must_use]
    pub fn spreads(&self) -> &[Spread] {
        self.whole.fabric.ledger.spreads()
    }

    /// How one broadcast spread.
    #[must_use]
    pub fn spread(&self, id: &MessageId) -> Option<&Spread> {
        self.whole.fabric.ledger.spread(id)
    }

    /// Takes how one broadcast spread so far. It is not followed any further and not in
    /// [`spreads`](Self::spreads) any more, which keeps long runs of many nodes small; checks go on.
    pub fn take_spread(&mut self, id: &MessageId) -> Option<Spread> {
        self.whole.fabric.ledger.take_spread(id)
    }

    /// Stops following all broadcasts that were said so far, as [`take_spread`](Self::take_spread) does with one.
    pub fn forget_spreads(&mut self) {
        self.whole.fabric.ledger.forget_spreads();
    }

    /// Whether every promise was kept so far: each [`Promise`](crate::Promise) says which there are. What nodes
    /// emit is checked as they emit it, the books now.
    ///
    /// # Errors
    /// The first [`Violation`].
    pub fn check(&self) -> Result<Checked, Violation> {
        if let Some(violation) = self.whole.fabric.checker.violation() {
            return Err(violation.clone());
        }
        let on_their_way = self.packets_on_their_way();
        check::check_counters(&self.whole.fabric.stats, on_their_way).map_err(|promise| Violation {
            at: self.whole.fabric.now,
            node: None,
            promise,
        })?;
        let stats = &self.whole.fabric.stats;
        Ok(Checked { packets: stats.sent + stats.duplicated, ..self.whole.fabric.checker.checked() })
    }

    /// Stops a node: [`Fault::Crash`].
    pub fn crash(&mut self, node: NodeId) {
        self.inject(Fault::Crash { node });
    }

    /// Stops many nodes at one moment.
    pub fn crash_all(&mut self, nodes: impl IntoIterator<Item = NodeId>) {
        for node in nodes {
            self.crash(node);
        }
    }

    /// Starts a crashed node again: [`Fault::Restart`].
    pub fn restart(&mut self, node: NodeId, memory: Memory) {
        self.inject(Fault::Restart { node, memory });
    }

    /// Lets nothing pass between two groups of nodes: [`Fault::Partition`].
    pub fn partition(&mut self, one: &[NodeId], other: &[NodeId]) {
        self.inject(Fault::Partition { one: one.to_vec(), other: other.to_vec() });
    }

    /// Lets nothing pass from one group of nodes to another: [`Fault::OneWay`].
    pub fn partition_one_way(&mut self, from: &[NodeId], to: &[NodeId]) {
        self.inject(Fault::OneWay { from: from.to_vec(), to: to.to_vec() });
    }

    /// Ends all partitions: [`Fault::Heal`].
    pub fn heal(&mut self) {
        self.inject(Fault::Heal);
    }

    /// Breaks all streams between two nodes: [`Fault::BreakLinks`].
    pub fn break_links(&mut self, one: NodeId, other: NodeId) {
        self.inject(Fault::BreakLinks { one, other });
    }

    /// Has a fault take effect now.
    pub fn inject(&mut self, fault: Fault) {
        self.whole.inject(fault);
    }

    /// Has a fault take effect at a later time, before anything else that happens then; at once if `at` is past.
    pub fn schedule(&mut self, at: Time, fault: Fault) {
        self.whole.fabric.schedule(at, fault);
    }

    fn packets_on_their_way(&self) -> u64 {
        let is_packet = |happening: &&Happening| {
            let (Happening::ToNode { what, .. } | Happening::Handled { what, .. }) = happening else {
                return false;
            };
            matches!(what, Occurrence::Packet { .. } | Occurrence::FirstContact { .. })
        };
        let travelling = self.whole.fabric.queue.iter().filter(is_packet).count();
        let ends = self.whole.fabric.hosts.iter().flat_map(|host| host.ends.iter());
        let held = ends.flat_map(|end| end.held()).filter(|held| matches!(held, Held::Packet(_))).count();
        (travelling + held) as u64
    }
}

const REACHED_INTO: u64 = 0x7265_6163;
