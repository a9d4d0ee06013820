//! Peers of the old program: who they are, what they have been told, and whether they are still there.

use core::fmt;
use std::collections::{BTreeMap, VecDeque};

use hashbrown::HashMap;

use crate::ctx::Ctx;
use crate::dialer::Dialer;
use crate::lazy::{Lazy, empty};
use crate::timers::{Timer, TimerKey};
use crate::{Address, ClassicId, Content, Event, Intent, Message, PeerId, Time};

/// The most bytes an old peer reads, of a frame and its line break.
pub(crate) const MAX_READ: usize = 2048;

/// How many pings a classic peer may leave unanswered before it is given up.
const UNANSWERED: u32 = 3;

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct ClassicPeers {
    peers: BTreeMap<PeerId, ClassicPeer>,
    probe: Option<TimerKey>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct ClassicPeer {
    address: Address,
    /// When it last introduced itself, or answered a ping.
    heard: Time,
    /// How many pings it has not answered since.
    unanswered: u32,
}

/// What is new about a classic peer that introduced itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Acquaintance {
    New,
    Known,
    /// There is no room for another.
    Full,
}

impl ClassicPeers {
    pub(crate) fn len(&self) -> usize {
        self.peers.len()
    }

    pub(crate) fn address_of(&self, peer: &PeerId) -> Option<&Address> {
        self.peers.get(peer).map(|classic| &classic.address)
    }

    pub(crate) fn who_listens_at(&self, address: &Address) -> Option<PeerId> {
        self.peers.iter().find(|(_, classic)| classic.address == *address).map(|(peer, _)| peer.clone())
    }

    /// A classic peer has introduced itself. One that comes back at another address is known there from now on.
    pub(crate) fn met(&mut self, ctx: &mut Ctx, peer: &PeerId, address: &Address) -> Acquaintance {
        let heard = ctx.now;
        if let Some(known) = self.peers.get_mut(peer) {
            *known = ClassicPeer { address: address.clone(), heard, unanswered: 0 };
            return Acquaintance::Known;
        }
        if self.peers.len() >= ctx.config.max_classic_peers {
            return Acquaintance::Full;
        }
        self.peers.insert(peer.clone(), ClassicPeer { address: address.clone(), heard, unanswered: 0 });
        self.set_probe(ctx);
        Acquaintance::New
    }

    /// Nobody can be dialed at `address` any more: forgets who was there.
    pub(crate) fn unreachable(&mut self, address: &Address) -> Vec<PeerId> {
        let gone: Vec<PeerId> = self
            .peers
            .iter()
            .filter(|(_, classic)| classic.address == *address)
            .map(|(peer, _)| peer.clone())
            .collect();
        self.peers.retain(|_, classic| classic.address != *address);
        gone
    }

    pub(crate) fn remove(&mut self, peer: &PeerId) -> bool {
        self.peers.remove(peer).is_some()
    }

    pub(crate) fn clear(&mut self) {
        self.peers.clear();
    }

    /// Has `message` handed to every classic peer but its originator.
    pub(crate) fn spread(&self, ctx: &mut Ctx, dialer: &mut Dialer, message: &Message) {
        let others = || self.peers.iter().filter(|(peer, _)| *peer != message.originator());
        let count = others().count();
        if count == 0 {
            return;
        }
        let classic = if message.post().is_some_and(|post| post.place.is_none()) {
            message.clone()
        } else {
            message.to_classic()
        };
        if let Some(id) = message.id()
            && classic.encoded().len() >= MAX_READ
        {
            ctx.emit(Event::TooLongForClassic { id, peers: count });
            return;
        }
        for (peer, known) in others() {
            if dialer.post(ctx, &known.address, classic.clone()).is_ok() {
                ctx.stats.classic_sent = ctx.stats.classic_sent.saturating_add(1);
            } else {
                ctx.stats.classic_lost = ctx.stats.classic_lost.saturating_add(1);
                if let Some(id) = message.id() {
                    ctx.emit(Event::ClassicQueueFull { id, peer: peer.clone() });
                }
            }
        }
    }

