//! Nodes on their machines, and what happens to them: a whole network, or a part of one.

use chinwag::{Input, Seed, Time};

use crate::arrival::{Inbox, Told};
use crate::fabric::Fabric;
use crate::fault::{Fault, Memory};
use crate::happening::Happening;
use crate::queue::Class;
use crate::trace::Trace;
use crate::{Effects, Node, NodeId, Start};

#[derive(Clone, Debug)]
pub(crate) struct Part<N> {
    /// As many as the fabric has hosts.
    pub(crate) nodes: Vec<N>,
    pub(crate) fabric: Fabric,
    pub(crate) inbox: Inbox,
    pub(crate) trace: Option<Trace<N>>,
}

impl<N: Node> Part<N> {
    /// Runs until `end`, and says how much has happened.
    pub(crate) fn run_to(&mut self, end: Time) -> u64 {
        let mut steps = 0;
        while self.step(end) {
            steps += 1;
        }
        steps
    }

    /// Cuts a whole network into so many parts, of which this stays the first.
    pub(crate) fn split(&mut self, count: usize) -> Vec<Self> {
        let nodes = self.nodes.len();
        let mut parts: Vec<Self> = (1..count)
            .rev()
            .map(|number| {
                let first = nodes * number / count;
                let fabric = self.fabric.split_off(first);
                Self { nodes: self.nodes.split_off(first), fabric, inbox: Inbox::default(), trace: None }
            })
            .collect();
        parts.reverse();
        for (entry, happening) in self.fabric.queue.take_all() {
            // Faults happen to the whole, after this.
            let at = happening.node().and_then(|node| {
                parts.partition_point(|part| part.fabric.first <= node.index()).checked_sub(1)
            });
            let part = at.and_then(|at| parts.get_mut(at)).map_or(&mut self.fabric, |part| &mut part.fabric);
            part.queue.put(entry, happening);
        }
        parts
    }

    /// Makes the network whole again.
    pub(crate) fn join(&mut self, parts: Vec<Self>) {
        for part in parts {
            self.nodes.extend(part.nodes);
            self.fabric.join(part.fabric);
        }
    }

    /// Has the next thing happen, if it is not after `limit`.
    pub(crate) fn step(&mut self, limit: Time) -> bool {
        let Some((at, happening)) = self.fabric.queue.pop_until(limit) else { return false };
        self.fabric.now = at;
        match happening {
            Happening::Fault(fault) => {
                self.fabric.faults_due.pop_first();
                self.inject(*fault);
            }
            Happening::Wake { node } => self.wake(node),
            Happening::Told { node, input } => {
                self.tell(node, *input);
            }
            Happening::Released { node, link } => {
                // One by one, as the node may close the link at any of them.
                while self.fabric.release_next(node, link, &mut self.inbox) {
                    self.feed_all(node);
                }
                self.feed_all(node);
            }
            Happening::ToNode { node, what } => {
                let host = self.fabric.host_mut(node);
                let hardware = if host.running { host.hardware_mut() } else { None };
                if let Some((done, waits)) = hardware.and_then(|hardware| hardware.handles(at)) {
                    self.fabric.stats.kept_waiting += u64::from(waits);
                    let key = self.fabric.key(node, done, Class::Arrival);
                    self.fabric.queue.push(key, Happening::Handled { node, what });
                } else {
                    self.fabric.happens(node, what, &mut self.inbox);
                    self.feed_all(node);
                }
            }
            Happening::Handled { node, what } => {
                self.fabric.happens(node, what, &mut self.inbox);
                self.feed_all(node);
            }
        }
        true
    }

    fn wake(&mut self, node: NodeId) {
        let now = self.fabric.now;
        let host = self.fabric.host_mut(node);
        if host.alarm != Some(now) {
            return;
        }
        let busy_until = host.hardware().busy_until;
        if busy_until > now {
            let key = host.key(busy_until, Class::Wake);
            host.alarm = Some(busy_until);
            self.fabric.queue.push(key, Happening::Wake { node });
            return;
        }
        host.alarm = None;
        let shown = self.time_at(node);
        match self.nodes[self.fabric.place(node)].next_deadline() {
            Some(deadline) if deadline <= shown => self.feed(node, Told::of(Input::Tick)),
            later => self.fabric.set_alarm(node, later),
        }
    }

