//! `chinwag bench`: peers on this machine talk over TCP, and it is measured how fast.

mod course;
mod crowd;
mod descriptors;
mod figures;
mod pace;
mod tally;
mod text;

use std::io::Write as _;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context as _, bail};
use chinwag::{Address, Config, PeerId};
use chinwag_mio::epoch_now;
use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::{BenchArguments, BenchFormat, Shape};
use crate::exit::Exit;
use crate::process;
use course::{Course, Phase};
use crowd::Crowd;
use figures::{Figures, Measured};
use pace::Pace;
use tally::Tally;

/// How often is looked how far things are.
const STEP: Duration = Duration::from_millis(10);
/// How long all peers may take to find each other, and 1 ms more for each.
const JOIN_PATIENCE: Duration = Duration::from_secs(30);
/// How long peers that find their neighbours themselves are left alone before they talk.
const SETTLE: Duration = Duration::from_secs(3);
/// How long they talk before it counts.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long what was said last may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// Measures, and prints the result: fine only if nothing was lost.
///
/// # Errors
/// When the system has no room for so many peers, when they do not find each other, or when standard output is closed.
pub(crate) fn run(arguments: &BenchArguments) -> anyhow::Result<Exit> {
    let shape = arguments.shape();
    descriptors::provide(shape)?;
    let course = Arc::new(Course::new(shape.peers().saturating_sub(1), arguments.window));
    let mut stage = Stage::set(arguments, &course)?;
    let measured = stage.measure(arguments, shape);
    let tally = stage.end()?;
    let figures = Figures::of(arguments, &measured?, &tally);
    let printed = match arguments.format {
        BenchFormat::Table => figures.table(arguments),
        BenchFormat::Json => serde_json::to_string(&figures)? + "\n",
    };
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(printed.as_bytes())?;
    stdout.flush()?;
    Ok(if figures.lost == 0 { Exit::Fine } else { Exit::Failed })
}

/// The threads with all peers.
struct Stage {
    course: Arc<Course>,
    ended: Receiver<anyhow::Result<Tally>>,
    threads: usize,
    bar: ProgressBar,
}

