//! The machine's own sockets, through mio.

use std::io;
use std::net::{IpAddr, Ipv6Addr, Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag::Time;
use mio::event::{self, Event};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};
use socket2::{Domain, Socket, Type};

use crate::clock::Clock;
use crate::doorbell;
use crate::resolver::{LookUp, ask_system};
use crate::sockets::{Accept, Calls, Readiness, Sockets, Sound, Source, Stream, Wait};

/// How many events one wait may bring. More of them wait for the next turn.
const EVENTS_AT_ONCE: usize = 1024;

/// How many connections may wait to be accepted; the system cuts it to what it allows. A crowd that connects at once
/// while the loop does something else would otherwise be told nothing, and try again after a second or more.
const BACKLOG: i32 = 4096;

/// The machine's own sockets and clock.
#[derive(Debug)]
pub struct System {
    registry: Registry,
    clock: Clock,
}

/// A `Poll` of the driver's own.
#[derive(Debug)]
pub(crate) struct OwnPoll {
    poll: Poll,
    events: Events,
}

impl System {
    /// The system, its events in the `Poll` of `registry`.
    pub(crate) fn new(registry: &Registry) -> io::Result<Self> {
        Ok(Self { registry: registry.try_clone()?, clock: Clock::start() })
    }

    /// The system, and a new `Poll` with its events.
    pub(crate) fn with_own_poll() -> io::Result<(OwnPoll, Self)> {
        let poll = Poll::new()?;
        let system = Self::new(poll.registry())?;
        Ok((OwnPoll { poll, events: Events::with_capacity(EVENTS_AT_ONCE) }, system))
    }

    /// The machine's name for a moment; `None` if it is too far away to have one.
    pub(crate) fn instant(&self, time: Time) -> Option<Instant> {
        self.clock.instant(time)
    }

    #[cfg(unix)]
    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }
}

impl Sockets for System {}

impl Calls for System {
    type Stream = TcpStream;
    type Listener = TcpListener;
    type Ear = doorbell::Ear;
    type Poll = OwnPoll;

    fn now(&self) -> Time {
        self.clock.now()
    }

    /// At `[::]`, IPv4 connections come as well, whatever the system's own default is.
    fn listen(&self, at: SocketAddr) -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(at), Type::STREAM, None)?;
        if at.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
            socket.set_only_v6(false)?;
        }
        // So that a program can listen again at once after it ended. On Windows it can anyway, and the option would let
        // two programs share a port.
        #[cfg(not(windows))]
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&at.into())?;
        socket.listen(BACKLOG)?;
        Ok(TcpListener::from_std(socket.into()))
    }

    fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(to)
    }

    fn bell(&self, token: Token) -> io::Result<(Sound, doorbell::Ear)> {
        doorbell::pair(&self.registry, token)
    }

    fn open_poll(&self) -> io::Result<(OwnPoll, Self)> {
        let (own, system) = Self::with_own_poll()?;
        Ok((own, Self { clock: self.clock, ..system }))
    }

    fn look_up(&self) -> Arc<LookUp> {
        Arc::new(ask_system)
    }
}

impl<T: event::Source> Source<System> for T {
    fn register(&mut self, sockets: &System, token: Token, interest: Interest) -> io::Result<()> {
        sockets.registry.register(self, token, interest)
    }

    fn reregister(&mut self, sockets: &System, token: Token, interest: Interest) -> io::Result<()> {
        sockets.registry.reregister(self, token, interest)
    }

    fn deregister(&mut self, sockets: &System) -> io::Result<()> {
        sockets.registry.deregister(self)
    }
}

impl Stream for TcpStream {
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        Self::take_error(self)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Self::peer_addr(self)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        Self::set_nodelay(self, true)
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Accept for TcpListener {
    type Stream = TcpStream;

    fn accept(&self) -> io::Result<TcpStream> {
        Self::accept(self).map(|(stream, _)| stream)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Self::local_addr(self)
    }
}

impl Wait for OwnPoll {
    fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.poll.poll(&mut self.events, timeout)
    }

    fn events(&self) -> impl Iterator<Item = Readiness> {
        self.events.iter().map(Readiness::from)
    }
}

impl From<&Event> for Readiness {
    fn from(event: &Event) -> Self {
        Self {
            token: event.token(),
            writable: event.is_writable(),
            ended: event.is_read_closed() || event.is_error(),
        }
    }
}
