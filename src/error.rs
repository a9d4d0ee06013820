//! Everything that can be wrong, each with what to do about it.

use core::fmt;

use crate::{Address, AddressError, PeerId};

/// Why a frame is no message. The node's state is unchanged but for the count against the link it came on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// Longer than `limit` bytes without an end; the rest of that link's bytes cannot be read.
    TooLong {
        /// The configured `max_frame`, in bytes.
        limit: usize,
    },
    /// The link ended in the middle of a frame.
    Truncated,
    /// Not UTF-8.
    NotUtf8,
    /// Not one JSON object with the four keys in their types.
    NotJson {
        /// The parser's words, at most 120 bytes of them.
        detail: Box<str>,
    },
    /// `msg` or `time` nests arrays and objects too deep.
    TooDeep,
    /// `originator`, `to` or an advertised name is no name.
    BadName,
    /// A `[host, port]` is no address.
    BadAddress(AddressError),
    /// `msg_type` is empty, longer than 64 bytes, or holds control characters.
    BadType,
    /// `msg` is not what its `msg_type` needs.
    BadMsg {
        /// What it needs.
        expected: &'static str,
    },
    /// `epoch` and `seq` do not both stand there, or `seq` is 0.
    BadPlace,
    /// `sig` is empty, longer than 128 bytes, or not printable ASCII.
    BadSignature,
    /// `room` is empty, longer than 64 bytes, or holds control characters.
    BadRoom,
    /// The `chinwag` key says version 0.
    BadVersion,
}

impl DecodeError {
    pub(crate) fn from_json(error: &serde_json::Error) -> Self {
        let mut detail = error.to_string();
        let end = (0..=120.min(detail.len())).rev().find(|&at| detail.is_char_boundary(at)).unwrap_or(0);
        detail.truncate(end);
        Self::NotJson { detail: detail.into() }
    }
}

impl From<AddressError> for DecodeError {
    fn from(error: AddressError) -> Self {
        Self::BadAddress(error)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { limit } => write!(f, "a frame is longer than {limit} bytes"),
            Self::Truncated => f.write_str("the link ended in the middle of a frame"),
            Self::NotUtf8 => f.write_str("a frame is not UTF-8"),
            Self::NotJson { detail } => write!(f, "a frame is not a message: {detail}"),
            Self::TooDeep => write!(f, "a value is nested more than {} deep", crate::codec::MAX_DEPTH),
            Self::BadName => {
                write!(f, "a name is not 1 to {} bytes without control characters", PeerId::MAX_LEN)
            }
            Self::BadAddress(error) => write!(f, "a [host, port] is no address: {error}"),
            Self::BadType => f.write_str("`msg_type` is not 1 to 64 bytes without control characters"),
            Self::BadMsg { expected } => write!(f, "`msg` should be {expected}"),
            Self::BadPlace => f.write_str("`epoch` and `seq` go together, and `seq` counts from 1"),
            Self::BadSignature => f.write_str("`sig` is not 1 to 128 bytes of printable ASCII"),
            Self::BadRoom => f.write_str("`room` is not 1 to 64 bytes without control characters"),
            Self::BadVersion => f.write_str("the `chinwag` version counts from 1"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// Why a node refused something that came from the network. Never the application's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rejection {
    /// A frame was no message.
    Malformed(DecodeError),
    /// A post under this node's own name that it never sent.
    ForgedOwnName,
    /// A message that only a peer may send, from somebody who has not introduced themselves.
    Stranger,
    /// A message that makes no sense at this point of the conversation (a second introduction, say).
    OutOfTurn,
    /// Nobody spoke within the handshake timeout.
    Silent,
    /// Another peer has this node's own name.
    SameName,
    /// There are already as many links, or classic peers, as the configuration allows.
    Full,
    /// The other end speaks only a dialect that the configuration refuses.
    Dialect,
    /// A one-to-one message for somebody else.
    NotForMe,
    /// A sequence number so far ahead of those known of its author that it must be a lie.
    AbsurdSequence,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => fmt::Display::fmt(error, f),
            Self::ForgedOwnName => f.write_str(
                "a message under our own name that we did not send: somebody forges it, or shares the name",
            ),
            Self::Stranger => {
                f.write_str("a message from somebody who has not introduced themselves: they must join first")
            }
            Self::OutOfTurn => f.write_str(
                "a message that does not belong at this point of the conversation: was it sent by a peer?",
            ),
            Self::Silent => f.write_str("somebody connected and did not introduce themselves in time"),
            Self::SameName => {
                f.write_str("another peer has our own name: one of the two should choose another")
            }
            Self::Full => f.write_str("no room for another peer: raise max_links or max_classic_peers"),
            Self::Dialect => f.write_str("the other end speaks a dialect that this node refuses"),
            Self::NotForMe => f.write_str("a one-to-one message for somebody else: it was dropped"),
            Self::AbsurdSequence => {
                f.write_str("a sequence number too far ahead to be true: dropped, unless more like it come")
            }
        }
    }
}

