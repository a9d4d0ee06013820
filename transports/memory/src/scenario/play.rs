//! Playing a scenario.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use chinwag::{ChatNode, Config, PeerId, Time};
use serde::Serialize;

use super::actor::Actor;
use super::agenda::Agenda;
use super::chance::{Purpose, some};
use super::coverage::Coverage;
use super::hostile::Mischief;
use super::knowledge::{Islands, Reach};
use super::posts::Posts;
use super::{Failure, Figures, Links, Map, Scenario, ScenarioError};
use crate::{AddError, Fault, HasChat as _, Network, NetworkConfig, NodeId, Probability, config_for, ms};

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
        self.play_on(1)
    }

    /// The same on so many threads, with the same outcome (`tests/meta_equalities/threads.rs`).
    ///
    /// # Errors
    /// Likewise.
    pub fn play_on(&self, threads: usize) -> Result<Outcome, ScenarioError> {
        self.validate()?;
        let mut player = Player::new(self, threads, |_| {})?;
        let failure = player.run().err();
        Ok(player.sum_up(failure))
    }

    /// The same, with a [trace](crate::trace_log) of it written to `sink`. `made_by` is one line to find in it.
    ///
    /// # Errors
    /// Likewise, and [`ScenarioError::Trace`] if it cannot be written.
    pub fn play_traced(
        &self,
        made_by: &str,
        sink: impl Write + Send + Sync + 'static,
    ) -> Result<Outcome, ScenarioError> {
        self.validate()?;
        let mut player = Player::new(self, 1, |network| network.write_trace(made_by, sink))?;
        let failure = player.run().err();
        player.network.end_trace().map_err(|error| ScenarioError::Trace(error.kind()))?;
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
    /// Who was linked with whom of late.
    pub(super) reach: Reach,
    pub(super) coverage: Coverage,
    /// How often safety was looked at.
    pub(super) looks: usize,
    pub(super) links: Links,
    /// When faults ended, if they have.
    pub(super) healed_at: Option<Time>,
    pub(super) agenda: Agenda<'a>,
    pub(super) crashed_at: Vec<Time>,
    pub(super) said: u64,
    pub(super) parts: usize,
    settled: Option<Duration>,
}

impl<'a> Player<'a> {
    /// `prepare` has the network before there is a node.
    fn new(
        scenario: &'a Scenario,
        threads: usize,
        prepare: impl FnOnce(&mut Network<Actor>),
    ) -> Result<Self, ScenarioError> {
        let mut limits = config_for("n").map_err(AddError::from)?;
        scenario.settings.apply(&mut limits);
        let mut config = NetworkConfig::new(scenario.seed)
            .link(scenario.links.model())
            .fidelity(scenario.fidelity)
            .track_spread(true)
            .threads(threads);
        config.regions = scenario.map.map(Map::regions);
        let mut network = Network::of(config);
        prepare(&mut network);
        let mut player = Self {
            network,
            nodes: Vec::new(),
            names: Vec::new(),
            index: BTreeMap::new(),
            hostile: BTreeSet::new(),
            limits,
            contacts: Vec::new(),
            posts: Posts::default(),
            reach: Reach::default(),
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

    /// Faults end. Who could find whom then?
    fn end_faults(&mut self) -> Islands {
        self.network.heal();
        self.network.inject(Fault::SetAllLinks { model: self.links.healed().model() });
        for (who, node) in self.nodes.iter().enumerate() {
            let machines = self.scenario.machines.filter(|it| it.machine(self.scenario.seed, who).is_some());
            if let Some(machines) = machines {
                self.network.set_machine(*node, machines.healed());
            }
        }
        self.healed_at = Some(self.network.now());
        let hoped = self.known();
        self.parts = hoped.count(&self.live());
        hoped
    }

    pub(super) fn add_node(&mut self) -> Result<usize, AddError> {
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
        if let Some(machine) = self.scenario.machines.and_then(|it| it.machine(self.scenario.seed, number)) {
            self.network.set_machine(node, machine);
        }
        self.nodes.push(node);
        self.index.insert(name.clone(), number);
        self.names.push(name);
        self.contacts.push(BTreeSet::new());
        self.crashed_at.push(Time::ZERO);
        Ok(number)
    }

    pub(super) fn actor(&self, who: usize) -> &Actor {
        self.network.node(self.nodes[who])
    }

    pub(super) fn runs(&self, who: usize) -> bool {
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

/// How many a share of so many is, rounded.
pub(super) fn share_of(count: usize, share: Probability) -> usize {
    let millionths = (count as u64).saturating_mul(u64::from(share.in_a_million()));
    usize::try_from((millionths + 500_000) / 1_000_000).unwrap_or(usize::MAX)
}

/// How long safety is not looked at.
const LOOK_EVERY: Duration = ms(250);
