//! What happens in a scenario, when its time has come.

use core::time::Duration;

use chinwag::MessageId;

use super::agenda::Act;
use super::chance::{Purpose, draw, place, some};
use super::op::What;
use super::play::{Player, share_of};
use super::{Check, Failure};
use crate::{Fault, Memory, NodeId, secs};

impl<'a> Player<'a> {
    pub(super) fn act(&mut self, at_ms: u64, act: Act<'a>) -> Result<(), Failure> {
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
}

/// The one of these that a number means, counted around.
fn pick(of: &[usize], number: impl Into<u64>) -> Option<usize> {
    of.get(place(number.into(), of.len())).copied()
}

fn numbers(of: &[usize]) -> Vec<u32> {
    of.iter().map(|who| u32::try_from(*who).unwrap_or(u32::MAX)).collect()
}

/// The network's dials take as long as a node's patience with them less this sleep.
const LONGEST_SLEEP: Duration = secs(15);
