//! The only place of this crate that asks the machine for the time or for chance.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use chinwag::{Epoch, Seed, Time};

/// The epoch of a run that starts now: the wall-clock time in milliseconds since 1970.
///
/// Take it just before [`MioDriver::new`](crate::MioDriver::new), as a node's time counts from there. A clock that
/// is set before 1970 counts as 1970.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a driver owns the clock, and this is where it reads it")]
pub fn epoch_now() -> Epoch {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Epoch::new(u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX))
}

/// A seed that nobody can foretell, from the randomness with which the standard library keys its hash maps.
#[must_use]
pub fn random_seed() -> Seed {
    Seed::new(RandomState::new().hash_one(epoch_now().get()))
}

/// The time since the driver was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "a driver owns the clock, and this is where it reads it")]
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    pub(crate) fn now(&self) -> Time {
        Time::ZERO + self.origin.elapsed()
    }

    /// The machine's name for a moment; `None` if it is too far away to have one.
    pub(crate) fn instant(&self, time: Time) -> Option<Instant> {
        self.origin.checked_add(Duration::from_nanos(time.as_nanos()))
    }
}
