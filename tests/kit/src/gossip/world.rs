//! A network that a scenario is played in, beside the model of it.

use core::time::Duration;
use std::collections::BTreeMap;

use chinwag::{ChatNode, MessageId, PeerId, StreamTag, Time};
use chinwag_memory::{Fault, Memory, Network, NetworkConfig, NodeId, config_for, ms, secs};

use super::books::{Counts, Diary, Tally, Told, note_told};
use super::overlay::Islands;
use super::scenario::{Move, Scenario};

/// A network, and what the model knows of it.
#[derive(Clone, Debug)]
pub struct World {
    /// The network.
    pub network: Network,
    scenario: Scenario,
    nodes: Vec<NodeId>,
    names: Vec<PeerId>,
    index: BTreeMap<PeerId, usize>,
    diaries: Vec<Diary>,
    lives: Vec<u64>,
    /// When each crashed last.
    slept: Vec<Time>,
    told: BTreeMap<MessageId, Told>,
    texts: u64,
    /// What happened, counted.
    pub tally: Tally,
    /// The counters of nodes that have lost their memory.
    counts: Counts,
}

/// What came of a scenario.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The counters of all nodes in all their lives.
    pub counts: Counts,
    /// What happened, counted.
    pub tally: Tally,
    /// How long it took after healing until all was well.
    pub settled: Duration,
    /// The most messages that a node received in a quiet minute, and how many inputs nodes had on average.
    pub quiet: (u64, u64),
    /// A hash of everything that happened.
    pub trace: u64,
}

