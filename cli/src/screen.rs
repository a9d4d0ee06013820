//! Standard output, written by a thread of its own: a terminal that is stopped, or a reader that is slow, must not
//! keep the node from answering its peers.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context as _;
use rustyline::ExternalPrinter;

use crate::notice::Notice;
use crate::render::Render;

/// How many notices may wait for a slow reader; then the program waits too, as nothing may be lost.
const QUEUE: usize = 1024;

/// How long [`Screen::flush`] waits.
const FLUSH: Duration = Duration::from_millis(250);

/// Where everything is told.
pub(crate) struct Screen {
    render: Box<dyn Render + Send>,
    queue: Option<SyncSender<Job>>,
    writer: Option<JoinHandle<()>>,
    broken: Arc<AtomicBool>,
    above_prompt: bool,
    for_people: bool,
}

enum Job {
    Write(String),
    LeavePrompt,
    Flush(SyncSender<()>),
}

/// What the lines are written to.
pub(crate) enum Sink {
    /// Standard output.
    Stdout,
    /// A terminal with a line being typed on it, above which they appear.
    AbovePrompt(Box<dyn ExternalPrinter + Send>),
}

impl Screen {
    /// Starts the writer. `wake` is called when nobody reads any more.
    ///
    /// # Errors
    /// When the system has no room for a thread.
    pub(crate) fn start(
        render: Box<dyn Render + Send>,
        sink: Sink,
        wake: impl Fn() + Send + 'static,
    ) -> anyhow::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        let broken = Arc::new(AtomicBool::new(false));
        let for_people = render.is_for_people();
        let above_prompt = matches!(sink, Sink::AbovePrompt(_));
        let flag = Arc::clone(&broken);
        let writer = std::thread::Builder::new()
            .name("screen".to_owned())
            .spawn(move || {
                if let Err(error) = write_all(&jobs, sink) {
                    tracing::info!(%error, "standard output is closed");
                    flag.store(true, Ordering::Relaxed);
                    wake();
                }
            })
            .context("the system gives no thread to write the output")?;
        Ok(Self { render, queue: Some(queue), writer: Some(writer), broken, above_prompt, for_people })
    }

    /// Whether a person reads, who need not be told everything.
    pub(crate) const fn is_for_people(&self) -> bool {
        self.for_people
    }

    /// Tells something.
    pub(crate) fn tell(&mut self, notice: &Notice<'_>) {
        let mut lines = String::new();
        self.render.render(notice, &mut lines);
        if !lines.is_empty() {
            self.put(Job::Write(lines));
        }
    }

    /// Waits until what was told stands there, or a moment if the reader is slow.
    pub(crate) fn flush(&mut self) {
        let (done, written) = sync_channel(1);
        self.put(Job::Flush(done));
        // Slow or gone: either way there is nothing more to wait for.
        let _ = written.recv_timeout(FLUSH);
    }

    /// The same, if a prompt is about to be shown below it.
    pub(crate) fn flush_before_prompt(&mut self) {
        if self.above_prompt {
            self.flush();
        }
    }

    /// There is no prompt any more above which to write.
    pub(crate) fn leave_prompt(&mut self) {
        self.above_prompt = false;
        self.put(Job::LeavePrompt);
    }

    /// Whether nobody reads any more.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    fn put(&self, job: Job) {
        if let Some(queue) = &self.queue {
            // An error means that the writer has ended, which `is_broken` tells.
            let _ = queue.send(job);
        }
    }
}

impl Drop for Screen {
    /// Waits until everything is written.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("broken", &self.is_broken()).finish_non_exhaustive()
    }
}

fn write_all(jobs: &Receiver<Job>, mut sink: Sink) -> io::Result<()> {
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Write(lines) => match &mut sink {
                Sink::Stdout => {
                    let mut stdout = io::stdout().lock();
                    stdout.write_all(lines.as_bytes())?;
                    stdout.flush()?;
                }
                Sink::AbovePrompt(printer) => printer.print(lines).map_err(io::Error::other)?,
            },
            Job::LeavePrompt => sink = Sink::Stdout,
            Job::Flush(done) => {
                // Whoever asked may have stopped waiting.
                let _ = done.try_send(());
            }
        }
    }
    Ok(())
}
