//! What the peers of one thread have heard, and what that took.

use anyhow::Context as _;
use chinwag_mio::Counters;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Counts what counts.
#[derive(Debug)]
pub(super) struct Tally {
    /// How long messages took from being said to being delivered, in microseconds.
    pub(super) latency: Histogram<u64>,
    pub(super) deliveries: u64,
    /// When the last one was made, in microseconds since all began.
    pub(super) last: u64,
    pub(super) traffic: Traffic,
}

/// What went through the sockets.
#[derive(Clone, Copy, Default, Serialize, Deserialize, Debug)]
pub(super) struct Traffic {
    pub(super) frames: i64,
    pub(super) bytes: i64,
    pub(super) writes: i64,
    pub(super) reads: i64,
    pub(super) too_slow: i64,
}

impl Tally {
    /// Nothing yet.
    ///
    /// # Errors
    /// Never in practice: that three digits are no digits a histogram could have.
    pub(super) fn new() -> anyhow::Result<Self> {
        let latency = Histogram::new(DIGITS).context("there are no such histograms")?;
        Ok(Self { latency, deliveries: 0, last: 0, traffic: Traffic::default() })
    }

    /// A message was delivered.
    pub(super) fn deliver(&mut self, said_at: u64, now: u64) {
        self.deliveries += 1;
        self.last = self.last.max(now);
        // It grows as it has to.
        let _ = self.latency.record(now.saturating_sub(said_at));
    }

    /// What a peer has counted so far does not count.
    pub(super) fn leave_out(&mut self, counters: &Counters) {
        self.traffic.add(counters, -1);
    }

    /// What a peer has counted so far counts, but for what was left out.
    pub(super) fn take_in(&mut self, counters: &Counters) {
        self.traffic.add(counters, 1);
    }

    /// Adds what another thread has counted.
    ///
    /// # Errors
    /// Never in practice: that the histogram cannot grow.
    pub(super) fn merge(&mut self, other: &Self) -> anyhow::Result<()> {
        self.latency.add(&other.latency).context("the histograms do not fit together")?;
        self.deliveries += other.deliveries;
        self.last = self.last.max(other.last);
        self.traffic.frames += other.traffic.frames;
        self.traffic.bytes += other.traffic.bytes;
        self.traffic.writes += other.traffic.writes;
        self.traffic.reads += other.traffic.reads;
        self.traffic.too_slow += other.traffic.too_slow;
        Ok(())
    }
}

impl Traffic {
    fn add(&mut self, counters: &Counters, sign: i64) {
        let add = |sum: &mut i64, count: u64| *sum += sign * i64::try_from(count).unwrap_or(i64::MAX);
        add(&mut self.frames, counters.frames_out);
        add(&mut self.bytes, counters.bytes_out);
        add(&mut self.writes, counters.writes);
        add(&mut self.reads, counters.reads);
        add(&mut self.too_slow, counters.too_slow);
    }
}

/// How exact the histogram is.
const DIGITS: u8 = 3;
