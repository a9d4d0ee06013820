//! What stands in a trace.

use std::sync::Arc;

use chinwag::Time;

use crate::NodeId;

/// One entry of a trace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TraceEntry {
    /// When, in virtual time.
    pub at: Time,
    /// What.
    pub what: Happened,
}

/// Something that happened.
///
/// Packets are numbered from 1 in the order they were sent. Nodes go by number; peers that nodes speak of, and messages, by
/// their names.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Happened {
    /// A node is there.
    Added {
        /// Which.
        node: NodeId,
        /// Its name.
        name: Arc<str>,
    },
    /// A node began to say something to everybody.
    Published {
        /// Who.
        node: NodeId,
        /// What: the message's id.
        message: Arc<str>,
    },
    /// A packet set out.
    Sent {
        /// Its number.
        packet: u64,
        /// From whom.
        from: NodeId,
        /// To whom.
        to: NodeId,
        /// The type of its message.
        kind: Arc<str>,
        /// What it is about: of a message to everybody or to one peer, its id; of an announcement or a request, the tags of
        /// streams and the numbers in them; else empty.
        about: Arc<str>,
    },
    /// A packet was handed to its receiver. With duplication that may happen more than once.
    Received {
        /// Its number.
        packet: u64,
    },
    /// A packet came to a partition, which holds it back until that ends.
    Held {
        /// Its number.
        packet: u64,
    },
    /// A packet, or one copy of it, was lost.
    Lost {
        /// Its number.
        packet: u64,
        /// How.
        reason: Arc<str>,
    },
    /// A node gave a message to its application.
    Delivered {
        /// Who.
        node: NodeId,
        /// The message's id.
        message: Arc<str>,
    },
    /// A node gave up messages of an author.
    GaveUp {
        /// Who.
        node: NodeId,
        /// Whose: the stream.
        stream: Arc<str>,
        /// The first number.
        from: u64,
        /// The last.
        to: u64,
    },
    /// A node tells that a peer is linked.
    PeerUp {
        /// Who tells.
        node: NodeId,
        /// Of whom.
        peer: Arc<str>,
    },
    /// A node tells that a peer is not linked any more.
    PeerDown {
        /// Who tells.
        node: NodeId,
        /// Of whom.
        peer: Arc<str>,
        /// Why.
        reason: Arc<str>,
    },
    /// A node crashed.
    Crashed {
        /// Which.
        node: NodeId,
    },
    /// A crashed node started again.
    Restarted {
        /// Which.
        node: NodeId,
        /// Whether it had lost what it knew.
        forgot: bool,
    },
    /// A partition began: nothing passes from some nodes to others any more.
    Cut {
        /// The ones.
        from: Arc<[NodeId]>,
        /// The others.
        to: Arc<[NodeId]>,
        /// Whether nothing passes the other way either.
        both_ways: bool,
    },
    /// A fault took effect that is neither a partition nor the crash or the start of one node.
    Fault {
        /// Which, in words.
        fault: Arc<str>,
        /// Whom it concerns: the nodes at whose links or machines it is, or nobody if it is everywhere.
        nodes: Arc<[NodeId]>,
    },
    /// The run ended: the last entry of a whole trace.
    Ended {
        /// [`Network::trace_hash`](crate::Network::trace_hash): of everything that every node was told and did, also of what
        /// has no entry.
        trace_hash: u64,
    },
}

/// The numbers by which kinds of entries go.
pub(super) mod code {
    pub(in super::super) const HASH: u64 = 0;
    pub(in super::super) const END: u64 = 1;
    pub(in super::super) const ADDED: u64 = 2;
    pub(in super::super) const PUBLISHED: u64 = 3;
    pub(in super::super) const SENT: u64 = 4;
    pub(in super::super) const RECEIVED: u64 = 5;
    pub(in super::super) const LOST: u64 = 6;
    pub(in super::super) const DELIVERED: u64 = 7;
    pub(in super::super) const GAVE_UP: u64 = 8;
    pub(in super::super) const PEER_UP: u64 = 9;
    pub(in super::super) const PEER_DOWN: u64 = 10;
    pub(in super::super) const CRASHED: u64 = 11;
    pub(in super::super) const RESTARTED: u64 = 12;
    pub(in super::super) const FAULT: u64 = 13;
    pub(in super::super) const HELD: u64 = 14;
    pub(in super::super) const ENDED: u64 = 15;
    pub(in super::super) const CUT: u64 = 16;
    /// No entry, but a text.
    pub(in super::super) const TEXT: u64 = 17;
}
