//! The driver: a node, its sockets, and what passes between them.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::time::Instant;

use chinwag::{Action, Address, ChatNode, Config, Event, Input, LinkEnd, LinkId, Seed, Time};
use mio::{Registry, Token};

use crate::connection::Limits;
use crate::dialer::Dialer;
use crate::doorbell::Doorbell;
use crate::handle::Mailbox;
use crate::links::Links;
use crate::listener::Listener;
use crate::resolver::Resolver;
use crate::sockets::Sockets;
use crate::{Counters, DriverError, Handle, Options, Snapshot, System};

/// How many bytes one system call may read.
const READ_AT_ONCE: usize = 64 * 1024;
/// Tokens that are no link's: the wake-up's and the listener's.
const OTHER_TOKENS: usize = 2;

/// Runs one [`ChatNode`] over TCP.
///
/// Single-threaded: whoever owns it turns it, with [`run`](Self::run) or [`poll`](Self::poll) in a loop of its own, or
/// with [`on_event`](Self::on_event) and [`on_turn`](Self::on_turn) in somebody else's. After each turn, take the
/// events with [`next_event`](Self::next_event): while more than [`Options::max_events`] wait, links are not read.
pub struct MioDriver<S: Sockets = System> {
    pub(crate) node: ChatNode,
    pub(crate) options: Options,
    pub(crate) links: Links<S>,
    pub(crate) dialer: Dialer,
    pub(crate) listener: Option<Listener<S>>,
    pub(crate) mailbox: Mailbox,
    pub(crate) ear: S::Ear,
    pub(crate) own_poll: Option<S::Poll>,
    pub(crate) tokens: Range<usize>,
    pub(crate) events: VecDeque<Event>,
    pub(crate) counters: Counters,
    /// Whether more commands may wait than one turn carries out.
    pub(crate) more_commands: bool,
    /// Whether the node's leaving has been dealt with.
    pub(crate) closing_all: bool,
    pub(crate) scratch: Box<[u8]>,
    /// A list that is empty between uses, kept for its memory.
    pub(crate) spare_list: Vec<LinkId>,
    /// What happened while actions were carried out, for the node to hear.
    inbox: VecDeque<Input>,
}

impl MioDriver<System> {
    /// A driver with a `Poll` of its own, for [`run`](Self::run) and [`poll`](Self::poll).
    ///
    /// # Errors
    /// [`DriverError::Config`], [`DriverError::Options`], or [`DriverError::Poll`] when the system has no room.
    pub fn new(config: Config, seed: Seed, options: Options) -> Result<Self, DriverError> {
        let (own_poll, system) =
            System::with_own_poll().map_err(|source| DriverError::poll("make a Poll", source))?;
        Self::on(system, Some(own_poll), 0..usize::MAX, config, seed, options)
    }

    /// A driver that lives in the `Poll` of `registry` and uses no other tokens than `tokens`: two, and one more for
    /// each link (if these are fewer than [`Options`] allows links, so many links are the limit).
    ///
    /// Hand it the events of its tokens with [`on_event`](Self::on_event), after them call
    /// [`on_turn`](Self::on_turn), and wait no longer than until [`next_deadline`](Self::next_deadline). On Windows it takes
    /// the one [`Waker`](mio::Waker) that the `Poll` may have.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`DriverError::TooFewTokens`].
    pub fn embedded(
        registry: &Registry,
        tokens: Range<usize>,
        config: Config,
        seed: Seed,
        options: Options,
    ) -> Result<Self, DriverError> {
        let system = System::new(registry).map_err(|source| DriverError::poll("share the Poll", source))?;
        Self::on(system, None, tokens, config, seed, options)
    }

    /// When the next turn is due, if no event comes before; a moment that is past means at once. `None`: never.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        self.links.sockets.instant(self.next_due()?)
    }
}

impl<S: Sockets> MioDriver<S> {
    /// A driver on `sockets`, whose events come to `own_poll` or, without one, from elsewhere.
    pub(crate) fn on(
        sockets: S,
        own_poll: Option<S::Poll>,
        tokens: Range<usize>,
        config: Config,
        seed: Seed,
        options: Options,
    ) -> Result<Self, DriverError> {
        options.validate()?;
        let link_tokens = tokens.len().saturating_sub(OTHER_TOKENS);
        if link_tokens == 0 {
            return Err(DriverError::TooFewTokens);
        }
        let capacity = link_tokens.min(options.max_links.saturating_add(options.max_dials));
        let dial_timeout = options.dial_timeout.min(config.handshake.saturating_mul(2));
        let limits = Limits { max_frame: config.max_frame, max_queue: options.max_queued_bytes };
        let node = ChatNode::new(config, seed)?;
        let (sound, ear) = sockets
            .bell(Token(tokens.start))
            .map_err(|source| DriverError::poll("make the wake-up", source))?;
        let mailbox = Mailbox::new(Doorbell::new(sound), options.max_commands);
        let resolver = Resolver::new(mailbox.shared(), sockets.look_up());
        let first_link = tokens.start + OTHER_TOKENS;
        Ok(Self {
            node,
            links: Links::new(sockets, first_link, capacity, limits, options.close_timeout),
            dialer: Dialer::new(resolver, options.max_dials, options.max_waiting_dials, dial_timeout),
            listener: None,
            mailbox,
            ear,
            own_poll,
            tokens,
            events: VecDeque::new(),
            counters: Counters::default(),
            more_commands: false,
            closing_all: false,
            scratch: vec![0; READ_AT_ONCE].into(),
            spare_list: Vec::new(),
            inbox: VecDeque::new(),
            options,
        })
    }

