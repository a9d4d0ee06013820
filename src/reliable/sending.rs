//! The sending half of a reliable link: numbers, the window, round trips, and what is sent again when.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};

use super::{ACK_DELAY, ACK_REPEAT, Overflow, WINDOW, is_over};
use crate::{Message, Time};

/// What was sent and is not acknowledged, and what waits to be sent. [`Reliable`](super::Reliable) documents what it
/// hands on to here.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Sending {
    /// The greatest number that a message was given.
    numbered: u64,
    /// Sent and not acknowledged, by number.
    flight: BTreeMap<u64, Frame>,
    /// Waits for the window to open, with what it counts for.
    queue: VecDeque<(Message, usize)>,
    /// What the queue and the flight count for together.
    bytes: usize,
    /// How many first sendings and resendings there were.
    sendings: u64,
    estimate: Option<Estimate>,
    /// How many acknowledgements in a row were of messages that had been sent more than once because of time.
    ambiguous: u32,
}

/// A message in flight.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Frame {
    message: Message,
    bytes: usize,
    /// Which sending of all was its first, and which its latest.
    first: u64,
    latest: u64,
    /// When its latest sending was.
    sent: Time,
    /// When it is sent again.
    due: Time,
    /// How often its time was over.
    timeouts: u32,
    /// How many messages that were sent after its latest sending have been acknowledged.
    overtaken: u32,
}

/// The smoothed round-trip time and its variation.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Estimate {
    smoothed: Duration,
    variation: Duration,
}

impl Sending {
    pub(super) fn send(
        &mut self,
        now: Time,
        message: Message,
        bytes: usize,
    ) -> Result<Option<u64>, Overflow> {
        let bytes = bytes.max(LEAST_BYTES);
        let total = self.bytes.saturating_add(bytes);
        if total > HARD_BOUND {
            return Err(Overflow);
        }
        self.bytes = total;
        if self.queue.is_empty() && self.window_is_open() {
            return Ok(Some(self.launch(now, message, bytes)));
        }
        self.queue.push_back((message, bytes));
        Ok(None)
    }

    pub(super) fn has_room(&self, bytes: usize) -> bool {
        self.bytes.saturating_add(bytes.max(LEAST_BYTES)) <= SOFT_BOUND
    }

    #[cfg(test)]
    pub(super) fn unacknowledged_bytes(&self) -> usize {
        self.bytes
    }

    #[cfg(test)]
    pub(super) fn round_trip(&self) -> Option<Duration> {
        self.estimate.as_ref().map(|estimate| estimate.smoothed)
    }

    pub(super) fn next_to_send(&mut self, now: Time) -> Option<(u64, Message)> {
        let due = self.flight.iter().find(|(_, frame)| is_over(frame.due, now)).map(|(number, _)| *number);
        if let Some(number) = due {
            return self.resend(now, number);
        }
        if !self.window_is_open() {
            return None;
        }
        let (message, bytes) = self.queue.pop_front()?;
        Some((self.launch(now, message.clone(), bytes), message))
    }

    pub(super) fn is_hopeless(&self) -> bool {
        self.flight.first_key_value().is_some_and(|(_, frame)| frame.timeouts >= HOPELESS)
    }

    /// Whether another number is near enough to the first one that is missing at the other end.
    fn window_is_open(&self) -> bool {
        let first = self.flight.first_key_value().map(|(first, _)| *first);
        first.is_none_or(|first| self.numbered.saturating_add(1).saturating_sub(first) < WINDOW)
    }

    fn launch(&mut self, now: Time, message: Message, bytes: usize) -> u64 {
        self.numbered = self.numbered.saturating_add(1);
        self.sendings = self.sendings.saturating_add(1);
        let (order, due) = (self.sendings, now + self.timeout(0));
        let frame =
            Frame { message, bytes, first: order, latest: order, sent: now, due, timeouts: 0, overtaken: 0 };
        self.flight.insert(self.numbered, frame);
        self.numbered
    }

    fn resend(&mut self, now: Time, number: u64) -> Option<(u64, Message)> {
        let known_lost = self.flight.get(&number)?.overtaken >= OVERTAKEN_IS_LOST;
        let timeouts = self.flight.get(&number)?.timeouts.saturating_add(u32::from(!known_lost));
        let due = now + self.timeout(timeouts);
        self.sendings = self.sendings.saturating_add(1);
        let frame = self.flight.get_mut(&number)?;
        (frame.latest, frame.sent, frame.due) = (self.sendings, now, due);
        (frame.timeouts, frame.overtaken) = (timeouts, 0);
        Some((number, frame.message.clone()))
    }

    /// How long to wait for the acknowledgement of a message whose time was over `timeouts` times.
    fn timeout(&self, timeouts: u32) -> Duration {
        let once = self.estimate.as_ref().map_or(INITIAL_TIMEOUT, Estimate::timeout);
        // Acknowledgements of what was sent twice say nothing about the round trip (Karn). Were every timeout too
        // short, there would never be another kind: so after some in a row, new messages too are given longer.
        let patience = (self.ambiguous / AMBIGUOUS_IN_A_ROW).min(MAX_PATIENCE);
        let once = once.saturating_mul(1 << patience);
        once.saturating_mul(1 << timeouts.min(16)).min(once.max(MAX_TIMEOUT))
    }

