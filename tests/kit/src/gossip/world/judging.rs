//! Judging a world in which nothing is wrong any more: whether all becomes well, stays quiet, and nothing said is lost.

use core::time::Duration;
use std::collections::BTreeMap;

use chinwag::{MessageId, StreamTag};
use chinwag_memory::{Fault, ms, secs};

use super::{Outcome, PATIENCE, World};
use crate::gossip::overlay::Islands;

impl World {
    /// Ends everything that is wrong, and sees whether all becomes well.
    pub(super) fn heal_and_judge(&mut self) -> Result<Outcome, String> {
        self.network.heal();
        self.network.inject(Fault::SetAllLinks { model: self.scenario.healed_link() });
        let hoped = self.knowledge();
        let mut settled = Duration::ZERO;
        while let Err(wrong) = self.is_well(&hoped) {
            if settled >= PATIENCE {
                return Err(format!("{settled:?} after healing: {wrong}"));
            }
            self.pass(ms(500))?;
            settled += ms(500);
        }
        self.pass(PATIENCE.saturating_sub(settled))?;
        let quiet = self.quiet_minute(&hoped)?;
        self.last_words()?;
        self.sum_up(&hoped);
        for who in 0..self.nodes.len() {
            self.counts.add(self.network.node(self.nodes[who]).stats());
        }
        let trace = self.network.trace_hash();
        Ok(Outcome {
            counts: core::mem::take(&mut self.counts),
            tally: core::mem::take(&mut self.tally),
            settled,
            quiet,
            trace,
        })
    }

    /// Who could find whom, by what live nodes know when all is healed.
    fn knowledge(&mut self) -> Islands {
        let (live, (islands, with_books)) = (self.live(), self.known());
        let (by_views, by_books) = (islands.count(&live), with_books.count(&live));
        self.count(if by_views <= 1 { "knowledge connected" } else { "knowledge split" });
        if by_books < by_views {
            self.count("connected by address books alone");
        }
        islands
    }

    /// Who could find whom, by what live nodes know, without and with the addresses of those whom they have met.
    fn known(&self) -> (Islands, Islands) {
        let live = self.live();
        let mut islands = Islands::new(self.nodes.len());
        let mut with_books = islands.clone();
        for who in &live {
            let node = self.node(*who);
            let viewed = node.active_view().chain(node.passive_view().map(|contact| contact.peer()));
            let known = viewed.filter_map(|peer| self.index.get(peer)).chain(&self.diaries[*who].joined);
            for other in known.filter(|other| live.contains(other)) {
                islands.connect(*who, *other);
                with_books.connect(*who, *other);
            }
            let booked = node.peers().filter(|peer| peer.address.is_some());
            for other in booked.filter_map(|peer| self.index.get(&peer.id)).filter(|it| live.contains(it)) {
                with_books.connect(*who, *other);
            }
        }
        (islands, with_books)
    }

    fn links(&self) -> Islands {
        let mut islands = Islands::new(self.nodes.len());
        for who in self.live() {
            for other in self.node(who).active_view().filter_map(|peer| self.index.get(peer)) {
                islands.connect(who, *other);
            }
        }
        islands
    }

    /// Whether everything is as it should be in a network in which nothing is wrong.
    fn is_well(&self, hoped: &Islands) -> Result<(), String> {
        let live = self.live();
        for who in &live {
            let neighbours = self.node(*who).active_view().count();
            if neighbours > self.scenario.views.most + 1 {
                return Err(format!("node {who} has {neighbours} neighbours and does not part from any"));
            }
            for peer in self.node(*who).active_view() {
                let back = self.index.get(peer).filter(|other| live.contains(other));
                if !back.is_some_and(|back| self.node(*back).active_view().any(|it| *it == self.names[*who]))
                {
                    return Err(format!("{peer} is not a neighbour of its neighbour, node {who}"));
                }
            }
        }
        let links = self.links();
        // Who knows only a few may have forgotten the only one of another island before turning to it.
        let forgetful = self.scenario.views.passive < self.nodes.len();
        let known = if forgetful { self.known().0 } else { hoped.clone() };
        for (one, other) in live.iter().zip(live.iter().skip(1)).map(|(one, other)| (*one, *other)) {
            for (one, other) in [(one, other), (live[0], other)] {
                if hoped.together(one, other) && known.together(one, other) && !links.together(one, other) {
                    return Err(format!("nodes {one} and {other} could have found each other"));
                }
            }
        }
        for who in &live {
            let node = self.node(*who);
            // Who is alone has nobody to ask.
            let behind = node.lagging() > 0 || node.waiting() > 0;
            if node.undelivered() > 0 || behind && node.linked() > 0 {
                let (lagging, undelivered) = (node.lagging(), node.undelivered());
                return Err(format!("node {who} lags in {lagging} streams, {undelivered} not delivered"));
            }
        }
        self.all_is_heard(&links, |_| Ok(()))
    }

    /// Whether everything that a live node has was delivered at each live node that is connected with it, or is known
    /// there to be lost; `lost` is told of these.
    fn all_is_heard(
        &self,
        links: &Islands,
        mut lost: impl FnMut(Loss) -> Result<(), String>,
    ) -> Result<(), String> {
        if self.scenario.history < PLENTY {
            return Ok(());
        }
        let live = self.live();
        let mut there: BTreeMap<usize, BTreeMap<&MessageId, usize>> = BTreeMap::new();
        for who in &live {
            let island = there.entry(links.of(*who)).or_default();
            island.extend(self.diaries[*who].has().map(|id| (id, *who)));
        }
        for who in &live {
            let diary = &self.diaries[*who];
            let versions: BTreeMap<StreamTag, u64> = self.node(*who).versions().into_iter().collect();
            for (id, holder) in there.get(&links.of(*who)).into_iter().flatten() {
                let MessageId::Native { stream, sequence } = id else { continue };
                // What it said in an earlier life is nothing that it is told.
                if diary.heard.contains(*id) || *stream.author() == self.names[*who] {
                    continue;
                }
                let passed = versions.get(&StreamTag::of(stream.author(), stream.epoch()));
                match diary.was_told_missing(id) {
                    Some(true) => lost(Loss::BeforeContact)?,
                    Some(false) => lost(Loss::Given)?,
                    None if passed.is_some_and(|passed| *passed >= sequence.get()) => lost(Loss::Untold)?,
                    None => return Err(format!("node {who} has not heard {id}, which node {holder} has")),
                }
            }
        }
        Ok(())
    }

