//! How far a long simulation has come, on standard error.

use std::cell::Cell;
use std::time::Duration;

use chinwag_memory::Network;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on a terminal; with `-v` a line in the log for each tenth instead, wherever that goes.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    phase: Cell<&'static str>,
    tenth: Cell<u64>,
}

impl Progress {
    /// Shows a bar if standard error is a terminal and nobody writes a log to it.
    pub(super) fn new() -> Self {
        let logs = tracing::enabled!(tracing::Level::INFO);
        let bar = if logs { ProgressBar::hidden() } else { ProgressBar::new(0) };
        let style = ProgressStyle::with_template("{msg:<28} {wide_bar} {percent:>3} %  {eta:>5} left");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("━╸ "));
        }
        Self { bar, phase: Cell::new(""), tenth: Cell::new(0) }
    }

    /// Something begins that is done after so many steps.
    pub(super) fn begin(&self, phase: &'static str, steps: u64) {
        self.phase.set(phase);
        self.tenth.set(0);
        self.bar.reset();
        self.bar.set_length(steps);
        self.bar.set_message(phase);
    }

    /// So many steps are done.
    pub(super) fn at(&self, step: u64) {
        self.bar.set_position(step);
        let tenth = step.saturating_mul(10) / self.bar.length().unwrap_or(1).max(1);
        if tenth > self.tenth.replace(tenth) {
            tracing::info!(done = step, of = self.bar.length(), "{}", self.phase.get());
        }
    }

    /// Lets time pass in a network, and shows it.
    pub(super) fn run(&self, network: &mut Network, phase: &'static str, time: Duration) {
        self.begin(phase, STEPS.into());
        let (start, end) = (network.now(), network.now() + time);
        for step in 1..=STEPS {
            let until = start + time / STEPS * step;
            network.run_for(until.saturating_since(network.now()));
            self.at(step.into());
        }
        network.run_for(end.saturating_since(network.now()));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// In how many steps time is let pass.
const STEPS: u32 = 50;
