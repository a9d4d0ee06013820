//! The one place of this program that reads the clock.

use std::time::Instant;

/// What time it is.
#[expect(clippy::disallowed_methods, reason = "a program owns its clock, and this is where it reads it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