    /// A minute in which nobody does anything: next to nothing may happen.
    fn quiet_minute(&mut self, hoped: &Islands) -> Result<(u64, u64), String> {
        let live = self.live();
        let received: Vec<u64> = live.iter().map(|who| self.node(*who).stats().received).collect();
        let links: Vec<u64> = live.iter().map(|who| self.diaries[*who].links).collect();
        let asked = |world: &Self| live.iter().map(|who| world.node(*who).stats().pulls).sum::<u64>();
        let (inputs, pulls) = (self.network.stats().inputs, asked(self));
        self.pass(secs(60))?;
        if let Err(wrong) = self.is_well(hoped) {
            // A handshake may be under way.
            self.pass(secs(2))?;
            self.is_well(hoped).map_err(|again| format!("not well any more: {wrong}, then {again}"))?;
        }
        let inputs = (self.network.stats().inputs - inputs) / live.len().max(1) as u64;
        let most = live.iter().zip(&received).map(|(who, before)| self.node(*who).stats().received - before);
        let most = most.max().unwrap_or_default();
        let new: u64 = live.iter().zip(&links).map(|(who, before)| self.diaries[*who].links - before).sum();
        let pulls = asked(self) - pulls;
        // What nobody retains any more is asked for before that is known.
        let in_vain = if self.scenario.history < PLENTY { live.len() as u64 } else { 0 };
        if pulls > in_vain {
            return Err(format!(
                "posts were asked for {pulls} times in a minute in which nobody said anything"
            ));
        }
        if most > QUIET_RECEIVED || inputs > QUIET_INPUTS || new > 2 * live.len() as u64 {
            let what = format!("{most} messages received, {inputs} inputs on average, {new} links made");
            return Err(format!("in a quiet minute: {what}"));
        }
        Ok((most, inputs))
    }

    /// Everybody says something to everybody and to one other, and all of that must arrive.
    fn last_words(&mut self) -> Result<(), String> {
        let (live, links) = (self.live(), self.links());
        let mut said = Vec::new();
        let mut told = Vec::new();
        for (at, who) in live.iter().enumerate() {
            said.extend(self.say(*who).map(|id| (*who, id)));
            let to = live[(at + 1 + self.scenario.seed as usize % live.len()) % live.len()];
            if *who != to && links.together(*who, to) {
                let id =
                    self.tell(*who, to).ok_or_else(|| format!("node {who} could not say a word to {to}"))?;
                told.push(id);
            }
        }
        self.pass(LAST_PATIENCE)?;
        for id in &told {
            let told = &self.told[id];
            if (told.delivered, told.arrived, told.undeliverable) != (1, 1, 0) {
                return Err(format!("{id} did not arrive: {told:?}"));
            }
        }
        for (author, id) in &said {
            let others = live.iter().filter(|who| *who != author && links.together(**who, *author));
            for who in others {
                if self.scenario.history >= PLENTY && !self.diaries[*who].heard.contains(id) {
                    return Err(format!("node {who} did not hear the last word of {author}, {id}"));
                }
            }
        }
        Ok(())
    }

    /// What became of everything, counted, and that everybody was told what became of their messages.
    fn sum_up(&mut self, hoped: &Islands) {
        let (live, links) = (self.live(), self.links());
        if links.count(&live) < hoped.count(&live) {
            self.count("more connected than hoped");
        }
        let mut tally = core::mem::take(&mut self.tally);
        let mut bump = |what| *tally.entry(what).or_default() += 1;
        let heard = self.all_is_heard(&links, |loss| {
            bump(loss.name());
            Ok(())
        });
        debug_assert!(heard.is_ok(), "{heard:?}");
        for told in self.told.values() {
            bump(match (told.delivered, told.arrived, told.undeliverable) {
                (0, 0, 0) => "told, lost with its sender",
                (0, _, _) => "told, undeliverable",
                (1, 1, _) => "told, arrived",
                (1, _, 1) => "told, delivered and undeliverable",
                (1, _, _) => "told, delivered, its sender gone",
                (_, _, _) => "told, delivered in two lives",
            });
        }
        self.tally = tally;
    }
}

/// Why a node has not heard what a live node that it is connected with has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Loss {
    /// It was told that this was before its time.
    BeforeContact,
    /// It was told that this is missing.
    Given,
    /// It takes this for missing, and says so before the next of that stream, which has not come.
    Untold,
}

impl Loss {
    const fn name(self) -> &'static str {
        match self {
            Self::BeforeContact => "missing, before its time",
            Self::Given => "missing, given up",
            Self::Untold => "missing, not told yet",
        }
    }
}

/// Within which time the last words must have arrived.
const LAST_PATIENCE: Duration = secs(10);
/// With room for so many posts, nodes retain all there are.
const PLENTY: usize = 10_000;
/// The most messages that a node may receive, and the most inputs that nodes may have on average, in a quiet minute.
const QUIET_RECEIVED: u64 = 1500;
const QUIET_INPUTS: u64 = 2500;