    pub(super) fn acknowledged(&mut self, now: Time, upto: u64, beyond: u64) {
        let span = u64::from(u64::BITS.saturating_sub(beyond.leading_zeros()));
        let greatest =
            if span == 0 { Some(upto) } else { upto.checked_add(1).and_then(|n| n.checked_add(span)) };
        if greatest.is_none_or(|greatest| greatest > self.numbered) {
            return;
        }
        let has = |number: u64| {
            number <= upto
                || number
                    .checked_sub(upto.saturating_add(2))
                    .is_some_and(|bit| bit < 64 && beyond >> bit & 1 == 1)
        };
        let (mut newly, mut last) = (Vec::new(), None);
        let bytes = &mut self.bytes;
        self.flight.retain(|number, frame| {
            if !has(*number) {
                return true;
            }
            *bytes = bytes.saturating_sub(frame.bytes);
            newly.push(frame.first);
            last = Some((frame.sent, frame.first == frame.latest, frame.timeouts > 0));
            false
        });
        // Only the last one can be what the acknowledgement answers; the others may have come long before.
        let Some((sent, sent_once, timed_out)) = last else { return };
        if sent_once {
            let sample = now.saturating_since(sent);
            self.estimate = Some(Estimate::with(self.estimate.take(), sample));
            self.ambiguous = 0;
        } else if timed_out {
            self.ambiguous = self.ambiguous.saturating_add(1);
        }
        self.find_lost(now, &newly);
    }

    /// Has those sent again at once that three later ones have overtaken. Since what is sent again counts as sent
    /// anew, and is overtaken only by what was first sent after that, this happens at most once per round trip.
    fn find_lost(&mut self, now: Time, newly: &[u64]) {
        for frame in self.flight.values_mut() {
            let later = newly.iter().filter(|first| **first > frame.latest).count();
            frame.overtaken = frame.overtaken.saturating_add(u32::try_from(later).unwrap_or(u32::MAX));
            if frame.overtaken >= OVERTAKEN_IS_LOST {
                frame.due = frame.due.min(now);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn in_flight(&self) -> usize {
        self.flight.len()
    }

    /// Whether the message of this number is sent again just when a new one would be that is sent `now`.
    #[cfg(test)]
    pub(super) fn is_given_the_first_timeout(&self, number: u64, now: Time) -> bool {
        self.flight.get(&number).is_some_and(|frame| frame.due == now + self.timeout(0))
    }

    /// The sum that is kept of what the queue and the flight count for, and the same sum taken anew.
    #[cfg(test)]
    pub(super) fn sums(&self) -> (usize, usize) {
        let counted = self.flight.values().map(|frame| frame.bytes).chain(self.queue.iter().map(|(_, n)| *n));
        (self.bytes, counted.sum())
    }

    /// When there is something to send next. The origin of time if there is already, `None` if nothing waits.
    pub(super) fn next_due(&self) -> Option<Time> {
        if !self.queue.is_empty() && self.window_is_open() {
            return Some(Time::ZERO);
        }
        self.flight.values().map(|frame| frame.due).min()
    }
}

impl Estimate {
    /// RFC 6298, section 2.
    fn with(before: Option<Self>, sample: Duration) -> Self {
        let Some(Self { smoothed, variation }) = before else {
            return Self { smoothed: sample, variation: sample / 2 };
        };
        let deviation = smoothed.abs_diff(sample);
        Self {
            smoothed: smoothed.saturating_mul(7).saturating_add(sample) / 8,
            variation: variation.saturating_mul(3).saturating_add(deviation) / 4,
        }
    }

    /// The same, and time for the other end to acknowledge and to repeat that: the sample may come from an
    /// acknowledgement that was not delayed, and waiting is cheaper than a copy.
    fn timeout(&self) -> Duration {
        let margin = self.variation.saturating_mul(4).max(GRANULARITY);
        let answered = self.smoothed.saturating_add(margin).max(MIN_TIMEOUT);
        answered.saturating_add(ACK_DELAY).saturating_add(ACK_REPEAT)
    }
}

/// How often the first missing message may time out: more than half a minute. Where every third datagram is lost, or
/// its acknowledgement, that is less likely than one in a billion.
const HOPELESS: u32 = 20;
/// How many later ones must be acknowledged for a message to count as lost, as in RFC 5681.
const OVERTAKEN_IS_LOST: u32 = 3;
pub(super) const HARD_BOUND: usize = 512 * 1024;
const SOFT_BOUND: usize = 256 * 1024;
/// What a message counts for at least, so that the bound in bytes bounds their number too.
const LEAST_BYTES: usize = 64;

const INITIAL_TIMEOUT: Duration = Duration::from_millis(250);
const MIN_TIMEOUT: Duration = Duration::from_millis(60);
/// Where doubling ends, unless the round trip itself takes longer.
const MAX_TIMEOUT: Duration = Duration::from_secs(2);
/// The least margin above the round-trip time: on a link that never varies, the variation goes to zero.
const GRANULARITY: Duration = Duration::from_millis(10);
const AMBIGUOUS_IN_A_ROW: u32 = 3;
const MAX_PATIENCE: u32 = 5;
