//! What is said on the wire, typed. How it is spelled is [`codec`](crate::codec)'s concern.
//!
//! | `msg_type` | [`Content`] | `msg` | dialects |
//! |---|---|---|---|
//! | `PING` | [`Ping`](Content::Ping) | `[host, port]`, where the sender listens | both |
//! | `HELLO` | [`Ping`](Content::Ping) of one who does not listen | `""` | native |
//! | `PONG` | [`Pong`](Content::Pong) | `[host, port]`, where the sender listens | both |
//! | `ADVERTISE` | [`Advertise`](Content::Advertise) | `""` | both |
//! | `ADVERTISE_REPLY` | [`AdvertiseReply`](Content::AdvertiseReply) | `[peer, [host, port]]` | both |
//! | `BROADCAST` | [`Broadcast`](Content::Broadcast) | the text, or any JSON | both |
//! | `DIRECT` | [`Direct`](Content::Direct) | the text, or any JSON | native |
//! | `KEEPALIVE` | [`KeepAlive`](Content::KeepAlive) | a number | native |
//! | `KEEPALIVE_REPLY` | [`KeepAliveReply`](Content::KeepAliveReply) | the same number | native |
//! | `RETIRE` | [`Retire`](Content::Retire) | `""` | native |
//! | `LEAVE` | [`Leave`](Content::Leave) | `""` | native |
//! | any other | [`Custom`](Content::Custom) | any JSON | both |

use core::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::{Address, Body, ClassicId, Epoch, MessageId, PeerId, Sequence, StreamId};

/// One message, immutable and shared: cloning copies a pointer, and it is encoded at most once.
///
/// A message that was decoded keeps the bytes it came as, and [`encoded`](Self::encoded) gives back those very
/// bytes: a relay changes nothing. Two messages are equal when what they say is; the cached bytes do not count.
#[derive(Clone)]
pub struct Message(Arc<Inner>);

struct Inner {
    originator: PeerId,
    time: Body,
    content: Content,
    encoded: OnceLock<Bytes>,
    classic_id: OnceLock<ClassicId>,
}

/// What a [`Message`] says.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Content {
    /// Who I am and where I listen; asks for a [`Pong`](Self::Pong).
    Ping(Hello),
    /// The answer to a [`Ping`](Self::Ping).
    Pong(Hello),
    /// Asks for the peers that the receiver knows.
    Advertise,
    /// One peer that the sender knows.
    AdvertiseReply {
        /// Its name.
        peer: PeerId,
        /// Where it listens.
        address: Address,
    },
    /// Something said to everybody.
    Broadcast(Post),
    /// Something said to one peer.
    Direct {
        /// The one it is for; `None` where the sender left it out: whoever receives it.
        to: Option<PeerId>,
        /// What is said. Its place is in the author's stream of one-to-one messages, which is apart from the
        /// stream of broadcasts.
        post: Post,
    },
    /// Asks for a [`KeepAliveReply`](Self::KeepAliveReply) with the same number.
    KeepAlive(u64),
    /// The answer to a [`KeepAlive`](Self::KeepAlive).
    KeepAliveReply(u64),
    /// The sender will say nothing more on this link, as there is a second one between the two.
    Retire,
    /// The sender leaves the network.
    Leave,
    /// A type that the protocol does not know: for the application.
    Custom {
        /// The type, 1 to 64 bytes without control characters.
        msg_type: Arc<str>,
        /// What is said.
        body: Body,
    },
}

/// How two peers introduce themselves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hello {
    /// Where the sender listens; `None` if it does not (native only).
    ///
    /// On the wire, who does not listen asks with `HELLO`, which old peers ignore: a `PING` they would keep for ever,
    /// and dial whatever address it gives.
    pub listening: Option<Address>,
    /// The `chinwag` key, by which a native peer shows that it is one.
    pub native: Option<Native>,
}

/// What the `chinwag` key says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Native {
    /// The newest version of the native dialect that the sender speaks.
    pub version: u32,
    /// The sender's run, which tells a restarted peer from an earlier self.
    pub epoch: Epoch,
}

impl Native {
    /// The version of the native dialect that this crate speaks.
    pub const VERSION: u32 = 1;
}

/// Something said, with its place in its author's stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Post {
    /// Its place; `None` in the classic dialect.
    pub place: Option<Place>,
    /// What is said.
    pub body: Body,
    /// A signature by the author, carried and not judged.
    pub signature: Option<Signature>,
}

/// The place of a post in what its author says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// The author's run.
    pub epoch: Epoch,
    /// The number in that run.
    pub sequence: Sequence,
}

/// A signature as text: 1 to 128 bytes of printable ASCII.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Arc<str>);

impl Signature {
    /// The most bytes a signature may have.
    pub const MAX_LEN: usize = 128;

