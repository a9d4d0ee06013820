//! The limits of a driver.

use std::time::Duration;

use crate::DriverError;

/// How much a driver may use. The defaults suit a chat; change what you need.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The most connections at once. Further incoming ones are closed as soon as they come, unless one that came half
    /// a second earlier has said nothing yet, which is closed instead. Dialing may add up to `max_dials` more, so
    /// that strangers cannot keep a node from dialing. At least 1, at most 16,777,216.
    pub max_links: usize,
    /// The most dials under way at once. Further ones wait. At least 1, at most 65,536.
    pub max_dials: usize,
    /// The most dials that wait. Further ones fail with [`NoRoom`](chinwag::DialError::NoRoom), and so do those that
    /// have waited for half of `dial_timeout`.
    pub max_waiting_dials: usize,
    /// How long a dial may take once it does not wait any more. A host with several addresses has this long for all
    /// of them together. Cut down to twice the node's [`handshake`](chinwag::Config::handshake), as the node itself
    /// gives up a dial after four times that.
    pub dial_timeout: Duration,
    /// The most connections accepted in one turn. At least 1.
    pub accepts_per_turn: usize,
    /// How many bytes are read from one link before it is the next one's turn, give or take one read of 64 KiB.
    pub read_budget: usize,
    /// The most bytes that wait for one link to take them, or one frame if that is longer. A link that would need
    /// more is closed with [`TooSlow`](chinwag::LinkEnd::TooSlow).
    pub max_queued_bytes: usize,
    /// When so many events wait for the application, links are not read until it has taken some. At least 1.
    pub max_events: usize,
    /// The most commands from other threads that wait. At least 1.
    pub max_commands: usize,
    /// How long a link that is being closed may take to read what was queued for it.
    pub close_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_links: 1024,
            max_dials: 64,
            max_waiting_dials: 1024,
            dial_timeout: Duration::from_secs(10),
            accepts_per_turn: 64,
            read_budget: 64 * 1024,
            max_queued_bytes: 1024 * 1024,
            max_events: 16_384,
            max_commands: 1024,
            close_timeout: Duration::from_secs(5),
        }
    }
}

impl Options {
    pub(crate) fn validate(&self) -> Result<(), DriverError> {
        let check = |holds: bool, field, rule| {
            if holds { Ok(()) } else { Err(DriverError::Options { field, rule }) }
        };
        check((1..=1 << 24).contains(&self.max_links), "max_links", "between 1 and 16777216")?;
        check((1..=1 << 16).contains(&self.max_dials), "max_dials", "between 1 and 65536")?;
        check(self.accepts_per_turn >= 1, "accepts_per_turn", "at least 1")?;
        check(self.max_events >= 1, "max_events", "at least 1")?;
        check(self.max_commands >= 1, "max_commands", "at least 1")
    }
}
