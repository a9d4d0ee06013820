//! Timers: fired in the order of their deadlines, and among equal deadlines in the order they were set.

use core::num::NonZeroU64;

use crate::{Address, LinkId, Time, thrift};

/// What is due. Named by the effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Timer {
    /// Look at links: end a handshake, ping or give up a silent peer, close what is retired.
    LookAtLinks,
    /// Treat a dial that was never answered as failed.
    EndDial(Address),
    /// Dial again after a failure.
    Redial(Address),
    /// Stop waiting for an old peer that we pinged to call back.
    EndCallback(Address),
    /// Stop waiting for the last messages to be handed over.
    EndLeaving,
    /// See whether classic peers are still there.
    ProbeClassic,
    /// Look for neighbours.
    Refill,
    /// Exchange a sample of the known peers.
    Shuffle,
    /// Announce posts.
    Announce,
    /// Ask for posts that are missing, or give them up.
    Repair,
    /// Compare with a neighbour what the two have.
    Sync,
    /// Renew the shared tree, or see whether somebody does.
    Beacon,
    /// Send again, or acknowledge, on a link that promises nothing.
    Resend(LinkId),
    /// See to one-to-one messages that have not arrived.
    Deliver,
}

/// A timer that was set, by which it can be cancelled.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct TimerKey(Time, NonZeroU64);

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Timers {
    /// The next one last: there are few, and most that are set come soon or late, not in between.
    due: Vec<(TimerKey, Timer)>,
    set: u64,
}

impl Timers {
    /// Sets a timer for `at`, or for just after `now` if that is not later: a timer never fires in the same moment
    /// it was set, so that a drained node always waits for something that lies ahead.
    pub(crate) fn set(&mut self, now: Time, at: Time, timer: Timer) -> TimerKey {
        self.set = self.set.saturating_add(1);
        let number = NonZeroU64::new(self.set).unwrap_or(NonZeroU64::MIN);
        let key = TimerKey(at.max(now + core::time::Duration::from_nanos(1)), number);
        let place = self.place(key);
        thrift::grow(&mut self.due);
        self.due.insert(place, (key, timer));
        key
    }

    pub(crate) fn cancel(&mut self, key: TimerKey) {
        let place = self.place(key);
        if self.due.get(place).is_some_and(|(there, _)| *there == key) {
            self.due.remove(place);
            thrift::shrink(&mut self.due);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.due.clear();
    }

    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.due.last().map(|(key, _)| key.0).filter(|at| *at < Time::MAX)
    }

    /// Takes the next timer that is due.
    pub(crate) fn pop_due(&mut self, now: Time) -> Option<Timer> {
        self.due.pop_if(|(key, _)| key.0 <= now).map(|(_, timer)| timer)
    }

    /// Where a timer stands, or would.
    fn place(&self, key: TimerKey) -> usize {
        self.due.partition_point(|(there, _)| *there > key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_timers_fire_by_deadline_and_then_by_order_of_setting() {
        let mut timers = Timers::default();
        let at = Time::from_secs;
        let check = |n| Timer::Resend(LinkId::new(n));
        timers.set(Time::ZERO, at(2), check(1));
        timers.set(Time::ZERO, at(1), check(2));
        timers.set(Time::ZERO, at(1), check(3));
        let gone = timers.set(Time::ZERO, at(1), check(4));
        timers.cancel(gone);
        assert_eq!(timers.next_deadline(), Some(at(1)));
        let fired: Vec<Timer> = core::iter::from_fn(|| timers.pop_due(at(9))).collect();
        assert_eq!(fired, [check(2), check(3), check(1)]);
        assert_eq!(timers.next_deadline(), None);
    }

    #[test]
    fn a_timer_for_now_is_due_later_than_now() {
        let mut timers = Timers::default();
        timers.set(Time::from_secs(5), Time::ZERO, Timer::ProbeClassic);
        assert_eq!(timers.pop_due(Time::from_secs(5)), None);
        assert!(timers.next_deadline() > Some(Time::from_secs(5)));
    }
}
