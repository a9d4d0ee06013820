//! A network that a scenario is played in, beside the model of it.

mod judging;

use core::time::Duration;
use std::collections::BTreeMap;

use chinwag::{ChatNode, MessageId, PeerId, Time};
use chinwag_memory::{Fault, Memory, Network, NetworkConfig, NodeId, config_for, secs};

use super::books::{Counts, Diary, Tally, Told, note_told};
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
            let own = node.active_view().chain(node.passive_view().map(|contact| contact.peer()));
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
}

/// How many neighbours too many a node may have for a moment: those that were asked to go have yet to find others.
const CROWD: usize = 3;
/// After a longer sleep, a node that goes on gives up a dial sooner than the network does that it made on waking up, as
/// it is told what it lost with the time of its crash; so it would have two under way.
const LONGEST_SLEEP: Duration = secs(15);
/// Within which time all must be well after healing.
const PATIENCE: Duration = secs(90);
