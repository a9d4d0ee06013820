//! A loop of the driver's own.

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::time::Duration;

use chinwag::{Event, Time};
use mio::Token;

use crate::sockets::{Hear, Sockets, Wait};
use crate::{DriverError, MioDriver};

/// How far a [`shutdown`](MioDriver::shutdown) came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "it says whether everything was sent"]
pub struct Flushed {
    /// How many links had to be cut off before all that was queued for them had been sent.
    pub cut_short: u64,
    /// How many bytes were never sent on those that were cut off last.
    pub unsent_bytes: usize,
}

impl Flushed {
    /// Whether everything was sent.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.cut_short == 0 && self.unsent_bytes == 0
    }
}

impl<S: Sockets> MioDriver<S> {
    /// One turn: waits until something happens, is due, or rings, or until `timeout` has passed; then deals with it.
    /// An interrupting signal ends the wait.
    ///
    /// # Errors
    /// [`DriverError::Embedded`] if the driver has no `Poll` of its own, [`DriverError::Poll`] if that fails.
    pub fn poll(&mut self, timeout: Option<Duration>) -> Result<(), DriverError> {
        let Some(mut own) = self.own_poll.take() else { return Err(DriverError::Embedded) };
        self.flush();
        let waited = own.wait(self.wait_at_most(timeout));
        match waited {
            Ok(()) => own.events().for_each(|event| self.take_in(event)),
            Err(source) if source.kind() != ErrorKind::Interrupted => {
                self.own_poll = Some(own);
                return Err(DriverError::poll("wait for events", source));
            }
            Err(_) => {}
        }
        self.own_poll = Some(own);
        self.on_turn();
        Ok(())
    }

    /// Turns, handing each event to `on_event`, until that says [`ControlFlow::Break`], or until the node has left
    /// the network (by [`Handle::shutdown`](crate::Handle::shutdown), say) and everything it said on the way out has
    /// been sent, as far as the others took it in time.
    ///
    /// # Errors
    /// As [`poll`](Self::poll).
    pub fn run(
        &mut self,
        mut on_event: impl FnMut(&mut Self, Event) -> ControlFlow<()>,
    ) -> Result<(), DriverError> {
        loop {
            while let Some(event) = self.next_event() {
                if on_event(self, event).is_break() {
                    return Ok(());
                }
            }
            if self.is_finished() {
                return Ok(());
            }
            self.poll(None)?;
        }
    }

    /// Leaves the network politely: sends what is queued, as far as the others take it within `limit`, and closes
    /// every socket. Events can still be taken afterwards.
    ///
    /// An embedded driver waits here as well, in a `Poll` of its own; to leave without waiting, have the node
    /// [`leave`](chinwag::ChatNode::leave) and go on turning until [`is_finished`](Self::is_finished).
    ///
    /// # Errors
    /// [`DriverError::Poll`]; all sockets are closed nevertheless.
    pub fn shutdown(&mut self, limit: Duration) -> Result<Flushed, DriverError> {
        let cut_short_before = self.counters.cut_short;
        let until = self.now() + limit;
        self.with_node(|node, now| node.leave(now));
        let turned = self.own_a_poll().and_then(|()| self.turn_until_finished(until));
        if let Some(listener) = self.listener.take() {
            listener.close(&self.links.sockets);
        }
        self.dialer.cancel_all(&mut self.links);
        let unsent_bytes = self.links.remove_all();
        turned?;
        Ok(Flushed { cut_short: self.counters.cut_short - cut_short_before, unsent_bytes })
    }

    /// Whether the node has left the network and nothing is left to be sent.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.node.has_left() && self.links.len() == 0 && self.dialer.is_idle()
    }

    fn wait_at_most(&self, timeout: Option<Duration>) -> Option<Duration> {
        let due = self.next_due().map(|due| due.saturating_since(self.now()));
        match (due, timeout) {
            (Some(due), Some(timeout)) => Some(due.min(timeout)),
            (due, timeout) => due.or(timeout),
        }
    }

    fn turn_until_finished(&mut self, until: Time) -> Result<(), DriverError> {
        // The first turn does not wait: with nothing to send there is nothing to wait for.
        let mut wait = Duration::ZERO;
        loop {
            self.poll(Some(wait))?;
            wait = until.saturating_since(self.now());
            if self.is_finished() || wait.is_zero() {
                return Ok(());
            }
        }
    }

    /// Moves to a `Poll` of its own, if the driver lives in another's.
    fn own_a_poll(&mut self) -> Result<(), DriverError> {
        if self.own_poll.is_some() {
            return Ok(());
        }
        let failed = |source| DriverError::poll("move to another Poll", source);
        let (own, to) = self.links.sockets.open_poll().map_err(failed)?;
        self.ear.rehome(&self.links.sockets, &to, Token(self.tokens.start)).map_err(failed)?;
        if let Some(listener) = &mut self.listener {
            listener.rehome(&self.links.sockets, &to).map_err(failed)?;
        }
        self.links.rehome(to).map_err(failed)?;
        self.own_poll = Some(own);
        Ok(())
    }
}
