//! What an application asks of its node: the typed doors, and the same commands as inputs.

use crate::classic::MAX_READ;
use crate::node::{ChatNode, Presence};
use crate::target::Wish;
use crate::timers::Timer;
use crate::{
    Address, Body, Command, Content, Dialect, Event, Intent, Message, MessageId, PeerId, SendError, Target,
    Time,
};

impl ChatNode {
    /// From now on, tells others that this is where we listen (`None`: nowhere). Native peers are told at once.
    pub fn listen(&mut self, now: Time, listening: Option<Address>) {
        self.advance(now);
        self.listen_now(listening);
    }

    /// Links with whoever listens at `address`, and keeps trying: it is never given up. The old program's `join`.
    ///
    /// # Errors
    /// [`SendError::OwnAddress`], [`SendError::TooManyAddresses`] or [`SendError::Left`]; nothing has changed.
    /// That a dial came to nothing is told later, as [`Event::DialFailed`].
    pub fn join(&mut self, now: Time, address: Address) -> Result<(), SendError> {
        self.advance(now);
        self.join_now(address)
    }

    /// Joins each of `addresses`, but our own. The old program's `bootstrap`.
    ///
    /// Those that there is no room for are told as [`Event::CommandFailed`].
    pub fn bootstrap(&mut self, now: Time, addresses: impl IntoIterator<Item = Address>) {
        self.advance(now);
        self.bootstrap_now(addresses);
    }

    /// Notes a peer and links with it. The old program's `add_peer`: false, and nothing has changed, if the name
    /// is known already (or the address book is full of linked peers).
    ///
    /// # Errors
    /// [`SendError::OwnName`], [`SendError::OwnAddress`], [`SendError::TooManyAddresses`] or [`SendError::Left`];
    /// nothing has changed.
    pub fn add_peer(&mut self, now: Time, peer: PeerId, address: Address) -> Result<bool, SendError> {
        self.advance(now);
        self.add_peer_now(&peer, address)
    }

    /// Says something to everybody. If nobody is linked, it is kept and goes out with the first link.
    ///
    /// # Errors
    /// [`SendError::TooLong`], [`SendError::WaitingFull`] or [`SendError::Left`]; nothing was sent or kept.
    pub fn broadcast(&mut self, now: Time, body: impl Into<Body>) -> Result<MessageId, SendError> {
        self.advance(now);
        self.broadcast_now(body.into())
    }

    /// Says something to one peer, wherever in the network it is: over a link, through others, or by dialing it.
    ///
    /// [`Event::Arrived`] or [`Event::Undeliverable`] follows.
    ///
    /// # Errors
    /// [`SendError::OwnName`], [`SendError::UnknownPeer`], [`SendError::NoAddress`], [`SendError::ClassicPeer`], [`SendError::OwnDialect`],
    /// [`SendError::TooLong`], [`SendError::WaitingFull`], [`SendError::TooManyAddresses`] or [`SendError::Left`];
    /// nothing was sent or kept. What is found out later is told as [`Event::Undeliverable`].
    pub fn direct(&mut self, now: Time, to: &PeerId, body: impl Into<Body>) -> Result<MessageId, SendError> {
        self.advance(now);
        self.direct_now(to, body.into())
    }

    /// Sends one message of any type: what [`Handlers`](crate::Handlers) at the other end are for.
    ///
    /// # Errors
    /// [`SendError::BadMessage`] if the type, or the message for a type that the protocol knows, is not one;
    /// [`SendError::UnknownPeer`], [`SendError::NoAddress`], [`SendError::OwnAddress`], [`SendError::TooLong`],
    /// [`SendError::QueueFull`], [`SendError::TooManyAddresses`] or [`SendError::Left`]. Nothing was sent.
    pub fn send_custom(
        &mut self,
        now: Time,
        to: Target,
        msg_type: &str,
        body: impl Into<Body>,
    ) -> Result<(), SendError> {
        self.advance(now);
        self.custom_now(to, msg_type, body.into())
    }