    /// Listens at `bind`, written `host:port` (port 0: any that is free), and has the node tell others to dial
    /// `advertise`. Returns the address that is told.
    ///
    /// `[::]` takes IPv4 connections as well. Up to 4,096 connections, or what the system allows, may wait until the loop
    /// has time for them (test `many_can_wait_until_they_are_accepted`). A port can be listened at again at once
    /// after its program ended.
    ///
    /// Without `advertise` that is the address listened at; where that means every interface (`0.0.0.0`, `[::]`), it
    /// is this machine's address on its way out. A host name in `bind` is looked up before this returns. If the
    /// driver listens already, it stops that once the new socket stands.
    ///
    /// # Errors
    /// [`DriverError::BadBind`] and [`DriverError::Listen`], each with what to do; the driver is then as before.
    pub fn listen(&mut self, bind: &str, advertise: Option<Address>) -> Result<Address, DriverError> {
        let listener = Listener::bind(bind, &self.links.sockets, Token(self.tokens.start + 1))?;
        let told = advertise.map_or_else(|| listener.dialable(), Ok);
        let told = told.map_err(|source| DriverError::Listen { bind: bind.to_owned(), source })?;
        if let Some(earlier) = self.listener.replace(listener) {
            earlier.close(&self.links.sockets);
        }
        let listening = Some(told.clone());
        self.with_node(|node, now| node.listen(now, listening));
        Ok(told)
    }

    /// Takes no more connections, and has the node tell nobody any more where it listens. Links stay.
    pub fn stop_listening(&mut self) {
        if let Some(listener) = self.listener.take() {
            listener.close(&self.links.sockets);
            self.with_node(|node, now| node.listen(now, None));
        }
    }

    /// The node.
    #[must_use]
    pub const fn node(&self) -> &ChatNode {
        &self.node
    }

    /// Runs `command` on the node with the current time, and sees to what follows from it:
    /// `driver.with_node(|node, now| node.broadcast(now, "hi"))?`.
    ///
    /// What it sends leaves with the next turn. Leave the node's actions to the driver: those that `command` takes
    /// are lost to it.
    pub fn with_node<R>(&mut self, command: impl FnOnce(&mut ChatNode, Time) -> R) -> R {
        let now = self.now();
        let result = command(&mut self.node, now);
        self.settle(now);
        result
    }

    /// The next event for the application, oldest first.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// A means for other threads to give commands.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.mailbox.handle()
    }

    /// What the driver has done so far.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// How many connections there are, those included that are being made or closed.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.links.len()
    }

    /// How many bytes wait to be taken by all links together. Walks through all of them.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.links.queued()
    }

    pub(crate) fn now(&self) -> Time {
        self.links.sockets.now()
    }

    /// What other threads see of this driver.
    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            node: *self.node.stats(),
            driver: self.counters,
            linked: self.node.linked(),
            connections: self.links.len(),
            queued_bytes: self.links.queued(),
            waiting_events: self.events.len(),
        }
    }

    /// Tells the node, and sees to what follows from it.
    pub(crate) fn feed(&mut self, now: Time, input: Input) {
        // The actions are not lost: they stay in the node until `settle` takes them.
        drop(self.node.handle(now, input));
        self.settle(now);
    }

    /// Carries out all that the node wants, and tells it what came of that, until neither has more to say.
    pub(crate) fn settle(&mut self, now: Time) {
        loop {
            while let Some(action) = self.node.poll_action() {
                self.carry_out(action, now);
            }
            while let Some(failure) = self.dialer.next_failure() {
                self.counters.dials_failed += 1;
                self.inbox.push_back(Input::DialFailed { address: failure.address, reason: failure.reason });
            }
            let Some(input) = self.inbox.pop_front() else { return };
            drop(self.node.handle(now, input));
        }
    }

    fn carry_out(&mut self, action: Action, now: Time) {
        match action {
            Action::Dial { address } => self.dialer.dial(address, &mut self.links, now),
            Action::Send { to, message } => {
                for link in to.iter() {
                    let Some(connection) = self.links.get_mut(link) else { continue };
                    if connection.send(message.encoded(), &mut self.counters).is_ok() {
                        self.links.mark_dirty(link);
                    } else {
                        self.counters.too_slow += 1;
                        self.links.remove(link);
                        self.inbox.push_back(Input::LinkDown { link, end: LinkEnd::TooSlow });
                    }
                }
            }
            Action::Close { link } => self.links.close(link, now),
            Action::Emit(event) => {
                self.mailbox.tell(&event);
                self.events.push_back(event);
            }
        }
    }
}

impl<S: Sockets> fmt::Debug for MioDriver<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MioDriver")
            .field("node", self.node.id())
            .field("connections", &self.links.len())
            .field("counters", &self.counters)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