    /// Gives a node an input; false if it does not run.
    pub(crate) fn tell(&mut self, node: NodeId, input: Input) -> bool {
        let running = self.fabric.host(node).running;
        if running {
            self.fabric.unrest.last = self.fabric.now;
            let fingerprint = if let Input::Received { message, .. } = &input {
                self.fabric.fingerprints.of(message)
            } else {
                0
            };
            self.feed(node, Told { input, fingerprint });
        }
        running
    }

    /// Has a fault take effect now.
    pub(crate) fn inject(&mut self, fault: Fault) {
        if let Fault::Restart { node, memory } = fault {
            self.restart(node, memory);
        } else if let Fault::RestartAll { memory } = fault {
            let nodes: Vec<NodeId> = self.fabric.hosts.iter().map(|host| host.node).collect();
            nodes.into_iter().for_each(|node| self.restart(node, memory));
        }
        self.fabric.suffer(fault);
    }

    fn restart(&mut self, node: NodeId, memory: Memory) {
        if self.fabric.host(node).running {
            return;
        }
        let now = self.fabric.now;
        self.fabric.tracer.restarted(now, node, memory);
        let host = self.fabric.host_mut(node);
        host.running = true;
        host.starts += 1;
        let (address, listening, starts) = (host.address.clone(), host.listening, host.starts);
        match memory {
            Memory::Kept => {
                // In the node's time it has just crashed: what is due since then comes after what it has lost.
                let crashed_at = host.mishaps_mut().crashed_at;
                host.untold_ended(now);
                while let Some(input) = self.fabric.host_mut(node).mishaps_mut().untold.pop_front() {
                    self.feed_at(crashed_at, node, Told::of(input));
                }
            }
            Memory::Lost => {
                host.mishaps_mut().untold.clear();
                let start = Start { node, address, listening, seed: self.seed_of(node, starts) };
                let fresh = self.nodes[self.fabric.place(node)].restarted(&start);
                if let Some(trace) = &mut self.trace {
                    trace.state(self.fabric.host(node).shows(self.fabric.now), node, fresh.clone());
                }
                self.nodes[self.fabric.place(node)] = fresh;
                self.fabric.checker.started_anew(node);
            }
        }
        self.feed(node, Told::of(Input::Tick));
    }

    /// Tells a node what is in the inbox.
    fn feed_all(&mut self, node: NodeId) {
        if self.inbox.inputs.len() == 1 {
            if let Some(told) = self.inbox.inputs.pop() {
                self.feed(node, told);
            }
            return;
        }
        let mut inputs = core::mem::take(&mut self.inbox.inputs);
        for told in inputs.drain(..) {
            // What several inputs at once are about, the node may have closed at the first of them.
            if let Input::Received { link, .. } | Input::Malformed { link, .. } = &told.input
                && self.fabric.host(node).ends.get(*link).is_none()
            {
                continue;
            }
            self.feed(node, told);
        }
        self.inbox.inputs = inputs;
    }

    pub(crate) fn feed(&mut self, node: NodeId, told: Told) {
        self.feed_at(self.fabric.now, node, told);
        let deadline = self.nodes[self.fabric.place(node)].next_deadline();
        self.fabric.set_alarm(node, deadline);
    }

    fn feed_at(&mut self, now: Time, node: NodeId, told: Told) {
        let host = self.fabric.host_mut(node);
        let clock = &host.hardware().clock;
        let (now, wrong) = (clock.shows(now), !clock.is_right());
        self.fabric.stats.inputs += 1;
        self.fabric.stats.misdated += u64::from(wrong);
        self.fabric.host_mut(node).history.told(now, &told.input, told.fingerprint);
        if let Some(trace) = &mut self.trace {
            trace.input(now, node, told.input.clone());
        }
        let state = &mut self.nodes[self.fabric.place(node)];
        state.handle(now, told.input, &mut Effects::new(node, &mut self.fabric));
    }

    /// What a node's own clock shows.
    pub(crate) fn time_at(&self, node: NodeId) -> Time {
        self.fabric.host(node).shows(self.fabric.now)
    }

    pub(crate) fn seed_of(&self, node: NodeId, start: u64) -> Seed {
        Seed::new(self.fabric.world.config.seed).derive(u64::from(node.get())).derive(start)
    }
}
