//! What a loop has to offer to be tried.

use core::time::Duration;
use std::error::Error;

use chinwag::{Address, Command, Config, Event, PeerId, Semantics};

/// Why a harness could not do what it was asked, in its own words.
pub type HarnessError = Box<dyn Error + Send + Sync>;

/// A place where nodes run in the loop that is to be tried: a few lines around it, in a test.
///
/// There is at most one node of a name at a time. Time is the harness's: a virtual clock does as well as the real one.
pub trait Harness {
    /// Starts a node with `config`, all but its `listening`, which follows from `listen`; gives the address at which others
    /// dial it, if it listens.
    ///
    /// # Errors
    /// Whatever is in the way; the case fails with it.
    fn start(&mut self, config: Config, listen: &Listen) -> Result<Option<Address>, HarnessError>;

    /// Hands a command to a node that runs, as an application would. Whether the node carries it out is the node's to tell.
    ///
    /// # Errors
    /// Whatever is in the way; the case fails with it.
    fn command(&mut self, node: &PeerId, command: Command) -> Result<(), HarnessError>;

    /// Ends a node that runs, without a word: nothing that it had not sent yet is sent, its sockets close, and it is not
    /// heard again, neither by others nor in [`run_for`](Self::run_for).
    ///
    /// # Errors
    /// Whatever is in the way; the case fails with it.
    fn kill(&mut self, node: &PeerId) -> Result<(), HarnessError>;

    /// Lets all nodes run for about so long, and hands over what they have told their applications since the last time: of
    /// each node everything, in its order.
    ///
    /// # Errors
    /// Whatever is in the way; the case fails with it.
    fn run_for(&mut self, duration: Duration) -> Result<Vec<(PeerId, Event)>, HarnessError>;

    /// What the loop says of its links. Over datagrams, [some cases](super::Case::is_for) are left out.
    fn semantics(&self) -> Semantics {
        Semantics::Stream
    }

    /// The longest frame that the loop can carry, in bytes: less than the default of 64 KiB over UDP, say. At least 20,000.
    fn max_frame(&self) -> usize {
        64 * 1024
    }
}

/// Where a node is to listen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Listen {
    /// Nowhere: nobody can dial it.
    Nowhere,
    /// At any address.
    Anywhere,
    /// At this one, which it had before it was killed.
    At(Address),
}
