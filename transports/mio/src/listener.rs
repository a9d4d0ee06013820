//! The listening socket, which must outlive every want of descriptors.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use chinwag::{Address, Time};
use mio::{Interest, Token};

use crate::sockets::{Accept, Calls, Source};
use crate::{Counters, DriverError};

/// How long to wait after accepting failed. Connections that came meanwhile wait in the system's queue.
const RETRY_AFTER: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct Listener<S: Calls> {
    socket: S::Listener,
    token: Token,
    /// Whether connections may wait to be accepted.
    ready: bool,
    retry_at: Option<Time>,
}

impl<S: Calls> Listener<S> {
    /// Listens at `bind`, which is `host:port`; of a host name, at the first address of it that can be had.
    pub(crate) fn bind(bind: &str, sockets: &S, token: Token) -> Result<Self, DriverError> {
        let failed = |source| DriverError::Listen { bind: bind.to_owned(), source };
        let mut error = io::Error::from(ErrorKind::AddrNotAvailable);
        for address in addresses(bind)?.to_socket_addrs().map_err(failed)? {
            match sockets.listen(address) {
                Ok(mut socket) => {
                    socket.register(sockets, token, Interest::READABLE).map_err(failed)?;
                    return Ok(Self { socket, token, ready: true, retry_at: None });
                }
                Err(reason) => error = reason,
            }
        }
        Err(failed(error))
    }

    /// Where others on this machine's network can dial it, as far as that can be known from here.
    pub(crate) fn dialable(&self) -> io::Result<Address> {
        let local = self.socket.local_addr()?;
        let ip = if local.ip().is_unspecified() { outgoing(local.ip()) } else { local.ip() };
        Address::try_from(SocketAddr::new(ip, local.port())).map_err(io::Error::other)
    }

    /// An event came.
    pub(crate) fn mark_ready(&mut self) {
        self.ready = true;
    }

    /// From when on accepting is worth a try; `None`: not before an event comes.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.retry_at.or(self.ready.then_some(Time::ZERO))
    }

    /// The next connection that waits.
    pub(crate) fn accept(&mut self, now: Time, counters: &mut Counters) -> Option<S::Stream> {
        match self.socket.accept() {
            Ok(stream) => {
                self.ready = true;
                self.retry_at = None;
                Some(stream)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.ready = false;
                self.retry_at = None;
                None
            }
            // One that hung up before its turn came; there may be more behind it.
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {
                None
            }
            Err(_) => {
                // Most often there is no descriptor left. No event will tell when there is one, and asking at once
                // again would keep the processor busy.
                counters.accept_failures += 1;
                self.retry_at = Some(now + RETRY_AFTER);
                None
            }
        }
    }

    pub(crate) fn close(mut self, sockets: &S) {
        // Closing deregisters as well.
        let _ = self.socket.deregister(sockets);
    }

    pub(crate) fn rehome(&mut self, from: &S, to: &S) -> io::Result<()> {
        self.socket.deregister(from)?;
        self.socket.register(to, self.token, Interest::READABLE)
    }
}

fn addresses(bind: &str) -> Result<impl ToSocketAddrs, DriverError> {
    let bad = |reason| DriverError::BadBind { bind: bind.to_owned(), reason };
    let (host, port) = bind.rsplit_once(':').ok_or_else(|| {
        bad("write it as host:port, for example 127.0.0.1:5001, or with port 0 for any free one")
    })?;
    let port: u16 = port
        .parse()
        .map_err(|_| bad("the port must be a whole number from 1 to 65535, or 0 for any free one"))?;
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if bare.is_empty() || (bare.contains(':') && bare == host) {
        return Err(bad("the host must be a name or an IP address (an IPv6 address goes in brackets)"));
    }
    Ok((bare.to_owned(), port))
}

/// This machine's address on the way to others, or its loopback address if there is no such way.
fn outgoing(unspecified: IpAddr) -> IpAddr {
    // Connecting a datagram socket sends nothing; it only looks up the way. The addresses are for documentation.
    let (elsewhere, loopback): (IpAddr, IpAddr) = match unspecified {
        IpAddr::V4(_) => (Ipv4Addr::new(192, 0, 2, 1).into(), Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(_) => (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(), Ipv6Addr::LOCALHOST.into()),
    };
    UdpSocket::bind((unspecified, 0))
        .and_then(|socket| {
            socket.connect((elsewhere, 9))?;
            socket.local_addr()
        })
        .map_or(loopback, |local| local.ip())
}