    /// The signature of this text, or `None` if it is empty, too long or not printable ASCII.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits =
            !text.is_empty() && text.len() <= Self::MAX_LEN && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} B>", self.0.len())
    }
}

impl Message {
    /// A message of `originator`, said at `time` (on the wire, any JSON; by habit `time.ctime()`'s text).
    #[must_use]
    pub fn new(originator: PeerId, time: Body, content: Content) -> Self {
        Self(Arc::new(Inner {
            originator,
            time,
            content,
            encoded: OnceLock::new(),
            classic_id: OnceLock::new(),
        }))
    }

    /// The same, remembering the bytes it came as.
    pub(crate) fn received(originator: PeerId, time: Body, content: Content, frame: Bytes) -> Self {
        Self(Arc::new(Inner {
            originator,
            time,
            content,
            encoded: OnceLock::from(frame),
            classic_id: OnceLock::new(),
        }))
    }

    /// Who said it first: kept by everybody who passes it on.
    #[must_use]
    pub fn originator(&self) -> &PeerId {
        &self.0.originator
    }

    /// When its originator says it was said: any JSON, never trusted.
    #[must_use]
    pub fn time(&self) -> &Body {
        &self.0.time
    }

    /// What it says.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.0.content
    }

    /// The post, if this is one (to everybody or to one).
    #[must_use]
    pub fn post(&self) -> Option<&Post> {
        match &self.0.content {
            Content::Broadcast(post) | Content::Direct { post, .. } => Some(post),
            Content::Ping(_)
            | Content::Pong(_)
            | Content::Advertise
            | Content::AdvertiseReply { .. }
            | Content::KeepAlive(_)
            | Content::KeepAliveReply(_)
            | Content::Retire
            | Content::Leave
            | Content::Custom { .. } => None,
        }
    }

    /// The id of the post, if this is one.
    #[must_use]
    pub fn id(&self) -> Option<MessageId> {
        let post = self.post()?;
        Some(match post.place {
            Some(Place { epoch, sequence }) => {
                let stream = StreamId::new(self.0.originator.clone(), epoch);
                if let Content::Direct { .. } = self.0.content {
                    MessageId::direct(stream, sequence)
                } else {
                    MessageId::native(stream, sequence)
                }
            }
            None => MessageId::Classic(self.classic_id()),
        })
    }

    /// The hash by which this message is known in the classic dialect. Computed once.
    #[must_use]
    pub fn classic_id(&self) -> ClassicId {
        *self.0.classic_id.get_or_init(|| crate::classic_id::of(self))
    }

    /// Its `msg_type` on the wire.
    #[must_use]
    pub fn msg_type(&self) -> &str {
        match &self.0.content {
            Content::Ping(Hello { listening: Some(_), .. }) => "PING",
            Content::Ping(Hello { listening: None, .. }) => "HELLO",
            Content::Pong(_) => "PONG",
            Content::Advertise => "ADVERTISE",
            Content::AdvertiseReply { .. } => "ADVERTISE_REPLY",
            Content::Broadcast(_) => "BROADCAST",
            Content::Direct { .. } => "DIRECT",
            Content::KeepAlive(_) => "KEEPALIVE",
            Content::KeepAliveReply(_) => "KEEPALIVE_REPLY",
            Content::Retire => "RETIRE",
            Content::Leave => "LEAVE",
            Content::Custom { msg_type, .. } => msg_type,
        }
    }

    /// Its frame: one JSON object without a line break, encoded at the first call and shared from then on.
    #[must_use]
    pub fn encoded(&self) -> &Bytes {
        self.0.encoded.get_or_init(|| crate::codec::encode(self))
    }

    /// The same message in the classic dialect: the four keys that the old program knows and nothing else.
    #[must_use]
    pub fn to_classic(&self) -> Self {
        let content = match &self.0.content {
            Content::Broadcast(post) => {
                Content::Broadcast(Post { place: None, body: post.body.clone(), signature: None })
            }
            Content::Ping(hello) => Content::Ping(Hello { native: None, ..hello.clone() }),
            Content::Pong(hello) => Content::Pong(Hello { native: None, ..hello.clone() }),
            other @ (Content::Advertise
            | Content::AdvertiseReply { .. }
            | Content::Direct { .. }
            | Content::KeepAlive(_)
            | Content::KeepAliveReply(_)
            | Content::Retire
            | Content::Leave
            | Content::Custom { .. }) => other.clone(),
        };
        Self::new(self.0.originator.clone(), self.0.time.clone(), content)
    }
}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.0.originator == other.0.originator
                && self.0.time == other.0.time
                && self.0.content == other.0.content)
    }
}

impl Eq for Message {}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} by {:?}", self.0.content, self.0.originator)
    }
}
