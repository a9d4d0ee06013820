//! Connections, as Linux has them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use chinwag::Time;

use super::epoll::{Edge, State};
use super::fault::Fault;
use super::kernel::{Arrival, Fd, HostId, Kernel, Kind, ObjectId};

/// How many connections may wait to be accepted.
const BACKLOG: usize = 16;
/// When what asks for a connection and was lost is sent again.
const SYN_AGAIN: Duration = Duration::from_secs(1);
/// When something that was held back is told.
const TOLD_AFTER: Duration = Duration::from_millis(1);
/// How long a piece is, unless it may have any length.
const PIECE: usize = 1460;

/// One end of a connection.
#[derive(Debug)]
pub(super) struct Tcp {
    local: SocketAddr,
    remote: SocketAddr,
    /// The other end, once there is one.
    peer: Option<ObjectId>,
    stage: Stage,
    /// What has come and was not yet read.
    inbox: VecDeque<u8>,
    /// The other end will say no more.
    fin_came: bool,
    /// The other end has said so itself.
    has_finished: bool,
    /// This end will say no more.
    fin_sent: bool,
    /// What the next call that can fail is told.
    error: Option<ErrorKind>,
    /// How many bytes were written that the other end has not read.
    unread: usize,
    /// Whether somebody found no room, and so is told when there is some.
    no_room: bool,
    /// When the last that was sent arrives: nothing overtakes it.
    arrives: Time,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Connecting,
    Connected,
    /// Refused or reset.
    Dead,
}

impl Tcp {
    fn new(local: SocketAddr, remote: SocketAddr, peer: Option<ObjectId>) -> Self {
        Self {
            local,
            remote,
            peer,
            stage: if peer.is_some() { Stage::Connected } else { Stage::Connecting },
            inbox: VecDeque::new(),
            fin_came: false,
            has_finished: false,
            fin_sent: false,
            error: None,
            unread: 0,
            no_room: false,
            arrives: Time::ZERO,
        }
    }

    pub(super) fn state(&self, capacity: usize) -> State {
        let is_up = self.stage == Stage::Connected;
        let is_dead = self.stage == Stage::Dead;
        State {
            readable: is_dead || (is_up && (self.fin_came || !self.inbox.is_empty())),
            writable: is_dead || (is_up && (self.fin_sent || self.has_room(capacity))),
            read_closed: is_dead || self.fin_came,
            broken: is_dead || self.error.is_some() || (self.fin_came && self.fin_sent),
        }
    }

    /// As Linux does, only room that is worth it is told.
    fn has_room(&self, capacity: usize) -> bool {
        capacity.saturating_sub(self.unread) * 3 >= capacity
    }

    fn take_error(&mut self) -> io::Result<()> {
        self.error.take().map_or(Ok(()), |kind| Err(kind.into()))
    }
}

impl Kernel {
    pub(super) fn listen(&mut self, host: HostId, at: SocketAddr) -> io::Result<Fd> {
        self.call();
        if at.ip() != self.ip(host) {
            return Err(ErrorKind::AddrNotAvailable.into());
        }
        let at = if at.port() == 0 { self.any_port(host) } else { at };
        if self.listening.contains_key(&at) {
            return Err(ErrorKind::AddrInUse.into());
        }
        self.room_for_descriptor(host)?;
        let id = self.add(host, Kind::Listener(at, VecDeque::new()));
        self.listening.insert(at, id);
        Ok(self.open(id))
    }

    pub(super) fn connect(&mut self, host: HostId, to: SocketAddr) -> io::Result<Fd> {
        self.call();
        self.room_for_descriptor(host)?;
        if self.strikes(Fault::Unreachable) {
            let no_port = self.chance.below(2) == 0;
            let kind = if no_port { ErrorKind::AddrNotAvailable } else { ErrorKind::NetworkUnreachable };
            return Err(kind.into());
        }
        let local = self.any_port(host);
        let id = self.add(host, Kind::Tcp(Tcp::new(local, to, None)));
        self.send(Arrival::Syn { from: id, to }, Time::ZERO);
        Ok(self.open(id))
    }

