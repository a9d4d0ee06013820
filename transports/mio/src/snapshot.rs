//! What a driver and its node have done and hold, asked for from other threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chinwag::Stats;
use serde::Serialize;

use crate::Counters;

/// A driver and its node at one moment: [`Handle::stats`](crate::Handle::stats).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// What the node has done.
    pub node: Stats,
    /// What the driver has done.
    pub driver: Counters,
    /// With how many peers the node is linked.
    pub linked: usize,
    /// How many connections there are, those included that are being made or closed.
    pub connections: usize,
    /// How many bytes wait to be taken by all links together.
    pub queued_bytes: usize,
    /// How many events wait for [`MioDriver::next_event`](crate::MioDriver::next_event).
    pub waiting_events: usize,
}

/// Why there is no [`Snapshot`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// The driver is there and did not answer in time.
    #[error("the node did not answer in time: is its loop turned, and does nothing in it take long?")]
    TimedOut,
    /// The driver is gone.
    #[error("the node has stopped")]
    Stopped,
}

/// Where other threads ask, and the driver answers all of them at once.
#[derive(Debug, Default)]
pub(crate) struct Board {
    /// Whether somebody has asked since the last answer: so that the driver need not lock anything to know.
    asked: AtomicBool,
    questions: Mutex<Questions>,
    answered: Condvar,
}

#[derive(Debug, Default)]
struct Questions {
    asked: u64,
    answered: u64,
    last: Option<Snapshot>,
    stopped: bool,
}

impl Board {
    /// Asks, has the driver look by `ring`, and waits for the answer.
    pub(crate) fn ask(&self, limit: Duration, ring: impl FnOnce()) -> Result<Snapshot, StatsError> {
        let mut questions = self.lock();
        questions.asked += 1;
        let mine = questions.asked;
        self.asked.store(true, Ordering::Release);
        ring();
        let waits = |questions: &mut Questions| questions.answered < mine && !questions.stopped;
        let waited = self.answered.wait_timeout_while(questions, limit, waits);
        let (questions, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match questions.last {
            Some(snapshot) if questions.answered >= mine => Ok(snapshot),
            _ if questions.stopped => Err(StatsError::Stopped),
            _ => Err(StatsError::TimedOut),
        }
    }

    /// Whether somebody has asked since this was last called.
    pub(crate) fn take_question(&self) -> bool {
        self.asked.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn answer(&self, snapshot: Snapshot) {
        let mut questions = self.lock();
        questions.answered = questions.asked;
        questions.last = Some(snapshot);
        self.answered.notify_all();
    }

    /// Nobody answers any more.
    pub(crate) fn stop(&self) {
        self.lock().stopped = true;
        self.answered.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Questions> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
