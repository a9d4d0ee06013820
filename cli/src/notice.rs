//! What there is to tell, before it is decided how.

use std::time::Duration;

use chinwag::{Address, Contact, Delivery, Event, MessageId, Peer, PeerId, Stats};
use chinwag_mio::Counters;

/// Something to tell whoever reads standard output.
#[derive(Debug)]
pub(crate) enum Notice<'a> {
    /// Where others can dial us from now on; `None`: nowhere.
    Listening(Option<&'a Address>),
    /// The node told something.
    Event {
        /// What.
        event: &'a Event,
        /// With how many peers we are linked after it.
        linked: usize,
        /// How often the same was told before, without a change between.
        repeats: u32,
        /// Who is known to be at the address it is about, if it is about one.
        there: Option<&'a PeerId>,
        /// Whether whoever reads named that address.
        asked: bool,
    },
    /// A message of a type that is no part of the protocol, for which there is a handler.
    Custom(&'a Delivery),
    /// A message of a type that nobody here knows.
    Unhandled(&'a Delivery),
    /// Something of ours has been handed to the node.
    Sent {
        /// Its id.
        id: &'a MessageId,
        /// For whom; `None` for everybody.
        to: Option<&'a PeerId>,
        /// What it says.
        text: &'a str,
    },
    /// Who is known, and whom we are trying to reach.
    Peers {
        /// The peers the node has met, or was told to know.
        peers: &'a [Peer],
        /// Those that it has heard of.
        others: &'a [Contact],
        /// The addresses where nobody answered yet.
        trying: &'a [Trying],
    },
    /// What has been counted.
    Stats(&'a Counted),
    /// The commands.
    Help,
    /// Something did not work: what, and what to do.
    Error(&'a str),
    /// A word to a person that a program does not need.
    Hint(&'a str),
}

/// An address that we are trying to reach.
#[derive(Clone, Debug)]
pub(crate) struct Trying {
    /// Where.
    pub(crate) address: Address,
    /// Why it did not work the last time.
    pub(crate) reason: chinwag::DialError,
    /// How often it did not work, for this reason, in a row.
    pub(crate) times: u32,
    /// When it will be tried next, from now.
    pub(crate) retry_in: Duration,
}

/// All counters there are.
#[derive(Clone, Debug)]
pub(crate) struct Counted {
    /// The node's.
    pub(crate) node: Stats,
    /// The driver's.
    pub(crate) driver: Counters,
    /// How many peers we are linked with.
    pub(crate) linked: usize,
    /// How many messages of ours wait for the first peer.
    pub(crate) waiting: usize,
    /// How many one-to-one messages of ours have not arrived yet.
    pub(crate) undelivered: usize,
}
