//! Clocks that are wrong: ahead of the virtual time, and faster or slower than it.

use core::time::Duration;

use chinwag::Time;

/// How a node's clock goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Clock {
    /// How far it is ahead of the virtual time when it is set. A clock never goes back: one that is already further ahead
    /// goes on from where it is.
    pub ahead: Duration,
    /// By how many millionths it is too fast from then on, or too slow if negative: −500,000 to 500,000, and what lies
    /// outside counts as the nearer of the two. Quartz is within ±100.
    pub drift_ppm: i32,
}

impl Clock {
    /// A clock that is right.
    pub const RIGHT: Self = Self { ahead: Duration::ZERO, drift_ppm: 0 };

    /// So far ahead, and not drifting.
    #[must_use]
    pub const fn ahead(ahead: Duration) -> Self {
        Self { ahead, drift_ppm: 0 }
    }

    /// Sets by how many millionths it is too fast.
    #[must_use]
    pub const fn drift(self, drift_ppm: i32) -> Self {
        Self { drift_ppm, ..self }
    }
}

/// A clock that goes: what it shows at a virtual time, and when it shows something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct RunningClock {
    /// The virtual time at which it was set.
    set_at: Time,
    /// What it showed then.
    showed: Time,
    drift_ppm: i32,
}

impl RunningClock {
    pub(crate) const RIGHT: Self = Self { set_at: Time::ZERO, showed: Time::ZERO, drift_ppm: 0 };

    /// Sets it.
    pub(crate) fn set(&mut self, now: Time, clock: Clock) {
        self.showed = self.shows(now).max(now + clock.ahead);
        self.set_at = now;
        self.drift_ppm = clock.drift_ppm.clamp(-MOST_DRIFT, MOST_DRIFT);
    }

    pub(crate) fn is_right(&self) -> bool {
        self.drift_ppm == 0 && self.set_at == self.showed
    }

    /// What it shows.
    pub(crate) fn shows(&self, now: Time) -> Time {
        if self.is_right() {
            return now;
        }
        let passed = u128::from(now.as_nanos().saturating_sub(self.set_at.as_nanos()));
        let ticked = passed * self.rate() / MILLION;
        self.showed + Duration::from_nanos(u64::try_from(ticked).unwrap_or(u64::MAX))
    }

    /// The first virtual time at which it shows at least `reading`.
    pub(crate) fn when(&self, reading: Time) -> Time {
        if self.is_right() {
            return reading;
        }
        let ticks = u128::from(reading.as_nanos().saturating_sub(self.showed.as_nanos()));
        let passed = (ticks * MILLION).div_ceil(self.rate());
        self.set_at + Duration::from_nanos(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    /// How far it ticks in a million nanoseconds.
    fn rate(&self) -> u128 {
        u128::try_from(1_000_000 + i64::from(self.drift_ppm)).unwrap_or(MILLION)
    }
}

const MILLION: u128 = 1_000_000;
const MOST_DRIFT: i32 = 500_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ms, secs};

    #[test]
    fn a_deadline_is_met_at_the_first_moment_the_clock_shows_it() {
        for drift in [-500_000, -999, -1, 0, 1, 77, 100_000, 500_000, i32::MAX, i32::MIN] {
            let mut clock = RunningClock::default();
            clock.set(Time::from_secs(3), Clock::ahead(ms(1234)).drift(drift));
            let mut before = Time::ZERO;
            for step in 0..1_000u64 {
                let now = Time::from_nanos(3_000_000_000 + step * 7_777_777);
                assert!(clock.shows(now) >= before, "it goes back");
                before = clock.shows(now);
                let reading = Time::from_nanos(4_234_000_000 + step * 3_333_333);
                let when = clock.when(reading);
                assert!(clock.shows(when) >= reading, "{drift}: too early");
                assert!(clock.shows(Time::from_nanos(when.as_nanos() - 1)) < reading || step == 0);
            }
        }
    }

    #[test]
    fn a_clock_never_goes_back_when_it_is_set() {
        let mut clock = RunningClock::default();
        assert!(clock.is_right());
        clock.set(Time::ZERO, Clock::ahead(secs(5)).drift(100_000));
        assert_eq!(clock.shows(Time::from_secs(10)), Time::from_secs(16));
        clock.set(Time::from_secs(10), Clock::RIGHT);
        assert_eq!(clock.shows(Time::from_secs(11)), Time::from_secs(17));
        clock.set(Time::from_secs(12), Clock::ahead(secs(60)));
        assert_eq!(clock.shows(Time::from_secs(12)), Time::from_secs(72));
        assert_eq!(
            (clock.shows(Time::MAX), clock.when(Time::MAX)),
            (Time::MAX, Time::from_nanos(u64::MAX - 60_000_000_000))
        );
    }
}
