//! How posts spread: pushed along a tree, or flooded. Plumtree's part of the node.

use crate::announcing::announce_delay;
use crate::beacon::Heard;
use crate::broadcast::Verdict;
use crate::links::Role;
use crate::node::ChatNode;
use crate::slots::{Slot, Slots};
use crate::timers::Timer;
use crate::trees::{Arrival, Moves};
use crate::{Control, LinkId, Message, Strategy, StreamTag, Time};

impl ChatNode {
    /// The tag of our own stream.
    pub(crate) fn own_tag(&self) -> StreamTag {
        self.ctx.own_tag
    }

    /// Whether posts go to everybody, and not along a tree.
    pub(crate) fn floods(&self) -> bool {
        self.ctx.config.strategy == Strategy::Flood || self.links.is_crowded()
    }

    pub(crate) fn receive_post(&mut self, link: LinkId, message: Message) {
        let verdict = self.broadcast.take_in(&mut self.ctx, &message);
        let from = self.links.slot(link);
        match verdict {
            Verdict::Fresh(stream, sequence) => self.pass_on(link, from, (stream, sequence), message),
            Verdict::Duplicate(stream, sequence) => self.had_already(from, stream, sequence),
            Verdict::NoRoom(stream, sequence) => {
                self.lacks_before(from, stream, sequence);
                if let Some(lag) = self.broadcast.repair.get_mut(stream) {
                    lag.crowded = true;
                }
            }
            Verdict::Spread => {
                let from = self.links.talks_on(link);
                self.spread_to_all(from, message);
            }
            Verdict::Drop => {}
            Verdict::Reject(reason) => {
                let peer = self.links.peer(link);
                self.ctx.reject(link, peer, reason);
            }
        }
    }

    /// Passes a message on to everybody but the one it came from.
    pub(crate) fn spread_to_all(&mut self, from: Option<LinkId>, message: Message) {
        self.classic.spread(&mut self.ctx, &mut self.dialer, &message);
        let neighbours = self.links.neighbours();
        self.ctx.send_shared(neighbours, from, message);
    }

    /// Sends out a message of our own.
    pub(crate) fn spread_own(&mut self, stream: Option<u32>, message: Message) {
        let Some(stream) = stream.filter(|_| !self.floods()) else {
            self.spread_to_all(None, message);
            return;
        };
        let sequence = self.broadcast.published();
        self.classic.spread(&mut self.ctx, &mut self.dialer, &message);
        self.broadcast.trees.plant_own(stream, self.links.taken());
        let push = self.broadcast.trees.push_to(stream);
        self.push(stream, sequence, push, message);
        self.announce_soon(stream, sequence);
    }

    /// A fresh post has come: passes it on.
    fn pass_on(
        &mut self,
        link: LinkId,
        from: Option<Slot>,
        (stream, sequence): (u32, u64),
        message: Message,
    ) {
        self.classic.spread(&mut self.ctx, &mut self.dialer, &message);
        let arrival = self.note_arrival(from, stream, sequence);
        let known = Slots::of(from).with(arrival.known);
        if self.floods() {
            let from = self.links.talks_on(link);
            let all = self.links.taken();
            self.broadcast.retain(&self.ctx, stream, sequence, &message, all.bits());
            let neighbours = self.links.neighbours();
            self.ctx.send_shared(neighbours, from, message);
        } else {
            if let Some(from) = from {
                let (at, pulled) = (self.ctx.now, arrival.pulled);
                let moves = self.broadcast.trees.received(stream, Arrival { sequence, at, from, pulled });
                self.make_moves(stream, moves);
                if let Some((by, at)) = arrival.earlier {
                    let moves = self.broadcast.trees.overtaken(stream, by, sequence, at);
                    self.make_moves(stream, moves);
                }
            }
            let push = self.broadcast.trees.push_to(stream).without(known);
            self.broadcast.retain(&self.ctx, stream, sequence, &message, known.bits());
            self.push(stream, sequence, push, message);
            self.announce_soon(stream, sequence);
        }
        if self.broadcast.streams.is_waiting(stream) {
            self.lacks_before(from, stream, sequence);
        }
    }

