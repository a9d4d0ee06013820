//! Who pushes what to whom: one directional tree for each author, grown from a tree that all share.
//!
//! Plumtree (Leitão, Pereira, Rodrigues, SRDS 2007), with a tree for each stream instead of one for all, and with
//! parents chosen by when a message came instead of by hops. See `docs/protocol.md`.

use core::time::Duration;

use crate::Time;
use crate::slots::{Slot, Slots};

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Trees {
    /// On whom we hang in the shared tree.
    parent: Option<Slot>,
    /// Who hang on us there.
    children: Slots,
    /// The tree of each stream, by its number in the table of streams.
    streams: Vec<Tree>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Tree {
    /// Until something of the stream has been seen, the shared tree stands for it.
    planted: bool,
    /// Who pushes the stream to us.
    parent: Option<Slot>,
    /// To whom we push it.
    children: Slots,
    /// How many messages came since it was planted, as far as that matters.
    count: u8,
    /// For each of the last messages, whether somebody else had it earlier than the parent: the latest lowest.
    beaten: u8,
    /// How many messages in a row had to be pulled.
    misses: u8,
    /// Who was asked not to push it, and when that was said last.
    pruned: Slots,
    pruned_at: Time,
    /// When the parent was last asked to push it, as what came from there had to be pulled.
    asked_again: Time,
    /// The last message, and when it came, or would have come from the parent that was chosen since.
    latest: (u64, Time),
    /// By how much a push came after the first announcement, smoothed, and the mean deviation from it.
    lateness: Option<(Duration, Duration)>,
}

/// What to tell neighbours after a message has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Moves {
    pub(crate) graft: Option<Slot>,
    pub(crate) prune: Option<Slot>,
}

/// How a fresh message came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Arrival {
    pub(crate) sequence: u64,
    pub(crate) at: Time,
    pub(crate) from: Slot,
    /// We had asked for it.
    pub(crate) pulled: bool,
}

impl Tree {
    /// Takes `slot` for the parent in place of another.
    fn turn_to(&mut self, slot: Slot, now: Time) -> Moves {
        self.pruned = self.pruned.without(Slots::one(slot));
        let prune = self.parent.replace(slot);
        if let Some(before) = prune {
            self.note_pruned(before, now);
        }
        Moves { graft: Some(slot), prune }
    }

    fn was_pruned_lately(&self, slot: Slot, now: Time) -> bool {
        now.saturating_since(self.pruned_at) < BETWEEN_PRUNES && self.pruned.has(slot)
    }

    fn note_pruned(&mut self, slot: Slot, now: Time) {
        if now.saturating_since(self.pruned_at) >= BETWEEN_PRUNES {
            (self.pruned, self.pruned_at) = (Slots::NONE, now);
        }
        self.pruned = self.pruned.with(Slots::one(slot));
    }
}

impl Trees {
    /// The neighbours to which the shared tree leads.
    pub(crate) fn shared(&self) -> Slots {
        self.children.with(Slots::of(self.parent))
    }

    pub(crate) const fn shared_parent(&self) -> Option<Slot> {
        self.parent
    }

    /// From now on we hang on `parent` in the shared tree. Says on whom we hung before.
    pub(crate) fn hang_on(&mut self, parent: Slot) -> Option<Slot> {
        self.children = self.children.without(Slots::one(parent));
        self.parent.replace(parent).filter(|before| *before != parent)
    }

    /// Somebody hangs on us in the shared tree from now on. Says whether we hung on it, and now on nobody: two cannot hang
    /// on each other.
    pub(crate) fn hangs_on_us(&mut self, slot: Slot) -> bool {
        self.children = self.children.with(Slots::one(slot));
        self.parent.take_if(|parent| *parent == slot).is_some()
    }

    /// Somebody hangs on us no more.
    pub(crate) fn lets_go_of_us(&mut self, slot: Slot) {
        self.children = self.children.without(Slots::one(slot));
    }

    fn tree(&self, stream: u32) -> Option<&Tree> {
        self.streams.get(stream as usize).filter(|tree| tree.planted)
    }

    fn slot_of(&mut self, stream: u32) -> Option<&mut Tree> {
        let at = stream as usize;
        if self.streams.len() <= at {
            self.streams.resize_with(at.saturating_add(1), Tree::default);
        }
        self.streams.get_mut(at)
    }

