//! Playing a scenario.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use chinwag::{ChatNode, Config, MessageId, PeerId, Time};
use serde::Serialize;

use super::actor::Actor;
use super::agenda::{Act, Agenda};
use super::chance::{Purpose, draw, place, some};
use super::coverage::Coverage;
use super::hostile::Mischief;
use super::knowledge::Islands;
use super::op::What;
use super::posts::Posts;
use super::{Check, Failure, Figures, Links, Scenario, ScenarioError};
use crate::{
    AddError, Fault, HasChat as _, Memory, Network, NetworkConfig, NodeId, Probability, config_for, ms, secs,
};

/// What came of a scenario. Equal for equal scenarios, to the last bit (`tests/scenario_play.rs`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct Outcome {
    /// The first check that failed; nothing was played after it.
    pub failure: Option<Failure>,
    /// Into how many parts the nodes that ran fell by what they knew, when faults ended or once all was well. What is
    /// in different parts cannot find each other, and nothing is due between them: above 1 the faults have made
    /// recovery impossible.
    pub parts: u64,
    /// How long it took after the faults until all was well, in milliseconds; `None` if that did not come about.
    pub settled_ms: Option<u64>,
    /// How messages spread.
    pub figures: Figures,
    /// What was exercised.
    pub coverage: Coverage,
    /// A hash of everything that every node was told and did, and when.
    pub trace_hash: u64,
}

impl Scenario {
    /// Plays it: all that happens, with every promise checked meanwhile, and then, when faults have ended, whether all
    /// becomes well.
    ///
    /// # Errors
    /// [`ScenarioError`] if it is none; a check that fails is no error but in [`Outcome::failure`].
    pub fn play(&self) -> Result<Outcome, ScenarioError> {
        self.validate()?;
        let mut player = Player::new(self)?;
        let failure = player.run().err();
        Ok(player.sum_up(failure))
    }

    /// When faults end.
    pub(super) fn ends_ms(&self) -> u64 {
        let ops = self.ops.iter().map(|op| op.at_ms.saturating_add(op.what.lasts_ms()));
        let last = ops.max().unwrap_or_default().max(self.join.over_ms);
        self.ending.at_ms.unwrap_or(last.saturating_add(1_000))
    }
}

/// A network that a scenario is played in, and what is known of it.
#[derive(Debug)]
pub(super) struct Player<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) network: Network<Actor>,
    pub(super) nodes: Vec<NodeId>,
    pub(super) names: Vec<PeerId>,
    pub(super) index: BTreeMap<PeerId, usize>,
    pub(super) hostile: BTreeSet<usize>,
    /// What nodes are told about themselves.
    pub(super) limits: Config,
    /// Whom each was told to join in its present life.
    pub(super) contacts: Vec<BTreeSet<usize>>,
    pub(super) posts: Posts,
    pub(super) coverage: Coverage,
    /// How often safety was looked at.
    pub(super) looks: usize,
    pub(super) links: Links,
    /// When faults ended, if they have.
    pub(super) healed_at: Option<Time>,
    agenda: Agenda<'a>,
    crashed_at: Vec<Time>,
    said: u64,
    pub(super) parts: usize,
    settled: Option<Duration>,
}

impl<'a> Player<'a> {
    fn new(scenario: &'a Scenario) -> Result<Self, ScenarioError> {
        let mut limits = config_for("n").map_err(AddError::from)?;
        scenario.settings.apply(&mut limits);
        let config = NetworkConfig::new(scenario.seed)
            .link(scenario.links.model())
            .fidelity(scenario.fidelity)
            .track_spread(true);
        let mut player = Self {
            network: Network::of(config),
            nodes: Vec::new(),
            names: Vec::new(),
            index: BTreeMap::new(),
            hostile: BTreeSet::new(),
            limits,
            contacts: Vec::new(),
            posts: Posts::default(),
            coverage: Coverage::default(),
            looks: 0,
            links: scenario.links,
            healed_at: None,
            agenda: Agenda::of(scenario),
            crashed_at: Vec::new(),
            said: 0,
            parts: 0,
            settled: None,
            scenario,
        };
        if let Some(hostile) = scenario.hostile {
            let all: Vec<u32> = (0..scenario.nodes).collect();
            let count = share_of(all.len(), hostile.share);
            let drawn = some(&all, count, scenario.seed, Purpose::Hostile, 0);
            player.hostile = drawn.into_iter().map(|node| node as usize).collect();
        }
        for _ in 0..scenario.nodes {
            player.add_node()?;
        }
        player.coverage.add_world(scenario, player.hostile.len());
        Ok(player)
    }