    /// Asks a linked peer for the peers it knows, and links with them. The old program's `get_peers_from`.
    ///
    /// # Errors
    /// [`SendError::UnknownPeer`], [`SendError::NoAddress`] if it is known but not linked,
    /// [`SendError::QueueFull`], [`SendError::TooManyAddresses`] or [`SendError::Left`]; nothing was sent.
    pub fn request_peers(&mut self, now: Time, peer: &PeerId) -> Result<(), SendError> {
        self.advance(now);
        self.request_peers_now(peer)
    }

    /// Leaves the network, politely and for good: says so to everybody, and closes every link.
    ///
    /// [`Event::Left`] follows once what waited for classic peers has been handed over, after
    /// [`handshake`](crate::Config::handshake) at the latest.
    pub fn leave(&mut self, now: Time) {
        self.advance(now);
        self.leave_now();
    }

    pub(crate) fn command(&mut self, command: Command) {
        let done = match command {
            Command::Listen(listening) => {
                self.listen_now(listening);
                Ok(())
            }
            Command::Join(address) => self.join_now(address),
            Command::Bootstrap(addresses) => {
                self.bootstrap_now(addresses);
                Ok(())
            }
            Command::AddPeer { peer, address } => self.add_peer_now(&peer, address).map(drop),
            Command::Broadcast(body) => self.broadcast_now(body).map(drop),
            Command::Direct { to, body } => self.direct_now(&to, body).map(drop),
            Command::Custom { to, msg_type, body } => self.custom_now(to, &msg_type, body),
            Command::RequestPeers(peer) => self.request_peers_now(&peer),
            Command::Leave => {
                self.leave_now();
                Ok(())
            }
        };
        if let Err(error) = done {
            self.ctx.emit(Event::CommandFailed { error });
        }
    }

    pub(crate) fn check_present(&self) -> Result<(), SendError> {
        if self.presence == Presence::Here { Ok(()) } else { Err(SendError::Left) }
    }

    fn listen_now(&mut self, listening: Option<Address>) {
        if self.presence != Presence::Here || self.ctx.config.listening == listening {
            return;
        }
        self.ctx.config.listening = listening;
        let neighbours = self.links.neighbours();
        let ping = self.ctx.message(Content::Ping(self.ctx.hello(Intent::Neighbour, 0)));
        self.ctx.send_shared(neighbours, None, ping);
    }

    fn join_now(&mut self, address: Address) -> Result<(), SendError> {
        self.check_present()?;
        if self.ctx.config.listening.as_ref() == Some(&address) {
            return Err(SendError::OwnAddress(address));
        }
        let linked = self.links.who_listens_at(&address).or_else(|| self.classic.who_listens_at(&address));
        self.dialer.want(&mut self.ctx, &address, Wish::Lasting, linked)
    }

    fn bootstrap_now(&mut self, addresses: impl IntoIterator<Item = Address>) {
        for address in addresses {
            match self.join_now(address) {
                Ok(()) | Err(SendError::OwnAddress(_)) => {}
                Err(error) => self.ctx.emit(Event::CommandFailed { error }),
            }
        }
    }

    fn add_peer_now(&mut self, peer: &PeerId, address: Address) -> Result<bool, SendError> {
        self.check_present()?;
        if *peer == self.ctx.config.id {
            return Err(SendError::OwnName);
        }
        if self.peers.get(peer).is_some() {
            return Ok(false);
        }
        if !self.peers.add(&mut self.ctx, peer, address.clone()) {
            return Ok(false);
        }
        self.join_now(address).inspect_err(|_| self.peers.forget(peer))?;
        Ok(true)
    }

    fn broadcast_now(&mut self, body: Body) -> Result<MessageId, SendError> {
        self.check_present()?;
        let alone = self.linked() == 0;
        if alone && self.broadcast.waiting() >= self.ctx.config.max_waiting {
            return Err(SendError::WaitingFull { limit: self.ctx.config.max_waiting });
        }
        let (id, message, stream) = self.broadcast.publish(&mut self.ctx, body)?;
        if alone {
            self.broadcast.wait(&mut self.ctx, id.clone(), message);
        } else {
            self.spread_own(stream, message);
        }
        Ok(id)
    }

