//! One contestant at one work: from the first link to the last delivery.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};

use super::contestant::Contestant;
use super::course::{Course, Phase};
use super::tally::Tally;
use super::work::{Shape, Work};
use crate::process::{allow_open_files, cpu_seconds};

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(super) deliveries: u64,
    pub(super) lost: u64,
    /// From the first message that counts to the last delivery.
    pub(super) seconds: f64,
    pub(super) cpu_seconds: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
}

/// The threads of a contestant.
#[derive(Debug)]
pub(super) struct Running {
    end: Sender<anyhow::Result<Tally>>,
    ended: Receiver<anyhow::Result<Tally>>,
    threads: usize,
}

impl Running {
    pub(super) fn new() -> Self {
        let (end, ended) = channel();
        Self { end, ended, threads: 0 }
    }

    /// Runs one thread more. It ends when the course does, and gives back what it has counted.
    pub(super) fn spawn(
        &mut self,
        run: impl FnOnce() -> anyhow::Result<Tally> + Send + 'static,
    ) -> anyhow::Result<()> {
        let end = self.end.clone();
        // Whoever waits for it has given up if it cannot be told.
        let run = move || drop(end.send(run()));
        std::thread::Builder::new().spawn(run).context("the system gives no thread for the peers")?;
        self.threads += 1;
        Ok(())
    }
}

/// Runs a contestant, and counts for so many seconds, as `chinwag bench` does.
pub(super) fn run(work: Work, contestant: Contestant, window: u32, seconds: f64) -> anyhow::Result<Outcome> {
    ensure!(Contestant::of(work).contains(&contestant), "this is nothing that {contestant} does");
    let shape = work.shape();
    // Those that embed a driver for each peer need most: three for it, and two ends of each of its links.
    allow_open_files(shape.peers() as u64 * 18 + 64)?;
    let course = Arc::new(Course::new(shape.peers() - 1, window));
    let stage = Stage { running: contestant.start(work, &course)?, course };
    stage.measure(shape, Duration::from_secs_f64(seconds))
}

struct Stage {
    course: Arc<Course>,
    running: Running,
}

impl Stage {
    fn measure(self, shape: Shape, time: Duration) -> anyhow::Result<Outcome> {
        let peers = shape.peers();
        self.watch(JOIN_PATIENCE, |course| course.ready() >= peers)?;
        let ready = self.course.ready();
        ensure!(ready >= peers, "{} of {peers} peers found no neighbours in time", peers - ready);
        if matches!(shape, Shape::Mesh(_)) {
            self.watch(SETTLE, |_| false)?;
        }
        self.course.enter(Phase::WarmUp);
        self.watch(WARM_UP, |_| false)?;
        self.course.enter(Phase::Rest);
        self.watch(PATIENCE, |course| course.missing() == 0)?;
        let lost_warming_up = self.course.missing();

        let (cpu, start, said) = (cpu_seconds(), self.course.micros(), self.course.said());
        self.course.enter(Phase::Measure);
        self.watch(time, |_| false)?;
        self.course.enter(Phase::Rest);
        self.watch(PATIENCE, |course| course.missing() == 0)?;
        let cpu_seconds = cpu_seconds() - cpu;
        let due = (self.course.said() - said) * (peers as u64 - 1);

        let tally = self.end()?;
        ensure!(tally.deliveries > 0, "nothing was delivered");
        ensure!(
            tally.deliveries <= due,
            "{} deliveries were too many, only {due} were due",
            tally.deliveries
        );
        let quantile = |quantile| tally.latency.value_at_quantile(quantile) as f64 / 1e3;
        Ok(Outcome {
            deliveries: tally.deliveries,
            lost: due - tally.deliveries + lost_warming_up,
            seconds: tally.last.saturating_sub(start) as f64 / 1e6,
            cpu_seconds,
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
        })
    }

    /// Waits until it is so, or for `most`.
    fn watch(&self, most: Duration, is_so: impl Fn(&Course) -> bool) -> anyhow::Result<()> {
        let begin = self.course.micros();
        while !is_so(&self.course) {
            let past = Duration::from_micros(self.course.micros().saturating_sub(begin));
            let Some(left) = most.checked_sub(past).filter(|left| !left.is_zero()) else { break };
            match self.running.ended.recv_timeout(left.min(STEP)) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Err(error)) => return Err(error),
                Ok(Ok(_)) | Err(RecvTimeoutError::Disconnected) => {
                    bail!("a thread with peers has ended early")
                }
            }
        }
        Ok(())
    }

    fn end(self) -> anyhow::Result<Tally> {
        self.course.enter(Phase::Stop);
        let mut all = Tally::new()?;
        for _ in 0..self.running.threads {
            let tally =
                self.running.ended.recv_timeout(PATIENCE).context("a thread with peers does not end")?;
            all.merge(&tally?)?;
        }
        Ok(all)
    }
}

/// How often is looked how far things are.
const STEP: Duration = Duration::from_millis(10);
/// How long all peers may take to find each other.
const JOIN_PATIENCE: Duration = Duration::from_secs(30);
/// How long peers with neighbours of their own are left alone before they talk.
const SETTLE: Duration = Duration::from_secs(3);
/// How long they talk before it counts.
const WARM_UP: Duration = Duration::from_millis(500);
/// How long what was said last may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);
