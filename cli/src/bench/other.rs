//! What another process does, that is full of peers that listen.

use std::io::Write;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::course::{Course, Phase};
use super::crowds::Plan;
use super::descriptors;
use super::tally::{Tally, Traffic};
use super::threads::Threads;
use crate::exit::Exit;
use crate::{clock, process};

/// How often it tells how far its peers are.
const STEP: Duration = Duration::from_millis(2);

/// What it is told first; lines that name a [`Phase`] each follow.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Task {
    pub(super) plan: Plan,
    pub(super) places: Range<usize>,
    pub(super) contact: Option<String>,
    /// How long all has been going on, and when that was, both in microseconds.
    pub(super) elapsed: u64,
    pub(super) sent: u64,
}

/// What it tells.
#[derive(Serialize, Deserialize, Debug)]
pub(super) enum Word {
    /// So many peers more, or fewer, have the neighbours they need.
    Ready { change: isize },
    /// So many deliveries more were made.
    Heard { count: u64 },
    /// All is over.
    Report(Report),
}

/// What came of it.
#[derive(Serialize, Deserialize, Debug)]
pub(super) struct Report {
    /// How often a message took how many microseconds.
    latency: Vec<(u64, u64)>,
    deliveries: u64,
    last: u64,
    traffic: Traffic,
    /// Since the measurement began.
    pub(super) cpu_seconds: Option<f64>,
    pub(super) peak_rss_bytes: Option<u64>,
}

impl Report {
    /// What it counted.
    ///
    /// # Errors
    /// Never in practice: that the histogram cannot grow.
    pub(super) fn tally(&self) -> anyhow::Result<Tally> {
        let mut tally = Tally::new()?;
        for (micros, count) in &self.latency {
            tally.latency.record_n(*micros, *count)?;
        }
        (tally.deliveries, tally.last, tally.traffic) = (self.deliveries, self.last, self.traffic);
        Ok(tally)
    }
}

/// Does as it is told on standard input, and ends with that at the latest.
///
/// # Errors
/// When it is not told what to do, or the system has no room.
pub(crate) fn run() -> anyhow::Result<Exit> {
    let mut task = String::new();
    std::io::stdin().read_line(&mut task)?;
    let task: Task = serde_json::from_str(&task)
        .context("this is for `chinwag bench` to call, which says what to do on standard input")?;
    let since = Duration::from_micros(clock::micros_since_1970().saturating_sub(task.sent) + task.elapsed);
    let course = Arc::new(Course::since(since, usize::MAX, u32::MAX));
    descriptors::raise(usize::MAX);
    let contact = task.contact.as_deref().map(str::parse).transpose()?;
    let (crowds, _) = task.plan.crowds(&course, task.places, contact)?;
    let threads = Threads::start(crowds, &course)?;

    let (begin, begun) = channel();
    let follow = move || {
        let phases =
            std::io::stdin().lines().map_while(Result::ok).map_while(|line| serde_json::from_str(&line).ok());
        phases.map_while(|phase| begin.send(phase).ok()).for_each(drop);
    };
    std::thread::Builder::new().name("phases".to_owned()).spawn(follow)?;

    let mut stdout = std::io::stdout().lock();
    let cpu = tell_until_stopped(&course, &begun, &mut stdout)?;
    let tally = threads.end()?;
    let report = Report {
        latency: tally
            .latency
            .iter_recorded()
            .map(|it| (it.value_iterated_to(), it.count_at_value()))
            .collect(),
        deliveries: tally.deliveries,
        last: tally.last,
        traffic: tally.traffic,
        cpu_seconds: process::cpu_seconds().zip(cpu).map(|(after, before)| after - before),
        peak_rss_bytes: process::peak_rss_bytes(),
    };
    say(&mut stdout, &Word::Report(report))?;
    Ok(Exit::Fine)
}

/// Tells how far the peers are until they are to stop, and gives back how long the processors had worked when the
/// measurement began.
fn tell_until_stopped(
    course: &Course,
    begun: &Receiver<Phase>,
    to: &mut impl Write,
) -> anyhow::Result<Option<f64>> {
    let (mut ready, mut heard, mut cpu) = (0, 0, None);
    loop {
        let phase = match begun.recv_timeout(STEP) {
            Ok(phase) => Some(phase),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Phase::Stop),
        };
        if phase == Some(Phase::Measure) {
            cpu = process::cpu_seconds();
        }
        let (ready_now, heard_now) = (course.ready(), course.heard());
        if ready_now != ready {
            say(to, &Word::Ready { change: ready_now.wrapping_sub(ready).cast_signed() })?;
        }
        if heard_now != heard {
            say(to, &Word::Heard { count: heard_now - heard })?;
        }
        (ready, heard) = (ready_now, heard_now);
        match phase {
            Some(Phase::Stop) => return Ok(cpu),
            Some(phase) => course.enter(phase),
            None => {}
        }
    }
}

fn say(to: &mut impl Write, word: &Word) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *to, word)?;
    to.write_all(b"\n")?;
    Ok(to.flush()?)
}
