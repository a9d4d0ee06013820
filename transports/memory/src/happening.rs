//! What is going to happen, and to whom.

use bytes::Bytes;
use chinwag::{Address, Input, LinkEnd, LinkId, Message};

use crate::NodeId;
use crate::fault::Fault;
use crate::ledger::Tag;
use crate::queue::{Class, Item};
use crate::trace_log::Traced;
use crate::traffic::Kind;

/// Something that is going to happen.
#[derive(Clone, Debug)]
pub(crate) enum Happening {
    /// To the network.
    Fault(Box<Fault>),
    /// A node's deadline.
    Wake { node: NodeId },
    /// An application tells its node something.
    Told { node: NodeId, input: Box<Input> },
    /// What a partition held back on a link goes on.
    Released { node: NodeId, link: LinkId },
    /// At a node's machine.
    ToNode { node: NodeId, what: Occurrence },
    /// A node's machine has worked on what happened to it.
    Handled { node: NodeId, what: Occurrence },
}

/// Something that is going to happen at a node's machine. `link` is that node's own number for the link,
/// `from_link` that of the node at the other end.
#[derive(Clone, Debug)]
pub(crate) enum Occurrence {
    /// A packet arrives.
    Packet { link: LinkId, packet: Packet },
    /// A datagram arrives from a dialer, who knows this node's address only.
    FirstContact { from: NodeId, from_link: LinkId, packet: Packet },
    /// Somebody dials.
    Dialed { from: NodeId, from_link: LinkId },
    /// The dialed node accepts.
    Accepted { link: LinkId, from: NodeId, from_link: LinkId },
    /// The dialed machine says that nobody listens.
    Refused { link: LinkId },
    /// The dialed address is nobody's.
    Unresolvable { address: Address },
    /// Nobody has answered a dial; `dial` is the number of the key of this.
    DialTimedOut { dial: u64 },
    /// A datagram link, which needs no answer, is there.
    Opened { link: LinkId },
    /// A stream ends, after everything that was sent on it.
    Ended { link: LinkId, end: LinkEnd },
    /// This end of a broken link notices.
    NoticedBreak { link: LinkId },
}

/// A message on its way over one link.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) payload: Payload,
    pub(crate) tag: Option<Tag>,
    /// Of the kinds that keep no network from being quiet.
    pub(crate) upkeep: bool,
    pub(crate) kind: Kind,
    /// How long it is on the wire; 0 unless bytes are counted.
    pub(crate) bytes: u32,
    /// Which packet of its sender on its link it is, from 1.
    pub(crate) number: u64,
    /// Which of all packets in the trace it is, if one is written.
    pub(crate) traced: Option<Traced>,
}

#[derive(Clone, Debug)]
pub(crate) enum Payload {
    /// The message itself, and its fingerprint.
    Message(Message, u64),
    /// The bytes of a datagram, boxed: what travels as values need not make room for them.
    Datagram(Box<Bytes>),
    /// Everything in the pipe of the receiving end up to this offset.
    PipeUpTo(u64),
}

impl Item for Happening {
    fn is_implied(&self) -> bool {
        matches!(self, Self::Wake { .. } | Self::ToNode { what: Occurrence::DialTimedOut { .. }, .. })
    }

    fn implied(class: Class, source: u32, sequence: u64) -> Option<Self> {
        let node = NodeId::from_number(source);
        match class {
            Class::Wake => Some(Self::Wake { node }),
            Class::Local => Some(Self::ToNode { node, what: Occurrence::DialTimedOut { dial: sequence } }),
            Class::Fault | Class::Arrival => None,
        }
    }
}

impl Happening {
    /// At whose machine; `None` if it happens to the network.
    pub(crate) const fn node(&self) -> Option<NodeId> {
        match self {
            Self::Fault(_) => None,
            Self::Wake { node }
            | Self::Told { node, .. }
            | Self::Released { node, .. }
            | Self::ToNode { node, .. }
            | Self::Handled { node, .. } => Some(*node),
        }
    }
}