    fn run(&mut self) -> Result<(), Failure> {
        let ends_ms = self.scenario.ends_ms();
        while let Some((at_ms, act)) = self.agenda.next(ends_ms) {
            self.run_until_ms(at_ms)?;
            self.act(at_ms, act)?;
        }
        self.run_until_ms(ends_ms)?;
        let hoped = self.end_faults();
        let settled = self.settle(&hoped);
        self.parts = self.parts.max(self.known().count(&self.live()));
        self.coverage.add(if self.parts <= 1 { "ending recoverable" } else { "ending unrecoverable" }, 1);
        self.settled = Some(settled?);
        self.stay_quiet(&hoped)?;
        self.last_words()
    }

    fn sum_up(mut self, failure: Option<Failure>) -> Outcome {
        for node in &self.nodes {
            self.coverage.add_life(self.network.node(*node));
        }
        self.coverage.add_network(self.network.stats());
        let heard = self.tally();
        let figures = Figures {
            survivors: heard.survivors,
            messages: heard.messages,
            due: heard.due,
            heard: heard.heard,
            excused: heard.excused,
            lost_with_their_holders: heard.lost_with_their_holders,
            ..Figures::of_spreads(&self.network)
        };
        Outcome {
            failure,
            parts: self.parts as u64,
            settled_ms: self.settled.map(|settled| u64::try_from(settled.as_millis()).unwrap_or(u64::MAX)),
            figures,
            coverage: self.coverage,
            trace_hash: self.network.trace_hash(),
        }
    }

    fn run_until_ms(&mut self, at_ms: u64) -> Result<(), Failure> {
        let at = Time::from_millis(at_ms);
        while self.network.now() < at {
            self.pass(at.saturating_since(self.network.now()))?;
        }
        Ok(())
    }

    /// Lets time pass, but not more than what may pass until safety is looked at again.
    pub(super) fn pass(&mut self, time: Duration) -> Result<(), Failure> {
        self.network.run_for(time.min(LOOK_EVERY));
        self.look()
    }

    /// The same, however long.
    pub(super) fn pass_all(&mut self, time: Duration) -> Result<(), Failure> {
        let end = self.network.now() + time;
        while self.network.now() < end {
            self.pass(end.saturating_since(self.network.now()))?;
        }
        Ok(())
    }

    fn act(&mut self, at_ms: u64, act: Act<'a>) -> Result<(), Failure> {
        match act {
            Act::Enter { node, to } => self.join(node, to),
            Act::Say { who, burst, size } => {
                let speakers = self.honest();
                let meant = match who {
                    Some(_) if speakers.is_empty() => Vec::new(),
                    Some(number) => vec![speakers[place(number, speakers.len())]],
                    None => speakers,
                };
                self.count("say");
                for _ in 0..burst {
                    meant.iter().try_for_each(|who| self.say(*who, size).map(drop))?;
                }
            }
            Act::Arrive { drawn } => {
                let live = self.live();
                // It has a name and a configuration like the others, which were valid.
                if let Ok(node) = self.add_node() {
                    self.count("arrive");
                    if let Some(to) = live.get(place(drawn, live.len())) {
                        self.join(node, *to);
                    }
                }
            }
            Act::Churn { drawn, down_ms, memory } => {
                if let Some(node) = pick(&self.honest(), drawn) {
                    self.count("churn");
                    self.crash(node);
                    self.agenda.plan(at_ms.saturating_add(down_ms), Act::Revive { node, memory });
                }
            }
            Act::Revive { node, memory } => self.restart(at_ms, node, memory),
            Act::Break { node, to } => {
                let nodes = self.live();
                if let (Some(one), Some(other)) = (pick(&nodes, node), pick(&nodes, to)) {
                    self.count("flap");
                    let (one, other) = (self.nodes[one], self.nodes[other]);
                    self.network.inject(Fault::BreakLinks { one, other });
                }
            }
            Act::Do(what) => self.act_at_once(at_ms, what),
        }
        self.look()
    }

