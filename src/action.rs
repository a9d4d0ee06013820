//! Everything a node asks for.

use core::fmt;
use core::time::Duration;
use std::sync::Arc;

use crate::slots::Slots;
use crate::{
    Address, Body, Content, DialError, LinkId, Message, MessageId, PeerId, Rejection, SendError, Sequence,
    StreamId,
};

/// Something that the driver has to do. Exhaustive on purpose: a driver must be able to do all of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Try to make a link to `address`, then tell the node [`LinkUp`](crate::Input::LinkUp) or
    /// [`DialFailed`](crate::Input::DialFailed). A node has at most one dial to an address under way.
    Dial {
        /// Where to.
        address: Address,
    },
    /// Send one message on each of some links: [`Message::encoded`] and a line break, or the message itself.
    Send {
        /// The links.
        to: Recipients,
        /// The message, shared by all of them.
        message: Message,
    },
    /// Close a link once everything that was queued for it is sent. The node has forgotten it already.
    Close {
        /// Which.
        link: LinkId,
    },
    /// Tell the application.
    Emit(Event),
}

/// The links that one message goes out on: a shared list, less the one it came from.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipients(Links);

#[derive(Clone, PartialEq, Eq)]
enum Links {
    One(LinkId),
    Shared {
        links: Arc<[LinkId]>,
        except: Option<LinkId>,
    },
    /// Those of a table whose place is in a set.
    Placed {
        table: Arc<[LinkId]>,
        slots: Slots,
    },
}

impl Recipients {
    pub(crate) const fn one(link: LinkId) -> Self {
        Self(Links::One(link))
    }

    pub(crate) const fn shared(links: Arc<[LinkId]>, except: Option<LinkId>) -> Self {
        Self(Links::Shared { links, except })
    }

    pub(crate) const fn placed(table: Arc<[LinkId]>, slots: Slots) -> Self {
        Self(Links::Placed { table, slots })
    }

    /// The links, each once.
    pub fn iter(&self) -> impl Iterator<Item = LinkId> + '_ {
        let (links, except, places) = match &self.0 {
            Links::One(link) => (core::slice::from_ref(link), None, None),
            Links::Shared { links, except } => (&**links, *except, None),
            Links::Placed { table, slots } => (&[][..], None, Some((table, slots))),
        };
        let placed = places
            .into_iter()
            .flat_map(|(table, slots)| slots.iter().filter_map(|slot| table.get(slot.index()).copied()));
        links.iter().copied().filter(move |link| Some(*link) != except).chain(placed)
    }

    /// Whether there is no link among them.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }
}

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Something an application may want to know.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message to everybody, by somebody else: each at most once, those of one author in the order they were
    /// sent (`tests/at_most_once.rs`, `tests/author_order.rs`). What came through peers of the old program has no
    /// number, and therefore no order.
    Delivered(Delivery),
    /// A message to this peer alone.
    Direct(Delivery),
    /// A message of a type that the protocol does not know; see [`Handlers`](crate::Handlers).
    Custom(Delivery),
    /// Messages of an author will not come: nobody brought them in time. What is told next is the one after them.
    Gap {
        /// Whose, and in which run.
        stream: StreamId,
        /// The first that is missing.
        from: Sequence,
        /// The last that is missing.
        to: Sequence,
        /// Whether these were said before the first message that we had of this stream: usually before we joined.
        before_contact: bool,
    },
    /// A peer is linked with us.
    PeerUp {
        /// Its name.
        peer: PeerId,
        /// Where it listens, if it does.
        address: Option<Address>,
        /// How it speaks.
        dialect: Dialect,
    },
    /// A peer is not linked with us any more.
    PeerDown {
        /// Its name.
        peer: PeerId,
        /// Why.
        reason: DownReason,
    },
    /// A peer told us of another.
    Advertised {
        /// Who told.
        by: PeerId,
        /// Whom of.
        peer: PeerId,
        /// Where that one listens.
        address: Address,
    },
    /// A dial came to nothing.
    DialFailed {
        /// Where to.
        address: Address,
        /// Why.
        reason: DialError,
        /// When it will be tried again; `None` if it will not.
        retry_in: Option<Duration>,
        /// How many messages that waited to be handed over there are lost with it: given up, as they waited for
        /// some failures already.
        lost: usize,
    },
    /// A message of ours reached nobody, as nobody is linked with us; it is kept and goes out with the first link.
    Waiting {
        /// Which.
        id: MessageId,
    },
    /// The messages that waited have gone out.
    WaitingSent {
        /// How many.
        count: usize,
    },
    /// A message is too long for peers of the old program (2,048 bytes in all), which do not get it. All others do.
    TooLongForClassic {
        /// Which.
        id: MessageId,
        /// How many peers go without.
        peers: usize,
    },
    /// A message could not be handed to a classic peer, as too many wait for it already.
    ClassicQueueFull {
        /// Which.
        id: MessageId,
        /// Whom for.
        peer: PeerId,
    },
    /// A one-to-one message of ours has arrived.
    Arrived {
        /// Which.
        id: MessageId,
        /// At whom.
        to: PeerId,
    },
    /// A one-to-one message could not be handed over, as far as is known: it may have arrived, and only the receipt not.
    Undeliverable {
        /// Which.
        id: MessageId,
        /// Whom it was for.
        to: PeerId,
        /// Why.
        reason: DialError,
    },
    /// Two peers of the same name are linked with us at once.
    NameConflict {
        /// The name.
        peer: PeerId,
    },
    /// Something from the network was refused.
    Rejected {
        /// The link it came on.
        link: LinkId,
        /// Who is at the other end, if they said.
        peer: Option<PeerId>,
        /// Why.
        reason: Rejection,
    },
    /// A command that came as an [`Input`](crate::Input) was not carried out.
    CommandFailed {
        /// Why.
        error: SendError,
    },
    /// The node has left the network.
    Left,
}

