//! What must come about once faults have ended.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use chinwag::{MessageId, StreamTag};

use super::chance::{Purpose, some};
use super::knowledge::Islands;
use super::play::Player;
use super::posts::{Missing, Post};
use super::{Check, Failure};
use crate::{HasChat as _, ms, secs};

impl Player<'_> {
    /// Waits until all is well, and says how long that took.
    pub(super) fn settle(&mut self, hoped: &Islands) -> Result<Duration, Failure> {
        let start = self.network.now();
        let end = start + ms(self.scenario.ending.patience_ms);
        while let Err(failure) = self.is_well(hoped) {
            if self.network.now() >= end {
                return Err(failure);
            }
            self.pass_all(ms(500))?;
        }
        Ok(self.network.now().saturating_since(start))
    }

    /// A minute in which nobody says anything: next to nothing may happen, and all must stay well.
    pub(super) fn stay_quiet(&mut self, hoped: &Islands) -> Result<(), Failure> {
        let honest = self.honest();
        let skipped = self.scenario.ending.skip.contains(&Check::Quiet) || self.is_narrow();
        if !self.hostile.is_empty() || honest.len() > LARGE || skipped {
            return Ok(());
        }
        // What was found out last is passed on, and links that nobody needs any more are closed.
        self.pass_all(secs(20))?;
        let received = |player: &Self| -> Vec<u64> {
            honest.iter().map(|who| player.actor(*who).chat().stats().received).collect()
        };
        let before = received(self);
        self.pass_all(secs(60))?;
        let noisiest =
            before.iter().zip(received(self)).zip(&honest).map(|((old, new), who)| (new - old, *who)).max();
        let syncs = secs(60).as_millis() / self.limits.sync_interval.as_millis().max(1);
        let most = QUIET_RECEIVED + SYNC_RECEIVED * u64::try_from(syncs).unwrap_or(u64::MAX);
        if let Some((count, who)) = noisiest.filter(|(count, _)| *count > most) {
            let detail = format!("received {count} messages in a minute in which nobody said anything");
            return Err(Failure::new(Check::Quiet, self.network.now(), Some(self.nodes[who]), detail));
        }
        if self.is_well(hoped).is_err() {
            // A handshake may be under way.
            self.pass_all(secs(5))?;
            self.is_well(hoped)?;
        }
        Ok(())
    }

    /// Somebody says something, and whoever is linked with them must hear it.
    pub(super) fn last_words(&mut self) -> Result<(), Failure> {
        let honest = self.honest();
        let numbers: Vec<u64> = honest.iter().map(|who| *who as u64).collect();
        let speakers = some(&numbers, SPEAKERS, self.scenario.seed, Purpose::LastWords, 0);
        if self.limits.max_history < speakers.len() || self.scenario.ending.skip.contains(&Check::LastWords) {
            return Ok(());
        }
        let first = self.posts.len();
        for who in speakers {
            self.say(usize::try_from(who).unwrap_or(usize::MAX), 32)?;
        }
        for _ in 0..20 {
            self.pass_all(ms(500))?;
            if self.all_is_heard(Check::LastWords, first).is_ok() {
                return Ok(());
            }
        }
        self.all_is_heard(Check::LastWords, first)
    }

    /// Whether everything is as it should be in a network in which nothing is wrong.
    fn is_well(&self, hoped: &Islands) -> Result<(), Failure> {
        let honest = self.honest();
        honest.iter().try_for_each(|who| self.has_good_neighbours(*who))?;
        self.is_connected(hoped)?;
        self.all_is_heard(Check::AllHeard, 0)?;
        honest.iter().try_for_each(|who| self.waits_for_nothing(*who))
    }

    fn fail(&self, check: Check, who: usize, detail: String) -> Result<(), Failure> {
        self.unless_skipped(Failure::new(check, self.network.now(), Some(self.nodes[who]), detail))
    }

    fn has_good_neighbours(&self, who: usize) -> Result<(), Failure> {
        let actor = self.actor(who);
        let neighbours = actor.neighbours();
        if neighbours.len() > actor.chat().config().max_neighbours + 1 {
            let count = neighbours.len();
            self.fail(Check::Bounds, who, format!("{count} neighbours, and it does not part from any"))?;
        }
        for peer in neighbours {
            let back = self.index.get(peer).filter(|other| self.is_live(**other));
            if !back.is_some_and(|back| self.actor(*back).neighbours().contains(&&self.names[who])) {
                self.fail(Check::SymmetricViews, who, format!("{peer} is no neighbour of its neighbour"))?;
            }
        }
        let now = self.network.now();
        let (old, linked) = (actor.meter().links_before(now, HANDSHAKES_END), actor.chat().linked());
        if old > linked {
            let detail = format!("{old} links have been open for long, and peers are on {linked}");
            self.fail(Check::LinksClosed, who, detail)?;
        }
        Ok(())
    }

    fn is_connected(&self, hoped: &Islands) -> Result<(), Failure> {
        let (live, linked) = (self.live(), self.linked());
        // Whoever has forgotten since then whom to ask cannot find anybody: that is counted as a part (`parts`).
        let known = self.known();
        let Some(first) = live.first() else { return Ok(()) };
        let pairs = live.iter().zip(live.iter().skip(1));
        for (one, other) in pairs.flat_map(|(one, other)| [(one, other), (first, other)]) {
            let could = hoped.together(*one, *other) && known.together(*one, *other);
            if could && !linked.together(*one, *other) {
                self.fail(Check::Connected, *one, format!("it could have found node {other}"))?;
            }
        }
        Ok(())
    }

    fn waits_for_nothing(&self, who: usize) -> Result<(), Failure> {
        let chat = self.actor(who).chat();
        // Who is alone has nobody to ask, whoever lies gives others something to wait for, and who can hold next to
        // nothing back asks for the same again and again.
        let asks = chat.linked() > 0 && self.hostile.is_empty() && !self.is_narrow();
        let (lagging, waiting, undelivered) = (chat.lagging(), chat.waiting(), chat.undelivered());
        if asks && (lagging > 0 || waiting > 0 || undelivered > 0) {
            let detail =
                format!("lags in {lagging} streams, {waiting} messages wait, {undelivered} not delivered");
            self.fail(Check::NothingPending, who, detail)?;
        }
        Ok(())
    }

    /// Whether everything said from the `first` post on that somebody has is at everybody who is linked with them.
    fn all_is_heard(&self, check: Check, first: usize) -> Result<(), Failure> {
        if !self.retains_all() {
            return Ok(());
        }
        let (honest, linked) = (self.honest(), self.linked_honestly());
        let versions: BTreeMap<usize, BTreeMap<StreamTag, u64>> = honest
            .iter()
            .map(|who| (*who, self.actor(*who).chat().versions().into_iter().collect()))
            .collect();
        for post in self.posts.since(first) {
            let holders: BTreeSet<usize> =
                honest.iter().filter(|who| post.is_at(**who)).map(|who| linked.of(*who)).collect();
            for who in honest.iter().filter(|who| !post.is_at(**who) && holders.contains(&linked.of(**who))) {
                if *who != post.author && !self.is_excused(*who, post, versions.get(who)) {
                    let told = match self.posts.missing(*who, post) {
                        Some(Missing::GivenUp(at)) => {
                            format!(", and gave it up at {at:?}, when no fault lasted")
                        }
                        Some(Missing::BeforeContact | Missing::OutOfReach) | None => String::new(),
                    };
                    let detail = format!("has not heard {}, which others have{told}", post.id);
                    self.fail(check, *who, detail)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a node need not hear something: said before its time, or given up while faults lasted, or when nobody
    /// whom it had been linked with for long had it.
    fn is_excused(&self, who: usize, post: &Post, versions: Option<&BTreeMap<StreamTag, u64>>) -> bool {
        match self.posts.missing(who, post) {
            Some(Missing::BeforeContact | Missing::OutOfReach) => true,
            Some(Missing::GivenUp(at)) => {
                self.is_narrow() || self.healed_at.is_some_and(|healed| at <= healed)
            }
            None => {
                // Newcomers that ask for less than there is pass over the rest, and it does not come through them.
                let holes = (self.limits.catch_up as usize) < self.posts.len();
                let mut neighbours = self.neighbours(who).filter(|other| !self.hostile.contains(other));
                if holes && !neighbours.any(|other| post.is_at(other)) {
                    return true;
                }
                // It has passed it, and says so before the next one of that author, who has said nothing more.
                let MessageId::Native { stream, sequence } = &post.id else { return false };
                let tag = StreamTag::of(stream.author(), stream.epoch());
                versions
                    .and_then(|versions| versions.get(&tag))
                    .is_some_and(|passed| *passed >= sequence.get())
            }
        }
    }

    /// Whether there is room for all that was ever said.
    fn retains_all(&self) -> bool {
        let said: u64 = (0..self.nodes.len()).map(|who| self.actor(who).chat().stats().published).sum();
        self.limits.max_history as u64 >= said.max(self.posts.len() as u64)
    }

    /// Whether nodes have so little room for gaps and what waits behind them that they give up what would still come.
    const fn is_narrow(&self) -> bool {
        self.scenario.settings.max_gaps.is_some() || self.scenario.settings.max_held.is_some()
    }
}

/// The most messages that a node may receive in a quiet minute, and for each time that it compares what it has.
const QUIET_RECEIVED: u64 = 1_450;
const SYNC_RECEIVED: u64 = 4;
/// A link on which no peer was met is closed after this time, and so is a second one.
const HANDSHAKES_END: Duration = secs(30);
/// In larger networks than this no quiet minute is waited for.
const LARGE: usize = 200;
/// How many say last words.
const SPEAKERS: usize = 8;
