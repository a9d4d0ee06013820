//! Everything that can happen to a node.

use core::fmt;
use std::sync::Arc;

use crate::{Address, Body, DecodeError, LinkId, Message, PeerId};

/// Something that happened: what a driver, or an application, tells its node.
///
/// Plain data: a list of inputs with their times is a trace, and replays everything.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Input {
    /// Time has passed, and nothing else.
    Tick,
    /// There is a new link.
    LinkUp {
        /// Its number, which no other link of this node has now.
        link: LinkId,
        /// The address that was dialed, exactly as [`Action::Dial`](crate::Action::Dial) gave it; `None` if the
        /// other end dialed.
        dialed: Option<Address>,
        /// What the link promises.
        semantics: Semantics,
    },
    /// A link has ended. Not needed for links that the node closed.
    LinkDown {
        /// Which.
        link: LinkId,
        /// How.
        end: LinkEnd,
    },
    /// A dial came to nothing.
    DialFailed {
        /// The address, exactly as [`Action::Dial`](crate::Action::Dial) gave it.
        address: Address,
        /// Why.
        reason: DialError,
    },
    /// A message arrived.
    Received {
        /// On this link.
        link: LinkId,
        /// The message.
        message: Message,
    },
    /// Bytes arrived that are no message.
    Malformed {
        /// On this link.
        link: LinkId,
        /// What is wrong with them.
        error: DecodeError,
    },
    /// The application wants something. [`ChatNode`](crate::ChatNode)'s methods are the typed doors to these; a
    /// command that comes in here and fails is told as [`Event::CommandFailed`](crate::Event::CommandFailed).
    Command(Command),
}

impl Input {
    /// What came on a link, as [`Message::decode`] or a [`Decoder`](crate::framing::Decoder) gives it: a message, or why
    /// it is none.
    #[must_use]
    pub fn received(link: LinkId, decoded: Result<Message, DecodeError>) -> Self {
        match decoded {
            Ok(message) => Self::Received { link, message },
            Err(error) => Self::Malformed { link, error },
        }
    }
}

/// What an application can ask of its node.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Command {
    /// From now on, tell others that this is where we listen (`None`: nowhere).
    Listen(Option<Address>),
    /// Link with whoever listens there, and keep trying.
    Join(Address),
    /// Join each of these.
    Bootstrap(Vec<Address>),
    /// Note a peer and link with it.
    AddPeer {
        /// Its name.
        peer: PeerId,
        /// Where it listens.
        address: Address,
    },
    /// Say something to everybody.
    Broadcast(Body),
    /// Say something to one peer.
    Direct {
        /// To whom.
        to: PeerId,
        /// What.
        body: Body,
    },
    /// Send one message of any type.
    Custom {
        /// To whom.
        to: Target,
        /// The type.
        msg_type: Arc<str>,
        /// What.
        body: Body,
    },
    /// Ask a peer for the peers it knows, and link with them.
    RequestPeers(PeerId),
    /// Leave the network, politely and for good.
    Leave,
}

/// Whom a message of an application's own type is for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// A known peer.
    Peer(PeerId),
    /// Whoever listens there: one connection for one message, without an introduction.
    Address(Address),
}

/// What a link promises.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Semantics {
    /// Ordered, nothing lost or doubled while it stands, and its end is told (TCP).
    Stream,
    /// Nothing: frames may be lost, doubled or reordered, and nobody tells when the other end is gone (UDP).
    Datagram,
}

/// How a link ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LinkEnd {
    /// The other end closed it.
    Closed,
    /// It broke.
    Broken,
    /// The other end read too slowly, and the driver's queue for it overflowed.
    TooSlow,
}

/// Why a dial came to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DialError {
    /// The machine answered that nobody listens on that port.
    Refused,
    /// There is no way to that machine.
    Unreachable,
    /// The host's name leads to no address.
    Unresolvable,
    /// No answer in time.
    TimedOut,
    /// The driver has no room for another connection (or file descriptor) now.
    NoRoom,
    /// Somebody accepted the connection and never introduced themselves.
    NoAnswer,
    /// That is ourselves.
    Myself,
    /// Who listens there has our own name.
    SameName,
    /// Who listens there has another name than the peer that was looked for.
    SomebodyElse,
    /// Nobody knows a way to that peer.
    NoWay,
    /// Who listens there speaks only a dialect that the configuration refuses.
    Dialect,
    /// Anything else.
    Other,
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refused => "refused: nobody listens there",
            Self::Unreachable => "unreachable: there is no way to that machine",
            Self::Unresolvable => "the host's name leads to no address: check its spelling",
            Self::TimedOut => "no answer in time: is it the right address, or a firewall?",
            Self::NoRoom => "too many connections are open already",
            Self::NoAnswer => {
                "somebody accepted but did not introduce themselves: is it a chat peer? \
                 (an old peer can only answer one that listens)"
            }
            Self::Myself => "that is ourselves",
            Self::SameName => "who listens there has our own name: one of the two should choose another",
            Self::SomebodyElse => "somebody else listens there by now",
            Self::NoWay => "nobody knows a way to that peer: is the name right, and is it there?",
            Self::Dialect => "who listens there speaks only the other dialect",
            Self::Other => "the connection failed",
        })
    }
}