    /// Pings the classic peers that have not been heard for long, as nothing else would show that they are gone, and
    /// forgets those that can be dialed but do not answer any more: returns these.
    pub(crate) fn probe(&mut self, ctx: &mut Ctx, dialer: &mut Dialer) -> Vec<PeerId> {
        self.probe = None;
        self.set_probe(ctx);
        if ctx.config.listening.is_none() {
            return Vec::new();
        }
        let ping = ctx.message(Content::Ping(ctx.hello(Intent::Neighbour, 0))).to_classic();
        let patience = ctx.config.classic_probe;
        let mut silent = Vec::new();
        for (peer, classic) in &mut self.peers {
            if ctx.now.saturating_since(classic.heard) < patience || dialer.is_dialing(&classic.address) {
                continue;
            }
            if classic.unanswered >= UNANSWERED {
                silent.push(peer.clone());
            } else if dialer.post(ctx, &classic.address, ping.clone()).is_ok() {
                classic.unanswered = classic.unanswered.saturating_add(1);
            }
        }
        for peer in &silent {
            self.peers.remove(peer);
        }
        silent
    }

    fn set_probe(&mut self, ctx: &mut Ctx) {
        if self.probe.is_none() && !self.peers.is_empty() {
            let at = ctx.now + ctx.rng.jitter(ctx.config.classic_probe / 2);
            self.probe = Some(ctx.timers.set(ctx.now, at, Timer::ProbeClassic));
        }
    }
}

/// The messages that were seen lately, by the hash that the classic dialect knows them by: so a native message and
/// its echo through an old peer are known as one.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct ClassicWindow {
    known: Lazy<Known>,
    /// Something came in its classic form. Until then nothing can be an echo, and what is retained stands for the
    /// hashes, which take long to find.
    awake: bool,
}

#[derive(Clone, PartialEq, Eq, Default)]
struct Known {
    seen: HashMap<ClassicId, Form>,
    order: VecDeque<ClassicId>,
}

empty!(Known, Known::default());

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    /// It came in its classic form, and was delivered; the native message that it may be an echo of has not come.
    Echo,
    /// The native message has come.
    Settled,
}

impl ClassicWindow {
    /// A window that is `awake` from the start, as must be where less is retained than it holds, or sleeps until
    /// something comes in its classic form.
    pub(crate) fn new(awake: bool) -> Self {
        Self { awake, ..Self::default() }
    }

    pub(crate) const fn is_awake(&self) -> bool {
        self.awake
    }

    /// The first message in its classic form has come: it may be an echo of what is `retained`.
    pub(crate) fn wake<'a>(&mut self, retained: impl Iterator<Item = &'a Message>, limit: usize) {
        self.awake = true;
        for message in retained {
            self.note_native(message.classic_id(), limit);
        }
    }

    /// A message came in its classic form: true if it is new.
    pub(crate) fn note_classic(&mut self, id: ClassicId, limit: usize) -> bool {
        let new = !self.contains(id);
        if new {
            self.insert(id, Form::Echo, limit);
        }
        new
    }

    /// A native message came, or was said here: true if its echo was delivered before it. An echo stands for one
    /// native message only, as an author may say the same twice.
    pub(crate) fn note_native(&mut self, id: ClassicId, limit: usize) -> bool {
        match self.known.seen.get_mut(&id) {
            Some(form) => core::mem::replace(form, Form::Settled) == Form::Echo,
            None => {
                self.insert(id, Form::Settled, limit);
                false
            }
        }
    }

    pub(crate) fn contains(&self, id: ClassicId) -> bool {
        self.known.seen.contains_key(&id)
    }

    fn insert(&mut self, id: ClassicId, form: Form, limit: usize) {
        let Known { seen, order } = &mut *self.known;
        seen.insert(id, form);
        order.push_back(id);
        if order.len() > limit
            && let Some(oldest) = order.pop_front()
        {
            seen.remove(&oldest);
        }
    }
}

/// In the order they came, so that equal windows print alike.
impl fmt::Debug for ClassicWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.known.order.iter().map(|id| (id, self.known.seen.get(id)))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides() {
        let mut window = ClassicWindow::default();
        for n in 0..10 {
            assert!(window.note_classic(ClassicId::new(n), 5));
            assert!(!window.note_classic(ClassicId::new(n), 5));
        }
        assert!(!window.contains(ClassicId::new(4)) && window.contains(ClassicId::new(5)));
        assert_eq!(window.known.order.len(), 5);
    }

    #[test]
    fn an_echo_stands_for_one_native_message() {
        let (mut window, id) = (ClassicWindow::default(), ClassicId::new(1));
        assert!(window.note_classic(id, 5));
        assert!(window.note_native(id, 5));
        assert!(!window.note_native(id, 5));
        assert!(!window.note_classic(id, 5));
    }
}