    fn act_at_once(&mut self, at_ms: u64, what: &What) {
        let (live, honest) = (self.live(), self.honest());
        self.count(what.name());
        match what {
            What::Tell { node, to } => {
                if let (Some(who), Some(to)) = (pick(&honest, *node), pick(&live, *to)) {
                    // What it refuses, to speak to itself say, is not said.
                    drop(self.network.direct(self.nodes[who], self.nodes[to], "psst"));
                }
            }
            What::Join { node, to } => {
                if let (Some(who), Some(to)) = (pick(&live, *node), pick(&live, *to)) {
                    self.join(who, to);
                }
            }
            What::Leave { node } => {
                if let Some(who) = pick(&honest, *node) {
                    // It runs, so that it can.
                    drop(self.network.leave(self.nodes[who]));
                }
            }
            What::Crash { node } => pick(&live, *node).into_iter().for_each(|who| self.crash(who)),
            What::CrashShare { share } => {
                let count = share_of(live.len(), *share).min(live.len().saturating_sub(1));
                let victims = some(&numbers(&live), count, self.scenario.seed, Purpose::CrashShare, at_ms);
                victims.into_iter().for_each(|who| self.crash(who as usize));
            }
            What::Restart { node, memory } => {
                let crashed: Vec<usize> = (0..self.nodes.len()).filter(|who| !self.runs(*who)).collect();
                if let Some(who) = pick(&crashed, *node) {
                    self.restart(at_ms, who, *memory);
                }
            }
            What::Partition { share, one_way } => {
                let all: Vec<u32> = (0_u32..).zip(&self.nodes).map(|(number, _)| number).collect();
                let count = share_of(all.len(), *share);
                let some = some(&all, count, self.scenario.seed, Purpose::Partition, at_ms);
                let (one, other): (Vec<NodeId>, Vec<NodeId>) =
                    self.nodes.iter().partition(|node| some.binary_search(&node.get()).is_ok());
                if *one_way {
                    self.network.partition_one_way(&one, &other);
                } else {
                    self.network.partition(&one, &other);
                }
            }
            What::Heal => self.network.heal(),
            What::Links { links } => {
                self.links = *links;
                self.network.inject(Fault::SetAllLinks { model: links.model() });
            }
            What::Say { .. } | What::Arrive { .. } | What::Churn { .. } | What::Flap { .. } => {}
        }
    }

    /// Faults end. Who could find whom then?
    fn end_faults(&mut self) -> Islands {
        self.network.heal();
        self.network.inject(Fault::SetAllLinks { model: self.links.healed().model() });
        self.healed_at = Some(self.network.now());
        let hoped = self.known();
        self.parts = hoped.count(&self.live());
        hoped
    }

    fn add_node(&mut self) -> Result<usize, AddError> {
        let number = self.nodes.len();
        let mut config = config_for(&format!("n{number}"))?;
        self.scenario.settings.apply(&mut config);
        let hostile = self.scenario.hostile.filter(|_| self.hostile.contains(&number));
        let bug = self.scenario.bug.filter(|_| hostile.is_none());
        let name = config.id.clone();
        let node = self.network.add(None, true, |start| {
            config.listening = Some(start.address.clone());
            if bug == Some(super::Bug::KeepTooMuch) {
                config.max_history = config.max_history.saturating_mul(4).saturating_add(16);
            }
            let mischief = hostile.map(|hostile| Mischief::new(hostile.does));
            Ok(Actor::new(ChatNode::new(config, start.seed)?, bug, mischief))
        })?;
        self.nodes.push(node);
        self.index.insert(name.clone(), number);
        self.names.push(name);
        self.contacts.push(BTreeSet::new());
        self.crashed_at.push(Time::ZERO);
        Ok(number)
    }

    fn join(&mut self, node: usize, to: usize) {
        if self.network.join(self.nodes[node], self.nodes[to]).is_ok() {
            self.count("join");
            self.contacts[node].insert(to);
        }
    }

