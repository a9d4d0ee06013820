//! A network on several threads: in parts, for as long as nobody looks.
//!
//! Nothing that a node causes reaches another one sooner than the least latency. So for that long all parts run apart from
//! each other, and then exchange what they have sent (conservative synchronisation by windows, as in Nicol, 1993). What
//! happens has its place in an order that does not depend on where it was found out, so that the same happens whatever the
//! parts.

use core::time::Duration;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope};

use chinwag::Time;

use crate::fabric::Fabric;
use crate::part::Part;
use crate::{Fidelity, Network, Node};

/// How much of a network's time it ran in parts: see [`Network::ran_in_parts`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Apart {
    /// How many windows of time were run by several parts.
    pub windows: u64,
    /// How much happened at another part than where it was caused.
    pub exchanged: u64,
    /// How many windows were worked on by several threads, as there was enough to do.
    pub shared: u64,
    /// How much happened in all.
    pub steps: u64,
}

impl<N: Node> Network<N> {
    /// On how many threads the network runs at most, as it is now: on as many as it was
    /// [told](crate::NetworkConfig::threads), or on 1 under [`Fidelity::Bytes`], while it is recorded, its packets are logged or a
    /// trace is written, if a link takes less than 10 µs, and with fewer than 2 nodes for each thread.
    #[must_use]
    pub fn threads(&self) -> usize {
        let fabric = &self.whole.fabric;
        let config = &fabric.world.config;
        let watched = self.whole.trace.is_some() || fabric.packet_log.is_some() || fabric.tracer.is_writing();
        let swift = fabric.world.models.least_latency() < LEAST_WINDOW;
        if watched || swift || config.fidelity == Fidelity::Bytes {
            return 1;
        }
        config.threads.clamp(1, (self.whole.nodes.len() / LEAST_NODES).max(1))
    }

    /// How much was done in parts so far.
    #[must_use]
    pub const fn ran_in_parts(&self) -> Apart {
        self.apart
    }

    /// Runs until `end`, in parts where that pays.
    pub(crate) fn run_to(&mut self, end: Time) {
        let threads = self.threads();
        while threads > 1
            && let Some(next) = self.whole.fabric.queue.next_at().filter(|next| *next <= end)
        {
            // A fault happens to the whole.
            let fault = self.whole.fabric.faults_due.first().map_or(Time::MAX, |(at, _)| *at);
            let until = end.min(just_before(fault));
            if until < next {
                while self.whole.step(fault) {}
                continue;
            }
            let window = self.whole.fabric.world.models.least_latency();
            let span = until.saturating_since(next);
            if self.pace.is_none() || !self.is_worth_it(span) {
                // How much is going on is only known from what has just gone on.
                let until = if self.pace.is_some() { until } else { until.min(next + window * TRIAL) };
                self.note_pace(next, until, |whole| whole.run_to(until));
            } else {
                let mut others = self.whole.split(threads);
                let before = self.apart.steps;
                let ran = run_windows(&mut self.whole, &mut others, window, until);
                self.apart.add(ran);
                self.whole.join(others);
                let steps = self.apart.steps - before;
                self.note_pace(next, until, |_| steps);
            }
        }
        while self.whole.step(end) {}
    }

    /// Whether enough is likely to happen in a while for the network to be cut into parts.
    fn is_worth_it(&self, span: Duration) -> bool {
        let per_second = u128::from(self.pace.unwrap_or(0));
        let expected = per_second * span.as_nanos() / 1_000_000_000;
        expected >= self.whole.nodes.len() as u128 * WORTH_IT
    }

    /// Takes down how much happens in a second of the network's time.
    fn note_pace(&mut self, from: Time, until: Time, run: impl FnOnce(&mut Part<N>) -> u64) {
        let steps = u128::from(run(&mut self.whole));
        let span = until.saturating_since(from).as_nanos().max(1);
        self.pace = Some(u64::try_from(steps * 1_000_000_000 / span).unwrap_or(u64::MAX));
    }
}