    fn push(&mut self, stream: u32, sequence: u64, to: Slots, message: Message) {
        let mut to = to.and(self.links.taken());
        if !self.ctx.sessions.is_empty() {
            let bytes = message.encoded().len();
            let full = |slot: &Slot| self.links.at(*slot).is_some_and(|link| !self.ctx.has_room(link, bytes));
            // It is announced to them instead.
            to = to.iter().filter(full).fold(to, |to, slot| to.without(Slots::one(slot)));
        }
        if let Some(retained) = self.broadcast.history.get_mut(stream, sequence) {
            retained.known |= to.bits();
        }
        let table = self.links.table();
        self.ctx.send_placed(&table, to, message);
    }

    pub(crate) fn make_moves(&mut self, stream: u32, Moves { graft, prune }: Moves) {
        let Some(tag) = self.broadcast.streams.tag(stream) else { return };
        if let Some((slot, link)) = graft.and_then(|slot| Some((slot, self.links.at(slot)?))) {
            self.ctx.stats.grafts = self.ctx.stats.grafts.saturating_add(1);
            self.ctx.tell(link, Control::Graft(Some(tag)));
            if prune.is_some() {
                self.hangs_on(stream, slot);
            }
        }
        if let Some(link) = prune.and_then(|slot| self.links.at(slot)) {
            self.ctx.stats.prunes = self.ctx.stats.prunes.saturating_add(1);
            self.ctx.stats.parents_changed = self.ctx.stats.parents_changed.saturating_add(1);
            self.ctx.tell(link, Control::Prune(Some(tag)));
        }
    }

    /// Takes what is known about a post that has just come out of the books of what is missing.
    fn note_arrival(&mut self, from: Option<Slot>, stream: u32, sequence: u64) -> Earlier {
        let (now, taken) = (self.ctx.now, self.links.taken());
        let first = self.told_first(stream, sequence);
        let Some(lag) = self.broadcast.repair.get_mut(stream) else { return Earlier::default() };
        let mut arrival = Earlier { pulled: from.is_some() && lag.asked == from, ..Earlier::default() };
        lag.progress = true;
        if arrival.pulled {
            self.ctx.stats.repaired = self.ctx.stats.repaired.saturating_add(1);
        }
        if lag.head == sequence {
            arrival.known = lag.at_head;
            if let Some((by, since)) = lag.first.filter(|(by, _)| taken.has(*by)) {
                arrival.earlier = Some((by, since.saturating_sub(announce_delay(first.has(by)))));
                if !arrival.pulled {
                    self.broadcast.trees.was_late(stream, now.saturating_since(since));
                }
            }
        }
        let head = lag.head;
        if self.broadcast.streams.missing(stream, head, 1).is_empty() {
            self.broadcast.repair.forget(stream);
        }
        arrival
    }

    /// A post came that we have: who sent it has it, and should not push us the next one if it is not the parent.
    fn had_already(&mut self, from: Option<Slot>, stream: u32, sequence: u64) {
        let Some(from) = from else { return };
        if let Some(retained) = self.broadcast.history.get_mut(stream, sequence) {
            retained.known |= Slots::one(from).bits();
            self.forget_announced();
        }
        let asked = self.broadcast.repair.get(stream).is_some_and(|lag| lag.asked == Some(from));
        if self.floods() || asked || !self.broadcast.trees.should_prune(self.ctx.now, stream, from) {
            return;
        }
        let (Some(link), Some(tag)) = (self.links.at(from), self.broadcast.streams.tag(stream)) else {
            return;
        };
        self.ctx.stats.prunes = self.ctx.stats.prunes.saturating_add(1);
        self.ctx.tell(link, Control::Prune(Some(tag)));
    }

    /// A neighbour wants to be pushed a stream, or hangs on us in the shared tree.
    pub(crate) fn grafted(&mut self, link: LinkId, tag: Option<StreamTag>) {
        let Some(slot) = self.links.slot(link) else { return };
        match tag {
            None => {
                let first = self.broadcast.beacon.first().filter(|first| *first != slot);
                if self.broadcast.trees.hangs_on_us(slot)
                    && let Some(first) = first
                {
                    self.hang_on(first);
                }
            }
            Some(tag) => {
                if let Some(stream) = self.broadcast.streams.find(tag) {
                    self.broadcast.trees.graft(stream, slot);
                    self.announce_before_pushing(stream, slot);
                }
            }
        }
    }