/// How a peer speaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dialect {
    /// Long-lived links, numbered messages.
    Native,
    /// The old program's: one connection for each message.
    Classic,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Native => "native",
            Self::Classic => "classic",
        })
    }
}

/// Why a peer is not linked any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DownReason {
    /// It said that it leaves.
    Left,
    /// It closed the link without a word.
    Closed,
    /// The link broke.
    Broken,
    /// It has not been heard for too long.
    Silent,
    /// It read too slowly.
    TooSlow,
    /// It cannot be dialed any more (old peers are dialed for each message).
    Unreachable,
    /// It sent too much that made no sense.
    Misbehaved,
    /// One of the two had neighbours enough: it lives on, and hears through others.
    Parted,
}

impl fmt::Display for DownReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Left => "left",
            Self::Closed => "closed",
            Self::Broken => "broken",
            Self::Silent => "silent",
            Self::TooSlow => "too slow",
            Self::Unreachable => "unreachable",
            Self::Misbehaved => "misbehaved",
            Self::Parted => "parted",
        })
    }
}

/// A message for the application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    message: Message,
}

impl Delivery {
    pub(crate) const fn new(message: Message) -> Self {
        Self { message }
    }

    /// Who said it.
    #[must_use]
    pub fn from(&self) -> &PeerId {
        self.message.originator()
    }

    /// Its `msg_type`.
    #[must_use]
    pub fn msg_type(&self) -> &str {
        self.message.msg_type()
    }

    /// Its name; `None` for an application's own type, which has none.
    #[must_use]
    pub fn id(&self) -> Option<MessageId> {
        self.message.id()
    }

    /// What it says.
    #[must_use]
    pub fn body(&self) -> &Body {
        match self.message.content() {
            Content::Broadcast(post) | Content::Direct { post, .. } => &post.body,
            Content::Custom { body, .. } => body,
            Content::Ping(_)
            | Content::Pong(_)
            | Content::Advertise
            | Content::AdvertiseReply { .. }
            | Content::Retire
            | Content::Leave
            | Content::Control(_) => self.message.time(),
        }
    }

    /// When its author says it was said: any JSON, never trusted.
    #[must_use]
    pub fn time(&self) -> &Body {
        self.message.time()
    }

    /// The whole message.
    #[must_use]
    pub const fn message(&self) -> &Message {
        &self.message
    }
}
