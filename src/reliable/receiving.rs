//! The receiving half of a reliable link: order, and the acknowledgements that are owed.

use core::time::Duration;
use std::collections::BTreeMap;

use super::{ACK_DELAY, ACK_REPEAT, WINDOW, is_over};
use crate::{Message, Time};

/// What has come but not in order, and what the other end has to be told of it. [`Reliable`](super::Reliable)
/// documents what it hands on to here.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Receiving {
    /// Every message up to this number was given out by `pop_ready`.
    popped: u64,
    /// Every message up to this number has come.
    had: u64,
    /// What has come and was not given out, by number.
    arrived: BTreeMap<u64, Message>,
    debt: Debt,
}

/// What the other end has to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Debt {
    /// When to acknowledge next.
    due: Option<Time>,
    /// How often to say what is known now, as long as nothing else comes.
    sayings: u32,
    /// How many messages came since the last acknowledgement.
    arrivals: u32,
    /// When the last acknowledgement was taken.
    said: Option<Time>,
    /// For how many more messages without a sign of loss acknowledgements are repeated.
    wary: u32,
}

impl Receiving {
    pub(super) fn receive(&mut self, now: Time, number: u64, message: Message) -> bool {
        // Measured from what was given out, so that nothing piles up if nobody asks for it.
        let in_window = number <= self.popped.saturating_add(WINDOW);
        let fresh = number > self.had && in_window && !self.arrived.contains_key(&number);
        let in_order = fresh && number == self.had.saturating_add(1) && !self.has_gap();
        if fresh {
            self.arrived.insert(number, message);
            while self.arrived.contains_key(&self.had.saturating_add(1)) {
                self.had = self.had.saturating_add(1);
            }
        }
        self.debt.incur(now, in_order);
        fresh
    }

    fn has_gap(&self) -> bool {
        self.arrived.last_key_value().is_some_and(|(last, _)| *last > self.had)
    }

    pub(super) fn pop_ready(&mut self) -> Option<Message> {
        let next = self.popped.saturating_add(1);
        let message = self.arrived.remove(&next)?;
        self.popped = next;
        Some(message)
    }

    pub(super) fn take_acknowledgement(&mut self, now: Time) -> Option<(u64, u64)> {
        if !self.debt.pay(now) {
            return None;
        }
        let base = self.had.saturating_add(2);
        let bits = self.arrived.range(base..).filter_map(|(number, _)| number.checked_sub(base));
        Some((self.had, bits.filter(|bit| *bit < 64).fold(0, |map, bit| map | 1 << bit)))
    }

    /// How many messages have come and were not given out.
    #[cfg(test)]
    pub(super) fn arrived(&self) -> usize {
        self.arrived.len()
    }

    /// When to acknowledge next.
    pub(super) const fn next_due(&self) -> Option<Time> {
        self.debt.due
    }
}

impl Default for Debt {
    /// A link of which nothing is known may lose much.
    fn default() -> Self {
        Self { due: None, sayings: 0, arrivals: 0, said: None, wary: WARY_FOR }
    }
}

impl Debt {
    /// Notes an arrival. One in order can wait for others to be acknowledged with it; any other shows a loss, which
    /// the sender should know of at once.
    fn incur(&mut self, now: Time, in_order: bool) {
        self.arrivals = self.arrivals.saturating_add(1);
        self.wary = if in_order { self.wary.saturating_sub(1) } else { WARY_FOR };
        self.sayings = if self.wary > 0 { 2 } else { 1 };
        let at = if in_order && self.arrivals < MAX_ARRIVALS {
            now + ACK_DELAY
        } else {
            // A burst with a gap is one piece of news, not one for each message of it.
            self.said.map_or(now, |said| now.max(said + ACK_SPACING))
        };
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    /// Whether to acknowledge now; if so, that counts as done.
    fn pay(&mut self, now: Time) -> bool {
        if !self.due.is_some_and(|due| is_over(due, now)) {
            return false;
        }
        self.sayings = self.sayings.saturating_sub(1);
        self.due = (self.sayings > 0).then(|| now + ACK_REPEAT);
        self.arrivals = 0;
        self.said = Some(now);
        true
    }
}

const ACK_SPACING: Duration = Duration::from_millis(2);
/// How many messages are acknowledged without delay, so that the sender need not stop for the end of its window.
const MAX_ARRIVALS: u32 = 32;
/// How many messages must come without a sign of loss until acknowledgements are said only once.
const WARY_FOR: u32 = 128;
