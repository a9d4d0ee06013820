//! How other threads reach a driver.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use chinwag::Command;

use crate::HandleError;
use crate::doorbell::Doorbell;

/// Commands a driver from any thread. Cloning is cheap; all clones are equal.
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
        Self { commands, sender, shared: Arc::new(Shared { doorbell, leaving: AtomicBool::new(false) }) }
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
}
