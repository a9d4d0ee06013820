//! What a network has done, counted.

/// Counters since the network was made. None but `in_flight` ever decreases.
///
/// Packets are messages on their way over one link. The books balance:
/// `sent + duplicated == delivered + dropped.total() + in_flight`, which [`check`](crate::Network::check) proves by
/// counting the packets that are on their way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Packets that nodes sent, one for each recipient.
    pub sent: u64,
    /// Packets that were handed over.
    pub delivered: u64,
    /// Packets that were not, by reason.
    pub dropped: Dropped,
    /// Packets on their way, those included that a partition holds back.
    pub in_flight: u64,
    /// Packets that the network made itself, as second copies of datagrams.
    pub duplicated: u64,
    /// Packets that were handed over after one that was sent later on the same link.
    pub reordered: u64,
    /// Packets in which a bit was flipped.
    pub corrupted: u64,
    /// Packets of streams that met a partition and were held back until it healed.
    pub held_back: u64,
    /// Sends and closes on links that the node had been told are gone, or never had.
    pub misdirected: u64,
    /// Chunks of bytes that were handed to decoders.
    pub chunks: u64,
    /// Chunks that began in one frame and ended in another.
    pub chunks_across_frames: u64,
    /// Dials that nodes asked for.
    pub dials: u64,
    /// Dials that led to a link.
    pub dials_answered: u64,
    /// Dials that came to nothing.
    pub dials_failed: u64,
    /// Dials that a node asked for while it already had one to that address under way; not where things wait
    /// for the machine, as the answer may be among them.
    pub dials_doubled: u64,
    /// Links that ended or broke, counted at each end that was told.
    pub links_ended: u64,
    /// Inputs given to nodes.
    pub inputs: u64,
    /// Events that nodes emitted.
    pub events: u64,
    /// Deadlines that lay in the past or present of the node that set them.
    pub early_deadlines: u64,
    /// Faults that took effect.
    pub faults: u64,
    /// Bursts of loss that began.
    pub bursts: u64,
    /// Packets that waited for others to leave, on a link or at the machine that sent them.
    pub queued: u64,
    /// Dials that chance had refused.
    pub dials_refused: u64,
    /// Dials that got lost by chance.
    pub dials_lost: u64,
    /// Links that a machine did not accept because it had too many.
    pub accepts_refused: u64,
    /// Things that happened at a machine while it was working on another.
    pub kept_waiting: u64,
    /// Inputs given to nodes whose clock was wrong.
    pub misdated: u64,
}

impl Stats {
    /// Adds what was counted in another part of the network. A part may count below zero what another has counted above.
    pub(crate) const fn add(&mut self, part: &Self) {
        let Self {
            sent,
            delivered,
            dropped,
            in_flight,
            duplicated,
            reordered,
            corrupted,
            held_back,
            misdirected,
            chunks,
            chunks_across_frames,
            dials,
            dials_answered,
            dials_failed,
            dials_doubled,
            links_ended,
            inputs,
            events,
            early_deadlines,
            faults,
            bursts,
            queued,
            dials_refused,
            dials_lost,
            accepts_refused,
            kept_waiting,
            misdated,
        } = part;
        self.sent += *sent;
        self.delivered += *delivered;
        self.dropped.add(dropped);
        self.in_flight = self.in_flight.wrapping_add(*in_flight);
        self.duplicated += *duplicated;
        self.reordered += *reordered;
        self.corrupted += *corrupted;
        self.held_back += *held_back;
        self.misdirected += *misdirected;
        self.chunks += *chunks;
        self.chunks_across_frames += *chunks_across_frames;
        self.dials += *dials;
        self.dials_answered += *dials_answered;
        self.dials_failed += *dials_failed;
        self.dials_doubled += *dials_doubled;
        self.links_ended += *links_ended;
        self.inputs += *inputs;
        self.events += *events;
        self.early_deadlines += *early_deadlines;
        self.faults += *faults;
        self.bursts += *bursts;
        self.queued += *queued;
        self.dials_refused += *dials_refused;
        self.dials_lost += *dials_lost;
        self.accepts_refused += *accepts_refused;
        self.kept_waiting += *kept_waiting;
        self.misdated += *misdated;
    }
}

/// Packets that were dropped, by reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Dropped {
    /// Lost by chance.
    pub loss: u64,
    /// Lost in a burst.
    pub burst: u64,
    /// A datagram that met a full queue.
    pub overflow: u64,
    /// A datagram that met a partition.
    pub partition: u64,
    /// The receiver had crashed, or crashed while the packet waited.
    pub crashed: u64,
    /// The link had broken.
    pub broken: u64,
    /// The receiver had closed the link, or (datagrams) does not listen or has too many.
    pub closed: u64,
}

/// Why a packet was dropped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DropReason {
    Loss,
    Burst,
    Overflow,
    Partition,
    Crashed,
    Broken,
    Closed,
}

impl DropReason {
    /// For people.
    pub(crate) const fn in_words(self) -> &'static str {
        match self {
            Self::Loss => "the link lost it",
            Self::Burst => "the link lost it in a burst",
            Self::Overflow => "it met a full queue",
            Self::Partition => "there was a partition",
            Self::Crashed => "the receiver was down",
            Self::Broken => "the link was broken",
            Self::Closed => "the link was closed",
        }
    }
}

impl Dropped {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.loss + self.burst + self.overflow + self.partition + self.crashed + self.broken + self.closed
    }

    const fn add(&mut self, part: &Self) {
        let Self { loss, burst, overflow, partition, crashed, broken, closed } = part;
        self.loss += *loss;
        self.burst += *burst;
        self.overflow += *overflow;
        self.partition += *partition;
        self.crashed += *crashed;
        self.broken += *broken;
        self.closed += *closed;
    }

    pub(crate) const fn count(&mut self, reason: DropReason) {
        let counter = match reason {
            DropReason::Loss => &mut self.loss,
            DropReason::Burst => &mut self.burst,
            DropReason::Overflow => &mut self.overflow,
            DropReason::Partition => &mut self.partition,
            DropReason::Crashed => &mut self.crashed,
            DropReason::Broken => &mut self.broken,
            DropReason::Closed => &mut self.closed,
        };
        *counter += 1;
    }
}