    fn custom_now(&mut self, to: Target, msg_type: &str, body: Body) -> Result<(), SendError> {
        self.check_present()?;
        let content = Content::Custom { msg_type: msg_type.into(), body };
        let frame = self.ctx.message(content).encoded().clone();
        if frame.len() > self.ctx.config.max_frame {
            return Err(SendError::TooLong { bytes: frame.len(), limit: self.ctx.config.max_frame });
        }
        // Read back, so that a type of the protocol's own is what it says, whether it travels as bytes or typed.
        let message =
            Message::decode(frame).map_err(|error| SendError::BadMessage(msg_type.into(), error))?;
        self.send_to(to, message.clone())?;
        if let Content::Broadcast(_) = message.content() {
            self.broadcast.note_own(&self.ctx, &message);
        }
        Ok(())
    }

    fn send_to(&mut self, to: Target, message: Message) -> Result<(), SendError> {
        match to {
            Target::Address(address) if self.ctx.config.listening.as_ref() == Some(&address) => {
                Err(SendError::OwnAddress(address))
            }
            Target::Address(address) => self.dialer.post(&mut self.ctx, &address, message),
            Target::Peer(peer) => {
                if let Some(link) = self.links.link_of(&peer) {
                    self.ctx.send(link, message);
                    return Ok(());
                }
                let known = self.peers.get(&peer).ok_or_else(|| SendError::UnknownPeer(peer.clone()))?;
                let address = known.address.clone().ok_or_else(|| SendError::NoAddress(peer.clone()))?;
                if known.dialect == Some(Dialect::Classic) && message.encoded().len() >= MAX_READ {
                    let limit = MAX_READ.saturating_sub(1);
                    return Err(SendError::TooLong { bytes: message.encoded().len(), limit });
                }
                self.dialer.post(&mut self.ctx, &address, message)
            }
        }
    }

    fn request_peers_now(&mut self, peer: &PeerId) -> Result<(), SendError> {
        self.check_present()?;
        if let Some(link) = self.links.link_of(peer) {
            self.ctx.say(link, Content::Advertise);
        } else if let Some(address) = self.classic.address_of(peer).cloned() {
            let request = self.ctx.message(Content::Advertise);
            self.dialer.post(&mut self.ctx, &address, request)?;
        } else if self.peers.get(peer).is_some() {
            return Err(SendError::NoAddress(peer.clone()));
        } else {
            return Err(SendError::UnknownPeer(peer.clone()));
        }
        self.peers.ask(peer);
        Ok(())
    }

    fn leave_now(&mut self) {
        if self.presence != Presence::Here {
            return;
        }
        self.presence = Presence::Leaving;
        let neighbours = self.links.neighbours();
        let farewell = self.ctx.message(Content::Leave);
        // What comes after it will not be heard, so it must not wait for what is before it either.
        self.ctx.sessions.clear();
        self.ctx.send_shared(neighbours, None, farewell);
        let links: Vec<_> = self.links.ids().collect();
        for link in links {
            self.close(link);
        }
        self.direct.clear(&mut self.ctx);
        self.classic.clear();
        self.peers.unlink_all();
        self.ctx.timers.clear();
        self.dialer.finish(&mut self.ctx);
        if self.dialer.is_empty() {
            self.end_leaving();
        } else {
            let end = self.ctx.now + self.ctx.config.handshake;
            self.ctx.timers.set(self.ctx.now, end, Timer::EndLeaving);
        }
    }

    /// Nothing is left to hand over, or no time to do it.
    pub(crate) fn end_leaving(&mut self) {
        self.dialer.clear(&mut self.ctx);
        self.ctx.timers.clear();
        self.presence = Presence::Left;
        self.ctx.emit(Event::Left);
    }
}
