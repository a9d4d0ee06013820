//! What two nodes tell each other to find out which streams they differ in.

use crate::StreamTag;

/// The most stretches that one message speaks of.
pub(crate) const MAX_SPANS: usize = 64;

/// The most streams that one message tells of. One with ranges counts once more for each, as it is so much longer:
/// so no message is longer than 16 KiB, whatever its numbers.
pub(crate) const MAX_STREAMS: usize = 256;

/// The most ranges that are told of one stream.
pub(crate) const MAX_RANGES: usize = 8;

/// What a node has of one stream. Never nothing: of such a stream nothing is told.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Summary {
    /// Which stream.
    pub(crate) tag: StreamTag,
    /// Everything up to this number.
    pub(crate) prefix: u64,
    /// Ranges (both ends included) beyond the prefix: sorted, disjoint, and not adjacent.
    pub(crate) beyond: Vec<(u64, u64)>,
}

/// One stretch of the space of tags, from where the one before it ended.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Span {
    /// The last tag of the stretch.
    pub(crate) until: StreamTag,
    /// What is said about it.
    pub(crate) claim: Claim,
}

/// What is said about one stretch.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Claim {
    /// Nothing: it is in step, or has been dealt with.
    Same,
    /// What all streams there come to.
    Fingerprint {
        /// How many there are.
        count: u32,
        /// A hash over all of them.
        fingerprint: u64,
    },
    /// The streams themselves, by ascending tag.
    Streams {
        /// All of them, or (if no answer is wanted) those that the other end lacks or has otherwise.
        streams: Vec<Summary>,
        /// Whether the other end shall tell what it has otherwise.
        answer: bool,
    },
}

/// All that one message says: stretches in ascending order, within the limits.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Spans(pub(crate) Vec<Span>);

impl Summary {
    /// How much of [`MAX_STREAMS`] this takes.
    pub(crate) fn weight(&self) -> usize {
        self.beyond.len().saturating_add(1)
    }

    /// Whether this can be had of a stream, and is written in the one way there is to write it.
    pub(crate) fn is_sound(&self) -> bool {
        let mut last = self.prefix;
        let apart = self.beyond.iter().all(|&(from, to)| {
            let apart = last.checked_add(1).is_some_and(|next| next < from) && from <= to;
            last = to;
            apart
        });
        apart && last > 0
    }
}

impl Span {
    /// The streams that are told.
    pub(crate) fn streams(&self) -> &[Summary] {
        match &self.claim {
            Claim::Streams { streams, .. } => streams,
            Claim::Same | Claim::Fingerprint { .. } => &[],
        }
    }
}
