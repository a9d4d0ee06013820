//! How time passes in a network.

use core::fmt;
use core::time::Duration;

use chinwag::{Input, Seed, Time};

use crate::arrival::Told;
use crate::fabric::Happening;
use crate::fault::Memory;
use crate::queue::Class;
use crate::{Effects, Network, Node, NodeId, Start};

/// The network did not become quiet in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct NotQuiet {
    /// How many packets are on their way that are more than keep-alive or introductions.
    pub packets: u64,
    /// When something was last delivered or emitted.
    pub last: Time,
}

impl fmt::Display for NotQuiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { packets, last } = self;
        write!(
            f,
            "the network is not quiet: {packets} packets under way, last event at {last:?}; run it \
             longer, or see which node keeps talking"
        )
    }
}

impl core::error::Error for NotQuiet {}

impl<N: Node> Network<N> {
    /// Runs for so long.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.fabric.now + time;
        while self.step(end) {}
        self.fabric.now = end;
    }

    /// Runs until `done`, which is asked whenever time is about to move, or for `limit` at most. Says whether it
    /// was done.
    #[must_use = "whether it was done"]
    pub fn run_until(&mut self, limit: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = self.fabric.now + limit;
        loop {
            if done(self) {
                return true;
            }
            let Some(next) = self.fabric.queue.next_at().filter(|&next| next <= end) else {
                self.fabric.now = end;
                return done(self);
            };
            while self.step(next) {}
        }
    }

    /// Runs until nothing is going on any more: no packet is on its way, nothing was emitted and no packet handed
    /// over for the configured `quiet_for`, where packets of the kinds that nodes exchange for ever (keep-alive,
    /// introductions, samples of known peers), and those that a partition holds back, do not count. Gives the time that is quiet.
    ///
    /// # Errors
    /// [`NotQuiet`] if that does not come about within `limit`.
    pub fn run_until_quiet(&mut self, limit: Duration) -> Result<Time, NotQuiet> {
        let end = self.fabric.now + limit;
        loop {
            let unrest = self.fabric.unrest;
            let quiet_at = (unrest.last + self.fabric.world.config.quiet_for).max(self.fabric.now);
            let next = self.fabric.queue.next_at().unwrap_or(Time::MAX);
            if unrest.packets == 0 && quiet_at < next && quiet_at <= end {
                self.fabric.now = quiet_at;
                return Ok(quiet_at);
            }
            if next > end {
                self.fabric.now = end;
                return Err(NotQuiet { packets: unrest.packets, last: unrest.last });
            }
            while self.step(next) {}
        }
    }

    /// Has the next thing happen, if it is not after `limit`.
    fn step(&mut self, limit: Time) -> bool {
        let Some((at, happening)) = self.fabric.queue.pop_until(limit) else { return false };
        self.fabric.now = at;
        match happening {
            Happening::Fault(fault) => self.inject(*fault),
            Happening::Wake { node } => self.wake(node),
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
        match self.nodes[node.index()].next_deadline() {
            Some(deadline) if deadline <= shown => self.feed(node, Told::of(Input::Tick)),
            later => self.fabric.set_alarm(node, later),
        }
    }

    pub(crate) fn restart_now(&mut self, node: NodeId, memory: Memory) {
        if self.is_running(node) {
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
                let fresh = self.nodes[node.index()].restarted(&start);
                if let Some(trace) = &mut self.trace {
                    trace.state(self.fabric.host(node).shows(self.fabric.now), node, fresh.clone());
                }
                self.nodes[node.index()] = fresh;
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
        let deadline = self.nodes[node.index()].next_deadline();
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
        let state = &mut self.nodes[node.index()];
        state.handle(now, told.input, &mut Effects::new(node, &mut self.fabric));
    }

    pub(crate) fn seed_of(&self, node: NodeId, start: u64) -> Seed {
        Seed::new(self.fabric.world.config.seed).derive(u64::from(node.get())).derive(start)
    }
}