/// Runs all parts until `until`, the first on this thread.
fn run_windows<N: Node>(
    first: &mut Part<N>,
    others: &mut Vec<Part<N>>,
    window: Duration,
    until: Time,
) -> Apart {
    let mut apart = Apart::default();
    thread::scope(|scope| {
        let workers: Vec<Worker<N>> = others.iter().map(|_| Worker::start(scope)).collect();
        let mut busy = false;
        while let Some(next) = next_of_all(first, others)
            && next <= until
        {
            let end = until.min(just_before(next + window));
            apart.windows += 1;
            let steps = if busy {
                apart.shared += 1;
                run_on(&workers, first, others, end)
            } else {
                first.run_to(end) + others.iter_mut().map(|part| part.run_to(end)).sum::<u64>()
            };
            apart.steps += steps;
            busy = steps >= ENOUGH_TO_SHARE;
            apart.exchanged += exchange(first, others);
        }
    });
    apart
}

fn next_of_all<N: Node>(first: &Part<N>, others: &[Part<N>]) -> Option<Time> {
    core::iter::once(first).chain(others).filter_map(|part| part.fabric.queue.next_at()).min()
}

/// Has each worker run one of the other parts, and runs the first here. Says how much happened.
fn run_on<N: Node>(workers: &[Worker<N>], first: &mut Part<N>, others: &mut Vec<Part<N>>, end: Time) -> u64 {
    for (worker, part) in workers.iter().zip(others.drain(..)) {
        worker.give(part, end);
    }
    let mut steps = first.run_to(end);
    for (part, its_steps) in workers.iter().filter_map(Worker::take) {
        others.push(part);
        steps += its_steps;
    }
    steps
}

/// Hands over what parts have caused at others, and tells each of the others' posts. Says how much happens elsewhere.
fn exchange<N: Node>(first: &mut Part<N>, others: &mut [Part<N>]) -> u64 {
    let mut fabrics: Vec<&mut Fabric> =
        core::iter::once(first).chain(others).map(|part| &mut part.fabric).collect();
    let mut exchanged = 0;
    for from in 0..fabrics.len() {
        let mut outbox = core::mem::take(&mut fabrics[from].outbox);
        exchanged += outbox.len() as u64;
        for (key, node, what) in outbox.drain(..) {
            let to = fabrics.partition_point(|fabric| fabric.first <= node.index()) - 1;
            fabrics[to].happens_at(node, key, what);
        }
        fabrics[from].outbox = outbox;
        for news in fabrics[from].ledger.take_news() {
            for (_, other) in fabrics.iter_mut().enumerate().filter(|(to, _)| *to != from) {
                other.ledger.learn(news.clone());
            }
        }
    }
    exchanged
}

fn just_before(at: Time) -> Time {
    Time::from_nanos(at.as_nanos().saturating_sub(1))
}

/// A thread that runs parts which it is given.
struct Worker<N> {
    to: Sender<(Part<N>, Time)>,
    back: Receiver<(Part<N>, u64)>,
}

impl<N: Node> Worker<N> {
    fn start<'scope, 'env>(scope: &'scope Scope<'scope, 'env>) -> Self
    where
        N: 'scope,
    {
        let (to, given) = channel::<(Part<N>, Time)>();
        let (done, back) = channel();
        scope.spawn(move || {
            for (mut part, end) in given {
                let steps = part.run_to(end);
                if done.send((part, steps)).is_err() {
                    return;
                }
            }
        });
        Self { to, back }
    }

    fn give(&self, part: Part<N>, end: Time) {
        // If the thread has panicked, the scope does when it ends.
        drop(self.to.send((part, end)));
    }

    fn take(&self) -> Option<(Part<N>, u64)> {
        self.back.recv().ok()
    }
}

impl Apart {
    const fn add(&mut self, more: Self) {
        self.windows += more.windows;
        self.exchanged += more.exchanged;
        self.shared += more.shared;
        self.steps += more.steps;
    }
}

/// Windows shorter than this bring more exchange than work.
const LEAST_WINDOW: Duration = Duration::from_micros(10);
/// A part has at least so many nodes.
const LEAST_NODES: usize = 2;
/// How much has to be expected for each node where a network is cut into parts: that takes about as long as two things
/// happening to each.
const WORTH_IT: u128 = 8;
/// After how many windows it is known how much happens.
const TRIAL: u32 = 8;
/// How much has to happen in a window for other threads to be woken for the next.
const ENOUGH_TO_SHARE: u64 = 400;