impl Stage {
    fn set(arguments: &BenchArguments, course: &Arc<Course>) -> anyhow::Result<Self> {
        let crowds = crowds(arguments, course)?;
        let threads = crowds.len();
        let (end, ended) = channel();
        for crowd in crowds {
            let end = end.clone();
            let run = move || {
                // Whoever waits for it has given up if it cannot be told.
                let _ = end.send(crowd.run());
            };
            let thread = std::thread::Builder::new().name("peers".to_owned()).spawn(run);
            thread.context("the system gives no thread for the peers")?;
        }
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{msg:<16} {wide_bar} {percent:>3} %") {
            bar.set_style(style.progress_chars("━╸ "));
        }
        Ok(Self { course: Arc::clone(course), ended, threads, bar })
    }

    fn measure(&mut self, arguments: &BenchArguments, shape: Shape) -> anyhow::Result<Measured> {
        let peers = shape.peers();
        let most = JOIN_PATIENCE + Duration::from_millis(peers as u64);
        self.watch("peers meet", peers as u64, most, |course| course.ready() as u64)?;
        if self.course.ready() < peers {
            bail!("{} of {peers} peers found no neighbours within {most:?}", peers - self.course.ready());
        }
        if matches!(shape, Shape::Mesh(_)) {
            self.pass("settling", SETTLE)?;
        }
        self.course.enter(Phase::WarmUp);
        self.pass("warming up", WARM_UP)?;
        self.course.enter(Phase::Rest);
        let unheard = self.drain()?;

        let (cpu, start, said) = (process::cpu_seconds(), self.course.micros(), self.course.said());
        self.course.enter(Phase::Measure);
        self.pass("measuring", Duration::from_secs(arguments.seconds.into()))?;
        self.course.enter(Phase::Rest);
        self.drain()?;
        let cpu = process::cpu_seconds().zip(cpu).map(|(after, before)| after - before);
        let said = self.course.said().saturating_sub(said);
        Ok(Measured { start, said, cpu, lost_warming_up: unheard })
    }

    /// Waits until everything said has arrived, or for as long as it may take; how many deliveries are missing then.
    fn drain(&self) -> anyhow::Result<u64> {
        let missing = self.course.missing();
        self.watch("waiting for all", missing, PATIENCE, |course| missing.saturating_sub(course.missing()))?;
        Ok(self.course.missing())
    }

    fn pass(&self, name: &'static str, time: Duration) -> anyhow::Result<()> {
        let begin = self.course.micros();
        let all = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.watch(name, all, time, |course| course.micros().saturating_sub(begin))
    }

    /// Waits until `done` is `all`, or for `most`.
    fn watch(
        &self,
        name: &'static str,
        all: u64,
        most: Duration,
        done: impl Fn(&Course) -> u64,
    ) -> anyhow::Result<()> {
        self.bar.set_length(all);
        self.bar.set_message(name);
        let begin = self.course.micros();
        loop {
            let so_far = done(&self.course);
            self.bar.set_position(so_far.min(all));
            let past = self.course.micros().saturating_sub(begin);
            if so_far >= all || u128::from(past) >= most.as_micros() {
                return Ok(());
            }
            match self.ended.recv_timeout(STEP) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Err(error)) => return Err(error),
                Ok(Ok(_)) | Err(RecvTimeoutError::Disconnected) => {
                    bail!("a thread with peers has ended early")
                }
            }
        }
    }

    fn end(self) -> anyhow::Result<Tally> {
        self.course.enter(Phase::Stop);
        self.bar.finish_and_clear();
        let mut all = Tally::new()?;
        for _ in 0..self.threads {
            let tally = self.ended.recv_timeout(PATIENCE).context("a thread with peers does not end")?;
            all.merge(&tally?)?;
        }
        Ok(all)
    }
}

/// The peers, spread evenly over threads; the authors are the first of each.
fn crowds(arguments: &BenchArguments, course: &Arc<Course>) -> anyhow::Result<Vec<Crowd>> {
    let shape = arguments.shape();
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.threads.map_or_else(processors, usize::from).min(shape.peers());
    let size = usize::try_from(arguments.size)?;
    let retained = usize::try_from(arguments.retained)?;
    let mut crowds = Vec::new();
    for thread in 0..threads {
        let places = (thread..shape.authors()).step_by(threads);
        let pace = Pace::new(arguments.rate, shape.authors(), places);
        crowds.push(Crowd::new(Arc::clone(course), pace, size)?);
    }
    let mut contact = None;
    for place in 0..shape.peers() {
        let Some(crowd) = crowds.get_mut(place % threads) else { continue };
        let mut config = Config::new(PeerId::new(&format!("peer {place}"))?, epoch_now());
        config.max_history = retained;
        // Where fewer are retained than are known again, each is hashed for those of the old program, and there are none.
        config.classic_window = config.classic_window.min(retained.max(10));
        let (needs, links) = match shape {
            Shape::Star(links) => {
                config.target_neighbours = 0;
                let links = if place == 0 { links } else { 1 };
                config.max_links = links.max(config.max_links);
                config.max_peers = links.max(config.max_peers);
                (links, links)
            }
            Shape::Mesh(peers) => {
                config.strategy = arguments.overlay.into();
                (4.min(peers - 1), MESH_LINKS)
            }
        };
        crowd.add(config, needs, links)?;
        // Who is linked with the first alone need not be found by others.
        let address = if place == 0 || matches!(shape, Shape::Mesh(_)) { crowd.listen()? } else { None };
        match &contact {
            Some(contact) => crowd.join_later(Address::clone(contact)),
            None => contact = address,
        }
    }
    Ok(crowds)
}

/// The most links of a peer that finds its neighbours itself: while it meets others it has more than neighbours.
const MESH_LINKS: usize = 64;
