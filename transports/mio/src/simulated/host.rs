//! A simulated machine, as a driver sees it.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chinwag::{Config, DialError, Seed, Time};
use mio::{Interest, Token};

use super::kernel::{Fd, HostId, Kernel, Kind};
use crate::resolver::LookUp;
use crate::sockets::{Accept, Calls, Hear, Readiness, Sockets, Sound, Source, Stream, Wait};
use crate::{DriverError, MioDriver, Options};

/// One machine of an [`Internet`](super::Internet), with an address, a table of descriptors, and drivers on it.
#[derive(Clone)]
pub struct Host {
    kernel: Rc<RefCell<Kernel>>,
    id: HostId,
    epoll: Option<Fd>,
}

impl Host {
    pub(super) fn new(kernel: Rc<RefCell<Kernel>>) -> Self {
        let id = kernel.borrow_mut().add_host();
        Self { kernel, id, epoll: None }
    }

    /// Where it is dialed: what to listen at, with port 0 or one of one's own choice.
    #[must_use]
    pub fn ip(&self) -> IpAddr {
        self.kernel.borrow().ip(self.id)
    }

    /// Allows at most `limit` open descriptors. Those that are open stay so.
    pub fn limit_descriptors(&self, limit: usize) {
        self.kernel.borrow_mut().limit_descriptors(self.id, limit);
    }

    pub(super) fn has_events(&self) -> bool {
        self.epoll.is_some_and(|epoll| self.kernel.borrow_mut().has_events(self.id, epoll))
    }

    fn descriptor(&self, fd: Fd) -> Descriptor {
        Descriptor { kernel: Rc::clone(&self.kernel), host: self.id, fd }
    }

    fn own_epoll(&self) -> io::Result<Fd> {
        self.epoll.ok_or_else(|| io::Error::other("this host has no queue of events"))
    }
}

impl MioDriver<Host> {
    /// A driver on a simulated host. It is turned by [`Internet`](super::Internet).
    ///
    /// # Errors
    /// [`DriverError::Config`], [`DriverError::Options`], or [`DriverError::Poll`] when the host has no descriptors.
    pub fn simulated(host: &Host, config: Config, seed: Seed, options: Options) -> Result<Self, DriverError> {
        let (own_poll, sockets) =
            host.open_poll().map_err(|source| DriverError::poll("make a Poll", source))?;
        Self::on(sockets, Some(own_poll), 0..usize::MAX, config, seed, options)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Sockets for Host {}

impl Calls for Host {
    type Stream = SimulatedStream;
    type Listener = SimulatedListener;
    type Ear = SimulatedEar;
    type Poll = SimulatedPoll;

    fn now(&self) -> Time {
        self.kernel.borrow().now
    }

    fn listen(&self, at: SocketAddr) -> io::Result<SimulatedListener> {
        let fd = self.kernel.borrow_mut().listen(self.id, at)?;
        Ok(SimulatedListener(self.descriptor(fd)))
    }

    fn connect(&self, to: SocketAddr) -> io::Result<SimulatedStream> {
        let fd = self.kernel.borrow_mut().connect(self.id, to)?;
        Ok(SimulatedStream(self.descriptor(fd)))
    }

    fn bell(&self, token: Token) -> io::Result<(Sound, SimulatedEar)> {
        let rung = Arc::new(AtomicU64::new(0));
        let fd = {
            let mut kernel = self.kernel.borrow_mut();
            kernel.room_for_descriptor(self.id)?;
            let id = kernel.add(self.id, Kind::Bell(Arc::clone(&rung), 0));
            kernel.open(id)
        };
        let ear = SimulatedEar(self.descriptor(fd));
        ear.0.register(self, token, Interest::READABLE)?;
        let ring = move || {
            rung.fetch_add(1, Ordering::AcqRel);
        };
        Ok((Box::new(ring), ear))
    }

    fn open_poll(&self) -> io::Result<(SimulatedPoll, Self)> {
        let fd = {
            let mut kernel = self.kernel.borrow_mut();
            kernel.room_for_descriptor(self.id)?;
            let id = kernel.add(self.id, Kind::Epoll(super::epoll::Epoll::default()));
            kernel.open(id)
        };
        let poll = SimulatedPoll { epoll: self.descriptor(fd), events: Vec::new() };
        Ok((poll, Self { epoll: Some(fd), ..self.clone() }))
    }

    /// There are no names here, and it would take a thread to find one.
    fn look_up(&self) -> Arc<LookUp> {
        Arc::new(|_| Err(DialError::Unresolvable))
    }
}

/// An open descriptor, closed when dropped.
pub(crate) struct Descriptor {
    kernel: Rc<RefCell<Kernel>>,
    host: HostId,
    fd: Fd,
}

impl Descriptor {
    fn register(&self, host: &Host, token: Token, interest: Interest) -> io::Result<()> {
        let which = (self.host, host.own_epoll()?, self.fd);
        self.kernel.borrow_mut().register(which, token, interest, true)
    }

    fn reregister(&self, host: &Host, token: Token, interest: Interest) -> io::Result<()> {
        let which = (self.host, host.own_epoll()?, self.fd);
        self.kernel.borrow_mut().register(which, token, interest, false)
    }

    fn deregister(&self, host: &Host) -> io::Result<()> {
        self.kernel.borrow_mut().deregister(self.host, host.own_epoll()?, self.fd)
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        self.kernel.borrow_mut().close(self.host, self.fd);
    }
}

impl fmt::Debug for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Descriptor").field("host", &self.host).field("fd", &self.fd).finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub(crate) struct SimulatedStream(Descriptor);

#[derive(Debug)]
pub(crate) struct SimulatedListener(Descriptor);

#[derive(Debug)]
pub(crate) struct SimulatedEar(Descriptor);

#[derive(Debug)]
pub(crate) struct SimulatedPoll {
    epoll: Descriptor,
    events: Vec<Readiness>,
}

impl Read for SimulatedStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.kernel.borrow_mut().read(self.0.host, self.0.fd, buffer)
    }
}

