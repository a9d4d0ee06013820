//! A chat node of a scenario: watched, and perhaps with a fault of its own.

use core::time::Duration;
use std::collections::BTreeMap;

use chinwag::{Action, ChatNode, Input, LinkId, PeerId, Time};

use super::bug::{Bug, Planted};
use super::hostile::Mischief;
use crate::traffic::carried;
use crate::{Effects, HasChat, Node, Start};

/// A chat node of a scenario.
#[derive(Clone, Debug)]
pub(super) struct Actor {
    chat: ChatNode,
    planted: Option<Planted>,
    mischief: Option<Mischief>,
    meter: Meter,
    last: Time,
}

/// What was seen of a node from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    /// The links it was told of and has not closed, and since when.
    links: BTreeMap<LinkId, Time>,
    /// Messages received, by their `msg_type`.
    kinds: BTreeMap<Box<str>, u64>,
    /// The second that `ticks` and `others` are about.
    second: u64,
    ticks: u64,
    /// Inputs that were no mere ticks.
    others: u64,
    most_ticks: u64,
    most_answers: u64,
}

impl Actor {
    pub(super) fn new(chat: ChatNode, bug: Option<Bug>, mischief: Option<Mischief>) -> Self {
        let planted = bug.map(Planted::new);
        Self { chat, planted, mischief, meter: Meter::default(), last: Time::ZERO }
    }

    /// What was seen of it from outside.
    pub(super) const fn meter(&self) -> &Meter {
        &self.meter
    }

    /// The neighbours that it says it has.
    pub(super) fn neighbours(&self) -> Vec<&PeerId> {
        let mut neighbours: Vec<_> = self.chat.active_view().collect();
        if self.has(Bug::FalseNeighbour) {
            neighbours.extend(self.chat.passive_view().map(|contact| contact.peer()).next());
        }
        neighbours
    }

    fn has(&self, bug: Bug) -> bool {
        self.planted.as_ref().is_some_and(|planted| planted.bug() == bug)
    }

    fn swallows(&self, input: &Input) -> bool {
        self.planted.as_ref().is_some_and(|planted| planted.swallows(input))
            || self.mischief.as_ref().is_some_and(|mischief| mischief.swallows(input))
    }
}

impl Node for Actor {
    fn handle(&mut self, now: Time, input: Input, effects: &mut Effects<'_>) {
        self.last = now;
        self.meter.input(now, &input);
        let received = matches!(input, Input::Received { .. });
        let mut answers = self.planted.as_mut().map_or(0, |planted| planted.answer(&input, effects));
        // What it does not get to see does not keep its timers from going off.
        let seen = if self.swallows(&input) { Input::Tick } else { input };
        // All at once, as what withholds some of it looks at the node.
        let actions: Vec<Action> = self.chat.handle(now, seen).collect();
        for action in actions {
            if let Action::Send { to, .. } = &action {
                answers += to.iter().count() as u64;
            }
            if !self.has(Bug::KeepLinks) {
                self.meter.action(&action);
            }
            if self.mischief.as_ref().is_some_and(|mischief| mischief.withholds(&self.chat, &action)) {
                continue;
            }
            match &mut self.planted {
                Some(planted) => planted.act(action, effects),
                None => effects.act(action),
            }
        }
        if received {
            self.meter.most_answers = self.meter.most_answers.max(answers);
        }
        if let Some(mischief) = &mut self.mischief {
            mischief.act_up(now, &mut self.chat, self.meter.links.keys().copied(), effects);
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        if self.has(Bug::SpinTimer) {
            return Some(self.last);
        }
        let restless = self.has(Bug::RestlessTimer).then(|| self.last + RESTLESS);
        let mischief = self.mischief.as_ref().and_then(Mischief::next_deadline);
        self.chat.next_deadline().into_iter().chain(restless).chain(mischief).min()
    }

    fn restarted(&self, start: &Start) -> Self {
        let epoch = self.chat.config().epoch;
        let mut chat = self.chat.restarted(start);
        if self.has(Bug::ReuseEpoch) {
            let mut config = chat.config();
            config.epoch = epoch;
            chat = ChatNode::new(config, start.seed).unwrap_or(chat);
        }
        let bug = self.planted.as_ref().map(Planted::bug);
        Self::new(chat, bug, self.mischief.clone())
    }

    fn share_with(&mut self, other: &Self) {
        self.chat.share_with(&other.chat);
    }

    fn name(&self) -> Option<&PeerId> {
        Some(self.chat.id())
    }

    fn max_frame(&self) -> usize {
        self.chat.config().max_frame
    }
}

impl HasChat for Actor {
    fn chat(&self) -> &ChatNode {
        &self.chat
    }

    fn chat_mut(&mut self) -> &mut ChatNode {
        &mut self.chat
    }
}

impl Meter {
    /// How many links there are that it was told of so long ago and has not closed.
    pub(super) fn links_before(&self, now: Time, age: Duration) -> usize {
        self.links.values().filter(|since| **since + age < now).count()
    }

    /// The most times that it was woken in a second beyond a few for each thing that happened to it.
    pub(super) const fn most_ticks(&self) -> u64 {
        self.most_ticks
    }

    /// The most messages that it sent on receiving a single one.
    pub(super) const fn most_answers(&self) -> u64 {
        self.most_answers
    }

    /// Messages received, by their `msg_type`.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (&str, u64)> {
        self.kinds.iter().map(|(kind, count)| (&**kind, *count))
    }

    fn input(&mut self, now: Time, input: &Input) {
        let second = now.as_millis() / 1000;
        if self.second != second {
            (self.second, self.ticks, self.others) = (second, 0, 0);
        }
        let count = if matches!(input, Input::Tick) { &mut self.ticks } else { &mut self.others };
        *count += 1;
        let earned = self.others.saturating_mul(TICKS_FOR_EACH);
        self.most_ticks = self.most_ticks.max(self.ticks.saturating_sub(earned));
        if let Input::LinkUp { link, .. } = input {
            self.links.insert(*link, now);
        } else if let Input::LinkDown { link, .. } = input {
            self.links.remove(link);
        } else if let Input::Received { message, .. } = input {
            let kind = carried(message).msg_type();
            if let Some(count) = self.kinds.get_mut(kind) {
                *count += 1;
            } else {
                self.kinds.insert(kind.into(), 1);
            }
        }
    }

    fn action(&mut self, action: &Action) {
        if let Action::Close { link } = action {
            self.links.remove(link);
        }
    }
}

/// How many timers may go off for each thing that happens to a node.
const TICKS_FOR_EACH: u64 = 8;
/// How long a restless node rests.
const RESTLESS: Duration = Duration::from_micros(200);
