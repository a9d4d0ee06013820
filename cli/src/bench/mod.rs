//! `chinwag bench`: peers on this machine talk over TCP, and it is measured how fast.

mod course;
mod crowd;
mod crowds;
mod descriptors;
mod figures;
mod other;
mod others;
mod pace;
mod tally;
mod text;
mod threads;

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};

use crate::arguments::{BenchArguments, BenchFormat, Shape};
use crate::exit::Exit;
use crate::process;
use course::{Course, Phase};
use crowds::Plan;
use descriptors::Spread;
use figures::{Figures, Heard, Measured};
use others::Others;
use threads::Threads;

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

pub(crate) use other::run as run_other;

/// What this program is called with to be a process full of peers for another that measures.
pub(crate) const OTHER: &str = "bench-listeners";

/// Measures, and prints the result: fine only if nothing was lost.
///
/// # Errors
/// When the system has no room for so many peers, when they do not find each other, or when standard output is closed.
pub(crate) fn run(arguments: &BenchArguments) -> anyhow::Result<Exit> {
    let shape = arguments.shape();
    let spread = descriptors::spread(shape)?;
    let course = Arc::new(Course::new(shape.peers().saturating_sub(1), arguments.window));
    let mut stage = Stage::set(&Plan::of(arguments)?, &course, &spread)?;
    let measured = stage.measure(arguments, shape);
    // Whatever came of that, all end, and the bar is gone before anything is printed.
    let heard = stage.end();
    let figures = Figures::of(arguments, &measured?, &heard?);
    let printed = match arguments.format {
        BenchFormat::Table => figures.table(arguments),
        BenchFormat::Json => serde_json::to_string(&figures)? + "\n",
    };
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(printed.as_bytes())?;
    stdout.flush()?;
    Ok(if figures.lost == 0 { Exit::Fine } else { Exit::Failed })
}

/// All peers, wherever they are.
struct Stage {
    course: Arc<Course>,
    threads: Threads,
    others: Others,
    bar: ProgressBar,
}

impl Stage {
    fn set(plan: &Plan, course: &Arc<Course>, spread: &Spread) -> anyhow::Result<Self> {
        let (crowds, contact) = plan.crowds(course, spread.here.clone(), None)?;
        let others = Others::start(plan, &spread.elsewhere, contact.as_ref(), course)?;
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{msg:<16} {wide_bar} {percent:>3} %") {
            bar.set_style(style.progress_chars("━╸ "));
        }
        Ok(Self { course: Arc::clone(course), threads: Threads::start(crowds, course)?, others, bar })
    }

    fn enter(&mut self, phase: Phase) -> anyhow::Result<()> {
        self.others.enter(phase)?;
        self.course.enter(phase);
        Ok(())
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
        self.enter(Phase::WarmUp)?;
        self.pass("warming up", WARM_UP)?;
        self.enter(Phase::Rest)?;
        let unheard = self.drain()?;

        let (cpu, start, said) = (process::cpu_seconds(), self.course.micros(), self.course.said());
        self.enter(Phase::Measure)?;
        self.pass("measuring", Duration::from_secs(arguments.seconds.into()))?;
        self.enter(Phase::Rest)?;
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
            self.threads.wait(STEP)?;
        }
    }

    fn end(mut self) -> anyhow::Result<Heard> {
        self.bar.finish_and_clear();
        self.others.enter(Phase::Stop)?;
        let (tally, peak_rss_bytes) = (self.threads.end()?, process::peak_rss_bytes());
        let mut heard = Heard { tally, processes: 1, cpu_elsewhere: Some(0.0), peak_rss_bytes };
        for report in self.others.reports()? {
            heard.tally.merge(&report.tally()?)?;
            heard.processes += 1;
            heard.cpu_elsewhere = heard.cpu_elsewhere.zip(report.cpu_seconds).map(|(sum, more)| sum + more);
            heard.peak_rss_bytes =
                heard.peak_rss_bytes.zip(report.peak_rss_bytes).map(|(sum, more)| sum + more);
        }
        Ok(heard)
    }
}
