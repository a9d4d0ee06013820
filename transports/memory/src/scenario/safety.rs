//! What must hold at any time.

use super::play::Player;
use super::{Check, Failure};
use crate::HasChat as _;

impl Player<'_> {
    /// Takes in what nodes have told, and sees whether every promise is kept.
    pub(super) fn look(&mut self) -> Result<(), Failure> {
        self.note_reach();
        let events: Vec<_> = self.nodes.iter().map(|node| self.network.take_events(*node)).collect();
        // What is heard in the same moment as another node gives it up may not have been announced yet.
        for (who, events) in events.iter().enumerate() {
            for (at, event) in events {
                self.coverage.add_event(event);
                self.posts.note_gap(who, *at, event, |one, other| self.reach.is_steady(one, other));
            }
        }
        for (who, events) in events.iter().enumerate() {
            events.iter().for_each(|(_, event)| self.posts.note_delivery(who, event));
        }
        self.looks += 1;
        // In large networks the books are looked at now and then, and nodes in turn, or nothing else would be done.
        let turns = self.nodes.len() / NODES_A_LOOK + 1;
        if self.looks.is_multiple_of(turns) {
            self.network.check().map(drop).or_else(|violation| self.unless_skipped(violation.into()))?;
        }
        let turn = self.looks % turns;
        (0..self.nodes.len()).skip(turn).step_by(turns).try_for_each(|who| self.look_at(who))
    }

    fn look_at(&self, who: usize) -> Result<(), Failure> {
        if !self.is_live(who) || self.hostile.contains(&who) {
            return Ok(());
        }
        let fail = |check, detail: String| {
            self.unless_skipped(Failure::new(check, self.network.now(), Some(self.nodes[who]), detail))
        };
        self.excess(who).map_or(Ok(()), |excess| fail(Check::Bounds, excess))?;
        let meter = self.actor(who).meter();
        if meter.most_ticks() > MOST_TICKS {
            let ticks = meter.most_ticks();
            fail(
                Check::TimerStorm,
                format!("woken {ticks} times in a second more than what happened to it accounts for"),
            )?;
        }
        let answers = meter.most_answers();
        if answers > self.most_answers(who) {
            fail(Check::Amplification, format!("sent {answers} messages in answer to a single one"))?;
        }
        Ok(())
    }

    /// Of what a node has too much.
    fn excess(&self, who: usize) -> Option<String> {
        let (chat, config) = (self.actor(who).chat(), &self.limits);
        let counts = [
            ("neighbours", chat.active_view().count(), config.max_neighbours + CROWD),
            ("others in view", chat.passive_view().count(), config.passive_view),
            ("linked peers", chat.linked(), config.max_links),
            ("retained posts", chat.retained(), config.max_history),
            ("bytes of posts", chat.retained_bytes(), config.max_history_bytes),
            ("streams", chat.versions().len(), config.max_streams),
            ("lagging streams", chat.lagging(), config.max_streams),
            ("peers in the book", chat.peers().count(), config.max_peers),
            ("waiting messages", chat.waiting(), config.max_waiting),
            ("queued messages", chat.queued(), config.max_links.saturating_mul(config.max_queue)),
        ];
        let excess = counts.into_iter().find(|(_, count, limit)| count > limit);
        if let Some((what, count, limit)) = excess {
            return Some(format!("{count} {what} instead of at most {limit}"));
        }
        let mut viewed = chat.active_view().chain(chat.passive_view().map(|contact| contact.peer()));
        viewed.any(|peer| *peer == self.names[who]).then(|| "it is in its own views".to_owned())
    }

    /// The most messages that a node may send on receiving one: as many small posts as a pull pays for, and some for
    /// each of its neighbours.
    fn most_answers(&self, who: usize) -> u64 {
        let config = self.actor(who).chat().config();
        u64::from(config.pull_credit) / SMALLEST_POST
            + ANSWERS_A_NEIGHBOUR * (config.max_neighbours + CROWD) as u64
    }

    pub(super) fn unless_skipped(&self, failure: Failure) -> Result<(), Failure> {
        if self.scenario.ending.skip.contains(&failure.check) { Ok(()) } else { Err(failure) }
    }
}

/// How many neighbours too many a node may have for a moment: those that were asked to go have yet to find others.
pub(super) const CROWD: usize = 6;
/// How many nodes are looked at each time.
const NODES_A_LOOK: usize = 64;
/// The most times that a node may be woken in a second by its own timers, beyond a few for each thing that happens.
const MOST_TICKS: u64 = 1_000;
/// The frame of a post is longer than this, in bytes.
const SMALLEST_POST: u64 = 64;
const ANSWERS_A_NEIGHBOUR: u64 = 32;
