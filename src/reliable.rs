//! Delivery that is ordered and reliable over a link whose frames may be lost, doubled or overtaken.

mod receiving;
mod sending;

use core::time::Duration;

use receiving::Receiving;
use sending::Sending;

use crate::{Message, Time};

/// Both directions of one link: what was sent and is not acknowledged, and what has come but not in order.
///
/// Selective repeat: messages are numbered from 1, each has its own retransmission time, and an acknowledgement says
/// exactly which of the window have come. So a lost message costs one more copy of itself, and of nothing else.
///
/// A copy that the other end has already is sent only when *acknowledgements* were lost. One loss should not be
/// enough for that, so an acknowledgement after which nothing else comes is said twice, and retransmission waits for
/// the second: of isolated messages, a fraction p² is doubled instead of p. In a steady flow the next acknowledgement
/// is the repetition, and it costs nothing. A link that has shown no loss for a while is spared it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Reliable {
    sending: Sending,
    receiving: Receiving,
}

/// More is waiting to be delivered than the bound allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Overflow;

impl Reliable {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes a message that must arrive. Its number, if it is to be sent now; `None` if it waits for the window to
    /// open, for [`next_to_send`](Self::next_to_send) to give out.
    ///
    /// # Errors
    /// [`Overflow`], with nothing changed, if there is no room for `bytes` more.
    pub(crate) fn send(
        &mut self,
        now: Time,
        message: Message,
        bytes: usize,
    ) -> Result<Option<u64>, Overflow> {
        self.sending.send(now, message, bytes)
    }

    /// Whether the other end seems not to take in what we say: it has lost the session, or never had it.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.sending.is_hopeless()
    }

    /// Whether there is room for `bytes` of what could be announced instead of sent: less than
    /// [`send`](Self::send) takes, so that messages which must arrive still fit.
    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.sending.has_room(bytes)
    }

    /// How many bytes wait or are in flight; a message counts for 64 at least.
    #[cfg(test)]
    pub(crate) fn unacknowledged_bytes(&self) -> usize {
        self.sending.unacknowledged_bytes()
    }

    /// The smoothed round-trip time, which includes the time that the other end takes to acknowledge.
    #[cfg(test)]
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.sending.round_trip()
    }

    /// The next message to send or to send again, with its number. To be called until there is none: after
    /// [`acknowledged`](Self::acknowledged), and at the deadline.
    pub(crate) fn next_to_send(&mut self, now: Time) -> Option<(u64, Message)> {
        self.sending.next_to_send(now)
    }

    /// The other end says what it has: every number up to `upto`, and `upto + 2 + i` for each bit `i` of `beyond`.
    ///
    /// Who claims to have what was never sent is not believed anything.
    pub(crate) fn acknowledged(&mut self, now: Time, upto: u64, beyond: u64) {
        self.sending.acknowledged(now, upto, beyond);
    }

    /// A numbered message came in. False if it had come already, or is beyond the window: then nothing is owed for it
    /// but an acknowledgement.
    pub(crate) fn receive(&mut self, now: Time, number: u64, message: Message) -> bool {
        self.receiving.receive(now, number, message)
    }

    /// The next message in order, if it is there.
    pub(crate) fn pop_ready(&mut self) -> Option<Message> {
        self.receiving.pop_ready()
    }

    /// What to tell the other end, if an acknowledgement is due: the arguments of its
    /// [`acknowledged`](Self::acknowledged).
    pub(crate) fn take_acknowledgement(&mut self, now: Time) -> Option<(u64, u64)> {
        self.receiving.take_acknowledgement(now)
    }

    /// When to call [`take_acknowledgement`](Self::take_acknowledgement) and [`next_to_send`](Self::next_to_send)
    /// next (the origin of time if there is something to send already). `None` if nothing is owed on either side.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.sending.next_due().into_iter().chain(self.receiving.next_due()).min()
    }
}

/// Whether a time is over. The end of time never is, so that who asks until nothing is due comes to an end.
fn is_over(due: Time, now: Time) -> bool {
    due <= now.min(Time::LAST)
}

/// How many numbers may be in flight, from the first that is missing. All of them fit into an acknowledgement (which
/// could tell of 65): with more, those past its end would be sent again though they have come. At 50 ms one way this
/// still carries 500 messages a second.
const WINDOW: u64 = 64;
const ACK_DELAY: Duration = Duration::from_millis(10);
const ACK_REPEAT: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests;
