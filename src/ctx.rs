//! What every part of the node works with: the time, the limits, and where its wishes go.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::outbox::Outbox;
use crate::rng::Rng;
use crate::session::Session;
use crate::settings::Settings;
use crate::slots::Slots;
use crate::timers::{Timer, TimerKey, Timers};
use crate::wall_clock;
use crate::{
    Action, Body, Config, Content, Control, Event, Hello, Intent, LinkId, Message, Native, PeerId,
    Recipients, Rejection, Seed, Stats, StreamTag, Time,
};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Ctx {
    pub(crate) now: Time,
    pub(crate) config: Settings,
    /// Of our own stream.
    pub(crate) own_tag: StreamTag,
    pub(crate) rng: Rng,
    pub(crate) timers: Timers,
    pub(crate) out: Outbox,
    pub(crate) stats: Stats,
    stamp: Stamp,
    /// When the node was last found to have been asleep itself.
    pub(crate) resumed: Time,
    /// The links that promise nothing.
    pub(crate) sessions: BTreeMap<LinkId, Session>,
    /// Those among them on which more waits than we keep.
    pub(crate) overflown: Vec<LinkId>,
}

/// What the wall clock showed last, as text: remembered, as most messages of a second carry the same.
#[derive(Clone, Debug)]
struct Stamp {
    seconds: u64,
    text: Option<Body>,
}

/// What is remembered only to be faster is no part of a node.
impl PartialEq for Stamp {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Stamp {}

impl Ctx {
    pub(crate) fn new(config: Config, seed: Seed) -> Self {
        Self {
            now: Time::ZERO,
            own_tag: StreamTag::of(&config.id, config.epoch),
            config: Settings::new(config),
            rng: Rng::new(seed),
            timers: Timers::default(),
            out: Outbox::default(),
            stats: Stats::default(),
            stamp: Stamp { seconds: 0, text: None },
            resumed: Time::ZERO,
            sessions: BTreeMap::new(),
            overflown: Vec::new(),
        }
    }

    /// A message of this node, said now.
    pub(crate) fn message(&mut self, content: Content) -> Message {
        let seconds = wall_clock::seconds(&self.config, self.now);
        if self.stamp.seconds != seconds {
            self.stamp = Stamp { seconds, text: None };
        }
        let text = self.stamp.text.get_or_insert_with(|| wall_clock::ctime(seconds));
        Message::new(self.config.id.clone(), text.clone(), content)
    }

    /// Sets a timer to go off after about this long: never all nodes at once.
    pub(crate) fn set_about(&mut self, interval: Duration, timer: Timer) -> TimerKey {
        let wait = self.rng.jitter(interval);
        self.timers.set(self.now, self.now + wait, timer)
    }

    /// How this node introduces itself.
    pub(crate) fn hello(&self, intent: Intent, session: u32) -> Hello {
        let native = Native { version: Native::VERSION, epoch: self.config.epoch, intent, session };
        Hello { listening: self.config.listening.clone(), native: Some(native), others: Vec::new() }
    }

    /// Sends something of this node's own on one link.
    pub(crate) fn say(&mut self, link: LinkId, content: Content) {
        let message = self.message(content);
        self.send(link, message);
    }

    /// Tells the other end of one link something that concerns only the two.
    pub(crate) fn tell(&mut self, link: LinkId, control: Control) {
        self.stats.control = self.stats.control.saturating_add(1);
        self.send(link, Message::control(control));
    }

    /// Sends one message to the neighbours at some places of a table.
    pub(crate) fn send_placed(&mut self, table: &Arc<[LinkId]>, slots: Slots, message: Message) {
        if !self.sessions.is_empty() {
            for link in slots.iter().filter_map(|slot| table.get(slot.index()).copied()) {
                self.send(link, message.clone());
            }
        } else if !slots.is_empty() {
            self.stats.sent = self.stats.sent.saturating_add(slots.len() as u64);
            self.out.push(Action::Send { to: Recipients::placed(Arc::clone(table), slots), message });
        }
    }

    /// Sends one message on all `links` but `except`.
    pub(crate) fn send_shared(&mut self, links: Arc<[LinkId]>, except: Option<LinkId>, message: Message) {
        if !self.sessions.is_empty() {
            for link in links.iter().copied().filter(|link| Some(*link) != except) {
                self.send(link, message.clone());
            }
            return;
        }
        let excepted = except.is_some_and(|link| links.binary_search(&link).is_ok());
        let count = links.len().saturating_sub(usize::from(excepted));
        if count > 0 {
            self.stats.sent = self.stats.sent.saturating_add(count as u64);
            self.out.push(Action::Send { to: Recipients::shared(links, except), message });
        }
    }

    pub(crate) fn close(&mut self, link: LinkId) {
        self.out.push(Action::Close { link });
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.out.emit(event);
    }

    pub(crate) fn reject(&mut self, link: LinkId, peer: Option<PeerId>, reason: Rejection) {
        self.stats.rejected = self.stats.rejected.saturating_add(1);
        self.emit(Event::Rejected { link, peer, reason });
    }
}
