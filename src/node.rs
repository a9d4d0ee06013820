//! [`ChatNode`]: advances the clock, fires what is due, and routes inputs to the parts that deal with them.

use crate::broadcast::Broadcast;
use crate::classic::ClassicPeers;
use crate::ctx::Ctx;
use crate::dialer::Dialer;
use crate::direct::Direct;
use crate::lazy::Lazy;
use crate::links::Links;
use crate::outbox::ActionBuffer;
use crate::peers::{Peer, Peers};
use crate::routes::Routes;
use crate::timers::Timer;
use crate::views::Views;
use crate::{
    Action, Actions, Config, ConfigError, Contact, DialError, Dialect, Input, LinkId, PeerId, Rejection,
    Seed, Stats, StreamTag, Time,
};

/// One peer of the network, as plain data that reacts to [`Input`]s with [`Action`]s.
///
/// It never touches a clock, a socket, a thread or entropy. The contract has three rules: give it inputs with the
/// current time; carry out every action in order; call again by [`next_deadline`](Self::next_deadline). Breaking
/// them costs latency and never state.
///
/// # Guarantees
/// - *Total*: no input panics it or leaves it invalid (`tests/totality.rs`).
/// - *Eager*: all its state changes before [`handle`](Self::handle) returns; taking actions changes nothing, and
///   dropping them half-way loses none (`tests/contract.rs`).
/// - *Deterministic*: equal config, seed and inputs give equal actions and equal nodes (`tests/determinism.rs`).
/// - *Bounded*: every table has a limit, in [`Config`] or fixed (`tests/bounds.rs`).
///
/// Cloning it takes a snapshot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChatNode {
    pub(crate) ctx: Ctx,
    pub(crate) links: Links,
    pub(crate) dialer: Dialer,
    pub(crate) classic: ClassicPeers,
    pub(crate) peers: Peers,
    pub(crate) broadcast: Broadcast,
    pub(crate) direct: Direct,
    pub(crate) views: Views,
    pub(crate) routes: Lazy<Routes>,
    pub(crate) presence: Presence,
}

/// Whether a node takes part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Presence {
    Here,
    /// It has said goodbye, and still hands over what waited for classic peers.
    Leaving,
    Left,
}

impl ChatNode {
    /// A node that knows nobody yet.
    ///
    /// # Errors
    /// [`ConfigError`] if `config` breaks one of its rules.
    pub fn new(config: Config, seed: Seed) -> Result<Self, ConfigError> {
        config.validate()?;
        Ok(Self {
            broadcast: Broadcast::new(&config),
            ctx: Ctx::new(config, seed),
            links: Links::default(),
            dialer: Dialer::default(),
            classic: ClassicPeers::default(),
            peers: Peers::default(),
            direct: Direct::new(),
            views: Views::default(),
            routes: Lazy::default(),
            presence: Presence::Here,
        })
    }

