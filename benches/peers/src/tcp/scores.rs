//! What the tasks of a runtime have heard. Any of its threads may run any of them, so that they cannot each have a tally,
//! and a tally for each would not fit in the processor's caches.

use std::sync::{Arc, Mutex, PoisonError};

use super::course::Course;
use super::tally::Tally;
use super::text;

/// Counts for all tasks of a runtime.
#[derive(Debug)]
pub(super) struct Scores {
    course: Arc<Course>,
    tallies: Vec<Mutex<Tally>>,
}

impl Scores {
    pub(super) fn new(course: &Arc<Course>) -> anyhow::Result<Self> {
        let tallies = (0..TALLIES).map(|_| Ok(Mutex::new(Tally::new()?))).collect::<anyhow::Result<_>>()?;
        Ok(Self { course: Arc::clone(course), tallies })
    }

    /// Peer number `place` was delivered these texts just now.
    pub(super) fn hear<'a>(&self, place: usize, texts: impl Iterator<Item = &'a str>) {
        let now = self.course.micros();
        let mut heard = 0;
        let mut tally = self.tallies[place % TALLIES].lock().unwrap_or_else(PoisonError::into_inner);
        for text in texts {
            heard += 1;
            if let Some(said_at) = text::said_at(text) {
                tally.deliver(said_at, now);
            }
        }
        drop(tally);
        self.course.note_heard(heard);
    }

    /// All together.
    pub(super) fn sum(&self) -> anyhow::Result<Tally> {
        let mut all = Tally::new()?;
        for tally in &self.tallies {
            all.merge(&tally.lock().unwrap_or_else(PoisonError::into_inner))?;
        }
        Ok(all)
    }
}

/// So many that threads seldom wait for each other.
const TALLIES: usize = 16;
