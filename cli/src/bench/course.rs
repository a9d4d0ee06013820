//! What all threads of a measurement go by.

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::clock;

/// How far a measurement is: whoever runs it moves it on, and all peers act accordingly.
#[derive(Debug)]
pub(super) struct Course {
    origin: Instant,
    phase: AtomicU8,
    /// When that began, in microseconds since `origin`.
    since: AtomicU64,
    ready: AtomicUsize,
    said: AtomicU64,
    heard: AtomicU64,
    listeners: u64,
    window: u64,
}

/// What the peers do.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(super) enum Phase {
    /// They find each other.
    Join = 0,
    /// They talk, and it does not count yet.
    WarmUp = 1,
    /// They talk, and it counts.
    Measure = 2,
    /// They only listen.
    Rest = 3,
    /// They end.
    Stop = 4,
}

impl Phase {
    /// Whether the authors speak.
    pub(super) const fn is_talk(self) -> bool {
        matches!(self, Self::WarmUp | Self::Measure)
    }
}

impl Course {
    /// Each message is for so many `listeners`, and no more than `window` of them are on their way.
    pub(super) fn new(listeners: usize, window: u32) -> Self {
        Self::since(Duration::ZERO, listeners, window)
    }

    /// The same, of one that has been going on for that long.
    pub(super) fn since(elapsed: Duration, listeners: usize, window: u32) -> Self {
        let now = clock::now();
        Self {
            origin: now.checked_sub(elapsed).unwrap_or(now),
            phase: AtomicU8::new(Phase::Join as u8),
            since: AtomicU64::new(0),
            ready: AtomicUsize::new(0),
            said: AtomicU64::new(0),
            heard: AtomicU64::new(0),
            listeners: listeners as u64,
            window: window.into(),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Join,
            1 => Phase::WarmUp,
            2 => Phase::Measure,
            3 => Phase::Rest,
            _ => Phase::Stop,
        }
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.since.store(self.micros(), Ordering::Release);
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// How long this has been going on, in microseconds.
    pub(super) fn micros(&self) -> u64 {
        u64::try_from(clock::now().saturating_duration_since(self.origin).as_micros()).unwrap_or(u64::MAX)
    }

    /// How long the phase has been going on.
    pub(super) fn in_phase(&self) -> Duration {
        Duration::from_micros(self.micros().saturating_sub(self.since.load(Ordering::Acquire)))
    }

    /// One peer more, or one less, has the neighbours it needs.
    pub(super) fn note_ready(&self, is_ready: bool) {
        if is_ready {
            self.ready.fetch_add(1, Ordering::AcqRel);
        } else {
            self.ready.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// So many peers more, or less, have the neighbours they need.
    pub(super) fn change_ready(&self, by: isize) {
        self.ready.fetch_add(by.cast_unsigned(), Ordering::AcqRel);
    }

    /// How many peers have the neighbours they need.
    pub(super) fn ready(&self) -> usize {
        self.ready.load(Ordering::Acquire)
    }

    /// One message was said.
    pub(super) fn note_said(&self) {
        self.said.fetch_add(1, Ordering::AcqRel);
    }

    /// So many deliveries were made.
    pub(super) fn note_heard(&self, count: u64) {
        self.heard.fetch_add(count, Ordering::AcqRel);
    }

    /// How many deliveries were made so far.
    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Acquire)
    }

    /// How many messages were said so far.
    pub(super) fn said(&self) -> u64 {
        self.said.load(Ordering::Acquire)
    }

    /// How many deliveries are still to be made.
    pub(super) fn missing(&self) -> u64 {
        self.said().saturating_mul(self.listeners).saturating_sub(self.heard())
    }

    /// Whether one message more may be on its way.
    pub(super) fn has_room(&self) -> bool {
        self.missing() < self.window.saturating_mul(self.listeners)
    }
}