    /// Advances time to `now`, fires what is due, and applies `input`.
    ///
    /// Time that goes backwards is taken to stand still.
    pub fn handle(&mut self, now: Time, input: Input) -> Actions<'_> {
        self.advance(now);
        self.apply(input);
        Actions::new(&mut self.ctx.out)
    }

    /// As [`handle`](Self::handle), and has each action carried out by `act`. Until then they wait in memory that `buffer`
    /// lends: of many nodes in one process none then holds on to some between two inputs (`tests/lent_buffer.rs`).
    pub fn handle_with(
        &mut self,
        buffer: &mut ActionBuffer,
        now: Time,
        input: Input,
        mut act: impl FnMut(Action),
    ) {
        self.ctx.out.borrow(buffer);
        for action in self.handle(now, input) {
            act(action);
        }
        self.ctx.out.give_back(buffer);
    }

    /// Takes the oldest action not yet taken: for drivers that feed the node while they drain it.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.ctx.out.pop()
    }

    /// When to call [`handle`](Self::handle) next at the latest, with [`Input::Tick`] if nothing has happened.
    ///
    /// While actions are untaken this is the current time; otherwise it is later than that. `None`: not needed.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        if self.ctx.out.is_empty() { self.ctx.timers.next_deadline() } else { Some(self.ctx.now) }
    }

    /// Every input fires what is due, so that traffic cannot starve the timers.
    pub(crate) fn advance(&mut self, now: Time) {
        self.ctx.now = self.ctx.now.max(now.min(Time::LAST));
        self.end_overflown();
        let Some(due) = self.ctx.timers.next_deadline() else { return };
        if self.ctx.now.saturating_since(due) >= self.ctx.config.idle {
            self.ctx.resumed = self.ctx.now;
        }
        while let Some(timer) = self.ctx.timers.pop_due(self.ctx.now) {
            self.fire(timer);
        }
    }

    fn fire(&mut self, timer: Timer) {
        match timer {
            Timer::LookAtLinks => self.look_at_links(),
            Timer::EndDial(address) => self.dial_failed(&address, DialError::TimedOut),
            Timer::EndCallback(address) => self.introduction_failed(&address, DialError::NoAnswer),
            Timer::EndLeaving => self.end_leaving(),
            Timer::Redial(address) => self.dialer.redial(&mut self.ctx, &address),
            Timer::ProbeClassic => self.probe_classic(),
            Timer::Refill => self.refill_again(),
            Timer::Shuffle => self.shuffle(),
            Timer::Announce => self.announce(),
            Timer::Repair => self.repair(),
            Timer::Sync => self.sync(),
            Timer::Beacon => self.beat(),
            Timer::Resend(link) => self.resend(link),
            Timer::Deliver => self.deliver_due(),
        }
    }

    fn apply(&mut self, input: Input) {
        match input {
            Input::Tick => {}
            Input::LinkUp { link, dialed, semantics } => self.link_up(link, dialed, semantics),
            Input::LinkDown { link, end } => self.link_ended(link, end),
            Input::DialFailed { address, reason } => self.dial_failed(&address, reason),
            Input::Received { link, message } => self.receive(link, message),
            Input::Malformed { link, error } => self.refuse(link, Rejection::Malformed(error)),
            Input::Command(command) => self.command(command),
        }
        self.end_overflown();
        if self.presence == Presence::Leaving && self.dialer.is_empty() {
            self.end_leaving();
        }
    }

    /// Its own name.
    #[must_use]
    pub fn id(&self) -> &PeerId {
        &self.ctx.config.id
    }

    /// What it was told about itself.
    #[must_use]
    pub fn config(&self) -> Config {
        self.ctx.config.config()
    }

    /// Has this node keep what it was told about itself together with `other`, as far as it is the same, which it is unless
    /// this gives false. Both do what they did before: of many nodes in one process each takes some hundred bytes less.
    pub fn share_config(&mut self, other: &Self) -> bool {
        self.ctx.config.share(&other.ctx.config)
    }

    /// The latest time it was given.
    #[must_use]
    pub fn now(&self) -> Time {
        self.ctx.now
    }

    /// What it has done so far, counted.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.ctx.stats
    }

    /// The peers it knows, by name: the old program's `get_peers`.
    pub fn peers(&self) -> impl Iterator<Item = Peer> + '_ {
        self.peers.iter().map(|(id, _)| id).filter_map(|id| self.find_peer(id))
    }

    /// What it knows about one peer.
    #[must_use]
    pub fn find_peer(&self, id: &PeerId) -> Option<Peer> {
        let known = self.peers.get(id)?;
        let link = self.links.link_of(id).and_then(|link| self.links.get(link));
        Some(Peer {
            id: id.clone(),
            address: known.address.clone(),
            dialect: known.dialect,
            linked: known.linked,
            round_trip: link.and_then(|link| link.keep_alive.round_trip()),
        })
    }

    /// The peers it exchanges messages with directly (HyParView's active view), in the order of their names.
    pub fn active_view(&self) -> impl Iterator<Item = &PeerId> {
        let mut neighbours: Vec<_> =
            self.links.linked_peers().map(|(neighbour, _)| &neighbour.peer).collect();
        neighbours.sort_unstable();
        neighbours.into_iter()
    }

    /// The peers it could turn to if it lost neighbours (HyParView's passive view).
    pub fn passive_view(&self) -> impl Iterator<Item = &Contact> {
        self.views.passive()
    }

    /// What it has of each stream: the greatest number up to which nothing is missing, in the order of their tags.
    #[must_use]
    pub fn versions(&self) -> Vec<(StreamTag, u64)> {
        let mut versions: Vec<_> = self.broadcast.streams.prefixes().collect();
        versions.sort_unstable();
        versions
    }

    /// How many posts it retains for those who lack them.
    #[must_use]
    pub fn retained(&self) -> usize {
        self.broadcast.history.len()
    }

    /// How many bytes these count for: about those of their frames.
    #[must_use]
    pub fn retained_bytes(&self) -> usize {
        self.broadcast.history.bytes()
    }

    /// How many streams it knows something to be missing of.
    #[must_use]
    pub fn lagging(&self) -> usize {
        self.broadcast.repair.len()
    }

    /// How many one-to-one messages of its own have not arrived yet.
    #[must_use]
    pub fn undelivered(&self) -> usize {
        self.direct.outgoing()
    }

    /// How many peers are linked with it, of either dialect.
    #[must_use]
    pub fn linked(&self) -> usize {
        self.links.linked().saturating_add(self.classic.len())
    }

    /// How many messages of its own wait for the first peer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.broadcast.waiting()
    }

    /// How many messages wait to be handed over one by one: to classic peers, or to addresses.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.dialer.queued()
    }

    /// Whether it has left the network, and has nothing more to hand over.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.presence == Presence::Left
    }

    /// Whether this peer is linked, and how it speaks.
    pub(crate) fn dialect_of(&self, peer: &PeerId) -> Option<Dialect> {
        if self.links.link_of(peer).is_some() {
            return Some(Dialect::Native);
        }
        self.classic.address_of(peer).map(|_| Dialect::Classic)
    }

    /// Forgets a link and has it closed.
    pub(crate) fn close(&mut self, link: LinkId) {
        self.end_session(link);
        if self.links.remove(link).is_some() {
            self.ctx.close(link);
        }
    }
}