    pub(super) fn accept(&mut self, host: HostId, fd: Fd) -> io::Result<Fd> {
        self.interruptible_call()?;
        let Kind::Listener(_, waiting) = self.kind(host, fd)? else {
            return Err(ErrorKind::InvalidInput.into());
        };
        if waiting.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.room_for_descriptor(host)?;
        let Kind::Listener(_, waiting) = self.kind(host, fd)? else {
            return Err(ErrorKind::InvalidInput.into());
        };
        let next = waiting.pop_front().ok_or(ErrorKind::WouldBlock)?;
        if self.strikes(Fault::Aborted) {
            self.reset(next);
            self.release(next);
            return Err(ErrorKind::ConnectionAborted.into());
        }
        Ok(self.open(next))
    }

    pub(super) fn read(&mut self, host: HostId, fd: Fd, buffer: &mut [u8]) -> io::Result<usize> {
        self.interruptible_call()?;
        let id = self.id(host, fd)?;
        self.maybe_reset(id);
        if self.strikes(Fault::LateRead) {
            self.schedule(self.now + TOLD_AFTER, Arrival::Told { to: id });
            return Err(ErrorKind::WouldBlock.into());
        }
        let tcp = self.tcp(id)?;
        if tcp.inbox.is_empty() {
            // Where the other end has finished, that is told even if something went wrong later.
            if !tcp.has_finished {
                tcp.take_error()?;
            }
            if tcp.fin_came {
                self.tally.half_closed += 1;
                return Ok(0);
            }
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = buffer.len().min(tcp.inbox.len());
        buffer.iter_mut().zip(tcp.inbox.drain(..count)).for_each(|(byte, read)| *byte = read);
        if let Some(peer) = tcp.peer {
            self.send(Arrival::Room { to: peer, count }, Time::ZERO);
        }
        Ok(count)
    }

    pub(super) fn write(&mut self, host: HostId, fd: Fd, bytes: &[u8]) -> io::Result<usize> {
        self.interruptible_call()?;
        let (id, capacity) = (self.id(host, fd)?, self.capacity);
        self.maybe_reset(id);
        if self.strikes(Fault::LateWrite) {
            self.tcp(id)?.no_room = true;
            self.schedule(self.now + TOLD_AFTER, Arrival::Told { to: id });
            return Err(ErrorKind::WouldBlock.into());
        }
        let is_partial = self.strikes(Fault::PartialWrite);
        let drawn = self.chance.length(bytes.len());
        let tcp = self.tcp(id)?;
        tcp.take_error()?;
        if tcp.fin_sent || tcp.stage == Stage::Dead {
            return Err(ErrorKind::BrokenPipe.into());
        }
        let room = capacity.saturating_sub(tcp.unread);
        let most = if tcp.stage == Stage::Connecting { 0 } else { bytes.len().min(room) };
        tcp.no_room = most < bytes.len();
        let Some(peer) = tcp.peer.filter(|_| most > 0) else { return Err(ErrorKind::WouldBlock.into()) };
        let count = if is_partial { most.min(drawn) } else { most };
        tcp.unread += count;
        let mut rest = bytes.get(..count).unwrap_or_default();
        while !rest.is_empty() {
            let most = rest.len().min(PIECE);
            let length = if self.strikes(Fault::Pieces) { self.chance.length(most) } else { most };
            let (piece, others) = rest.split_at(length);
            self.send_in_order(id, Arrival::Bytes { from: id, to: peer, bytes: piece.to_vec() });
            rest = others;
        }
        Ok(count)
    }

    pub(super) fn shutdown_write(&mut self, host: HostId, fd: Fd) -> io::Result<()> {
        self.call();
        let id = self.id(host, fd)?;
        let tcp = self.tcp(id)?;
        if tcp.stage != Stage::Connected {
            return Err(ErrorKind::NotConnected.into());
        }
        if !core::mem::replace(&mut tcp.fin_sent, true)
            && let Some(to) = tcp.peer
        {
            self.send_in_order(id, Arrival::Fin { to });
        }
        Ok(())
    }

    pub(super) fn take_tcp_error(&mut self, host: HostId, fd: Fd) -> io::Result<Option<io::Error>> {
        self.call();
        let id = self.id(host, fd)?;
        Ok(self.tcp(id)?.error.take().map(io::Error::from))
    }

    pub(super) fn peer_addr(&mut self, host: HostId, fd: Fd) -> io::Result<SocketAddr> {
        let id = self.id(host, fd)?;
        let tcp = self.tcp(id)?;
        if tcp.stage == Stage::Connected { Ok(tcp.remote) } else { Err(ErrorKind::NotConnected.into()) }
    }

    pub(super) fn local_addr(&mut self, host: HostId, fd: Fd) -> io::Result<SocketAddr> {
        match self.kind(host, fd)? {
            Kind::Listener(at, _) => Ok(*at),
            Kind::Tcp(tcp) => Ok(tcp.local),
            Kind::Epoll(_) | Kind::Bell(..) => Err(ErrorKind::InvalidInput.into()),
        }
    }

    /// Nobody has it any more.
    pub(super) fn release(&mut self, id: ObjectId) {
        let Some(object) = self.objects.get(&id) else { return };
        match &object.kind {
            Kind::Listener(at, waiting) => {
                let (at, waiting) = (*at, waiting.clone());
                self.listening.remove(&at);
                for id in waiting {
                    self.reset(id);
                    self.release(id);
                }
            }
            Kind::Tcp(tcp) if tcp.stage == Stage::Connected => {
                // Whoever closes without having read everything did not hear what was said, and says so.
                let is_rude = !tcp.inbox.is_empty();
                if let Some(to) = tcp.peer.filter(|_| is_rude || !tcp.fin_sent) {
                    let last = if is_rude { Arrival::Reset { to } } else { Arrival::Fin { to } };
                    self.send_in_order(id, last);
                }
            }
            Kind::Tcp(_) | Kind::Epoll(_) | Kind::Bell(..) => {}
        }
        self.objects.remove(&id);
    }

    /// Something has come.
    pub(super) fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Syn { from, to } => self.arrive_syn(from, to),
            Arrival::SynAck { from, to } => {
                if let Ok(tcp) = self.tcp(to) {
                    if tcp.stage == Stage::Connecting {
                        (tcp.stage, tcp.peer) = (Stage::Connected, Some(from));
                        self.notify(to, Edge::Everything);
                    }
                } else {
                    self.send(Arrival::Reset { to: from }, Time::ZERO);
                }
            }
            Arrival::Refusal { to } => self.die(to, ErrorKind::ConnectionRefused),
            Arrival::Bytes { from, to, bytes } => match self.tcp(to) {
                Ok(tcp) if tcp.stage == Stage::Connected => {
                    tcp.inbox.extend(bytes);
                    self.notify(to, Edge::Readable);
                }
                Ok(_) | Err(_) => {
                    self.send(Arrival::Reset { to: from }, Time::ZERO);
                }
            },
            Arrival::Fin { to } => {
                if let Ok(tcp) = self.tcp(to) {
                    (tcp.fin_came, tcp.has_finished) = (true, true);
                    let peer = tcp.peer;
                    self.notify(to, Edge::Everything);
                    // Linux tells whoever has finished that this has arrived.
                    if let Some(to) = peer {
                        self.send(Arrival::Told { to }, Time::ZERO);
                    }
                }
            }
            Arrival::Reset { to } => {
                let is_late = self.tcp(to).is_ok_and(|tcp| tcp.fin_came);
                self.die(to, if is_late { ErrorKind::BrokenPipe } else { ErrorKind::ConnectionReset });
            }
            Arrival::Room { to, count } => {
                let capacity = self.capacity;
                if let Ok(tcp) = self.tcp(to) {
                    tcp.unread = tcp.unread.saturating_sub(count);
                    if tcp.no_room && tcp.has_room(capacity) {
                        tcp.no_room = false;
                        self.notify(to, Edge::Writable);
                    }
                }
            }
            Arrival::Told { to } => self.notify(to, Edge::Everything),
        }
    }

    fn arrive_syn(&mut self, from: ObjectId, to: SocketAddr) {
        let Some(listener) = self.listening.get(&to).copied().filter(|_| !self.strikes(Fault::Refused))
        else {
            self.send(Arrival::Refusal { to: from }, Time::ZERO);
            return;
        };
        let is_full = match self.objects.get(&listener).map(|object| &object.kind) {
            Some(Kind::Listener(_, waiting)) => waiting.len() >= BACKLOG,
            Some(Kind::Epoll(_) | Kind::Bell(..) | Kind::Tcp(_)) | None => true,
        };
        if is_full || self.strikes(Fault::SynLost) {
            self.schedule(self.now + SYN_AGAIN, Arrival::Syn { from, to });
            return;
        }
        // Whoever asked may have given up by now, which shows when the answer gets there.
        let remote = self.tcp(from).map_or(to, |tcp| tcp.local);
        let Some(host) = self.objects.get(&listener).map(|object| object.host) else { return };
        let id = self.add(host, Kind::Tcp(Tcp::new(to, remote, Some(from))));
        if let Some(Kind::Listener(_, waiting)) =
            self.objects.get_mut(&listener).map(|object| &mut object.kind)
        {
            waiting.push_back(id);
        }
        self.notify(listener, Edge::Readable);
        self.send_in_order(id, Arrival::SynAck { from: id, to: from });
    }

    fn tcp(&mut self, id: ObjectId) -> io::Result<&mut Tcp> {
        match self.objects.get_mut(&id).map(|object| &mut object.kind) {
            Some(Kind::Tcp(tcp)) => Ok(tcp),
            Some(Kind::Epoll(_) | Kind::Bell(..) | Kind::Listener(..)) | None => {
                Err(ErrorKind::InvalidInput.into())
            }
        }
    }

    /// Sends behind all that `from` has sent already.
    fn send_in_order(&mut self, from: ObjectId, arrival: Arrival) {
        let earliest = self.tcp(from).map_or(Time::ZERO, |tcp| tcp.arrives);
        let arrives = self.send(arrival, earliest);
        if let Ok(tcp) = self.tcp(from) {
            tcp.arrives = arrives;
        }
    }

    fn maybe_reset(&mut self, id: ObjectId) {
        if self.tcp(id).is_ok_and(|tcp| tcp.stage == Stage::Connected) && self.strikes(Fault::Reset) {
            self.reset(id);
        }
    }

    /// Both ends are told that there is no connection any more: this one at once.
    fn reset(&mut self, id: ObjectId) {
        if let Some(to) = self.tcp(id).ok().and_then(|tcp| tcp.peer) {
            self.send_in_order(id, Arrival::Reset { to });
        }
        self.die(id, ErrorKind::ConnectionReset);
    }

    fn die(&mut self, id: ObjectId, error: ErrorKind) {
        let loses_unread =
            self.tcp(id).is_ok_and(|tcp| !tcp.inbox.is_empty()) && self.strikes(Fault::UnreadLost);
        let Ok(tcp) = self.tcp(id) else { return };
        if tcp.stage == Stage::Dead {
            return;
        }
        (tcp.stage, tcp.error, tcp.fin_came) = (Stage::Dead, Some(error), true);
        if loses_unread {
            tcp.inbox.clear();
        }
        self.notify(id, Edge::Everything);
    }
}
