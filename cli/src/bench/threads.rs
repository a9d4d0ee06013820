//! The threads of a process, each with a crowd of peers.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::PATIENCE;
use super::course::{Course, Phase};
use super::crowd::Crowd;
use super::tally::Tally;

/// Goes on until the course is over.
#[derive(Debug)]
pub(super) struct Threads {
    course: Arc<Course>,
    ended: Receiver<anyhow::Result<Tally>>,
    count: usize,
}

impl Threads {
    /// Starts one for each crowd.
    ///
    /// # Errors
    /// When the system gives none.
    pub(super) fn start(crowds: Vec<Crowd>, course: &Arc<Course>) -> anyhow::Result<Self> {
        let count = crowds.len();
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
        Ok(Self { course: Arc::clone(course), ended, count })
    }

    /// Waits that long.
    ///
    /// # Errors
    /// When a thread has failed meanwhile, or ended before it should.
    pub(super) fn wait(&self, time: Duration) -> anyhow::Result<()> {
        match self.ended.recv_timeout(time) {
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Ok(Err(error)) => Err(error),
            Ok(Ok(_)) | Err(RecvTimeoutError::Disconnected) => bail!("a thread with peers has ended early"),
        }
    }

    /// Ends them all, and adds up what they have heard.
    ///
    /// # Errors
    /// When one of them has failed, or does not end.
    pub(super) fn end(self) -> anyhow::Result<Tally> {
        self.course.enter(Phase::Stop);
        let mut all = Tally::new()?;
        for _ in 0..self.count {
            let tally = self.ended.recv_timeout(PATIENCE).context("a thread with peers does not end")?;
            all.merge(&tally?)?;
        }
        Ok(all)
    }
}