    /// To whom to push a message of this stream.
    pub(crate) fn push_to(&self, stream: u32) -> Slots {
        self.tree(stream).map_or_else(|| self.shared(), |tree| tree.children)
    }

    /// Who pushes this stream to us: `None` if nobody does, or nothing of it was ever seen.
    pub(crate) fn parent(&self, stream: u32) -> Option<Slot> {
        self.tree(stream)?.parent
    }

    /// Whether nobody pushes this stream to us although we know it.
    pub(crate) fn is_orphan(&self, stream: u32) -> bool {
        self.tree(stream).is_some_and(|tree| tree.parent.is_none())
    }

    /// We are the root of this stream's tree: it begins with all neighbours, and so at as many places of the shared
    /// tree. If too few of them are left later, all are tried again, so that one lost neighbour does not silence us.
    pub(crate) fn plant_own(&mut self, stream: u32, neighbours: Slots) {
        let Some(tree) = self.slot_of(stream) else { return };
        if !tree.planted {
            *tree = Tree { planted: true, ..Tree::default() };
        }
        if tree.children.len() < OWN_CHILDREN {
            tree.children = tree.children.with(neighbours);
        }
    }

    /// A fresh message of `stream` has come: finds a parent if there is none, or a better one if it failed.
    pub(crate) fn received(&mut self, stream: u32, arrival: Arrival) -> Moves {
        let shared = self.shared();
        let Some(tree) = self.slot_of(stream) else { return Moves::default() };
        let Arrival { sequence, at, from, pulled } = arrival;
        let mut moves = Moves::default();
        if !tree.planted {
            let lateness = tree.lateness;
            *tree = Tree { planted: true, children: shared, lateness, ..Tree::default() };
        }
        if tree.parent.is_none() {
            tree.parent = Some(from);
            moves.graft = Some(from).filter(|_| pulled);
            tree.asked_again = at;
        } else if tree.parent != Some(from) && pulled {
            // A single pull leaves the tree alone, or loss would make it wander.
            tree.misses = tree.misses.saturating_add(1);
            if tree.misses < MISSES {
                return moves;
            }
            moves = tree.turn_to(from, at);
        } else if tree.parent != Some(from) {
            if tree.was_pruned_lately(from, at) {
                // That was on its way, or the two would take turns for ever.
                return moves;
            }
            // It may have been asked not to push by now.
            moves = tree.turn_to(from, at);
        } else if pulled && at.saturating_since(tree.asked_again) >= BETWEEN_GRAFTS {
            // It is to push, and does not: it may never have heard, or have forgotten.
            moves.graft = Some(from);
            tree.asked_again = at;
        }
        tree.misses = 0;
        tree.count = tree.count.saturating_add(1);
        tree.beaten <<= 1;
        if !pulled {
            tree.latest = (sequence, at);
        }
        tree.children = tree.children.without(Slots::of(tree.parent));
        moves
    }

    /// From `by`, the message at `sequence` would have come at `at`: if that is clearly earlier than from the parent,
    /// takes it for the parent.
    ///
    /// It had the message strictly before us, so that after any one message the parents are ordered by when they had
    /// it: no cycles. While the stream is young a single message decides; later it takes three of the last four.
    pub(crate) fn overtaken(&mut self, stream: u32, by: Slot, sequence: u64, at: Time) -> Moves {
        let Some(tree) = self.streams.get_mut(stream as usize).filter(|tree| tree.planted) else {
            return Moves::default();
        };
        let (latest, best) = tree.latest;
        let late = latest != sequence || best <= at + MARGIN;
        // Who has it from us cannot have it earlier.
        if late || tree.parent.is_none() || tree.parent == Some(by) || tree.children.has(by) {
            return Moves::default();
        }
        tree.beaten |= 1;
        // Who speaks once has no need of a tree of their own.
        if tree.count < 2 {
            return Moves::default();
        }
        if tree.count > YOUNG && (tree.beaten & 0b1111).count_ones() < 3 {
            return Moves::default();
        }
        tree.beaten = 0;
        tree.latest = (sequence, at);
        tree.children = tree.children.without(Slots::one(by));
        tree.turn_to(by, at)
    }

    /// `slot` pushed what we had. Whether to ask it not to: the parent never, as what it sent again looks the same, and
    /// nobody twice in a row, as what is on its way cannot be called back.
    pub(crate) fn should_prune(&mut self, now: Time, stream: u32, slot: Slot) -> bool {
        let Some(tree) = self.streams.get_mut(stream as usize).filter(|tree| tree.planted) else {
            return true;
        };
        if tree.parent == Some(slot) || tree.was_pruned_lately(slot, now) {
            return false;
        }
        tree.note_pruned(slot, now);
        true
    }