/// Why a command was not carried out. Nothing was sent, and the node is as before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The message would take more bytes than `max_frame` allows.
    TooLong {
        /// How many bytes it would take.
        bytes: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// As many messages wait for the first peer as `max_waiting` allows.
    WaitingFull {
        /// The configured `max_waiting`.
        limit: usize,
    },
    /// No peer of this name is known.
    UnknownPeer(PeerId),
    /// The peer is known, but there is no link to it and no address at which to dial it.
    NoAddress(PeerId),
    /// The peer runs the old program, which has no one-to-one messages.
    ClassicPeer(PeerId),
    /// This node speaks only the old program's dialect, which has no one-to-one messages.
    OwnDialect,
    /// The address is the node's own.
    OwnAddress(Address),
    /// The name is the node's own.
    OwnName,
    /// The message type is no message type, or the message is not what that type needs.
    BadMessage(Box<str>, DecodeError),
    /// Too many messages wait for this address already.
    QueueFull(Address),
    /// As many addresses are in use as `max_links` allows.
    TooManyAddresses,
    /// The node has left the network.
    Left,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes, limit } => {
                write!(f, "the message takes {bytes} bytes of at most {limit}: shorten or split it")
            }
            Self::WaitingFull { limit } => {
                write!(f, "no more than {limit} messages may wait for a peer: join somebody first")
            }
            Self::UnknownPeer(peer) => {
                write!(f, "nobody called {peer} is known: join them first")
            }
            Self::NoAddress(peer) => {
                write!(f, "{peer} is not linked and does not listen: wait until they link with us")
            }
            Self::ClassicPeer(peer) => {
                write!(
                    f,
                    "{peer} speaks the old program's dialect, which has no one-to-one messages: say it to everybody"
                )
            }
            Self::OwnDialect => f.write_str(
                "we speak only the old program's dialect, which has no one-to-one messages: say it to everybody",
            ),
            Self::OwnAddress(address) => write!(f, "{address} is our own address: join somebody else"),
            Self::OwnName => f.write_str("that is our own name: choose somebody else"),
            Self::BadMessage(msg_type, error) => write!(f, "that is no message of type {msg_type}: {error}"),
            Self::QueueFull(address) => {
                write!(f, "too many messages wait for {address} already: try again later")
            }
            Self::TooManyAddresses => f.write_str("too many addresses are in use: raise max_links"),
            Self::Left => f.write_str("the node has left the network: start a new one"),
        }
    }
}

impl core::error::Error for SendError {}

/// Why a [`Config`](crate::Config) is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub(crate) field: &'static str,
    pub(crate) rule: &'static str,
}

impl ConfigError {
    /// The field that breaks a rule.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` must be {}", self.field, self.rule)
    }
}

impl core::error::Error for ConfigError {}