impl World {
    /// The nodes, who know nobody yet.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let config = NetworkConfig::new(scenario.seed).link(scenario.link).fidelity(scenario.fidelity);
        let mut network = Network::new(config);
        let mut names = Vec::new();
        for number in 0..scenario.nodes {
            let mut config = config_for(&format!("peer {number}")).expect("a name");
            config.strategy = scenario.spreading;
            config.target_neighbours = scenario.views.target;
            config.max_neighbours = scenario.views.most;
            config.passive_view = scenario.views.passive;
            config.max_history = scenario.history;
            config.backoff_max = PATIENCE / 4;
            names.push(config.id.clone());
            network.add_node_with(config).expect("an address of its own");
        }
        Self {
            nodes: network.nodes().collect(),
            index: names.iter().cloned().zip(0..).collect(),
            diaries: vec![Diary::default(); names.len()],
            lives: vec![0; names.len()],
            slept: vec![Time::ZERO; names.len()],
            names,
            network,
            scenario: scenario.clone(),
            told: BTreeMap::new(),
            texts: 0,
            tally: Tally::new(),
            counts: Counts::default(),
        }
    }

    /// Plays the whole scenario, heals everything, and says what broke a promise.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn play(scenario: &Scenario) -> Result<Outcome, String> {
        Self::new(scenario).run()
    }

    /// The same, with the world there to look at afterwards.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub fn run(&mut self) -> Result<Outcome, String> {
        for (number, (move_, pause)) in self.scenario.moves.clone().into_iter().enumerate() {
            self.make(move_);
            self.network.run_for(pause);
            self.check().map_err(|wrong| format!("after move {number}, {move_:?}: {wrong}"))?;
        }
        self.heal_and_judge()
    }

    fn make(&mut self, move_: Move) {
        let around = |number: usize| number % self.nodes.len();
        match move_ {
            Move::Join(who, contact) => self.join(around(who), around(contact)),
            Move::Leave(who) => drop(self.network.leave(self.nodes[around(who)])),
            Move::Crash(who) => {
                let who = around(who);
                if self.network.is_running(self.nodes[who]) {
                    self.slept[who] = self.network.now();
                    self.network.crash(self.nodes[who]);
                }
            }
            Move::Resume(who) => {
                let awake = |who: &usize| self.network.now() < self.slept[*who] + LONGEST_SLEEP;
                if let Some(who) = self.crashed_from(around(who)).filter(awake) {
                    self.count("resumed");
                    self.network.restart(self.nodes[who], Memory::Kept);
                }
            }
            Move::Begin(who, contact) => {
                let contact = around(contact);
                if let Some(who) = self.crashed_from(around(who)) {
                    self.count("began anew");
                    self.read_events(who).expect("checked after the last move");
                    self.counts.add(self.network.node(self.nodes[who]).stats());
                    let read = self.diaries[who].read;
                    self.diaries[who] = Diary { read, ..Diary::default() };
                    self.lives[who] += 1;
                    self.network.restart(self.nodes[who], Memory::Lost);
                    self.join(who, contact);
                }
            }
            Move::Partition(bits) => {
                let (one, other) = self.groups(bits);
                self.network.partition(&one, &other);
            }
            Move::OneWay(bits) => {
                let (from, to) = self.groups(bits);
                self.network.partition_one_way(&from, &to);
            }
            Move::Heal => self.network.heal(),
            Move::Break(one, other) => {
                let (one, other) = (self.nodes[around(one)], self.nodes[around(other)]);
                self.network.inject(Fault::BreakLinks { one, other });
            }
            Move::Say(who) => drop(self.say(around(who))),
            Move::Tell(who, to) => drop(self.tell(around(who), around(to))),
        }
    }

    fn groups(&self, bits: u32) -> (Vec<NodeId>, Vec<NodeId>) {
        self.nodes.iter().partition(|node| bits >> (node.index() % 32) & 1 == 1)
    }

    fn count(&mut self, what: &'static str) {
        *self.tally.entry(what).or_default() += 1;
    }

    fn node(&self, who: usize) -> &ChatNode {
        self.network.node(self.nodes[who])
    }

    fn crashed_from(&self, from: usize) -> Option<usize> {
        let count = self.nodes.len();
        (0..count).map(|by| (from + by) % count).find(|who| !self.network.is_running(self.nodes[*who]))
    }

    fn is_live(&self, who: usize) -> bool {
        self.network.is_running(self.nodes[who]) && !self.node(who).has_left()
    }

    /// The nodes that run and have not left.
    #[must_use]
    pub fn live(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|who| self.is_live(*who)).collect()
    }

    fn join(&mut self, who: usize, contact: usize) {
        if self.network.join(self.nodes[who], self.nodes[contact]).is_ok() {
            self.diaries[who].joined.insert(contact);
        }
    }

    fn say(&mut self, who: usize) -> Option<MessageId> {
        self.texts += 1;
        let id = self.network.broadcast(self.nodes[who], format!("text {}", self.texts).as_str()).ok()?;
        self.diaries[who].said.insert(id.clone());
        self.count("said");
        Some(id)
    }

    fn tell(&mut self, who: usize, to: usize) -> Option<MessageId> {
        self.texts += 1;
        let text = format!("text {}", self.texts);
        let id = self.network.direct(self.nodes[who], self.nodes[to], text.as_str()).ok()?;
        let told = Told { from: (who, self.lives[who]), to, delivered: 0, arrived: 0, undeliverable: 0 };
        self.told.insert(id.clone(), told);
        self.count("told");
        Some(id)
    }

    fn pass(&mut self, time: Duration) -> Result<(), String> {
        self.network.run_for(time);
        self.check()
    }

    /// Whether every promise is kept that holds at any time.
    fn check(&mut self) -> Result<(), String> {
        // In the order in which it happened, as a message is delivered before that is told.
        let mut new = Vec::new();
        for who in 0..self.nodes.len() {
            let events = self.network.events(self.nodes[who]);
            new.extend(events.iter().skip(self.diaries[who].read).map(|(at, _)| (*at, who)));
        }
        new.sort_unstable();
        for (_, who) in new {
            self.read_event(who)?;
        }
        self.network.check().map_err(|violation| violation.to_string())?;
        for who in self.live() {
            let (node, views) = (self.node(who), self.scenario.views);
            let (active, passive) = (node.active_view().count(), node.passive_view().count());
            if active > views.most + CROWD
                || passive > views.passive
                || node.retained() > self.scenario.history
            {
                let retained = node.retained();
                return Err(format!(
                    "node {who} has {active} neighbours, {passive} others, {retained} posts"
                ));
            }
            let own = node.active_view().chain(node.passive_view().map(|contact| &contact.peer));
            if own.into_iter().any(|peer| *peer == self.names[who]) {
                return Err(format!("node {who} has itself in its views"));
            }
        }
        Ok(())
    }

    fn read_events(&mut self, who: usize) -> Result<(), String> {
        while self.diaries[who].read < self.network.events(self.nodes[who]).len() {
            self.read_event(who)?;
        }
        Ok(())
    }

    fn read_event(&mut self, who: usize) -> Result<(), String> {
        let diary = &mut self.diaries[who];
        let Some((_, event)) = self.network.events(self.nodes[who]).get(diary.read) else { return Ok(()) };
        diary.read += 1;
        diary.note(event);
        note_told(&mut self.told, who, &self.names, event)
    }

    /// Ends everything that is wrong, and sees whether all becomes well.
    fn heal_and_judge(&mut self) -> Result<Outcome, String> {
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
            let viewed = node.active_view().chain(node.passive_view().map(|contact| &contact.peer));
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

/// How many neighbours too many a node may have for a moment: those that were asked to go have yet to find others.
const CROWD: usize = 3;
/// After a longer sleep, a node that goes on gives up a dial sooner than the network does that it made on waking up, as
/// it is told what it lost with the time of its crash; so it would have two under way.
const LONGEST_SLEEP: Duration = secs(15);
/// Within which time all must be well after healing.
const PATIENCE: Duration = secs(90);
/// Within which time the last words must have arrived.
const LAST_PATIENCE: Duration = secs(10);
/// With room for so many posts, nodes retain all there are.
const PLENTY: usize = 10_000;
/// The most messages that a node may receive, and the most inputs that nodes may have on average, in a quiet minute.
const QUIET_RECEIVED: u64 = 1500;
const QUIET_INPUTS: u64 = 2500;
