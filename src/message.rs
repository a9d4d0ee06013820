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
//! | `RETIRE` | [`Retire`](Content::Retire) | `""` | native |
//! | `LEAVE` | [`Leave`](Content::Leave) | `""` | native |
//! | any other | [`Custom`](Content::Custom) | any JSON | both |
//! | none: an array | [`Control`](Content::Control) | | native |

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

use bytes::Bytes;

use crate::{
    Address, Body, ClassicId, Contact, Control, Epoch, MessageId, PeerId, Sequence, StreamId, StreamTag,
};

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
    frame: Frame,
    classic_id: OnceLock<ClassicId>,
    /// The number of the stream's tag; 0 as long as that was not asked for.
    stream_tag: AtomicU64,
}

/// The bytes of a message.
enum Frame {
    /// Those it came as. They are apart from the others because of a cell's price, which every message that is received
    /// would pay.
    Received(Bytes),
    /// Those it is given when they are asked for first.
    Own(OnceLock<Bytes>),
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
    /// Something that concerns only the two ends of a link.
    Control(Control),
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
    /// Others that the asker may turn to; more than 32 are refused.
    pub others: Vec<Contact>,
}

impl Hello {
    fn to_classic(&self) -> Self {
        Self { listening: self.listening.clone(), native: None, others: Vec::new() }
    }
}

/// What the `chinwag` key says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Native {
    /// The newest version of the native dialect that the sender speaks.
    pub version: u32,
    /// The sender's run, which tells a restarted peer from an earlier self.
    pub epoch: Epoch,
    /// Why it introduces itself, or what it answers.
    pub intent: Intent,
    /// A number that the asker draws and the answer repeats, by which the two know what belongs to this introduction
    /// on a link without order; 0 where it is left out.
    pub session: u32,
}

/// What an introduction is for, and what its answer says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Intent {
    /// To be neighbours; as an answer, that the two are.
    #[default]
    Neighbour,
    /// To be neighbours, from one who has few: one who is full should make room.
    Urgent,
    /// To be neighbours, from one who is new and knows nobody else.
    Join,
    /// To say something and go; as an answer, that the two are no neighbours.
    Visit,
    /// As an answer only: the sender has too many neighbours. The names of others follow.
    Full,
}

impl Native {
    /// The version of the native dialect that this crate speaks.
    pub const VERSION: u32 = 1;

    /// The key of a peer in its run `epoch` that wants to be, or is, a neighbour.
    #[must_use]
    pub const fn new(epoch: Epoch) -> Self {
        Self { version: Self::VERSION, epoch, intent: Intent::Neighbour, session: 0 }
    }
}

/// Something said, with its place in its author's stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Post {
    /// Its place; `None` in the classic dialect.
    pub place: Option<Place>,
    /// The room it is said in; `None` for the one that all are in. Carried, and not judged yet.
    pub room: Option<Room>,
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

/// The name of a room: 1 to 64 bytes of text without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Room(Arc<str>);

impl Room {
    /// The most bytes a name may have.
    pub const MAX_LEN: usize = 64;

    /// The room of this name, or `None` if it is empty, too long or holds control characters.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let fits = !name.is_empty() && name.len() <= Self::MAX_LEN && !name.contains(char::is_control);
        fits.then(|| Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
        // What concerns two neighbours only does not say who or when.
        let (originator, time) =
            if let Content::Control(_) = content { (nobody(), Body::null()) } else { (originator, time) };
        Self::with(originator, time, content, Frame::Own(OnceLock::new()))
    }

    /// What neighbours say to each other: it names nobody, and says no time.
    #[must_use]
    pub fn control(control: Control) -> Self {
        Self::with(nobody(), Body::null(), Content::Control(control), Frame::Own(OnceLock::new()))
    }

    /// The same, remembering the bytes it came as.
    pub(crate) fn received(originator: PeerId, time: Body, content: Content, frame: Bytes) -> Self {
        Self::with(originator, time, content, Frame::Received(frame))
    }

    fn with(originator: PeerId, time: Body, content: Content, frame: Frame) -> Self {
        let (classic_id, stream_tag) = (OnceLock::new(), AtomicU64::new(0));
        Self(Arc::new(Inner { originator, time, content, frame, classic_id, stream_tag }))
    }

    /// Who said it first: kept by everybody who passes it on. A [`Control`] names nobody: `*`.
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
            | Content::Retire
            | Content::Leave
            | Content::Custom { .. } => None,
            Content::Control(Control::Numbered { message, .. }) => message.post(),
            Content::Control(_) => None,
        }
    }

    /// The id of the post, if this is one.
    #[must_use]
    pub fn id(&self) -> Option<MessageId> {
        if let Content::Control(Control::Numbered { message, .. }) = &self.0.content {
            return message.id();
        }
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

    /// The tag of its author's stream in the run `epoch`, which is that of its place. Computed once.
    pub(crate) fn stream_tag(&self, epoch: Epoch) -> StreamTag {
        // Whoever computes it finds the same, so that nobody has to wait for anybody.
        match self.0.stream_tag.load(Ordering::Relaxed) {
            0 => {
                let tag = StreamTag::of(&self.0.originator, epoch);
                self.0.stream_tag.store(tag.get(), Ordering::Relaxed);
                tag
            }
            number => StreamTag::new(number),
        }
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
            Content::Retire => "RETIRE",
            Content::Leave => "LEAVE",
            Content::Custom { msg_type, .. } => msg_type,
            Content::Control(control) => control.kind(),
        }
    }

    /// Its frame: one JSON object without a line break, encoded at the first call and shared from then on.
    #[must_use]
    pub fn encoded(&self) -> &Bytes {
        match &self.0.frame {
            Frame::Received(frame) => frame,
            Frame::Own(frame) => frame.get_or_init(|| crate::codec::encode(self)),
        }
    }

    /// The same message in the classic dialect: the four keys that the old program knows and nothing else.
    #[must_use]
    pub fn to_classic(&self) -> Self {
        let content = match &self.0.content {
            Content::Broadcast(post) => {
                Content::Broadcast(Post { place: None, room: None, body: post.body.clone(), signature: None })
            }
            Content::Ping(hello) => Content::Ping(hello.to_classic()),
            Content::Pong(hello) => Content::Pong(hello.to_classic()),
            other @ (Content::Advertise
            | Content::AdvertiseReply { .. }
            | Content::Direct { .. }
            | Content::Retire
            | Content::Leave
            | Content::Custom { .. }
            | Content::Control(_)) => other.clone(),
        };
        Self::new(self.0.originator.clone(), self.0.time.clone(), content)
    }
}

pub(crate) fn nobody() -> PeerId {
    static NOBODY: LazyLock<PeerId> = LazyLock::new(PeerId::nobody);
    NOBODY.clone()
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
