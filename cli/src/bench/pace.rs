//! When the authors of one thread speak.

use std::time::{Duration, Instant};

use super::course::Course;
use crate::clock;

/// How many messages are said at a stretch before the sockets are looked after again.
const AT_A_STRETCH: usize = 128;
/// How soon to look again whether there is room for one more.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Sees to it that all authors together keep to a rate, each in its turn; or that they never stop.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    rate: Option<u32>,
    /// How many authors there are in all threads.
    authors: u64,
    /// For each author of this thread: its place among all, and how many messages it has said in this phase.
    said: Vec<(u64, u64)>,
    turn: usize,
}

impl Pace {
    /// For those of so many `authors` that stand at these `places` among them; `rate` messages a second by all of them
    /// together, or as many as there is room for.
    pub(super) fn new(rate: Option<u32>, authors: usize, places: impl Iterator<Item = usize>) -> Self {
        let said = places.map(|place| (place as u64, 0)).collect();
        Self { rate, authors: authors as u64, said, turn: 0 }
    }

    /// Another phase begins.
    pub(super) fn begin(&mut self) {
        self.said.iter_mut().for_each(|(_, said)| *said = 0);
    }

    /// Who of this thread's authors speaks now, each as often as it is named. What they say is counted.
    pub(super) fn speakers(&mut self, course: &Course) -> Vec<usize> {
        let mut speakers = Vec::new();
        let mut passed_over = 0;
        let now = course.in_phase();
        while speakers.len() < AT_A_STRETCH && passed_over < self.said.len() && course.has_room() {
            let author = self.turn;
            self.turn = (author + 1) % self.said.len();
            if self.is_silent() || self.due(author).is_some_and(|due| due > now) {
                passed_over += 1;
                continue;
            }
            passed_over = 0;
            if let Some((_, said)) = self.said.get_mut(author) {
                *said += 1;
            }
            course.note_said();
            speakers.push(author);
        }
        speakers
    }

    /// When to look again who speaks; never, if nobody ever does.
    pub(super) fn next(&self, course: &Course) -> Option<Instant> {
        if self.is_silent() {
            return None;
        }
        let now = clock::now();
        if !course.has_room() {
            return Some(now + LOOK_AGAIN);
        }
        let due = (0..self.said.len()).filter_map(|author| self.due(author)).min().unwrap_or_default();
        Some(now + due.saturating_sub(course.in_phase()))
    }

    fn is_silent(&self) -> bool {
        self.said.is_empty() || self.rate == Some(0)
    }

    /// When an author is to speak next, counted from the beginning of the phase; `None` if whenever there is room.
    fn due(&self, author: usize) -> Option<Duration> {
        let (place, said) = self.said.get(author)?;
        let number = said.saturating_mul(self.authors).saturating_add(*place);
        self.rate.map(|rate| Duration::from_secs_f64(number as f64 / f64::from(rate.max(1))))
    }
}
