//! One stream: what has been seen of it, how far it was delivered, and what its application has still to be told.

use core::time::Duration;

use crate::ctx::Ctx;
use crate::entries;
use crate::slots::Slots;
use crate::spans::Summary;
use crate::versions::Seen;
use crate::{Content, Delivery, Event, Message, Sequence, StreamId, StreamTag, Time};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Stream {
    pub(super) tag: StreamTag,
    /// `None` as long as it was only announced.
    pub(super) id: Option<StreamId>,
    pub(super) seen: Seen,
    /// Everything up to this number was delivered, or reported as missing, or lies before the start.
    pub(super) passed: u64,
    /// Numbers were passed that the application has not been told are missing: those from this one on.
    untold: Option<u64>,
    /// When its first message came, and how many came since.
    opened: Time,
    pub(super) count: u32,
    pub(super) regular: bool,
    /// How many of its messages are held back.
    pub(super) held: usize,
    /// A number far beyond those known, and how many in a row fitted to it.
    far: Option<(u64, u32)>,
    /// The hash of what has been seen, until that changes.
    pub(super) hash: Option<u64>,
    /// Who said to have what they could not give, and up to which number.
    pub(super) disbelieved: (Slots, u64),
    /// It counts as nameless.
    pub(super) nameless: bool,
}

/// A message that waits for one before it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Held {
    pub(super) message: Message,
    /// It was delivered already, in its classic form.
    pub(super) silent: bool,
}

impl Stream {
    pub(super) fn new(tag: StreamTag, id: Option<StreamId>, now: Time) -> Self {
        let nameless = id.is_none();
        Self {
            tag,
            id,
            seen: Seen::default(),
            passed: 0,
            untold: None,
            opened: now,
            count: 0,
            regular: false,
            held: 0,
            far: None,
            hash: None,
            disbelieved: (Slots::NONE, 0),
            nameless,
        }
    }

    pub(super) fn summary(&self) -> Summary {
        Summary { tag: self.tag, prefix: self.seen.prefix(), beyond: self.seen.beyond().to_vec() }
    }

    /// The hash of what has been seen.
    pub(super) fn hash(&mut self) -> u64 {
        let hash = self.hash.unwrap_or_else(|| entries::hash(&self.summary()));
        self.hash = Some(hash);
        hash
    }

    /// Whether nothing was seen or passed up to this number.
    pub(super) fn is_blank(&self, upto: u64) -> bool {
        self.passed == 0
            && self.seen.prefix() == 0
            && self.seen.beyond().first().is_none_or(|first| first.0 > upto)
    }

    /// Passes to `upto` without a delivery: what lies between is missing, and told with the next delivery.
    pub(super) fn pass_to(&mut self, upto: u64) {
        if upto > self.passed {
            self.untold = self.untold.or(self.passed.checked_add(1));
            self.passed = upto;
        }
    }

    /// Tells the application what is missing before the next message.
    pub(super) fn tell_gap(&mut self, ctx: &mut Ctx) {
        let Some(from) = self.untold.take() else { return };
        if self.id.as_ref().is_some_and(|id| *id.author() == ctx.config.id) {
            // We know best what we said in an earlier run.
            return;
        }
        if let (Some(id), Some(first), Some(last)) =
            (&self.id, Sequence::new(from), Sequence::new(self.passed))
        {
            let before_contact = from == 1;
            ctx.emit(Event::Gap { stream: id.clone(), from: first, to: last, before_contact });
        }
    }

    /// Whether a number is so far beyond those known that it is taken for a lie: unless several in a row say so.
    pub(super) fn is_absurd(&mut self, sequence: u64) -> bool {
        let known = self.seen.greatest();
        if known == 0 || sequence.saturating_sub(known) <= MAX_JUMP {
            self.far = None;
            return false;
        }
        let fitting = match self.far {
            Some((far, count)) if far.abs_diff(sequence) <= MAX_JUMP && far != sequence => {
                count.saturating_add(1)
            }
            Some(_) | None => 1,
        };
        self.far = Some((sequence, fitting));
        fitting < BELIEVED_AFTER
    }

    /// Whether it has lived long enough, and brought enough, to be no newcomer any more.
    pub(super) fn has_lived(&self, now: Time) -> bool {
        self.count >= REGULAR_COUNT && now.saturating_since(self.opened) >= REGULAR_AGE
    }
}

impl Held {
    /// Hands it to the application.
    pub(super) fn deliver(&self, ctx: &mut Ctx) {
        if self.silent {
            return;
        }
        let delivery = Delivery::new(self.message.clone());
        if let Content::Direct { .. } = self.message.content() {
            ctx.stats.direct = ctx.stats.direct.saturating_add(1);
            ctx.emit(Event::Direct(delivery));
        } else {
            ctx.stats.delivered = ctx.stats.delivered.saturating_add(1);
            ctx.emit(Event::Delivered(delivery));
        }
    }
}

/// How far ahead of what is known a sequence number may jump before it is doubted.
const MAX_JUMP: u64 = 1 << 20;
/// How many doubted numbers in a row, near each other, are believed after all.
const BELIEVED_AFTER: u32 = 3;
/// How many messages a stream must have brought, and how long it must have lived, to be a regular.
const REGULAR_COUNT: u32 = 4;
const REGULAR_AGE: Duration = Duration::from_secs(10);
