//! What neighbours say to each other to keep the network in shape: about links, views, trees, and what they have.
//!
//! A [`Control`] concerns the two ends of one link and nobody else, and is said often; so it names nobody that both
//! know, and is spelled as a short JSON array (see `control_text`, and `docs/wire.md` for the table).

use core::fmt;
use std::sync::Arc;

use crate::spans::Spans;
use crate::{Address, Message, PeerId, Sequence, StreamTag};

/// What neighbours say to each other about the network, apart from what people say in it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Control {
    /// Asks for a [`KeepAliveReply`](Self::KeepAliveReply) with the same number.
    KeepAlive(u64),
    /// The answer to a [`KeepAlive`](Self::KeepAlive).
    KeepAliveReply(u64),
    /// The sender is no neighbour any more, and closes the link; it lives on, and may be asked again.
    Disconnect,
    /// Something of a later version, which is counted and has no effect.
    Unknown,
    /// A peer that joins is walked at random through the network (HyParView's `ForwardJoin`).
    Walk {
        /// Who joins.
        peer: Contact,
        /// How many more links it may be passed over. A receiver takes no more than its own limit.
        hops_left: u8,
    },
    /// A sample of the peers that the sender knows, for whom it ends at, who answers with one of its own.
    Shuffle {
        /// By which the answer finds back: it goes the way that this came.
        number: u64,
        /// How many more links it may be passed over.
        hops_left: u8,
        /// The sample.
        peers: Vec<Contact>,
    },
    /// Peers that the sender knows: the answer to a [`Shuffle`](Self::Shuffle).
    Peers {
        /// The shuffle's number.
        answers: u64,
        /// The peers.
        peers: Vec<Contact>,
    },
    /// The sender has too many neighbours, one of which needs one more: asks to be replaced by it.
    Instead(Contact),
    /// The pulse of the shared tree, which every node passes on to its neighbours.
    Beacon {
        /// Whose pulse: the stream of the tree's root.
        root: StreamTag,
        /// Which, counted from 1; 0 in a greeting by one who has heard none.
        number: u64,
    },
    /// Posts that the sender has and does not push (Plumtree's `IHAVE`).
    Have(Vec<(StreamTag, Run)>),
    /// From now on, push me this stream; without one, I hang on you in the shared tree.
    Graft(Option<StreamTag>),
    /// Do not push me this stream any more; without one, I hang on you in the shared tree no more.
    Prune(Option<StreamTag>),
    /// Send me these posts.
    Pull {
        /// How many bytes of them I can take now.
        credit: u32,
        /// Which.
        runs: Vec<(StreamTag, Run)>,
    },
    /// That is all for this [`Pull`](Self::Pull): what was asked for and did not come is named if it never will.
    Pulled(Vec<(StreamTag, Run)>),
    /// I am new: send me the last posts, as many.
    CatchUp {
        /// How many posts.
        count: u32,
        /// How many bytes of them I can take now.
        credit: u32,
    },
    /// For one who is new: what of each stream it will be sent, and up to which number there is more to pull.
    Since(Vec<(StreamTag, Run)>),
    /// A part of finding out who lacks what.
    Sync(Spans),
    /// Who knows the way to this peer? Goes to everybody along the shared tree.
    Find {
        /// By which the answer finds back.
        number: u64,
        /// Who is looked for.
        peer: PeerId,
        /// It goes to all neighbours, as along the tree it was not found.
        wide: bool,
    },
    /// The peer that was looked for is this way.
    Found {
        /// The number of the [`Find`](Self::Find).
        number: u64,
    },
    /// A one-to-one message has arrived: goes back the way it came.
    Arrived(StreamTag, Sequence),
    /// A one-to-one message cannot go on from here: goes back the way it came.
    Stuck(StreamTag, Sequence),
    /// A message on a link that promises nothing, with its number on that link.
    Numbered {
        /// Of which introduction of the link, so that none of an earlier one is mistaken for it.
        session: u32,
        /// Its number, from 1.
        number: u64,
        /// The message.
        message: Message,
    },
    /// What has come in of the [`Numbered`](Self::Numbered) messages.
    Acknowledge {
        /// Of which introduction of the link.
        session: u32,
        /// Every number up to this one.
        upto: u64,
        /// Bit i: the number `upto + 2 + i`, too.
        beyond: u64,
    },
}

/// A peer that can be dialed. Cloning copies a pointer, as every node knows many and names them to others.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contact(Arc<(PeerId, Address)>);

impl Contact {
    /// The peer of this name, who listens at this address.
    #[must_use]
    pub fn new(peer: PeerId, address: Address) -> Self {
        Self(Arc::new((peer, address)))
    }

    /// Its name.
    #[must_use]
    pub fn peer(&self) -> &PeerId {
        &self.0.0
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.0.1
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.peer(), self.address())
    }
}

/// Some numbers of a stream in a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Run {
    from: Sequence,
    to: Sequence,
}

impl Run {
    /// The numbers from `from` to `to`, both included; `None` if there are none.
    #[must_use]
    pub fn new(from: Sequence, to: Sequence) -> Option<Self> {
        (from <= to).then_some(Self { from, to })
    }

    /// One number.
    #[must_use]
    pub const fn one(number: Sequence) -> Self {
        Self { from: number, to: number }
    }

    /// The same of plain numbers; `None` if there are none or the first is 0.
    #[must_use]
    pub fn of(from: u64, to: u64) -> Option<Self> {
        Self::new(Sequence::new(from)?, Sequence::new(to)?)
    }

    /// The first.
    #[must_use]
    pub const fn from(self) -> u64 {
        self.from.get()
    }

    /// The last.
    #[must_use]
    pub const fn to(self) -> u64 {
        self.to.get()
    }
}

/// The most peers in one message.
pub(crate) const MAX_PEERS: usize = 32;
/// The most runs in one message.
pub(crate) const MAX_RUNS: usize = 256;
