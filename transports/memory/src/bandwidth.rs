//! What fits through a wire in a time: packets queue for their turn.

use core::time::Duration;

use chinwag::Time;

/// How much passes in a second, and how much may wait.
///
/// Packets leave one after the other. A datagram that meets more waiting bytes than `queue` is dropped (tail drop);
/// what is sent on a stream waits however long it takes, as it would in the sender's buffers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bandwidth {
    /// Bytes in a second. At least 1: less counts as that.
    pub bytes_per_second: u64,
    /// The most bytes that may wait before a datagram for it to be let in.
    pub queue: u64,
}

impl Bandwidth {
    /// So many bits in a second, and a queue that takes 100 ms to drain.
    #[must_use]
    pub const fn bits_per_second(bits: u64) -> Self {
        Self { bytes_per_second: bits / 8, queue: bits / 80 }
    }

    /// Sets how many bytes may wait.
    #[must_use]
    pub const fn queue(self, queue: u64) -> Self {
        Self { queue, ..self }
    }

    fn time_for(self, bytes: u64) -> Duration {
        let rate = u128::from(self.bytes_per_second.max(1));
        let nanos = (u128::from(bytes) * NANOS).div_ceil(rate);
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn bytes_in(self, time: Duration) -> u64 {
        let bytes = time.as_nanos().saturating_mul(u128::from(self.bytes_per_second.max(1))) / NANOS;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// The sending end of a wire: until when it is taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Transmitter {
    busy_until: Time,
}

/// When a packet has left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Departure {
    pub(crate) at: Time,
    /// Whether others were before it.
    pub(crate) waited: bool,
}

impl Transmitter {
    pub(crate) const IDLE: Self = Self { busy_until: Time::ZERO };

    /// Queues a packet that is there at `now`; `None` if the queue is full and the packet can be dropped.
    pub(crate) fn send(
        &mut self,
        now: Time,
        bytes: u64,
        bandwidth: Bandwidth,
        droppable: bool,
    ) -> Option<Departure> {
        let wait = self.busy_until.saturating_since(now);
        if droppable && bandwidth.bytes_in(wait) > bandwidth.queue {
            return None;
        }
        self.busy_until = self.busy_until.max(now) + bandwidth.time_for(bytes);
        Some(Departure { at: self.busy_until, waited: !wait.is_zero() })
    }
}

const NANOS: u128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ms;

    #[test]
    fn packets_leave_one_after_the_other_at_the_rate() {
        let bandwidth = Bandwidth { bytes_per_second: 1_000, queue: 150 };
        let mut wire = Transmitter::default();
        let mut send = |now, droppable| wire.send(Time::from_millis(now), 100, bandwidth, droppable);
        let left = |at, waited| Some(Departure { at: Time::from_millis(at), waited });
        assert_eq!(send(0, true), left(100, false));
        assert_eq!(send(0, true), left(200, true));
        assert_eq!(send(0, true), None, "200 bytes wait, 150 may");
        assert_eq!(send(0, false), left(300, true));
        assert_eq!(send(150, true), left(400, true), "150 bytes wait");
        assert_eq!(send(500, true), left(600, false));
    }

    #[test]
    fn figures_are_rounded_up_and_never_overflow() {
        let line = Bandwidth::bits_per_second(8_000_000).queue(7);
        assert_eq!((line.time_for(1_000_000), line.time_for(1)), (ms(1_000), Duration::from_micros(1)));
        let dead = Bandwidth { bytes_per_second: 0, queue: u64::MAX };
        let mut wire = Transmitter::default();
        for _ in 0..3 {
            assert!(wire.send(Time::ZERO, u64::MAX, dead, true).is_some());
        }
    }
}
