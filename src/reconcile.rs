//! Which streams do two nodes differ in? Range-based set reconciliation (Meyer, 2022): fingerprints over stretches
//! of the space of tags, narrowed down where they differ.
//!
//! Neither end keeps anything between two messages: an answer depends on the question, and on what its sender has.
//! Messages go to and fro until one of the ends has nothing to say. By then each was told of every stream that the
//! other one has and it lacks, or has otherwise.

use crate::StreamTag;
use crate::entries::{Entry, find, fingerprint, hash, split_after};
use crate::spans::{Claim, MAX_RANGES, MAX_SPANS, MAX_STREAMS, Span, Summary};

/// A stretch with no more streams than this is told, and not divided further.
const LEAF: usize = 16;
/// Into how many stretches one is divided.
const BRANCHING: usize = 16;
/// Into how many at least, though others may have to wait for it.
const MIN_BRANCHING: usize = 4;

/// What comes of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Answer {
    /// What to send back; nothing when it is empty.
    pub(crate) reply: Vec<Span>,
    /// What the other end has of streams that we lack, or of which we have something else.
    pub(crate) theirs: Vec<Summary>,
}

/// The first message: a fingerprint of everything.
///
/// However few there are, they are not told: most of the time both ends are in step, and then this is all.
pub(crate) fn open(mine: &[Entry]) -> Vec<Span> {
    vec![Span { until: StreamTag::new(u64::MAX), claim: fingerprint(mine) }]
}

/// What to make of `spans` from the other end. `summary_of` gives what there is of a stream in `mine`.
///
/// Total: whatever comes, the reply keeps to the limits. What is not in ascending order is passed over.
pub(crate) fn answer(mine: &[Entry], summary_of: impl Fn(StreamTag) -> Summary, spans: &[Span]) -> Answer {
    let descent = spans.windows(2).position(|pair| matches!(pair, [a, b] if a.until >= b.until));
    let count = descent.map_or(spans.len(), |before| before.saturating_add(1));
    let spans = spans.get(..count).unwrap_or(spans);
    let Some(last) = spans.last() else { return Answer { reply: Vec::new(), theirs: Vec::new() } };
    let (asked, _) = split_after(mine, last.until);
    let mut reply = Reply {
        summary_of,
        spans: Vec::new(),
        same: None,
        unsaid: asked,
        end: last.until,
        room: MAX_STREAMS,
        cut_short: false,
    };
    let mut theirs = Vec::new();
    let mut rest = asked;
    for (span, to_come) in spans.iter().zip((0..spans.len()).rev()) {
        let (here, after) = split_after(rest, span.until);
        rest = after;
        match &span.claim {
            Claim::Same => reply.skip(span.until),
            Claim::Fingerprint { count, .. } => {
                let own = fingerprint(here);
                if own == span.claim {
                    reply.skip(span.until);
                } else {
                    reply.narrow_down(here, span.until, own, *count as usize, to_come);
                }
            }
            Claim::Streams { streams, answer } => {
                let new = streams
                    .iter()
                    .filter(|stream| find(here, stream.tag).is_none_or(|entry| entry.hash != hash(stream)));
                theirs.extend(new.cloned());
                if *answer {
                    let differs = |entry: &Entry| {
                        let at = streams.binary_search_by_key(&entry.tag, |stream| stream.tag);
                        let told = at.ok().and_then(|at| streams.get(at));
                        told.is_none_or(|stream| hash(stream) != entry.hash)
                    };
                    reply.tell(here, span.until, differs, false);
                } else {
                    reply.skip(span.until);
                }
            }
        }
    }
    Answer { reply: reply.spans, theirs }
}

/// A reply while it is being put together.
struct Reply<'a, F> {
    summary_of: F,
    spans: Vec<Span>,
    /// Where a stretch ends about which there is nothing to say, if one comes after the last span.
    same: Option<StreamTag>,
    /// What we have beyond the last span, up to the end of what was asked about.
    unsaid: &'a [Entry],
    end: StreamTag,
    /// How many streams more may be told.
    room: usize,
    /// It got too long, and speaks of the rest in its last span.
    cut_short: bool,
}

impl<F: Fn(StreamTag) -> Summary> Reply<'_, F> {
    /// There is nothing to say up to `until`.
    fn skip(&mut self, until: StreamTag) {
        self.same = Some(until);
    }

    fn say(&mut self, until: StreamTag, claim: Claim) {
        if self.cut_short {
            return;
        }
        let length = self.spans.len().saturating_add(1 + usize::from(self.same.is_some()));
        if length > MAX_SPANS || (length == MAX_SPANS && until < self.end) {
            self.spans.push(Span { until: self.end, claim: fingerprint(self.unsaid) });
            self.cut_short = true;
            return;
        }
        if let Some(until) = self.same.take() {
            self.spans.push(Span { until, claim: Claim::Same });
        }
        self.spans.push(Span { until, claim });
        self.unsaid = split_after(self.unsaid, until).1;
    }

    /// Where the fingerprints differ: the next step towards the streams that do, when `theirs` is how many the other
    /// end has there, and so many spans are `to_come`.
    fn narrow_down(&mut self, here: &[Entry], until: StreamTag, own: Claim, theirs: usize, to_come: usize) {
        if theirs == 0 {
            self.tell(here, until, |_| true, false);
        } else if is_few(here.len(), theirs) {
            self.tell(here, until, |_| true, true);
        } else if is_few(theirs, here.len()) {
            // The other end will find that it is the one to tell.
            self.say(until, own);
        } else {
            // As finely as leaves a span for each stretch to come: they would only be asked about again.
            let taken = self.spans.len().saturating_add(to_come).saturating_add(2);
            let parts = MAX_SPANS.saturating_sub(taken).clamp(MIN_BRANCHING, BRANCHING);
            let mut parts = here.chunks(here.len().div_ceil(parts).max(1)).peekable();
            while let Some(part) = parts.next() {
                let until = match part.last() {
                    Some(last) if parts.peek().is_some() => last.tag,
                    Some(_) | None => until,
                };
                self.say(until, fingerprint(part));
            }
        }
    }

    /// Tells of those streams in `here` that are `wanted`, as far as there is room. What is left is asked about.
    fn tell(&mut self, here: &[Entry], until: StreamTag, wanted: impl Fn(&Entry) -> bool, answer: bool) {
        if self.cut_short {
            return;
        }
        let mut streams: Vec<Summary> = Vec::new();
        for entry in here.iter().filter(|entry| wanted(entry)) {
            let mut summary = (self.summary_of)(entry.tag);
            summary.beyond.truncate(MAX_RANGES);
            let Some(room) = self.room.checked_sub(summary.weight()) else {
                let mut left = here;
                if let Some(last) = streams.last() {
                    let last = last.tag;
                    self.say(last, Claim::Streams { streams, answer });
                    left = split_after(here, last).1;
                }
                self.say(until, fingerprint(left));
                return;
            };
            self.room = room;
            streams.push(summary);
        }
        if streams.is_empty() && !answer {
            self.skip(until);
        } else {
            self.say(until, Claim::Streams { streams, answer });
        }
    }
}

/// Whether one end has so few streams in a stretch, and the other so many, that all of the few are told at once.
///
/// Half as many as the other has is few: then at least as many differ as are told.
fn is_few(count: usize, other: usize) -> bool {
    count <= LEAF || count <= other / 2
}

#[cfg(test)]
mod tests;