impl Write for SimulatedStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.kernel.borrow_mut().write(self.0.host, self.0.fd, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for SimulatedStream {
    fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.kernel.borrow_mut().take_tcp_error(self.0.host, self.0.fd)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.kernel.borrow_mut().peer_addr(self.0.host, self.0.fd)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.kernel.borrow_mut().local_addr(self.0.host, self.0.fd)
    }

    fn set_nodelay(&self) -> io::Result<()> {
        Ok(())
    }

    fn shutdown_write(&self) -> io::Result<()> {
        self.0.kernel.borrow_mut().shutdown_write(self.0.host, self.0.fd)
    }
}

impl Accept for SimulatedListener {
    type Stream = SimulatedStream;

    fn accept(&self) -> io::Result<SimulatedStream> {
        let Descriptor { kernel, host, .. } = &self.0;
        let fd = kernel.borrow_mut().accept(*host, self.0.fd)?;
        Ok(SimulatedStream(Descriptor { kernel: Rc::clone(kernel), host: *host, fd }))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.kernel.borrow_mut().local_addr(self.0.host, self.0.fd)
    }
}

impl Hear<Host> for SimulatedEar {
    fn drain(&mut self) {}

    fn rehome(&mut self, from: &Host, to: &Host, token: Token) -> io::Result<()> {
        self.0.deregister(from)?;
        self.0.register(to, token, Interest::READABLE)
    }
}

impl Wait for SimulatedPoll {
    /// Never waits: time passes between the turns, when nobody has anything to do.
    fn wait(&mut self, _: Option<Duration>) -> io::Result<()> {
        self.events = self.epoll.kernel.borrow_mut().wait(self.epoll.host, self.epoll.fd)?;
        Ok(())
    }

    fn events(&self) -> impl Iterator<Item = Readiness> {
        self.events.iter().copied()
    }
}

macro_rules! is_source {
    ($($name:ident),*) => {$(
        impl Source<Host> for $name {
            fn register(&mut self, host: &Host, token: Token, interest: Interest) -> io::Result<()> {
                self.0.register(host, token, interest)
            }

            fn reregister(&mut self, host: &Host, token: Token, interest: Interest) -> io::Result<()> {
                self.0.reregister(host, token, interest)
            }

            fn deregister(&mut self, host: &Host) -> io::Result<()> {
                self.0.deregister(host)
            }
        }
    )*};
}

is_source!(SimulatedStream, SimulatedListener);