    /// A neighbour does not want to be pushed a stream, or hangs on us no more.
    pub(crate) fn pruned(&mut self, link: LinkId, tag: Option<StreamTag>) {
        let Some(slot) = self.links.slot(link) else { return };
        match tag {
            None => self.broadcast.trees.lets_go_of_us(slot),
            Some(tag) => {
                if let Some(stream) = self.broadcast.streams.find(tag) {
                    self.broadcast.trees.prune(stream, slot);
                }
            }
        }
    }

    /// The pulse of the shared tree came: passes it on, and hangs on whom it came from first.
    pub(crate) fn beacon_heard(&mut self, link: LinkId, root: StreamTag, number: u64) {
        let Some(slot) = self.links.slot(link) else { return };
        if root == self.own_tag() {
            self.broadcast.beacon.claimed(number);
            return;
        }
        let parent = self.broadcast.trees.shared_parent();
        let interval = self.ctx.config.beacon_interval;
        let heard = self.broadcast.beacon.heard(self.ctx.now, slot, parent, (root, number), interval);
        if matches!(heard, Heard::News(None)) && parent == Some(slot) {
            // It may have forgotten that we hang on it.
            self.ctx.tell(link, Control::Graft(None));
        }
        let (pass_on, hang_on) = match heard {
            Heard::News(hang_on) => (true, hang_on),
            Heard::Known(hang_on) => (false, hang_on),
            Heard::Ignored => return,
        };
        if let Some(slot) = hang_on {
            self.hang_on(slot);
        }
        if pass_on {
            let to = self.links.taken().without(Slots::one(slot));
            self.send_beacon(to, root, number);
        }
        self.schedule_beacon();
    }

    /// From now on we hang on the neighbour at `slot` in the shared tree.
    fn hang_on(&mut self, slot: Slot) {
        let Some(link) = self.links.at(slot) else { return };
        let before = self.broadcast.trees.hang_on(slot);
        self.ctx.tell(link, Control::Graft(None));
        if let Some(before) = before.and_then(|before| self.links.at(before)) {
            self.ctx.tell(before, Control::Prune(None));
        }
    }

    /// It is time to renew the shared tree, if that is on us.
    pub(crate) fn beat(&mut self) {
        self.broadcast.beacon.timer = None;
        if self.links.taken().is_empty() {
            return;
        }
        let (own, interval) = (self.own_tag(), self.ctx.config.beacon_interval);
        if let Some((root, number)) = self.broadcast.beacon.beat(self.ctx.now, own, interval) {
            self.send_beacon(self.links.taken(), root, number);
        }
        self.schedule_beacon();
    }

    fn send_beacon(&mut self, to: Slots, root: StreamTag, number: u64) {
        self.tell_placed(to, Control::Beacon { root, number });
    }

    fn schedule_beacon(&mut self) {
        if self.broadcast.beacon.timer.is_none() {
            let interval = self.ctx.config.beacon_interval;
            let young = self.broadcast.beacon.is_young(self.own_tag());
            let interval = if young { interval / 4 } else { interval };
            self.broadcast.beacon.timer = Some(self.ctx.set_about(interval, Timer::Beacon));
        }
    }

    /// Somebody has become a neighbour: tells it where the shared tree stands, and compares what the two have.
    pub(crate) fn greet_neighbour(&mut self, link: LinkId) {
        let (root, number) = self.broadcast.beacon.last();
        self.ctx.tell(link, Control::Beacon { root, number });
        self.schedule_beacon();
        self.compare_with_new(link);
        for message in self.broadcast.stop_waiting(&mut self.ctx) {
            self.ctx.send(link, message);
        }
    }

    /// A neighbour is gone, and its place free.
    pub(crate) fn neighbour_down(&mut self, role: Role) {
        let Some(slot) = role.slot() else { return };
        self.broadcast.trees.forget_slot(slot);
        self.broadcast.beacon.forget_slot(slot);
        if let Some(streams) = self.broadcast.streams.made() {
            streams.forget_slot(slot);
        }
        if let Some(history) = self.broadcast.history.made() {
            history.forget_slot(u32::try_from(slot.index()).unwrap_or(u32::MAX));
        }
        self.lost_claimant(slot);
        self.look_for_orphans();
    }
}

/// What was known of a post before it came.
#[derive(Clone, Copy, Default)]
struct Earlier {
    /// Who had announced it.
    known: Slots,
    pulled: bool,
    /// Who announced it first, and when it would have come from there.
    earlier: Option<(Slot, Time)>,
}
