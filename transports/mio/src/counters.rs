//! What a driver has done, counted.

use serde::Serialize;

/// Counters since the driver was made. They never decrease.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Counters {
    /// Bytes read from links.
    pub bytes_in: u64,
    /// Bytes written to links.
    pub bytes_out: u64,
    /// Frames read from links, malformed ones included.
    pub frames_in: u64,
    /// Frames queued for links.
    pub frames_out: u64,
    /// System calls that read at least one byte.
    pub reads: u64,
    /// System calls that wrote at least one byte.
    pub writes: u64,
    /// Incoming connections taken.
    pub accepted: u64,
    /// Incoming connections closed because there were `max_links` already: at once, or, if they had not said
    /// anything, for the sake of one that came later.
    pub refused: u64,
    /// Times that accepting failed, usually for want of file descriptors. It is tried again soon.
    pub accept_failures: u64,
    /// Dials that became links.
    pub dialed: u64,
    /// Dials that came to nothing.
    pub dials_failed: u64,
    /// Links closed because their queue overflowed.
    pub too_slow: u64,
    /// Links that were closed before all that was queued for them had been written.
    pub cut_short: u64,
    /// Turns of the loop.
    pub turns: u64,
}