    /// Somebody asks to be pushed this stream.
    pub(crate) fn graft(&mut self, stream: u32, slot: Slot) {
        let shared = self.shared();
        let Some(tree) = self.slot_of(stream) else { return };
        if !tree.planted {
            *tree = Tree { planted: true, children: shared, ..Tree::default() };
        }
        // Two cannot feed each other: then neither is the other's parent, and the next announcement finds one.
        tree.parent = tree.parent.filter(|parent| *parent != slot);
        tree.children = tree.children.with(Slots::one(slot));
    }

    /// Somebody asks not to be pushed this stream any more.
    pub(crate) fn prune(&mut self, stream: u32, slot: Slot) {
        let shared = self.shared();
        let Some(tree) = self.slot_of(stream) else { return };
        if !tree.planted {
            *tree = Tree { planted: true, children: shared, ..Tree::default() };
        }
        tree.children = tree.children.without(Slots::one(slot));
    }

    /// Takes `slot` for the parent of a stream that has none. False if it has one.
    pub(crate) fn adopt(&mut self, stream: u32, slot: Slot) -> bool {
        let orphan = self.is_orphan(stream);
        if let (true, Some(tree)) = (orphan, self.streams.get_mut(stream as usize)) {
            tree.parent = Some(slot);
            tree.children = tree.children.without(Slots::one(slot));
        }
        orphan
    }

    /// A push came so long after the first announcement of its message.
    pub(crate) fn was_late(&mut self, stream: u32, by: Duration) {
        let Some(tree) = self.slot_of(stream) else { return };
        tree.lateness = Some(match tree.lateness {
            None => (by, by / 2),
            Some((mean, deviation)) => ((mean * 7 + by) / 8, (deviation * 3 + mean.abs_diff(by)) / 4),
        });
    }

    /// How long to wait for a push after the first announcement, which is by `announcer`: not at all if there is nobody who
    /// would push, or who would, announces.
    pub(crate) fn patience(&self, stream: u32, announcer: Slot) -> Duration {
        let pushers = self.tree(stream).map_or_else(|| self.shared(), |tree| Slots::of(tree.parent));
        if pushers.is_empty() || pushers.has(announcer) {
            return Duration::ZERO;
        }
        let lateness = self.streams.get(stream as usize).and_then(|tree| tree.lateness);
        let usual = lateness.map_or(FIRST_PATIENCE, |(mean, deviation)| mean + deviation * 4);
        usual.clamp(LEAST_PATIENCE, MOST_PATIENCE)
    }

    /// A neighbour is gone, and its place free.
    pub(crate) fn forget_slot(&mut self, slot: Slot) {
        self.parent = self.parent.filter(|parent| *parent != slot);
        self.children = self.children.without(Slots::one(slot));
        for tree in &mut self.streams {
            tree.parent = tree.parent.filter(|parent| *parent != slot);
            tree.children = tree.children.without(Slots::one(slot));
        }
    }

    /// A stream is forgotten.
    pub(crate) fn forget(&mut self, stream: u32) {
        if let Some(tree) = self.streams.get_mut(stream as usize) {
            *tree = Tree::default();
        }
    }
}

/// With fewer children than this, our own messages go to all neighbours again.
const OWN_CHILDREN: usize = 2;
/// For how many messages a stream is young.
const YOUNG: u8 = 16;
/// After how many pulls in a row the parent is changed.
const MISSES: u8 = 2;
/// How long a neighbour is not asked again not to push a stream, and what it pushes is taken for what was on its way.
const BETWEEN_PRUNES: Duration = Duration::from_millis(500);
/// How long the parent is not asked again to push a stream: what it was asked for at once comes one by one.
const BETWEEN_GRAFTS: Duration = Duration::from_millis(500);
/// By how much another must be earlier than the parent to take its place.
const MARGIN: Duration = Duration::from_millis(2);
/// The least, the first and the most time to wait for a push after the first announcement.
const LEAST_PATIENCE: Duration = Duration::from_millis(100);
const FIRST_PATIENCE: Duration = Duration::from_millis(600);
const MOST_PATIENCE: Duration = Duration::from_secs(2);
