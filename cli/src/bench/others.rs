//! Peers in other processes, as seen from the one that measures: where one may not open as many files as it takes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::ops::Range;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::Context as _;
use chinwag::Address;

use super::course::{Course, Phase};
use super::crowds::Plan;
use super::other::{Report, Task, Word};
use crate::clock;

/// Processes of this program, full of peers that listen. They end with this one, as their input does.
#[derive(Debug)]
pub(super) struct Others {
    processes: Vec<Process>,
    reports: Receiver<anyhow::Result<Report>>,
}

#[derive(Debug)]
struct Process {
    child: Child,
    phases: ChildStdin,
}

impl Others {
    /// Starts a process for each range of places.
    ///
    /// # Errors
    /// When the system starts none.
    pub(super) fn start(
        plan: &Plan,
        places: &[Range<usize>],
        contact: Option<&Address>,
        course: &Arc<Course>,
    ) -> anyhow::Result<Self> {
        let (told, reports) = channel();
        let processes = places.iter().map(|places| {
            let task = Task {
                plan: *plan,
                places: places.clone(),
                contact: contact.map(ToString::to_string),
                elapsed: course.micros(),
                sent: clock::micros_since_1970(),
            };
            start(&task, Arc::clone(course), told.clone())
        });
        Ok(Self { processes: processes.collect::<anyhow::Result<_>>()?, reports })
    }

    /// Tells all that a phase has begun.
    ///
    /// # Errors
    /// When one of them is gone.
    pub(super) fn enter(&mut self, phase: Phase) -> anyhow::Result<()> {
        for process in &mut self.processes {
            serde_json::to_writer(&mut process.phases, &phase)?;
            process.phases.write_all(b"\n").context(GONE)?;
        }
        Ok(())
    }

    /// What each has heard, after they were told to stop.
    ///
    /// # Errors
    /// When one does not say it in time.
    pub(super) fn reports(&mut self) -> anyhow::Result<Vec<Report>> {
        let reports =
            self.processes.iter().map(|_| self.reports.recv_timeout(super::PATIENCE).context(GONE)?);
        let reports = reports.collect::<anyhow::Result<Vec<_>>>()?;
        for process in &mut self.processes {
            process.child.wait().context("a process with peers cannot be waited for")?;
        }
        Ok(reports)
    }
}

fn start(task: &Task, course: Arc<Course>, told: Sender<anyhow::Result<Report>>) -> anyhow::Result<Process> {
    let program = std::env::current_exe().context("this program does not find itself")?;
    let mut child = Command::new(program)
        .arg(super::OTHER)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("the system starts no other process for peers")?;
    let mut phases = child.stdin.take().context(GONE)?;
    serde_json::to_writer(&mut phases, task)?;
    phases.write_all(b"\n").context(GONE)?;
    let words = BufReader::new(child.stdout.take().context(GONE)?);
    let follow = move || {
        let report =
            words.lines().map(|line| Ok(serde_json::from_str(&line?)?)).find_map(|word| match word {
                Ok(Word::Ready { change }) => {
                    course.change_ready(change);
                    None
                }
                Ok(Word::Heard { count }) => {
                    course.note_heard(count);
                    None
                }
                Ok(Word::Report(report)) => Some(Ok(report)),
                Err(error) => Some(Err(error)),
            });
        // Whoever waits for it has given up if it cannot be told.
        let _ = told.send(report.unwrap_or_else(|| Err(anyhow::anyhow!(GONE))));
    };
    std::thread::Builder::new()
        .name("other process".to_owned())
        .spawn(follow)
        .context("the system gives no thread to follow another process")?;
    Ok(Process { child, phases })
}

const GONE: &str = "a process with peers has ended early";
