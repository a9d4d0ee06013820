//! The one place of this program that reads the clock.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// What time it is.
#[expect(clippy::disallowed_methods, reason = "a program owns its clock, and this is where it reads it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// How many microseconds have passed since 1970, by which processes of one machine agree on when something was.
#[expect(clippy::disallowed_methods, reason = "a program owns its clock, and this is where it reads it")]
pub(crate) fn micros_since_1970() -> u64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(passed.as_micros()).unwrap_or(u64::MAX)
}
