//! Second links: of two links to one peer, both ends come to keep the same one, and lose nothing.

use crate::links::Phase;
use crate::node::ChatNode;
use crate::{Content, LinkId};

impl ChatNode {
    /// There are two links to one peer. If each end dialed one at about the same time, the one that the lesser name
    /// dialed stays; if one end dialed both, that end chooses; if the first is old, it is likely dead. So both come to
    /// the same choice, and as neither closes before both have said their last, nothing is lost
    /// (`tests/handshake.rs`).
    pub(crate) fn retire_one_of(&mut self, first: LinkId, second: LinkId) {
        let dialed_by_us = |link| self.links.get(link).is_some_and(|link| link.dialed.is_some());
        let Some(neighbour) = self.links.neighbour(second) else { return };
        let lesser_is_us = self.ctx.config.id < neighbour.peer;
        let (keep, end) = match (dialed_by_us(first), dialed_by_us(second)) {
            (false, false) => return,
            (true, true) => (second, first),
            (ours_first, _) if ours_first == lesser_is_us && self.is_young(first) => (first, second),
            (_, _) => (second, first),
        };
        self.links.talk_on(keep);
        self.retire(end);
    }

    /// Whether a link came up so lately that the other end may have dialed before it knew.
    fn is_young(&self, link: LinkId) -> bool {
        let age = self.links.get(link).map(|link| self.ctx.now.saturating_since(link.since));
        age.is_some_and(|age| age < self.ctx.config.idle)
    }

    /// Says our last on a link that is not needed, and closes it if the other end has said theirs.
    fn retire(&mut self, link: LinkId) {
        self.ctx.stats.links_retired = self.ctx.stats.links_retired.saturating_add(1);
        self.ctx.say(link, Content::Retire);
        if !self.links.retire(&mut self.ctx, link) {
            self.close(link);
        }
    }

    /// The other end will say nothing more on this link.
    pub(crate) fn retired(&mut self, link: LinkId) {
        match self.links.get_mut(link).map(|link| &mut link.phase) {
            Some(Phase::Retiring(_)) => self.close(link),
            Some(Phase::Linked(neighbour)) => {
                neighbour.retired = true;
                if let Some(other) = self.links.second_to(link) {
                    self.links.talk_on(other);
                    self.retire(link);
                }
            }
            Some(Phase::Accepted | Phase::Introduced | Phase::OneShot) | None => {}
        }
    }
}
