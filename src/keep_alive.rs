//! Round-trip times, silence, and when silence means death.

use core::time::Duration;

use crate::{Config, Time};

/// What is known of one link's life. There is one for each link of each node, so it is small.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct KeepAlive {
    heard: Time,
    /// When this node was found to have been asleep itself, the first time since the other end was heard; `Time::ZERO` if
    /// it was not.
    forgiven: Time,
    /// The number of the last ping that has not been answered.
    asked: u64,
    /// When that was sent; `Time::MAX` if there is none.
    asked_at: Time,
    round_trip: RoundTrip,
}

/// Smoothed round-trip time and its variation, in nanoseconds (Jacobson's estimator as in RFC 6298, section 2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct RoundTrip {
    /// `MAX` if none was measured.
    smoothed: u64,
    variation: u64,
}

impl RoundTrip {
    const UNKNOWN: Self = Self { smoothed: u64::MAX, variation: 0 };

    fn known(self) -> Option<Self> {
        (self != Self::UNKNOWN).then_some(self)
    }

    fn with(self, measured: u64) -> Self {
        let Some(Self { smoothed, variation }) = self.known() else {
            return Self { smoothed: measured, variation: measured / 2 };
        };
        Self {
            smoothed: smoothed.saturating_mul(7).saturating_add(measured) / 8,
            variation: variation.saturating_mul(3).saturating_add(smoothed.abs_diff(measured)) / 4,
        }
    }
}

/// What to do about a link now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Check {
    /// Nothing before then.
    Wait(Time),
    /// Ping it, and look again then.
    Ping(Time),
    /// Give it up.
    Dead,
}

impl KeepAlive {
    pub(crate) const fn new(now: Time) -> Self {
        Self {
            heard: now,
            forgiven: Time::ZERO,
            asked: 0,
            asked_at: Time::MAX,
            round_trip: RoundTrip::UNKNOWN,
        }
    }

    pub(crate) fn heard(&mut self, now: Time) {
        self.heard = now;
        self.forgiven = Time::ZERO;
    }

    /// This node was asleep until `resumed`, and cannot have heard anything: silence counts from then on. Once
    /// only: a node that is late all the time must still notice the dead.
    pub(crate) fn forgive(&mut self, resumed: Time) {
        if resumed > self.heard && self.forgiven == Time::ZERO {
            self.forgiven = resumed;
        }
    }

    pub(crate) fn asked(&mut self, number: u64, now: Time) {
        (self.asked, self.asked_at) = (number, now);
    }

    /// The answer to ping `number` came. Only the last ping counts, so that an answer is never taken for that of
    /// another.
    pub(crate) fn answered(&mut self, number: u64, now: Time) {
        if self.asked_at == Time::MAX || self.asked != number {
            return;
        }
        let measured = now.as_nanos().saturating_sub(self.asked_at.as_nanos());
        self.asked_at = Time::MAX;
        self.round_trip = self.round_trip.with(measured);
    }

    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.round_trip.known().map(|round_trip| Duration::from_nanos(round_trip.smoothed))
    }

    /// How long nothing has been heard.
    pub(crate) fn silence(&self, now: Time) -> Duration {
        now.saturating_since(self.since())
    }

    fn since(&self) -> Time {
        self.forgiven.max(self.heard)
    }

    /// Looks at the link. `patience` is how long it may be silent before it is given up.
    ///
    /// A silent link is pinged again and again at about its round-trip time until it is given up: one lost
    /// ping, or a few, must not look like death.
    ///
    /// Of the two ends one is `second`: it leaves it to the other to ping first, as one ping shows both that the link
    /// is alive.
    pub(crate) fn check(&self, now: Time, config: &Config, patience: Duration, second: bool) -> Check {
        let (since, silence) = (self.since(), self.silence(now));
        if silence >= patience {
            return Check::Dead;
        }
        // Once, each end measures the round trip by itself.
        let second = second && self.round_trip.known().is_some();
        let idle = if second { config.idle + config.idle / 4 } else { config.idle };
        if silence + leeway(config) < idle {
            return Check::Wait(since + idle + leeway(config));
        }
        let longest = |it: RoundTrip| it.smoothed.saturating_add(it.variation.saturating_mul(4));
        let pace = self.round_trip.known().map(longest).map_or(config.idle / 4, Duration::from_nanos);
        let pace = pace.clamp(config.idle / 8, config.idle / 4);
        let asked_at = Some(self.asked_at).filter(|at| *at < Time::MAX);
        match asked_at.map(|at| at + pace).filter(|answered| now < *answered) {
            Some(answered) => Check::Wait(answered.min(since + patience)),
            None => Check::Ping((now + pace).min(since + patience)),
        }
    }
}

/// By how much a look at a silent link may be early or late, so that one look serves several.
pub(crate) fn leeway(config: &Config) -> Duration {
    config.idle / 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Epoch, PeerId};

    fn config() -> Config {
        Config::new(PeerId::new("ann").unwrap(), Epoch::new(1))
    }

    #[test]
    fn a_silent_link_is_pinged_several_times_and_then_given_up() {
        let (config, alive) = (config(), KeepAlive::new(Time::ZERO));
        let (mut now, mut pings) = (Time::ZERO, 0);
        loop {
            match alive.check(now, &config, config.dead, false) {
                Check::Wait(at) => now = at,
                Check::Ping(at) => {
                    pings += 1;
                    assert!(at > now);
                    now = at;
                }
                Check::Dead => break,
            }
        }
        assert_eq!(now, Time::from_secs(3));
        assert!(pings >= 8, "{pings}");
    }

    #[test]
    fn a_node_that_was_asleep_does_not_take_others_for_dead() {
        let (config, mut alive) = (config(), KeepAlive::new(Time::ZERO));
        let now = Time::from_secs(60);
        assert_eq!(alive.check(now, &config, config.dead, false), Check::Dead);
        alive.forgive(now);
        assert!(matches!(alive.check(now, &config, config.dead, false), Check::Wait(_)));
    }

    #[test]
    fn a_node_that_is_always_late_still_notices_the_dead() {
        let (config, mut alive) = (config(), KeepAlive::new(Time::ZERO));
        for late in [2, 4] {
            alive.forgive(Time::from_secs(late));
            assert_ne!(alive.check(Time::from_secs(late), &config, config.dead, false), Check::Dead);
        }
        alive.forgive(Time::from_secs(6));
        assert_eq!(alive.check(Time::from_secs(6), &config, config.dead, false), Check::Dead);
    }

    #[test]
    fn only_the_answer_to_the_last_ping_measures_the_round_trip() {
        let mut alive = KeepAlive::new(Time::ZERO);
        alive.asked(1, Time::from_millis(0));
        alive.asked(2, Time::from_millis(100));
        alive.answered(1, Time::from_millis(110));
        assert_eq!(alive.round_trip(), None);
        alive.answered(2, Time::from_millis(120));
        assert_eq!(alive.round_trip(), Some(Duration::from_millis(20)));
    }
}