    /// Has a node say something. What it refuses is not said.
    pub(super) fn say(&mut self, who: usize, size: u32) -> Result<Option<MessageId>, Failure> {
        self.said += 1;
        let text = format!("{:<1$}", format!("text {}", self.said), size as usize);
        let Ok(id) = self.network.broadcast(self.nodes[who], text.as_str()) else { return Ok(None) };
        if self.posts.said(who, id.clone()) {
            return Ok(Some(id));
        }
        let detail = format!("{id} is the name of an earlier message");
        Err(Failure::new(Check::FreshNames, self.network.now(), Some(self.nodes[who]), detail))
    }

    fn crash(&mut self, who: usize) {
        if self.runs(who) {
            self.crashed_at[who] = self.network.now();
            self.network.crash(self.nodes[who]);
        }
    }

    fn restart(&mut self, at_ms: u64, who: usize, memory: Memory) {
        if self.runs(who) {
            return;
        }
        // Who goes on after a long sleep gives up, in its own time, a dial that the network still waits for.
        let overslept = self.network.now() > self.crashed_at[who] + LONGEST_SLEEP;
        let memory = if overslept { Memory::Lost } else { memory };
        match memory {
            Memory::Kept => {
                self.count("restart with memory");
                self.network.restart(self.nodes[who], Memory::Kept);
            }
            Memory::Lost => {
                self.count("restart without memory");
                self.coverage.add_life(self.network.node(self.nodes[who]));
                self.posts.forget(who);
                self.contacts[who].clear();
                let live = self.live();
                self.network.restart(self.nodes[who], Memory::Lost);
                let drawn = draw(self.scenario.seed, Purpose::Restart, at_ms, who as u64);
                if let Some(to) = pick(&live, drawn) {
                    self.join(who, to);
                }
            }
        }
    }

    fn count(&mut self, what: &str) {
        self.coverage.add(&format!("op {what}"), 1);
    }

    pub(super) fn actor(&self, who: usize) -> &Actor {
        self.network.node(self.nodes[who])
    }

    fn runs(&self, who: usize) -> bool {
        self.network.is_running(self.nodes[who])
    }

    /// Whether a node runs and has not left.
    pub(super) fn is_live(&self, who: usize) -> bool {
        self.runs(who) && !self.actor(who).chat().has_left()
    }

    /// The nodes that run and have not left.
    pub(super) fn live(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|who| self.is_live(*who)).collect()
    }

    /// Those among them that mean no ill.
    pub(super) fn honest(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|who| self.is_live(*who) && !self.hostile.contains(who)).collect()
    }

    /// Counts what was heard of what was due.
    fn tally(&self) -> Figures {
        let honest = self.honest();
        let mut heard = Figures { survivors: honest.len() as u64, ..Figures::default() };
        heard.messages = self.posts.len() as u64;
        for post in self.posts.iter() {
            if !honest.iter().any(|who| post.is_at(*who)) {
                heard.lost_with_their_holders += 1;
                continue;
            }
            for who in honest.iter().filter(|who| **who != post.author) {
                heard.due += 1;
                heard.heard += u64::from(post.is_at(*who));
                heard.excused += u64::from(!post.is_at(*who) && self.posts.missing(*who, post).is_some());
            }
        }
        heard
    }
}

/// The one of these that a number means, counted around.
fn pick(of: &[usize], number: impl Into<u64>) -> Option<usize> {
    of.get(place(number.into(), of.len())).copied()
}

fn numbers(of: &[usize]) -> Vec<u32> {
    of.iter().map(|who| u32::try_from(*who).unwrap_or(u32::MAX)).collect()
}

/// How many a share of so many is, rounded.
fn share_of(count: usize, share: Probability) -> usize {
    let millionths = (count as u64).saturating_mul(u64::from(share.in_a_million()));
    usize::try_from((millionths + 500_000) / 1_000_000).unwrap_or(usize::MAX)
}

/// How long safety is not looked at.
const LOOK_EVERY: Duration = ms(250);
/// The network's dials take as long as a node's patience with them less this sleep.
const LONGEST_SLEEP: Duration = secs(15);
