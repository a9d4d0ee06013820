//! How time passes in a network.

use core::fmt;
use core::time::Duration;

use chinwag::Time;

use crate::{Network, Node};

/// The network did not become quiet in time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct NotQuiet {
    /// How many packets are on their way that are more than keep-alive or introductions.
    pub packets: u64,
    /// When something was last delivered or emitted.
    pub last: Time,
}

impl fmt::Display for NotQuiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { packets, last } = self;
        write!(
            f,
            "the network is not quiet: {packets} packets under way, last event at {last:?}; run it \
             longer, or see which node keeps talking"
        )
    }
}

impl core::error::Error for NotQuiet {}

impl<N: Node> Network<N> {
    /// Runs for so long.
    pub fn run_for(&mut self, time: Duration) {
        let end = self.whole.fabric.now + time;
        self.run_to(end);
        self.whole.fabric.now = end;
    }

    /// Runs until `done`, which is asked whenever time is about to move, or for `limit` at most. Says whether it
    /// was done.
    #[must_use = "whether it was done"]
    pub fn run_until(&mut self, limit: Duration, mut done: impl FnMut(&Self) -> bool) -> bool {
        let end = self.whole.fabric.now + limit;
        loop {
            if done(self) {
                return true;
            }
            let Some(next) = self.whole.fabric.queue.next_at().filter(|&next| next <= end) else {
                self.whole.fabric.now = end;
                return done(self);
            };
            while self.whole.step(next) {}
        }
    }

    /// Runs until nothing is going on any more: no packet is on its way, nothing was emitted and no packet handed
    /// over for the configured `quiet_for`, where packets of the kinds that nodes exchange for ever (keep-alive,
    /// introductions, samples of known peers), and those that a partition holds back, do not count. Gives the time that is quiet.
    ///
    /// # Errors
    /// [`NotQuiet`] if that does not come about within `limit`.
    pub fn run_until_quiet(&mut self, limit: Duration) -> Result<Time, NotQuiet> {
        let end = self.whole.fabric.now + limit;
        loop {
            let unrest = self.whole.fabric.unrest;
            let quiet_at =
                (unrest.last + self.whole.fabric.world.config.quiet_for).max(self.whole.fabric.now);
            let next = self.whole.fabric.queue.next_at().unwrap_or(Time::MAX);
            if unrest.packets == 0 && quiet_at < next && quiet_at <= end {
                self.whole.fabric.now = quiet_at;
                return Ok(quiet_at);
            }
            if next > end {
                self.whole.fabric.now = end;
                return Err(NotQuiet { packets: unrest.packets, last: unrest.last });
            }
            // Before that it is not quiet, whatever happens.
            self.run_to(next.max(quiet_at).min(end));
        }
    }
}
