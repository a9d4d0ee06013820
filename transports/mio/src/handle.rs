//! How other threads reach a driver.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use chinwag::{Command, Event};

use crate::doorbell::Doorbell;
use crate::snapshot::Board;
use crate::subscription::Subscribers;
use crate::{HandleError, Snapshot, StatsError, Subscription};

/// Commands a driver from any thread, and hears of it. Cloning is cheap; all clones are equal.
///
/// Nothing done with a handle makes the driver wait (`tests/tcp/other_threads.rs`, `tests/tcp/subscriptions.rs`).
#[derive(Clone)]
pub struct Handle {
    commands: SyncSender<Command>,
    shared: Arc<Shared>,
}

impl Handle {
    /// Has the node carry out `command` soon. Commands of one thread are carried out in their order. One that fails
    /// there is told as [`Event::CommandFailed`](chinwag::Event::CommandFailed).
    ///
    /// # Errors
    /// [`HandleError`] gives the command back if too many wait already, or the driver is gone.
    pub fn send(&self, command: Command) -> Result<(), HandleError> {
        self.commands.try_send(command).map_err(|error| match error {
            TrySendError::Full(command) => HandleError::Full(command),
            TrySendError::Disconnected(command) => HandleError::Stopped(command),
        })?;
        self.shared.doorbell.ring();
        Ok(())
    }

    /// Everything that the node tells its application from now on, for this thread or another to take: at most `capacity`
    /// events wait (at least 1), and those beyond that are [counted](crate::Told::Missed).
    ///
    /// The driver's own events are to be taken nevertheless: while [`Options::max_events`](crate::Options::max_events) of
    /// them wait, it does not read.
    #[must_use]
    pub fn subscribe(&self, capacity: usize) -> Subscription {
        self.shared.subscribers.add(capacity)
    }

    /// What the driver and its node have done and hold, after all commands that this thread has [sent](Self::send), waiting
    /// for the answer no longer than `limit`.
    ///
    /// Called by the thread that turns the driver it waits in vain.
    ///
    /// # Errors
    /// [`StatsError::Stopped`] or [`StatsError::TimedOut`].
    pub fn stats(&self, limit: Duration) -> Result<Snapshot, StatsError> {
        self.shared.board.ask(limit, || self.shared.doorbell.ring())
    }

    /// Makes the loop turn once: [`MioDriver::poll`](crate::MioDriver::poll) returns.
    pub fn wake(&self) {
        self.shared.doorbell.ring();
    }

    /// Has the node leave the network, after which [`MioDriver::run`](crate::MioDriver::run) returns.
    pub fn shutdown(&self) {
        self.shared.leaving.store(true, Ordering::Release);
        self.shared.doorbell.ring();
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

/// What all handles and the driver have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) doorbell: Doorbell,
    leaving: AtomicBool,
    subscribers: Subscribers,
    board: Board,
}

/// The driver's end of its handles.
#[derive(Debug)]
pub(crate) struct Mailbox {
    commands: Receiver<Command>,
    sender: SyncSender<Command>,
    shared: Arc<Shared>,
}

impl Mailbox {
    pub(crate) fn new(doorbell: Doorbell, max_commands: usize) -> Self {
        let (sender, commands) = sync_channel(max_commands);
        let shared = Shared {
            doorbell,
            leaving: AtomicBool::new(false),
            subscribers: Subscribers::default(),
            board: Board::default(),
        };
        Self { commands, sender, shared: Arc::new(shared) }
    }

    pub(crate) fn handle(&self) -> Handle {
        Handle { commands: self.sender.clone(), shared: Arc::clone(&self.shared) }
    }

    /// For threads of the driver's own that have something to tell it.
    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// The next command that waits.
    pub(crate) fn next(&mut self) -> Option<Command> {
        self.commands.try_recv().ok()
    }

    /// Whether somebody asked for the end since this was last called.
    pub(crate) fn take_shutdown(&mut self) -> bool {
        self.shared.leaving.swap(false, Ordering::AcqRel)
    }

    pub(crate) fn rearm(&self) {
        self.shared.doorbell.rearm();
    }

    /// Tells all who have subscribed.
    pub(crate) fn tell(&self, event: &Event) {
        self.shared.subscribers.tell(event);
    }

    /// Whether somebody asked for a snapshot since this was last called.
    pub(crate) fn take_question(&self) -> bool {
        self.shared.board.take_question()
    }

    pub(crate) fn answer(&self, snapshot: Snapshot) {
        self.shared.board.answer(snapshot);
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.shared.subscribers.stop();
        self.shared.board.stop();
    }
}
